# SPDX-License-Identifier: BSL-1.0
"""SMTP scenarios: what a client does to an MTA that has milters.

A scenario is a function of one argument, the stage (stage.py is a group, the
class is context.Context): it opens SMTP clients and speaks.  Importing this
package registers all of them.  README.md says how to add one.
"""
from . import basic_session, basic_message, basic_negotiation, stage, mod, chain, wave, width, fail, real  # noqa: F401  (register)
from .registry import GROUPS, SCENARIOS, select
from .context import play

__all__ = ["GROUPS", "SCENARIOS", "play", "select"]
