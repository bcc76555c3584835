# SPDX-License-Identifier: BSL-1.0
"""One scenario: a manager with rules as the MTA's only milter, stubs behind it, clients in front, and what came of it.

The stubs are the field milters a, b, c, ra, rb, rc: they log each callback with its arguments and macros.
"""
import base64
import json
import os
import signal
import subprocess
import time

from harness import ports
from harness.manager import SANITIZER, START_LIMIT, STOP_LIMIT, toml_socket
from scenarios.context import Context

CHAIN = "abc"  # its ports have the manager in place of the milters
STUBS = ("a", "b", "c", "ra", "rb", "rc")
OF_CLIENT = ("connect", "helo")
UNTOLD = ("abort", "close", "op", "negotiate")  # neither shown nor counted: they say nothing of what a stub was asked
RECORD_LIMIT = 10  # seconds in which a decision is in the log


class Message:
    """What one stub was told of one message: the callbacks, those of its client in front."""

    def __init__(self, client):
        self.entries = list(client)

    @property
    def sender(self):
        return next(e["argv"][0] for e in self.entries if e["cb"] == "mail")

    @property
    def recipients(self):
        return [e["argv"][0].strip("<>") for e in self.entries if e["cb"] == "rcpt"]

    @property
    def story(self):
        """The callbacks in a line; headers, and pieces of the body, count as one."""
        out = []
        for e in self.entries:
            if not (e["cb"] in ("header", "body") and out and out[-1] == e["cb"]):
                out.append(e["cb"])
        return " ".join(out)

    def first(self, callback):
        return next((e for e in self.entries if e["cb"] == callback), {})

    def told(self):
        """All that it was told, in full, without what belongs to the stub or the connection."""
        return [{k: v for k, v in e.items() if k not in ("t", "m", "conn", "msg")} for e in self.entries]


WHOLE = "connect helo mail rcpt data header eoh body eom"


