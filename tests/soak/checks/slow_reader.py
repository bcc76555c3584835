# SPDX-License-Identifier: BSL-1.0
"""A milter that reads one byte a second, and a big message: the verdict comes in time, the MTA never waits in the content.

Under Sendmail too, which gives up after ten seconds (S:10s, R:10s) and must not: the client gets the manager's verdict.
"""
import os
import smtplib
import socket
import struct
import threading
import time

from kit import field
from kit.judge import answer
from kit.manager import Manager, milter
from kit.mta import HEADERS, Mta, session
from kit.packet import ADD_HEADERS, NR_CONTENT, Gone, Reader, packet

CONTENT, END, BUDGET = 3, 4, 9  # seconds: [milter.timeout] content, end_of_message; end_of_message_budget
BLOCK_LIMIT = 2.0  # seconds that a write of the MTA may take
SLACK = 2.0
SMTP_SLACK = 10.0  # for all that Sendmail does with the message besides
MEMORY_LIMIT = 64 * 1024  # KiB


class Sloth:
    """As other milters until the headers begin; from then on a byte a second."""

    def __init__(self, steps):
        self.steps = steps
        self.listener = socket.socket(socket.AF_INET)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # or all of it would fit in the kernel
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(8)
        self.where = "inet:%d@127.0.0.1" % self.listener.getsockname()[1]
        self.slow, self.over = True, threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        reader = Reader(sock)
        try:
            while True:
                code, _ = reader.next()
                if code == "L" and self.slow:
                    break
                if code == "O":
                    sock.sendall(packet("O", struct.pack(">III", 6, ADD_HEADERS, self.steps)))
                elif (out := answer(code, "X-Sloth")) is None:
                    return
                elif not (code in "LNB" and self.steps):
                    sock.sendall(out)
            if not self.steps:
                sock.sendall(packet("c"))
            while not self.over.wait(1) and sock.recv(1):
                pass
        except (Gone, OSError):
            pass
        finally:
            sock.close()

    def end(self):
        self.over.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def try_one(context, name, steps, policy, want, body, patience=(CONTENT, END)):
    report = context.report
    folder = os.path.join(context.folder, name.replace(" ", "-"))
    os.mkdir(folder)
    sloth = Sloth(steps)
    timeout = '{ content = "%ds", end_of_message = "%ds" }' % patience
    extra = '[manager]\nend_of_message_budget = "%ds"\n' % BUDGET
    with Manager(context.binary, folder, [milter("sloth", sloth.where, policy, timeout=timeout)], extra) as manager:
        try:
            with Mta(manager.listen, BUDGET + 30) as mta:
                mta.negotiate()
                said = [mta.hello(), mta.mail(), mta.rcpt(), mta.ask("T")]
                report.equal(said, ["continue"] * 4, name + ": before the content")
                mta.slowest_write, began = 0.0, time.monotonic()
                report.equal(mta.content(HEADERS, body), "continue", name + ": content")
                content, began = time.monotonic() - began, time.monotonic()
                verdict = mta.end()
                waited = time.monotonic() - began
                report.expect(verdict.startswith(want), name + ": verdict", want, verdict)
                report.equal(mta.added(), {}, name + ": headers that are added")
                report.expect(waited <= BUDGET + SLACK, name + ": time for the verdict", "%d s" % BUDGET, waited)
                report.expect(mta.slowest_write < BLOCK_LIMIT, name + ": longest write of the MTA",
                              "%.0f s" % BLOCK_LIMIT, mta.slowest_write)
                report.measure(name, "content %.2f s, longest write %.2f s, verdict after %.2f s, at most %d KiB"
                               % (content, mta.slowest_write, waited, manager.memory("VmHWM")))
                report.expect(manager.memory("VmHWM") < MEMORY_LIMIT, name + ": memory at most", MEMORY_LIMIT,
                              manager.memory("VmHWM"))
                sloth.slow = False
                mta.abort()
                report.equal([mta.mail(), mta.rcpt(), mta.ask("T"), mta.content(HEADERS, b"x\r\n"), mta.end()],
                             ["continue"] * 5, name + ": the next message of the session")
                mta.quit()
            report.equal(session(manager.listen)[0], ("end_of_message", "continue"), name + ": a session afterwards")
            report.equal(manager.settles(), 0, name + ": sessions that are left")
        finally:
            sloth.end()
            report.equal(manager.stop(), "", name + ": the manager ends")


