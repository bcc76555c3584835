# SPDX-License-Identifier: BSL-1.0
"""Each way of failing x stage x policy, with real processes and sockets: the table of docs/operations.md.

The hostile milter stands between two that behave.  For each cell: what the MTA hears, which edits it gets, what the
others are asked; that nobody hangs; that sessions beside it notice nothing, and that the manager is as good as ever.
"""
import concurrent.futures
import itertools
import os
import select
import signal
import subprocess
import sys
import threading
import time

from kit.hostile import HEADER, STAGES, WAYS
from kit.judge import Judge
from kit.manager import Manager, milter
from kit.mta import BODY, HEADERS, Mta, session
from kit.packet import Gone, Hung

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
POLICIES = ("tempfail", "accept", "reject", "quarantine", "shutdown")
REFUSAL = {"tempfail": "451 4.7.1", "reject": "550 5.5.0", "shutdown": "421 4.7.1"}
PATIENCE = 1.5  # seconds that the manager waits for the hostile milter
ANSWER_LIMIT = 2 * PATIENCE + 4  # for any single answer: a failure, another one after trying again, and a busy machine
HUNG = 25
TIMEOUT = "{ %s }" % ", ".join(
    '%s = "%dms"' % (key, PATIENCE * 1000) for key in ("connect", "negotiate", "command", "content", "end_of_message")
)
ABOUT_CLIENT = ("socket", "negotiation", "connect", "helo")
CONTENT = ("header", "end_of_headers", "body", "end_of_message")
FIRST, LAST = "X-First", "X-Last"
IN_PARALLEL = 8


