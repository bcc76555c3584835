# SPDX-License-Identifier: BSL-1.0
"""The field from Python: what it needs, where it lives, up and down."""
import json
import os
import re
import shutil
import subprocess
import tempfile

from .tables import HERE

COMMANDS = {"postfix": ["postfix", "postcat", "postsuper"], "sendmail": ["m4", "dpkg-deb", "apt-get"], None: []}
ALWAYS = ["gcc", "openssl", "saslpasswd2", "unshare", "mount", "setsid"]
SEARCHED = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def missing(mta, miltertest=False):
    """What this machine lacks, in words."""
    out = []
    if os.geteuid() != 0:
        return ["root (daemons of several users, mount namespaces)"]
    commands = ALWAYS + COMMANDS[mta] + (["miltertest"] if miltertest else [])
    out += [c for c in commands if not shutil.which(c, path=SEARCHED)]
    if not os.path.exists("/usr/include/libmilter/mfapi.h"):
        out.append("libmilter-dev")
    if not out and subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode:
        out.append("the right to make mount namespaces (unshare -m)")
    return out


def _reachable(path):
    """May daemons of other users go there?"""
    while True:
        if not os.stat(path).st_mode & 0o001:
            return False
        if path == "/":
            return True
        path = os.path.dirname(path)


def work_directory():
    """A new directory that all daemons can reach: under TMPDIR if they can reach that."""
    for parent in (os.environ.get("TMPDIR") or "/tmp", "/tmp", "/var/tmp"):
        parent = os.path.realpath(parent)
        if os.path.isdir(parent) and re.fullmatch(r"[A-Za-z0-9/_.-]+", parent) and _reachable(parent):
            work = tempfile.mkdtemp(prefix="milter-field.", dir=parent)
            os.chmod(work, 0o755)
            return work
    raise SystemExit("field: no directory that daemons of other users can reach")


class Field:
    def __init__(self, work):
        self.work = work

    def up(self, only, via):
        """Start (or reload) with these MTAs and milters; whether all of it runs."""
        command = [os.path.join(HERE, "up.sh"), "--quiet", "--work", self.work, "--only", ",".join(only) or "nothing"]
        for chain in via:
            command += ["--via", chain]
        return subprocess.run(command, stdin=subprocess.DEVNULL).returncode == 0

    def down(self, remove):
        subprocess.run(
            [os.path.join(HERE, "down.sh"), "--work", self.work] + (["--remove"] if remove else []),
            stdin=subprocess.DEVNULL,
            check=False,
        )

    def is_up(self):
        return os.path.isdir(os.path.join(self.work, "pids")) and bool(os.listdir(os.path.join(self.work, "pids")))

    def config(self):
        with open(os.path.join(self.work, "field.json")) as f:
            return json.load(f)

    def has(self, milter):
        """Does this milter run?  One that is not installed does not."""
        kind = self.config()["milters"][milter]["kind"]
        return kind == "none" or os.path.exists(os.path.join(self.work, "pids", milter))