def letter(name, body):
    head = "From: alice@sender.test\r\nTo: bob@field.test\r\nSubject: soak\r\nX-Soak-Id: %s\r\n\r\n" % name
    return head.encode() + body


def try_sendmail(context, mta, policy, want, body):
    report, what = context.report, "Sendmail, " + policy
    folder = os.path.join(context.folder, "sendmail-" + policy)
    os.mkdir(folder)
    sloth = Sloth(0)
    timeout = '{ content = "%ds", end_of_message = "%ds" }' % (CONTENT, END)
    extra = '[manager]\nend_of_message_budget = "%ds"\n' % BUDGET
    milters = [milter("sloth", sloth.where, policy, timeout=timeout)]
    with Manager(context.binary, folder, milters, extra, listen=mta.manager_socket) as manager:
        try:
            with smtplib.SMTP("127.0.0.1", mta.port("slow"), "client.sender.test", timeout=120) as client:
                began = time.monotonic()
                said, _ = field.send(client, "alice@sender.test", ["bob@field.test"], letter(policy, body))
                took = time.monotonic() - began
                report.expect((said[0], said[1]) == ("end_of_message", want), what, want, said)
                report.measure(what, "%d %s after %.2f s" % (said[1], said[2].decode("latin-1"), took))
                report.expect(took < BUDGET + SMTP_SLACK, what + ": time", BUDGET + SMTP_SLACK, took)
                sloth.slow = False
                after = letter(policy + "-next", b"x\r\n")
                said, _ = field.send(client, "alice@sender.test", ["bob@field.test"], after)
                report.equal((said[0], said[1]), ("end_of_message", 250), what + ": the next message of the session")
            report.equal(manager.settles(), 0, what + ": sessions that are left")
        finally:
            sloth.end()
            report.equal(manager.stop(), "", what + ": the manager ends")


def under_sendmail(context, body):
    if lacking := field.missing("sendmail"):
        return context.report.measure("Sendmail", "left out, this machine lacks " + ", ".join(lacking))
    with field.Sendmail(lambda self: {"slow@10/10/60": [self.manager_socket]}) as mta:
        for policy, want in (("tempfail", 451), ("reject", 550), ("accept", 250)):
            try_sendmail(context, mta, policy, want, body)
        context.report.expect(mta.drained(90), "Sendmail: the queue", "to run empty", "mail in it")
        got = sorted(dict(field.headers(m["head"]))["X-Soak-Id"].strip() for m in mta.delivered())
        context.report.equal(got, ["accept", "accept-next", "reject-next", "tempfail-next"], "Sendmail: delivered")
    return None


def run(context):
    body = b"seventy-eight characters, or so, of text that is in no way of interest here.\r\n" * context.size(134_000, 54_000)
    for name, steps, policy, want in (
        ("with replies", 0, "tempfail", "451 4.7.1"),
        ("without replies", NR_CONTENT, "tempfail", "451 4.7.1"),
        ("with replies, accept", 0, "accept", "continue"),
        ("without replies, quarantine", NR_CONTENT, "quarantine", "continue"),
    ):
        if not context.short or name == "without replies":
            try_one(context, name, steps, policy, want, body)
    if not context.short:  # the budget ends what the patience with one milter does not
        try_one(context, "budget alone", NR_CONTENT, "reject", "550 5.5.0", body, (120, 120))
        under_sendmail(context, body)
