# SPDX-License-Identifier: BSL-1.0
"""Rules of the manager in the field: which milter sees what, what the client hears, what is recorded."""
