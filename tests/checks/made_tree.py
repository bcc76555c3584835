# SPDX-License-Identifier: BSL-1.0
"""A tree of made-up files for the test of a check."""

import contextlib
import io
import os
import tempfile


def run(check, files):
    """Exit code and output of `check`, the main() of one, on a tree of these files (path -> text)."""
    with tempfile.TemporaryDirectory() as root:
        for path, text in files.items():
            full = os.path.join(root, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8") as file:
                file.write(text)
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            code = check(root)
        return code, out.getvalue()
