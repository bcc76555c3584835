# SPDX-License-Identifier: BSL-1.0
"""What brings the field up, plays in it, and judges."""
