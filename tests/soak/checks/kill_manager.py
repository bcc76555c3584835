# SPDX-License-Identifier: BSL-1.0
"""An MTA sends without a pause, the manager is killed at random: no mail is lost, none passes unfiltered.

Postfix with milter_default_action = tempfail, Sendmail with F=T.  What the client was told decides: 250 is delivered
once, with the header of each milter; 4xx is not delivered.
"""
import collections
import os
import random
import smtplib
import threading
import time

from kit import field
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
        (stage, code, text), _ = field.send(
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


def judge(report, mta, told, mails, kills):
    copies, unfiltered = collections.Counter(), []
    for mail in mails:
        found = dict(field.headers(mail["head"]))
        name = found["X-Soak-Id"].strip()
        copies[name] += 1
        if any(HEADER % n not in found for n in (1, 2)):
            unfiltered.append(name)
    accepted = {name for name, (code, _) in told.items() if code == 250}
    deferred = {name for name, (code, _) in told.items() if 400 <= code < 500}
    other = {name: said for name, said in told.items() if name not in accepted | deferred}
    report.measure(mta + ": kills", kills)
    report.measure(mta + ": sent, accepted, deferred", "%d, %d, %d" % (len(told), len(accepted), len(deferred)))
    report.measure(mta + ": deferred at", dict(collections.Counter(
        text.split(":")[0] for code, text in told.values() if 400 <= code < 500)))
    report.equal(len(told), len(accepted) + len(deferred), "%s: sent = accepted + deferred; else: %s" % (mta, other))
    report.equal(sorted(accepted - set(copies)), [], mta + ": accepted and lost")
    report.equal(sorted(set(copies) - accepted), [], mta + ": delivered though it was not accepted")
    report.equal(sorted(n for n, c in copies.items() if c != 1), [], mta + ": delivered more than once")
    report.equal(unfiltered, [], mta + ": delivered without the headers of the milters")
    report.expect(len(accepted) > kills / 4, mta + ": mail that got through", "some", len(accepted))


def try_one(context, mta_class, kills):
    report, name = context.report, mta_class.name
    folder = os.path.join(context.folder, name)
    os.mkdir(folder)
    with context.programs.floor("unix:%s/1.sock" % folder, "-h", HEADER % 1 + ":yes"), \
         context.programs.floor("unix:%s/2.sock" % folder, "-h", HEADER % 2 + ":yes"), \
         mta_class(lambda self: {"soak": [self.manager_socket]}) as mta:
        milters = [milter("m%d" % n, "unix:%s/%d.sock" % (folder, n)) for n in (1, 2)]
        manager = Manager(context.binary, folder, milters, listen=mta.manager_socket)
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
        report.equal([c.number for c in clients if c.is_alive()], [], name + ": clients that hang")
        report.equal(sum((c.troubles for c in clients), []), [], name + ": sessions of clients that broke")
        report.expect(mta.drained(150), name + ": the queue", "to run empty", "mail in it")
        judge(report, name, {k: v for c in clients for k, v in c.told.items()}, mta.delivered(), kills + 1)
        report.expect("panic:" not in mta.log() and "fatal:" not in mta.log(), name, "well", "panic or fatal")
        report.equal(said, "", name + ": the last manager ends")


def run(context):
    mtas = (field.Postfix,) if context.short else (field.Postfix, field.Sendmail)
    lacking = {c: field.missing(c.name) for c in mtas}
    if all(lacking.values()):
        return context.report.skip("this machine lacks " + ", ".join(lacking[field.Postfix]))
    for mta_class, lacks in lacking.items():
        if lacks:
            context.report.measure(mta_class.name, "left out, this machine lacks " + ", ".join(lacks))
        else:
            try_one(context, mta_class, context.size(200, 5))
    return None
