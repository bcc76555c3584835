# SPDX-License-Identifier: BSL-1.0
"""What the checks are made of: an MTA, milters, a manager that is looked after, load."""