class Rig(Context):
    def __init__(self, field, mta, name, binary, folder, short):
        super().__init__(field, mta, name, CHAIN)
        self.binary, self.folder, self.short = binary, folder, short
        self.process, self.names, self.problems, self.left_out = None, {}, [], []
        self.since = {n: os.path.getsize(p) for n, p in self.logs().items()}
        self.control = os.path.join(folder, "control")
        self.decisions = os.path.join(folder, "decisions")
        self.error_log = os.path.join(folder, "err")
        os.makedirs(os.path.join(folder, "rules.d"))

    # -- the manager
    def write(self, name, text):
        """A file of the configuration; a reload never sees half of it."""
        path = os.path.join(self.folder, name)
        with open(path + ".new", "w", encoding="utf-8") as f:
            f.write(text)
        os.rename(path + ".new", path)

    def configure(self, milters, rules="", main=""):
        """milters: name -> further lines of its [[milter]], in order; rules: rules.d/10-rules.toml; main: the rest."""
        chain = self.field["chains"][CHAIN]
        out = ["[[listen]]", 'socket = "%s"' % toml_socket(chain["manager_socket"]), "[control]",
               'socket = "unix:%s"' % self.control, "[manager]", 'decision_log = "%s"' % self.decisions, main]
        self.names = dict(zip(milters, STUBS))
        for name, lines in milters.items():
            socket = toml_socket(self.field["milters"][self.names[name]]["socket"])
            out += ["[[milter]]", 'name = "%s"' % name, 'socket = "%s"' % socket, lines]
        self.write("milter-manager.toml", "\n".join(out) + "\n")
        self.write("rules.d/10-rules.toml", rules)

    def start(self, milters, rules="", main=""):
        """Configure, start, wait until it listens."""
        self.configure(milters, rules, main)
        with open(self.error_log, "ab") as err:
            self.process = subprocess.Popen(
                [self.binary, "run", "-c", os.path.join(self.folder, "milter-manager.toml")],
                stdin=subprocess.DEVNULL, stdout=err, stderr=err, start_new_session=True,
            )
        end = time.monotonic() + START_LIMIT
        while time.monotonic() < end and self.process.poll() is None:
            if ports.listens(self.field["chains"][CHAIN]["manager_socket"]):
                return
            time.sleep(0.02)
        raise OSError("the manager does not listen: " + self.last_words())

    def verb(self, *words):
        """A verb of the control socket: (exit status, output)."""
        done = subprocess.run([self.binary, *words, "--control", "unix:" + self.control], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=30)
        return done.returncode, done.stdout + done.stderr

    def status(self):
        code, text = self.verb("status", "--json")
        self.expect("exit status of status", 0, code)
        return json.loads(text) if code == 0 else {}

    def last_words(self):
        with open(self.error_log, encoding="utf-8", errors="replace") as f:
            return " / ".join(f.read().strip().split("\n")[-4:]) or "(nothing on standard error)"

    def stop(self):
        """Ask it to drain, wait; a bad end is a problem."""
        process, self.process = self.process, None
        if process is None:
            return
        if process.poll() is not None:
            self.problems.append("the manager ended with %d: %s" % (process.returncode, self.last_words()))
            return
        process.send_signal(signal.SIGTERM)
        try:
            self.expect("exit status of the manager", 0, process.wait(STOP_LIMIT))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            self.problems.append("the manager did not end %d s after SIGTERM" % STOP_LIMIT)
        with open(self.error_log, encoding="utf-8", errors="replace") as f:
            if found := SANITIZER.search(f.read()):
                self.problems.append("%s, see %s" % (found.group(0), self.error_log))

    # -- clients
    @property
    def xclient(self):
        """Can clients be made with XCLIENT?"""
        return self.mta == "postfix"

    @property
    def user(self):
        """Whom a client of client_from() with a login is recorded as."""
        return "alice" if self.xclient else "user@mx.field.test"

    def address(self, address, src):
        """The address that a client of client_from() is recorded with."""
        return (address or "127.0.0.1").removeprefix("IPV6:") if self.xclient else src

    def client_from(self, name=None, address=None, src=None, login=False, helo="client.sender.test"):
        """A client that has said HELO: by XCLIENT of that name and address, or else at src, which etc/zone names."""
        if not self.xclient:
            c = self.client(src=src, v6=src == "::1")
            c.hello(helo)
            if login:
                self.log_in(c)
            return c
        c = self.client()
        facts = {k: v for k, v in (("name", name), ("addr", address), ("login", login and self.user)) if v}
        if facts:
            c.hello("before.xclient.test")
            c.xclient(**facts)
        c.hello(helo)
        return c

    def log_in(self, c):
        """AUTH; the realm is Postfix's domain, Sendmail's host."""
        realm = b"field.test" if self.mta == "postfix" else b"mx.field.test"
        c.cmd("AUTH PLAIN " + base64.b64encode(b"\0user@" + realm + b"\0secret").decode())
        self.expect("login", 235, c.code)

    def send(self, sender, to=("bob@field.test",), msg=None, helo="client.sender.test", src=None, par=""):
        """A session of one message; its last code."""
        c = self.client(src=src)
        if c.code == 220:
            c.hello(helo)
            c.txn(msg or self.msg(frm=sender), frm=sender, to=to, par=par)
        code = c.code
        c.quit()
        return code

    # -- what came of it
    def seen(self, name):
        """What this milter's stub logged since the start: (connections, messages)."""
        stub = self.names[name]
        path = self.logs().get(stub)
        if path is None:
            return 0, []
        with open(path, "rb") as f:
            f.seek(self.since.get(stub, 0))
            lines = [json.loads(x) for x in f.read().splitlines()]
        return sum(e["cb"] == "negotiate" for e in lines), list(self.messages(lines))

    @staticmethod
    def messages(lines):
        by_connection = {}
        for e in lines:
            if e["cb"] not in UNTOLD:
                by_connection.setdefault(e["conn"], []).append(e)
        for entries in by_connection.values():
            client, message = [], None
            for e in entries:
                if e["cb"] in OF_CLIENT:
                    client = [x for x in client if x["cb"] != e["cb"]] + [e]
                    continue
                if e["cb"] == "mail":
                    if message:
                        yield message
                    message = Message(client)
                if message:
                    message.entries.append(e)
            if message:
                yield message

    def records(self, count, event="decision"):
        """The decisions so far; with a count, exactly so many: they are waited for."""
        end = time.monotonic() + RECORD_LIMIT
        while True:
            out = []
            if os.path.exists(self.decisions):
                with open(self.decisions, encoding="utf-8") as f:
                    out = [json.loads(x) for x in f.read().split("\n")[:-1]]
            out = [r for r in out if r["event"] == event]
            if len(out) >= count or time.monotonic() > end:
                if count:
                    self.expect("records of the event " + event, count, len(out))
                return out
            time.sleep(0.05)

    # -- judging
    def leave_out(self, names, why):
        """Clients or messages of this scenario that the MTA cannot have."""
        if names:
            self.left_out.append("%s: %s" % (", ".join(names), why))

    def expect(self, what, expected, seen):
        if expected != seen:
            self.problems.append("%s: expected %r, seen %r" % (what, expected, seen))
        return expected == seen

    def expect_that(self, what, holds, seen=""):
        if not holds:
            self.problems.append("%s%s" % (what, ": %r" % (seen,) if seen != "" else ""))
        return holds

    def expect_messages(self, name, expected):
        """expected: sender -> story; this milter saw exactly these messages."""
        connections, messages = self.seen(name)
        self.expect("messages that %s saw" % name, expected, {m.sender.strip("<>"): m.story for m in messages})
        self.expect("how many messages %s saw" % name, len(expected), len(messages))
        return connections, {m.sender.strip("<>"): m for m in messages}

    def expect_never_connected(self, name):
        self.expect("connections to %s" % name, (0, []), self.seen(name))
