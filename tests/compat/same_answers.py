#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""same_answers.py PROGRAMS MILTER_TEST_SERVER [--all] - plays the same sessions to a filter on libmilter and to its twin on the toolkit

PROGRAMS holds NAME_libmilter and NAME_toolkit for each NAME: the same source, of which only the include differs. Compared are all
packets of each session (milter-test-server -v, or the bytes of hand-made ones), and what the callbacks saw, in their order.
Each difference is printed; the last line counts. A session is played by two of the MTAs, each of them as often as any other, or with --all
by every one.
"""

import os
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

PATIENCE = 60  # seconds; for hangs only
PROFILES = (["--as", "postfix-3.7"], ["--as", "sendmail-8.17"], ["--as", "minimal-v2"], ["--as", "strict"],
            ["--mta", "sendmail", "--no-offer", "nr_header,nr_connect,skip"], ["--negotiate-version", "4"])


def order(*orders):
    return [part for one in orders for part in ("-h", "X-Do: " + one)]


GREYLIST = (
    [],
    ["-f", "late@a.test", "-r", "b@b.test", "-r", "c@b.test"],
    ["--messages", "2", "-r", "b@b.test SIZE=9 RET=HDRS", "-r", "nobody@b.test", "-r", "many@b.test"],
    ["--connect-address", "inet:99@10.1.2.3", "--helo", "friend.test", "-r", "x@b.test", "-r", "nobody@b.test"],
    ["--connect-address", "inet:99@10.1.2.3", "-f", "late@a.test", "-r", "nobody@b.test", "-r", "x@b.test"],
    ["--connect-address", "inet6:99@2001:db8::7"],
    ["--connect-address", "unix:/tmp/client"],
    ["--connect-address", "unknown"],
    ["--connect-host", "drop.test"],
    ["--connect-host", "trusted.test"],
    ["--connect-address", "inet:1@10.0.0.1", "-f", "accept@a.test"],
    ["--connect-address", "inet:1@10.0.0.1", "-f", "discard@a.test"],
    ["--connect-address", "inet:1@10.0.0.1", "--unknown", "BAD thing", "--unknown", "GOOD thing"],
    ["--connect-address", "inet:1@10.0.0.1", "--rset", "mail"],
    ["--connect-address", "inet:1@10.0.0.1", "--rset", "data"],
    ["--connect-address", "inet:1@10.0.0.1", "--rset", "header"],
    ["--connect-address", "inet:1@10.0.0.1", "--rset", "body", "--chunk-size", "10"],
    ["--connect-address", "inet:1@10.0.0.1", "--quit-after", "helo"],
    ["--connect-address", "inet:1@10.0.0.1", "--quit-after", "rcpt"],
    ["--connect-address", "inet:1@10.0.0.1", "--quit-after", "body"],
    ["--connect-address", "inet:1@10.0.0.1", "--refused-recipient", "gone@b.test", "--messages", "3", "--chunk-size", "7"],
    ["--connect-address", "inet:1@10.0.0.1", "-h", "Subject:  two blanks", "-h", "X-Fold: a\n b", "-b", "", "-b", "text"],
)

HEADER = (
    [],
    ["-f", "a@a.test SIZE=77 BODY=8BITMIME", "-b", "x" * 70000, "-b", "end"],
    order("addheader X-A b", "addheader X-B", "insheader 0 X-C c", "insheader -1 X-D d", "insheader 7 X-E e"),
    ["-h", "Subject: one", *order("chgheader 1 Subject two", "chgheader 2 Subject", "chgheader -1 Subject x", "chgheader 0 X-Do y")],
    order("addrcpt new@b.test", "addrcpt_par p@b.test NOTIFY=NEVER", "addrcpt_par q@b.test", "addrcpt", "delrcpt receiver@example.org"),
    order("chgfrom <other@a.test> SIZE=1", "chgfrom <third@a.test>", "chgfrom", "quarantine virus", "quarantine"),
    [*order("upper"), "-b", "some text\r\n", "-b", "more\r\n"],
    [*order("twice"), "-b", "y" * 50000, "-b", "z" * 50000],
    order("nobody"),
    order("progress 3", "addheader X-After progress"),
    [*order("verdict 1"), "--messages", "2"],
    order("verdict 2"), order("verdict 3"), order("verdict 4"),
    order("setreply5 550 no", "verdict 1"),
    order("setreply5 550 no", "verdict 4"),
    order("setreply 451 later", "verdict 4"),
    order("setreply 451", "verdict 4"),
    order("setreply 250 fine", "setreply 45 x", "setreply 4x1 x", "setreply 4511 x", "verdict 4"),
    order("setmlreply 554", "verdict 1"),
    order("setmlreply 454", "addheader X-A b", "verdict 4"),
    ["-h", "X-Stop: 1"], ["-h", "X-Stop: 2"], ["-h", "X-Stop: 3"], ["-h", "X-Stop: 4"],
    ["--unknown", "FOO", "--rset", "end_of_headers"],
    ["--rset", "rcpt", "--messages", "2"],
    ["--quit-after", "header"], ["--quit-after", "mail"],
)


def packet(letter, payload=b""):
    return struct.pack(">I", len(payload) + 1) + letter + payload


OFFER = packet(b"O", struct.pack(">III", 6, 0x1FF, 0x1FFFFF))
CONNECT = packet(b"C", b"host.test\x004\x00\x1910.0.0.1\x00")
HELO, MAIL, RCPT = packet(b"H", b"me\0"), packet(b"M", b"<a@b>\0SIZE=1\0"), packet(b"R", b"<c@d>\0")
DATA, FIELD, EOH, BODY, END = packet(b"T"), packet(b"L", b"X-Do\0addheader A b\0"), packet(b"N"), packet(b"B", b"text"), packet(b"E")
ABORT, QUIT, AGAIN = packet(b"A"), packet(b"Q"), packet(b"K")
MESSAGE = MAIL + RCPT + DATA + FIELD + EOH + BODY + END
MACROS = packet(b"D", b"Cj\0mx\0{daemon_name}\0d\0") + packet(b"D", b"Mi\0queue\0{x}\0y\0")

# What an MTA sends before it waits, or before it is gone.
RAW = {
    "nothing": b"",
    "quit alone": OFFER + QUIT,
    "offer alone": OFFER,
    "gone in a message": OFFER + CONNECT + HELO + MAIL + RCPT + DATA + FIELD,
    "gone after a message": OFFER + CONNECT + HELO + MESSAGE,
    "quit in a message": OFFER + CONNECT + HELO + MAIL + RCPT + QUIT,
    "abort, abort": OFFER + CONNECT + HELO + MAIL + RCPT + ABORT + ABORT + MESSAGE + ABORT + QUIT,
    "helo in a message": OFFER + CONNECT + HELO + MAIL + RCPT + HELO + MESSAGE + QUIT,
    "mail in a message": OFFER + CONNECT + HELO + MAIL + RCPT + MESSAGE + QUIT,
    "discard in a message": OFFER + CONNECT + HELO + packet(b"M", b"<a@b>\0") + packet(b"R", b"<discard@d>\0") + ABORT + MAIL
    + packet(b"R", b"<discard@d>\0") + MAIL + packet(b"R", b"<discard@d>\0") + QUIT,
    "new connection": OFFER + CONNECT + HELO + MESSAGE + AGAIN + CONNECT + HELO + MESSAGE + QUIT,
    "macros": OFFER + MACROS + CONNECT + HELO + MESSAGE + MACROS + MAIL + ABORT + QUIT,
    "version 2": packet(b"O", struct.pack(">III", 2, 0x1F, 0x3F)) + CONNECT + HELO + MAIL + RCPT + FIELD + EOH + BODY + END + QUIT,
    "version 7": packet(b"O", struct.pack(">III", 7, 0x1FF, 0x1FFFFF)) + CONNECT + QUIT,
    "version 1": packet(b"O", struct.pack(">III", 1, 0x0F, 0x1F)) + CONNECT + QUIT,
    "no flags": packet(b"O", struct.pack(">III", 6, 0, 0)) + CONNECT + HELO + QUIT,
    "few actions": packet(b"O", struct.pack(">III", 6, 1, 0x1FFFFF)) + CONNECT + HELO + QUIT,
    "few steps": packet(b"O", struct.pack(">III", 6, 0x1FF, 0x7F)) + CONNECT + HELO + MESSAGE + QUIT,
    "large data offered": packet(b"O", struct.pack(">III", 6, 0x1FF, 0x301FFFFF)) + CONNECT + HELO + QUIT,
    "IPv6 with its tag": OFFER + packet(b"C", b"h\x006\x00\x19IPv6:::1\x00") + QUIT,
    "a bad address": OFFER + packet(b"C", b"h\x004\x00\x19nowhere\x00") + HELO + QUIT,
    "an unknown letter": OFFER + CONNECT + packet(b"Z") + HELO + QUIT,
    "body in the end": OFFER + CONNECT + HELO + MAIL + RCPT + DATA + FIELD + EOH + packet(b"E", b"rest") + QUIT,
    "no body": OFFER + CONNECT + HELO + MAIL + RCPT + DATA + EOH + END + QUIT,
}

# Where libmilter itself is at fault, by filters: a SKIP at a piece of body that comes with the end is answered twice.
LIBMILTER_FAULTS = {"body in the end": "greylist_milter -n (all|noreply|macros)"}


class Filter:
    def __init__(self, folder, program, arguments):
        self.socket = os.path.join(folder, os.path.basename(program) + ".sock")
        self.log = os.path.join(folder, os.path.basename(program) + ".log")
        if os.path.exists(self.socket):
            os.unlink(self.socket)  # of one that was killed
        self.process = subprocess.Popen([program, "-l", self.log, *arguments, "unix:" + self.socket])
        self.seen = 0
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                self.connect().close()
                break
            except OSError:
                time.sleep(0.02)
        self.news()

    def connect(self):
        one = socket.socket(socket.AF_UNIX)
        one.settimeout(PATIENCE)
        one.connect(self.socket)
        return one

    def raw(self, sent):
        """All that it answers until it hangs up; it must do so when we have."""
        with self.connect() as one:
            try:
                one.sendall(sent)
                one.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # it hung up already
            got = b""
            try:
                while piece := one.recv(65536):
                    got += piece
            except ConnectionResetError:
                pass
            return got

    def played(self, server, arguments):
        ran = subprocess.run([server, "-s", "unix:" + self.socket, "-v", *arguments], capture_output=True, text=True, timeout=PATIENCE,
                             errors="replace", check=False)
        return "status %d\n%s" % (ran.returncode, ran.stderr.replace(self.socket, "SOCKET"))

    def news(self):
        """What the callbacks wrote since; the last one is xxfi_close, which comes after the MTA has gone."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            with open(self.log, encoding="utf-8", errors="replace") as file:
                text = file.read()[self.seen:]
            if text.endswith("\n") and text.splitlines()[-1].startswith("close"):
                break
            time.sleep(0.005)
        self.seen += len(text)
        return re.sub(r"(?m)^(abort.*\n)\1+", r"\1", text)  # libmilter may tell of one message's abort twice

    def stop(self, how):
        self.process.send_signal(how)
        return self.process.wait(PATIENCE)