class Hostile:
    """The process of kit/hostile.py."""

    def __init__(self, stage, way, times, port=0):
        self.arguments = (stage, way, "1", times)  # the first connection is the bystander's
        self.start(port)

    def start(self, port):
        self.process = subprocess.Popen(
            [sys.executable, "-BSE", "-m", "kit.hostile", str(port), *self.arguments],
            cwd=HERE, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True,
        )
        self.port = int(self.process.stdout.readline())
        self.groups = getattr(self, "groups", []) + [self.process.pid]

    def wait_accepted(self, number, limit):
        end = time.monotonic() + limit
        while (left := end - time.monotonic()) > 0:
            if select.select([self.process.stdout], [], [], left)[0]:
                line = self.process.stdout.readline()
                if not line or line.split()[1] == b"%d" % number:
                    return

    def go_away(self, way):
        """The listener alone: who is connected stays so."""
        os.kill(self.process.pid, signal.SIGKILL if way == "kill" else signal.SIGSTOP)
        if way == "kill":
            self.process.wait()

    def behave(self):
        """As if nothing had been."""
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGUSR1)
            os.kill(self.process.pid, signal.SIGCONT)
        else:
            self.process.stdout.close()
            self.arguments = ("socket", "rst", "1000000", "once")
            self.start(self.port)

    def end(self):
        for group in self.groups:
            try:
                os.killpg(group, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        self.process.stdout.close()


class Cell:
    def __init__(self, context, stage, way, policy, times):
        self.stage, self.way, self.policy, self.times = stage, way, policy, times
        self.name = "%s at %s, on_error %s, %s" % (way, stage, policy, times)
        self.report, self.slowest = context.report, 0.0
        self.folder = os.path.join(context.folder, "-".join((way, stage, policy, times)))
        os.mkdir(self.folder)
        self.binary, self.bad = context.binary, False

    def expect(self, holds, what, expected, seen):
        self.bad |= not self.report.expect(holds, "%s: %s" % (self.name, what), expected, seen)

    # -- what the table says
    def refused_at(self):
        """The command at which the MTA hears the refusal, or None."""
        if self.policy in ("accept", "quarantine"):
            return None
        if self.stage in ABOUT_CLIENT:
            if self.policy == "shutdown":
                return "helo" if self.stage == "helo" else "connect"
            return None if self.times == "once" else "mail"
        return "end_of_message" if self.stage in CONTENT else self.stage

    def takes_part(self):
        """Is the hostile milter heard in the first message?  After a failure before it, it is tried again at MAIL."""
        return self.stage in ABOUT_CLIENT and self.times == "once"

    def refusal(self):
        return REFUSAL[self.policy]

    # -- the conversation
    def timed(self, act):
        began = time.monotonic()
        said = act()
        self.slowest = max(self.slowest, time.monotonic() - began)
        return said

    def client(self, mta):
        """Up to HELO; whether the session goes on."""
        self.timed(mta.negotiate)
        at = self.refused_at()
        said = self.timed(mta.hello)
        refused = at in ("connect", "helo")
        want = self.refusal() if refused else "continue"
        self.expect(said.startswith(want), "CONNECT and HELO", want, said)
        return said == "continue"

    def mail(self, mta, number):
        """A message; its answers against the table."""
        failing = number == 1 or self.times == "always"
        at = self.refused_at() if failing else None
        for command, act in (
            ("mail", mta.mail),
            ("rcpt", mta.rcpt),
            ("data", lambda: mta.ask("T")),
            ("content", lambda: mta.content(HEADERS, BODY)),
            ("end_of_message", mta.end),
        ):
            said = self.timed(act)
            want = self.refusal() if command == at else "continue"
            self.expect(said.startswith(want), "message %d, %s" % (number, command), want, said)
            if command == at and command in ("rcpt", "data") and self.policy != "shutdown":
                again = self.timed(lambda: mta.rcpt("<carol@mx.example>"))
                self.expect(again.startswith(want), "message %d, another RCPT after that" % number, want, again)
            if said != "continue":
                break
        else:
            self.accepted(mta, number, failing)
        mta.abort()

    def accepted(self, mta, number, failing):
        present = not failing or self.takes_part()
        want = {FIRST, LAST} | ({HEADER} if present else set())
        added = set(mta.added())
        self.expect(added == want, "message %d, headers that are added" % number, sorted(want), sorted(added))
        held = any(code == "q" for code, _ in mta.edits)
        should = self.policy == "quarantine" and failing and not self.takes_part()
        self.expect(held == should, "message %d, held" % number, should, held)

    def judges_were_asked(self, first, last):
        """The one behind is asked as far as nobody before it refuses."""
        at = self.refused_at()
        if self.times == "once" and at is not None and self.policy != "shutdown":
            return  # its second message is in the same story
        story = last.story("victim")
        if at is None:
            self.expect("E" in story, "the milter behind it is asked to the end", "E", story)
            return
        order = "CHMRTLNBE"
        letter = {"connect": "C", "helo": "H", "mail": "M", "rcpt": "R", "data": "T", "end_of_message": "L"}[at]
        kept = set(order[order.index(letter) :])
        self.expect(not kept & set(story), "the milter behind it hears nothing of what is refused", "none of " +
                    "".join(sorted(kept)), story)

    # -- the cell
    def prepare(self, hostile):
        if self.stage == "socket" and self.way in ("kill", "stop"):
            hostile.go_away(self.way)

    def victim(self, manager, hostile):
        """Two messages in a session."""
        with Mta(manager.listen, HUNG, "victim") as mta:
            if self.client(mta):
                if self.stage == "socket" and self.times == "once":
                    hostile.behave()
                self.mail(mta, 1)
                if self.policy != "shutdown" or self.refused_at() is None:
                    self.mail(mta, 2)
                mta.quit()

    def beside(self, manager, hostile):
        """A session that begins and ends while the other one fails."""
        hostile.wait_accepted(2, 10)
        said, added = session(manager.listen, HUNG)
        self.expect(said == ("end_of_message", "continue") and {FIRST, HEADER, LAST} == set(added),
                    "a session beside it", "accepted with all headers", "%s %s" % (said, sorted(added)))

    def run(self):
        with Judge(self.folder + "/first", FIRST) as first, Judge(self.folder + "/last", LAST) as last:
            once_gone = self.stage == "socket" and self.way in ("kill", "stop")
            hostile = Hostile(self.stage, self.way, "always" if once_gone else self.times)
            milters = [
                milter("first", first.where),
                milter("hostile", "inet:%d@127.0.0.1" % hostile.port, self.policy, timeout=TIMEOUT),
                milter("last", last.where),
            ]
            manager = Manager(self.binary, self.folder, milters)
            try:
                manager.start()
                self.play(manager, hostile)
                self.judges_were_asked(first, last)
            except (Gone, Hung, OSError, RuntimeError, ValueError) as e:
                self.expect(False, "the conversation", "to come to its end", repr(e))
            finally:
                hostile.end()
                said = manager.stop()
                self.expect(said == "", "the manager ends", "well", said)
                # its last lines are written with its end
                self.expect("hostile" in manager.log(), "the log names the milter", "hostile", manager.last_words())
        return self

    def play(self, manager, hostile):
        with Mta(manager.listen, HUNG, "bystander") as bystander:
            bystander.negotiate()
            said = [bystander.hello(), bystander.mail(), bystander.rcpt()]
            self.prepare(hostile)
            beside = threading.Thread(target=self.guarded, args=(self.beside, manager, hostile))
            gone = self.stage == "socket" and self.way in ("kill", "stop")
            if self.times == "once" and not gone:
                beside.start()
            self.victim(manager, hostile)
            said += [bystander.ask("T"), bystander.content(HEADERS, BODY), bystander.end()]
            self.expect(said == ["continue"] * 6, "a session that was there before", "six times continue", said)
            added = set(bystander.added())
            self.expect(added == {FIRST, HEADER, LAST}, "its headers", "all three", sorted(added))
            bystander.quit()
        if beside.ident:
            beside.join()
        hostile.behave()
        said, added = session(manager.listen, HUNG)
        self.expect(said == ("end_of_message", "continue") and set(added) == {FIRST, HEADER, LAST},
                    "a clean session afterwards", "accepted with all headers", "%s %s" % (said, sorted(added)))
        self.expect(self.slowest < ANSWER_LIMIT, "the slowest answer", "less than %.1f s" % ANSWER_LIMIT,
                    "%.1f s" % self.slowest)
        left = manager.settles(5)
        self.expect(left == 0, "sessions that are left", 0, left)

    def guarded(self, act, *arguments):
        try:
            act(*arguments)
        except (Gone, Hung, OSError, ValueError) as e:
            self.expect(False, "a session beside it", "to come to its end", repr(e))


def cells(context):
    stages, ways, policies = STAGES, WAYS, POLICIES
    if context.short:
        stages, ways, policies = ("negotiation", "mail", "body", "end_of_message"), WAYS[:4], ("tempfail", "accept")
    for stage, way, policy, times in itertools.product(stages, ways, policies, ("once", "always")):
        if context.short and times == "always" and stage != "negotiation":
            continue
        yield stage, way, policy, times


def run(context):
    wanted = [c for c in cells(context) if not context.args.cells or context.args.cells in "-".join(c)]
    with concurrent.futures.ThreadPoolExecutor(IN_PARALLEL) as pool:
        done = list(pool.map(lambda c: Cell(context, *c).run(), wanted))
    context.report.measure("cells", len(done))
    context.report.measure("cells with findings", sum(c.bad for c in done))
    context.report.measure("slowest answer", round(max((c.slowest for c in done), default=0), 2), "s")
