# SPDX-License-Identifier: BSL-1.0
"""Postfix with five real milters, once by itself and once through the manager: the same becomes of the same mail.

OpenDKIM verifies, OpenDMARC, rspamd, a milter in Python that edits, OpenDKIM signs.
"""
import base64
import collections
import concurrent.futures
import glob
import os
import re
import smtplib
import time

from kit import field
from kit.mails import mails
from kit.manager import Manager, milter

MILTERS = ("dkimvk", "dmarc", "rspamd", "pymilter", "dkimsk")
PROGRAMS = ("/usr/sbin/opendkim", "/usr/sbin/opendmarc", "/usr/bin/rspamd", "/usr/sbin/opendkim-testmsg",
            "/usr/lib/python3/dist-packages/Milter/__init__.py")
CLIENTS = ("127.1.0.10", "127.1.0.20", "127.1.0.21", "127.0.0.1")
# What differs from run to run by itself: queue ids, times.
OWN = re.compile(r"queued as \w+")
VARY = {"received", "dkim-signature", "x-rspamd-queue-id"}
TROUBLE = re.compile(r".*?\b((?:warning|error|fatal|panic)\b.*)")


def manager_socket(sock):
    port, host = sock[len("inet:"):].split("@")
    return "inet:%s@[%s]" % (port, host)


def logs(mta):
    """(path, text) of Postfix's log and each milter's."""
    for path in [os.path.join(mta.work, mta.log_file), *glob.glob(os.path.join(mta.work, "log/*"))]:
        with open(path, encoding="utf-8", errors="replace") as f:
            yield path, f.read()


class Chain:
    """What became of all the mail on one chain."""

    def __init__(self, mta, name, letters, at_once):
        self.name, before, logged = name, len(mta.delivered()), {path: len(text) for path, text in logs(mta)}
        began = time.monotonic()
        port = mta.port(name)
        with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
            shares = [letters[n::at_once] for n in range(at_once)]
            parts = list(pool.map(lambda pair: self.client(port, *pair), enumerate(shares)))
        self.told = {name: said for part in parts for name, said in part.items()}
        self.seconds = time.monotonic() - began
        self.dead = [m for m in MILTERS if not self.alive(mta, m)]
        self.drained = mta.drained(120)
        self.mails = collections.defaultdict(list)
        for mail in mta.delivered()[before:]:
            self.mails[dict(field.headers(mail["head"])).get("X-Soak-Id", "?").strip()].append(mail)
        self.warnings = {
            "%s: %s" % (os.path.basename(path), re.sub(r"[0-9A-F]{6,}|\d+", "#", line))
            for path, text in logs(mta) for line in TROUBLE.findall(text[logged.get(path, 0) :])
        }

    @staticmethod
    def alive(mta, name):
        with open(os.path.join(mta.work, "pids", name), encoding="ascii") as f:
            pid = f.read().split()[0]
        try:
            with open("/proc/%s/stat" % pid, encoding="utf-8", errors="replace") as f:
                return f.read().rsplit(")", 1)[1].split()[0] not in "ZX"  # perhaps nobody has waited for it yet
        except FileNotFoundError:
            return False

    @staticmethod
    def client(port, number, share):
        """Sessions of five messages."""
        told = {}
        for at in range(0, len(share), 5):
            source = CLIENTS[(number + at) % len(CLIENTS)], 0
            with smtplib.SMTP("127.0.0.1", port, "mail.sender.test", timeout=120, source_address=source) as client:
                for one in share[at : at + 5]:
                    (stage, code, text), refused = field.send(
                        client, one.sender, one.recipients, one.data, one.options)
                    told[one.name] = stage, code, OWN.sub("queued", text.decode("latin-1")), sorted(refused)
        return told


def seen(mail):
    """What of a delivered message may not differ."""
    kept = [(n, v if n.lower() not in VARY else "") for n, v in field.headers(mail["head"])]
    return {"rcpts": sorted(mail["rcpts"]), "headers": kept, "body": mail["body_sha256"]}


def compare(report, native, via, letters):
    kinds = {one.name: one.kind for one in letters}
    different = []
    for name, kind in kinds.items():
        if via.told[name] != native.told[name]:
            different.append("%s %s: %s, natively %s" % (name, kind, via.told[name], native.told[name]))
    report.equal(different[:5], [], "%d messages that are answered otherwise" % len(different))
    different = []
    for name, kind in kinds.items():
        a, b = [seen(m) for m in native.mails[name]], [seen(m) for m in via.mails[name]]
        if a != b:
            odd = [(x, y) for m, n in zip(a, b) for x, y in zip(m["headers"], n["headers"]) if x != y]
            different.append("%s %s: %s" % (name, kind, odd[:2] or (len(a), len(b))))
    report.equal(different[:5], [], "%d messages that are delivered otherwise" % len(different))


