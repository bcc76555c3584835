# SPDX-License-Identifier: BSL-1.0
"""The manager in the middle: one process for each chain, each the only milter of that chain's ports."""
import os
import re
import signal
import subprocess
import time

from . import ports

# Patience of the manager with its milters (s), unless the chain's own is shorter.
CONNECT, NEGOTIATE, COMMAND, CONTENT, END_OF_MESSAGE = 3, 2, 8, 60, 120
START_LIMIT = 15  # seconds
STOP_LIMIT = 40  # seconds; its own limit for draining is 30
RESTART_LIMIT = 5  # seconds for one that may well be stuck
SANITIZER = re.compile(r"ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:")


def toml_socket(sock):
    """libmilter's notation with the host in brackets."""
    kind, rest = sock.split(":", 1)
    if kind in ("unix", "local"):
        return "unix:" + rest
    port, _, host = rest.partition("@")
    return "%s:%s@[%s]" % (kind, port, (host or "127.0.0.1").strip("[]"))


def configuration(chain, milters, serial=False):
    """What the manager is told for a chain: the chain's milters, patience, and action on failure.

    serial  one milter at a time is shown a message, as the MTA does it
    """
    con, cmd, content = chain["timeouts"]
    timeout = (
        "connect = \"%ds\", negotiate = \"%ds\", command = \"%ds\", content = \"%ds\", end_of_message = \"%ds\""
        % (
            min(con, CONNECT),
            min(cmd, NEGOTIATE),
            min(cmd, COMMAND),
            min(content, CONTENT),
            END_OF_MESSAGE if content >= CONTENT else content,
        )
    )
    out = ["[manager]", "serial = true", ""] if serial else []
    out += ["[[listen]]", 'socket = "%s"' % toml_socket(chain["manager_socket"])]
    for name in chain["milters"]:
        out += [
            "",
            "[[milter]]",
            'name = "%s"' % name,
            'socket = "%s"' % toml_socket(milters[name]["socket"]),
            'on_error = "%s"' % chain["action"],
            "timeout = { %s }" % timeout,
        ]
    return "\n".join(out) + "\n"


class Manager:
    """The process for one chain.  Its configuration, decision lines and log lie in dir/CHAIN.{toml,out,err}."""

    def __init__(self, binary, chain, milters, directory, serial=False):
        self.binary, self.chain = binary, chain
        self.base = os.path.join(directory, chain["name"])
        self.process = None
        with open(self.base + ".toml", "w") as f:
            f.write(configuration(chain, milters, serial))

    def start(self):
        """Start and wait until it listens; what went wrong, or ""."""
        with open(self.base + ".out", "ab") as out, open(self.base + ".err", "ab") as err:
            self.process = subprocess.Popen(
                [self.binary, "run", "-c", self.base + ".toml"],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        end = time.monotonic() + START_LIMIT
        while time.monotonic() < end:
            if ports.listens(self.chain["manager_socket"]):
                return ""
            if self.process.poll() is not None:
                return "%s ended with %d: %s" % (self, self.process.returncode, self.last_words())
            time.sleep(0.02)
        return "%s does not listen after %d s: %s" % (self, START_LIMIT, self.last_words())

    def trouble(self):
        """Why this manager cannot be relied on, or ""."""
        if self.process is not None and self.process.poll() is not None:
            return "%s ended with %d: %s" % (self, self.process.returncode, self.last_words())
        with open(self.base + ".err", errors="replace") as f:
            found = SANITIZER.search(f.read())
        return "%s: %s, see %s.err" % (self, found.group(0), self.base) if found else ""

    def terminate(self):
        """Ask it to drain."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def wait(self, limit=STOP_LIMIT):
        """Until it has ended; what went wrong, or ""."""
        process, self.process = self.process, None
        if process is None:
            return ""
        try:
            code = process.wait(limit)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return "%s did not end %d s after SIGTERM" % (self, limit)
        return "%s ended with %d: %s" % (self, code, self.last_words()) if code else ""

    def last_words(self):
        with open(self.base + ".err", errors="replace") as f:
            return " / ".join(f.read().split("\n")[-4:]).strip(" /") or "(nothing on standard error)"

    def __str__(self):
        return "the manager of chain " + self.chain["name"]


class Managers:
    """Those of several chains."""

    def __init__(self, binary, field, chains, directory, serial=False):
        os.makedirs(directory, exist_ok=True)
        self.by_chain = {c: Manager(binary, field["chains"][c], field["milters"], directory, serial) for c in chains}

    def start(self):
        return [bad for bad in (m.start() for m in self.by_chain.values()) if bad]

    def trouble(self, chains):
        """What is wrong with those of these chains."""
        return [x for x in (self.by_chain[c].trouble() for c in chains if c in self.by_chain) if x]

    def renew(self, chains):
        """Start those of these chains anew: what failed once must not spoil what comes next.  What went wrong."""
        out = []
        for manager in [self.by_chain[c] for c in chains if c in self.by_chain]:
            manager.terminate()
            out += [manager.wait(RESTART_LIMIT), manager.start()]
        return [x for x in out if x]

    def stop(self):
        bad = [x for x in (m.trouble() for m in self.by_chain.values() if m.process) if x]
        for m in self.by_chain.values():
            m.terminate()
        return bad + [x for x in (m.wait() for m in self.by_chain.values()) if x]
