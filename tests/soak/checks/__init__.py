# SPDX-License-Identifier: BSL-1.0
"""The checks; each module has run(context)."""