def account(report, chain, letters):
    accepted = {name for name, said in chain.told.items() if said[1] == 250}
    refused = collections.Counter(
        "%s %s" % (said[0], said[1]) for name, said in chain.told.items() if name not in accepted)
    report.measure(chain.name, "%d sent, %d accepted, %d delivered, refused %s; %.1f s" % (
        len(letters), len(accepted), sum(map(bool, chain.mails.values())), dict(refused), chain.seconds))
    report.equal(chain.dead, [], chain.name + ": milters that have died by themselves: nothing else here counts then")
    report.expect(chain.drained, chain.name + ": the queue", "to run empty", "mail in it")
    report.equal(sum(refused.values()) + len(accepted), len(letters), chain.name + ": sent = accepted + refused")
    got = {name for name, copies in chain.mails.items() if copies}
    report.equal((sorted(accepted - got), sorted(got - accepted)), ([], []), chain.name + ": lost, and let through")
    report.equal([n for n, copies in chain.mails.items() if len(copies) > 1], [], chain.name + ": delivered twice")
    bad = [n for n, said in chain.told.items() if 400 <= said[1] < 500]
    report.equal(bad[:5], [], chain.name + ": refused for now")
    return accepted


def signatures(context, mta, chain):
    """Each delivered message is signed, and the signature is good: what is wrong."""
    folder = os.path.join(mta.work, "verify-" + chain.name)
    os.mkdir(folder)
    unsigned, bad, big = [], [], 0
    for name, copies in chain.mails.items():
        for mail in copies:
            made = [v for n, v in field.headers(mail["head"]) if n == "DKIM-Signature"]
            if not made:
                unsigned.append(name)
            elif mail["body"] is None:  # the sink has not kept it, but its sum, which is what is signed
                signed = re.search(r"\bbh=([^;]+)", made[0]).group(1)
                big += 1
                if base64.b64decode(re.sub(r"\s", "", signed)).hex() != mail["body_sha256"]:
                    bad.append(name + ": body hash")
            else:
                with open(os.path.join(folder, name + ".eml"), "wb") as out:
                    out.write((mail["head"] + "\r\n\r\n" + mail["body"]).encode("latin-1"))
    script = 'cd "$0" && for f in *.eml; do opendkim-testmsg <"$f" >out 2>&1 || { echo "$f: $(head -1 out)"; }; done'
    count = len(os.listdir(folder))
    done = mta.in_namespace("sh", "-c", script, folder, text=True)
    bad += done.stdout.strip().split("\n") if done.stdout.strip() else []
    context.report.equal(unsigned[:5], [], "%s: %d messages without a signature" % (chain.name, len(unsigned)))
    context.report.measure(chain.name + ", signatures that were verified", "%d, of big ones the body hash: %d" % (count, big))
    return bad


def run(context):
    report = context.report
    if context.short:
        return report.skip("takes a minute: full size only")
    if lacking := field.missing("postfix", *PROGRAMS):
        return report.skip("this machine lacks " + ", ".join(lacking))
    with field.Postfix(
        lambda self: {"native": [self.milter_socket(m) for m in MILTERS], "via": [self.manager_socket]}, MILTERS
    ) as mta:
        milters = [milter(m, manager_socket(mta.milter_socket(m))) for m in MILTERS]
        with Manager(context.binary, context.folder, milters, listen=mta.manager_socket) as manager:
            letters = list(mails(context.args.mails, os.path.join(mta.work, "etc/dkim.private")))
            native, via = (Chain(mta, name, letters, context.args.at_once) for name in ("native", "via"))
            for chain in (native, via):
                account(report, chain, letters)
            compare(report, native, via, letters)
            bad = [signatures(context, mta, chain) for chain in (native, via)]
            report.equal(bad[1][:5], [], "signatures that do not verify (natively %d, via the manager %d)"
                         % (len(bad[0]), len(bad[1])))
            report.equal(sorted(via.warnings - native.warnings), [],
                         "warnings of Postfix and the milters that the native chain has not")
            said = [x for x in manager.log().split("\n") if re.search(r"\b(warning|error):", x)]
            report.equal(said[:5], [], "%d warnings of the manager" % len(said))
            report.equal(manager.settles(), 0, "sessions that are left")
            report.equal(manager.stop(), "", "the manager ends")
    return None
