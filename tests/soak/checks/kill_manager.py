# SPDX-License-Identifier: BSL-1.0
"""Postfix sends without a pause, the manager is killed at random: no mail is lost, none passes unfiltered.

milter_default_action = tempfail.  What the client was told decides: 250 is delivered once, with the header of each
milter; 4xx is not delivered.
"""
import collections
import random
import smtplib
import threading
import time

from kit import postfix
from kit.manager import Manager, milter

CLIENTS, MESSAGES_EACH = 6, 8
HEADER = "X-Soak-%d"
MESSAGE = "From: alice@sender.test\r\nTo: bob@field.test\r\nSubject: soak\r\nX-Soak-Id: %s\r\n\r\na body\r\n"


class Client(threading.Thread):
    """Short sessions of several messages, until told to stop."""

    def __init__(self, number, port, stop):
        super().__init__(daemon=True)
        self.number, self.port, self.stop = number, port, stop
        self.told, self.troubles, self.count = {}, [], 0

    def run(self):
        while not self.stop.is_set():
            try:
                with smtplib.SMTP("127.0.0.1", self.port, "client.sender.test", timeout=90) as client:
                    for _ in range(MESSAGES_EACH):
                        if not self.one(client):
                            break
            except (OSError, smtplib.SMTPException) as e:
                self.troubles.append(repr(e))
                time.sleep(0.1)

    def one(self, client):
        self.count += 1
        name = "%d-%d" % (self.number, self.count)
        self.told[name] = 0, "nothing"
        (stage, code, text), _ = postfix.send(
            client, "alice@sender.test", ["bob@field.test"], (MESSAGE % name).encode())
        self.told[name] = code, "%s: %s" % (stage, text)
        return code == 250 and not self.stop.is_set()


def kill_and_start(manager, times, alive_most):
    """Alive for a while that is often shorter than a message needs, then away for a moment."""
    for _ in range(times):
        manager.start()
        time.sleep(random.uniform(0.0, alive_most))
        manager.kill()
        time.sleep(random.choice((0.0, 0.0, random.uniform(0.0, 0.3))))
    manager.start()


def judge(report, told, mails, kills):
    copies, unfiltered = collections.Counter(), []
    for mail in mails:
        found = dict(postfix.headers(mail["head"]))
        name = found["X-Soak-Id"].strip()
        copies[name] += 1
        if any(HEADER % n not in found for n in (1, 2)):
            unfiltered.append(name)
    accepted = {name for name, (code, _) in told.items() if code == 250}
    deferred = {name for name, (code, _) in told.items() if 400 <= code < 500}
    other = {name: said for name, said in told.items() if name not in accepted | deferred}
    report.measure("kills", kills)
    report.measure("sent, accepted, deferred", "%d, %d, %d" % (len(told), len(accepted), len(deferred)))
    report.measure("deferred at", dict(collections.Counter(
        text.split(":")[0] for code, text in told.values() if 400 <= code < 500)))
    report.equal(len(told), len(accepted) + len(deferred), "sent = accepted + deferred; else: %s" % other)
    report.equal(sorted(accepted - set(copies)), [], "accepted and lost")
    report.equal(sorted(set(copies) - accepted), [], "delivered though it was not accepted")
    report.equal(sorted(n for n, c in copies.items() if c != 1), [], "delivered more than once")
    report.equal(unfiltered, [], "delivered without the headers of the milters")
    report.expect(len(accepted) > kills / 4, "mail that got through", "some", len(accepted))


def run(context):
    report, kills = context.report, context.size(200, 5)
    if lacking := postfix.missing():
        return report.skip("this machine lacks " + ", ".join(lacking))
    with context.programs.floor("unix:%s/1.sock" % context.folder, "-h", HEADER % 1 + ":yes"), \
         context.programs.floor("unix:%s/2.sock" % context.folder, "-h", HEADER % 2 + ":yes"), \
         postfix.Postfix(lambda self: {"soak": [self.manager_socket]}) as mta:
        milters = [milter("m%d" % n, "unix:%s/%d.sock" % (context.folder, n)) for n in (1, 2)]
        manager = Manager(context.binary, context.folder, milters, listen=mta.manager_socket)
        manager.start()
        stop = threading.Event()
        clients = [Client(n, mta.port("soak"), stop) for n in range(CLIENTS)]
        for client in clients:
            client.start()
        try:
            time.sleep(1)
            manager.kill()
            kill_and_start(manager, kills, 0.8)
            time.sleep(1)
        finally:
            stop.set()
            for client in clients:
                client.join(100)
            said = manager.stop()
        report.equal([c.number for c in clients if c.is_alive()], [], "clients that hang")
        report.equal(sum((c.troubles for c in clients), []), [], "sessions of clients that broke")
        report.expect(mta.drained(120), "the queue", "to run empty", "mail in it")
        judge(report, {k: v for c in clients for k, v in c.told.items()}, mta.delivered(), kills + 1)
        report.expect("panic:" not in mta.log() and "fatal:" not in mta.log(), "Postfix", "well", "panic or fatal")
        report.equal(said, "", "the last manager ends")
    return None
