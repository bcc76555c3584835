# SPDX-License-Identifier: BSL-1.0
"""Which scenarios a run plays, and which manager."""
import glob
import os

from scenarios import SCENARIOS, select

from . import tables
from .tables import HERE

# A few of every kind; each is here for what it can show.
SHORT = [
    "chain_plain",  # three milters in a row, macros, traces
    "chain_everything",  # header, body, sender and recipient edits of all three merged
    "chain_add_then_chg",  # a later milter changes what an earlier one added
    "chain_rcpt_b_rejects_one",  # recipients refused by each milter and by the MTA
    "chain_accept_a_mail",  # one milter is done early, the others go on, second message
    "chain_reject_b_eom",  # refusal after edits of another
    "chain_discard_b_eom",
    "chain_quar_a",
    "chain_connect_b_reject",
    "chain_starttls_auth",  # HELO twice, TLS and AUTH macros
    "chain_concurrent",  # eight sessions at once
    "wave_five_reject_rc",  # milters that only judge are shown the message at once; edits of others are lost
    "mod_all",
    "mod_delheader_forward",  # how indexes count
    "stage_rcpt",
    "stage_unknown",
    "fail_die_after_mods",
    "real_dkim_sign",
    "real_dkim_verify",  # what was signed through the manager verifies
]
# Of the group fail only what does not hang on the seconds of a dying process.
ALL = ["mod", "stage", "chain", "wave", "width", "basic", "real", "fail_die_after_mods"]


def chosen(args):
    """The scenarios that the command line asks for."""
    names = list(args.names) + (SHORT if args.short else []) + (ALL if args.all else [])
    return select(names, args.mta) if names else []


def chains_of(s):
    return [s["chain"]] + s["also"]


def known(name):
    return name in SCENARIOS


def manager_binary(given):
    """The path given, else MILTER_MANAGER, else the newest that was built here; None if there is none."""
    path = given or os.environ.get("MILTER_MANAGER")
    if path:
        return os.path.abspath(path) if os.access(path, os.X_OK) else None
    built = glob.glob(os.path.join(os.path.dirname(os.path.dirname(HERE)), "build", "*", "bin", "milter-manager"))
    return max(built, key=os.path.getmtime, default=None)


def milters_of(chain):
    """Names of the milters of a chain."""
    return next(c["milters"] for c in tables.chains() if c["name"] == chain)
