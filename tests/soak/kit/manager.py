# SPDX-License-Identifier: BSL-1.0
"""The manager under test: its configuration, its process, what the kernel says of it."""
import json
import os
import re
import signal
import subprocess
import time

from .packet import connect

START_LIMIT, STOP_LIMIT = 20, 45
SANITIZER = re.compile(r"ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:")


def milter(name, sock, on_error="tempfail", **keys):
    """A [[milter]] of the configuration; keys are written as they are."""
    lines = ["", "[[milter]]", 'name = "%s"' % name, 'socket = "%s"' % sock, 'on_error = "%s"' % on_error]
    return "\n".join(lines + ["%s = %s" % item for item in keys.items()]) + "\n"


class Manager:
    """Lives in a folder: manager.toml, its log manager.err, decision lines manager.out."""

    def __init__(self, binary, folder, milters, extra="", name="manager", listen=None):
        self.binary, self.folder, self.name = binary, folder, name
        self.listen = listen or "unix:%s/%s.sock" % (folder, name)
        self.control = "%s/%s.control" % (folder, name)
        self.path = os.path.join(folder, name)
        self.process = None
        self.configure(milters, extra)

    def configure(self, milters, extra=""):
        """Write the configuration: a running manager reads it at the next reload."""
        text = (
            '[[listen]]\nsocket = "%s"\n\n[control]\nsocket = "unix:%s"\n%s%s'
            % (self.listen, self.control, "".join(milters), "\n" + extra if extra else "")
        )
        with open(self.path + ".new", "w", encoding="utf-8") as f:
            f.write(text)
        os.rename(self.path + ".new", self.path + ".toml")  # a reload never sees half of it

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def pid(self):
        return self.process.pid

    def start(self):
        with open(self.path + ".out", "ab") as out, open(self.path + ".err", "ab") as err:
            self.process = subprocess.Popen(
                [self.binary, "run", "-c", self.path + ".toml"], stdin=subprocess.DEVNULL, stdout=out, stderr=err
            )
        end = time.monotonic() + START_LIMIT
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError("%s ended with %d: %s" % (self.name, self.process.returncode, self.last_words()))
            try:
                connect(self.listen, 5).close()
                return
            except OSError:
                time.sleep(0.01)
        raise RuntimeError("%s does not listen after %d s: %s" % (self.name, START_LIMIT, self.last_words()))

    def stop(self):
        """SIGTERM; what went wrong, or ""."""
        process, self.process = self.process, None
        if process is None:
            return ""
        early = process.poll()
        if early is None:
            process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return "did not end %d s after SIGTERM" % STOP_LIMIT
        if code or early is not None:
            return "ended %swith %d: %s" % ("by itself " if early is not None else "", code, self.last_words())
        found = SANITIZER.search(self.log())
        return found.group(0) if found else ""

    def kill(self):
        """SIGKILL"""
        process, self.process = self.process, None
        process.kill()
        process.wait()

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def log(self):
        with open(self.path + ".err", encoding="utf-8", errors="replace") as f:
            return f.read()

    def last_words(self):
        return " / ".join(self.log().strip().split("\n")[-3:]) or "(nothing on standard error)"

    # -- verbs and signals
    def verb(self, *words, timeout=30):
        """A verb of the control socket: (exit status, output)."""
        done = subprocess.run(
            [self.binary, *words, "--control", "unix:" + self.control],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout,
        )
        return done.returncode, done.stdout + done.stderr

    def status(self):
        code, text = self.verb("status", "--json")
        if code:
            raise RuntimeError("status: %d: %s" % (code, text))
        return json.loads(text)

    def hang_up(self):
        self.process.send_signal(signal.SIGHUP)

    # -- what the kernel says
    def memory(self, key="VmRSS"):
        """KiB: VmRSS now, VmHWM at most so far."""
        with open("/proc/%d/status" % self.pid, encoding="ascii") as f:
            return int(re.search(r"^%s:\s+(\d+)" % key, f.read(), re.M).group(1))

    def descriptors(self):
        """What each descriptor is."""
        out = []
        for fd in os.listdir("/proc/%d/fd" % self.pid):
            try:
                out.append(os.readlink("/proc/%d/fd/%s" % (self.pid, fd)))
            except OSError:  # closed since
                pass
        return out

    def cpu(self):
        """Seconds spent so far."""
        with open("/proc/%d/stat" % self.pid, encoding="ascii") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def sessions(self):
        return self.status()["sessions"]["now"]

    def settles(self, limit=15):
        """Wait until no session is left; how many are."""
        end = time.monotonic() + limit
        while (now := self.sessions()) and time.monotonic() < end:
            time.sleep(0.05)
        return now
