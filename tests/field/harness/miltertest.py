# SPDX-License-Identifier: BSL-1.0
"""Run miltertest/*.lua: OpenDKIM's miltertest is the MTA, the manager (or a field milter) its filter."""
import glob
import os
import subprocess

from .tables import HERE

CHAIN = "ab"  # the milters behind the manager
LIMIT = 60  # seconds for one script


def run(field, native):
    """Yield (name of the script, what went wrong or "")."""
    chain = field["chains"][CHAIN]
    sock = field["milters"]["a"]["socket"] if native else chain["manager_socket"]
    names = ["a"] if native else chain["milters"]
    for script in sorted(glob.glob(os.path.join(HERE, "miltertest", "*.lua"))):
        name = "miltertest/" + os.path.basename(script)
        if os.path.basename(script) == "session.lua":  # what the others share
            continue
        # scripts load session.lua from where they run
        command = ["miltertest", "-D", "socket=" + sock, "-D", "filters=" + ",".join(names), "-s", script]
        try:
            r = subprocess.run(
                command,
                cwd=os.path.dirname(script),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=LIMIT,
                text=True,
                errors="replace",
            )
            yield name, ("exit status %d\n%s" % (r.returncode, r.stdout.strip()) if r.returncode else "")
        except subprocess.TimeoutExpired as e:
            out = e.stdout or b""
            yield name, "still runs after %d s\n%s" % (
                LIMIT,
                out.decode("utf-8", "replace") if isinstance(out, bytes) else out,
            )