def neutral(text):
    """Without what differs from one run to the next: queue numbers, time."""
    for number in sorted(set(re.findall(r'"i"="([^"]+)"', text)), key=len, reverse=True):
        text = text.replace(number, "QUEUE")
    return re.sub(r"elapsed-time.*|\[\d+\.\d+\]", "", text)


def missed_the_end(ours, theirs):
    """libmilter reads nothing more of an MTA that is gone before it has looked: it saw the same as ours, as far as that."""
    seen, closed = theirs.rstrip("\n").rsplit("\n", 1)
    return closed.startswith("close") and ours.startswith(seen + "\n")


class Comparison:
    def __init__(self, server, every_profile):
        self.server = server
        self.every_profile = every_profile
        self.turn = 0
        self.count = self.differences = 0

    def same(self, what, ours, theirs):
        self.count += 1
        if ours == theirs:
            return
        self.differences += 1
        print("---- %s\nlibmilter:\n%s\ntoolkit:\n%s" % (what, theirs, ours))

    def profiles(self):
        """Those of the next session: with as many sessions as MTAs, each MTA has its turn twice."""
        first = self.turn % len(PROFILES)
        self.turn += 1
        return PROFILES if self.every_profile else (PROFILES[first], PROFILES[(first + len(PROFILES) // 2) % len(PROFILES)])

    def compare(self, title, pair, sessions):
        for arguments in sessions:
            for profile in self.profiles():
                leaves = "--quit-after" in arguments
                for _ in range(30 if leaves else 1):
                    said = [neutral(one.played(self.server, profile + arguments) + "\n" + one.news()) for one in pair]
                    if said[0] == said[1]:
                        break
                if leaves and missed_the_end(*said):
                    continue
                self.same("%s: %s" % (title, " ".join(profile + arguments)[:200]), *said)
        for name, sent in RAW.items():
            if name in LIBMILTER_FAULTS and re.search(LIBMILTER_FAULTS[name], title):
                continue
            said = ["%r\n%s" % (one.raw(sent), one.news()) for one in pair]
            self.same("%s: %s" % (title, name), *said)

    def program(self, folder, programs, name, arguments, sessions):
        pair = [Filter(folder, os.path.join(programs, name + end), arguments) for end in ("_toolkit", "_libmilter")]
        try:
            self.compare(" ".join([name, *arguments]), pair, sessions)
        finally:
            pair[1].stop(signal.SIGKILL)  # libmilter takes up to ten seconds to end by itself
            self.same("%s: exit status" % name, pair[0].stop(signal.SIGTERM), 0)


def main(programs, server, *options):
    comparison = Comparison(server, "--all" in options)
    with tempfile.TemporaryDirectory() as folder:
        for negotiation in ("none", "all", "noreply", "reject", "macros"):
            comparison.program(folder, programs, "greylist_milter", ["-n", negotiation], GREYLIST)
        comparison.program(folder, programs, "header_milter", [], HEADER)
        os.environ["HEADER_MILTER_OLD_MTA"] = "1"
        comparison.program(folder, programs, "header_milter", [], HEADER)
    print("same_answers: %d differences in %d sessions" % (comparison.differences, comparison.count))
    return 1 if comparison.differences else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
