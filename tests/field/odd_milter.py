#!/usr/bin/python3 -B
# SPDX-License-Identifier: BSL-1.0
"""What real MTAs make of a milter that says what libmilter never says.

usage: tests/field/odd_milter.py [--mta postfix|sendmail] [--json FILE] [--list] [NAME...]

A milter of its own answers every command with continue and, at one command, with
something odd.  For each case one SMTP session of two messages is played against
the MTA (as root: it is started, and stopped at the end), and three lines tell
what came of it:

  client  the replies that are not those of an undisturbed session
  mail    messages delivered and held: recipients, header fields X-Odd*, size of the body
  filter  what the milter was sent, by command letter (L7: seven in a row; eof, reset: how it ended);
          behind it the macros of each stage, where the case is about macro lists

NAME is a case or the beginning of several.  Not a test: it compares with nothing.
docs/protocol.md cites the cases as odd_milter/NAME.
"""
import argparse
import itertools
import json
import os
import re
import signal
import socket
import struct
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness.field import Field, missing, work_directory  # noqa: E402
from scenarios.context import play  # noqa: E402

CHAIN = "a"
OFFERED_ACTIONS, SKIP, NR_HDR, NR_MAIL = 0x1FF, 0x400, 0x80, 0x4000
UNANSWERED = {"C": 0x1000, "H": 0x2000, "M": 0x4000, "R": 0x8000, "T": 0x10000, "L": NR_HDR, "N": 0x40000, "B": 0x80000}
STAGES = {"C": "connect", "H": "helo", "M": "mail", "R": "rcpt", "T": "data", "L": "header", "N": "eoh", "B": "body"}


# ---- packets ---------------------------------------------------------------------------------------------------

def packet(code, *payload):
    data = code.encode() + b"".join(payload)
    return struct.pack(">I", len(data)) + data


def z(text):
    return text.encode("latin-1") + b"\0"


def u32(number):
    return struct.pack(">I", number)


C, P = packet("c"), packet("p")


# ---- cases -----------------------------------------------------------------------------------------------------

CASES = {}


def case(name, on=None, version=6, actions=OFFERED_ACTIONS, steps=SKIP, tail=b"", macros=False):
    """on: command letter -> bytes that are said to the first such command of the connection."""
    assert name not in CASES, name
    CASES[name] = {
        "name": name,
        "on": on or {},
        "answer": packet("O", u32(version), u32(actions), u32(steps), tail),
        "steps": steps,
        "macros": macros,
    }


case("plain")
for _version in (0, 1, 3, 5, 7):
    case("version_%d" % _version, version=_version)
case("action_0x200", actions=0x3FF)
case("step_0x200000", steps=0x200400)
case("step_0x40000000", steps=0x40000400)
for _name, _bits in (("256k", 0x10000000), ("1m", 0x20000000), ("both", 0x30000000)):
    case("step_mds_" + _name, steps=SKIP | _bits)
case("answer_short", {}, 6)
CASES["answer_short"]["answer"] = packet("O", u32(6), u32(OFFERED_ACTIONS))
case("answer_other_letter")
CASES["answer_other_letter"]["answer"] = C

EDITS = {
    "h": packet("h", z("X-Odd"), z("1")),
    "i": packet("i", u32(1), z("X-Odd"), z("1")),
    "m": packet("m", u32(1), z("X-Odd-Old"), z("changed")),
    "b": packet("b", b"new body\r\n"),
    "add": packet("+", z("<new@field.test>")),
    "par": packet("2", z("<new@field.test>")),
    "del": packet("-", z("<carol@field.test>")),
    "e": packet("e", z("<other@sender.test>")),
    "q": packet("q", z("odd")),
}
for _name, _edit in EDITS.items():
    case("edit_%s" % _name, {"E": _edit + C})
    case("unannounced_%s" % _name, {"E": _edit + C}, actions=0)
for _name in ("h", "add", "b", "q"):
    for _at in "CHMRTLNB":
        if _name == "q" or _at in "MLB":
            case("early_%s_%s" % (_name, STAGES[_at]), {_at: EDITS[_name] + C})

for _at in "CHMRTLNE":
    case("skip_" + STAGES.get(_at, "eom"), {_at: packet("s")})
case("skip_body", {"B": packet("s")})
case("skip_body_unasked", {"B": packet("s")}, steps=0)
for _at in "CHMRTLNBU":
    case("progress_" + STAGES.get(_at, "unknown"), {_at: P + C})
for _at in "CHMRTLBEU":
    _where = STAGES.get(_at, {"E": "eom", "U": "unknown"}.get(_at))
    case("shutdown_" + _where, {_at: packet("4")})
    case("conn_fail_" + _where, {_at: packet("f")})
for _at in "HMLE":
    case("letter_Z_" + STAGES.get(_at, "eom"), {_at: packet("Z")})
case("length_0", {"M": u32(0)})

# macro lists
case("lists_none", macros=True)
for _stage, _where in enumerate(("connect", "helo", "mail", "rcpt", "data", "eom", "eoh")):
    case("list_empty_" + _where, tail=u32(_stage) + z(""), macros=True)
case("list_mail", tail=u32(2) + z("i {mail_addr}"), macros=True)
case("list_eom", tail=u32(5) + z("j {mail_addr}"), macros=True)
case("list_eoh", tail=u32(6) + z("j {mail_addr}"), macros=True)
case("list_eom_eoh", tail=u32(5) + z("j {mail_addr}") + u32(6) + z("j"), macros=True)
case("list_unknown_stage_first", tail=u32(9) + z("j") + u32(2) + z("{mail_addr}"), macros=True)
case("list_unknown_stage_last", tail=u32(2) + z("{mail_addr}") + u32(9) + z("j"), macros=True)
case("list_twice", tail=u32(2) + z("{mail_addr}") + u32(2) + z("{mail_host}"), macros=True)
case("list_without_nul", tail=u32(2) + b"{mail_addr}", macros=True)
case("list_half_number", tail=u32(2) + z("{mail_addr}") + b"\0\0", macros=True)
case("list_without_action", actions=0xFF, tail=u32(2) + z("{mail_addr}"), macros=True)
for _count in (50, 51):
    case("list_%d_times_i" % _count, tail=u32(2) + z("i " * _count), macros=True)
case("list_60_names", tail=u32(2) + z(" ".join(["{no%02d}" % n for n in range(59)] + ["{mail_addr}"])), macros=True)
case("list_49_names", tail=u32(2) + z(" ".join(["{no%02d}" % n for n in range(48)] + ["{mail_addr}"])), macros=True)

# fields and their ends
for _at in "MLBE":
    case("surplus_c_" + STAGES.get(_at, "eom"), {_at: packet("c", b"junk")})
case("surplus_r_mail", {"M": packet("r", b"junk")})
case("surplus_p_eom", {"E": packet("p", b"junk") + C})
case("surplus_h", {"E": packet("h", z("X-Odd"), z("1"), b"junk") + C})
case("surplus_add", {"E": packet("+", z("<new@field.test>"), b"junk") + C})
case("surplus_e", {"E": packet("e", z("<other@sender.test>"), z("RET=FULL"), b"junk") + C})
case("no_nul_h", {"E": packet("h", z("X-Odd"), b"1") + C})
case("no_value_h", {"E": packet("h", z("X-Odd")) + C})
case("no_nul_add", {"E": packet("+", b"<new@field.test>") + C})
case("no_nul_q", {"E": packet("q", b"odd") + C})
case("empty_q", {"E": packet("q", z("")) + C})
case("empty_name_h", {"E": packet("h", z(""), z("1")) + C})
case("colon_name_h", {"E": packet("h", z("X-Odd:"), z("1")) + C})
case("short_i", {"E": packet("i", b"\0\0") + C})
for _index in (0x7FFFFFFF, 0x80000000, 0xFFFFFFFF):
    case("index_i_%x" % _index, {"E": packet("i", u32(_index), z("X-Odd"), z("1")) + C})
    case("index_m_%x" % _index, {"E": packet("m", u32(_index), z("X-Odd-Old"), z("changed")) + C})
case("big_b_200k", {"E": packet("b", (b"y" * 70 + b"\r\n") * 2844) + C})
case("big_b_2m", {"E": packet("b", (b"y" * 70 + b"\r\n") * 29127) + C})
case("fold_without_blank", {"E": packet("h", z("X-Odd"), z("1\n2")) + C})
case("long_reason_q", {"E": packet("q", z("r" * 150)) + C})

# reply texts
TEXTS = {
    "good": b"550 5.7.1 no\0",
    "no_nul": b"550 5.7.1 no",
    "surplus": b"550 5.7.1 no\0junk",
    "two_nul": b"550 5.7.1 no\0\0",
    "lf": b"550 5.7.1 no\nmore\0",
    "lf_lines": b"550-5.7.1 no\n550 5.7.1 more\0",
    "crlf_end": b"550 5.7.1 no\r\n\0",
    "other_code": b"550-5.7.1 no\r\n451 4.7.1 more\0",
    "other_class": b"550 4.7.1 no\0",
    "other_class_second": b"550-5.7.1 no\r\n550 4.7.1 more\0",
    "no_hyphen": b"550 5.7.1 no\r\n550 5.7.1 more\0",
    "last_hyphen": b"550-5.7.1 no\0",
    "code_second": b"550-5.7.1 no\r\nmore\0",
    "200": b"250 2.0.0 fine\0",
    "300": b"354 go on\0",
    "code_alone": b"550\0",
    "code_blank": b"550 \0",
    "digit": b"550 7 apples\0",
    "percent": b"451 4.7.1 50% of it\0",
    "words": b"no thanks\0",
    "empty": b"\0",
    "nothing": b"",
    "600": b"650 6.0.0 what\0",
    "421": b"421 4.7.0 go\0",
}
for _name, _text in TEXTS.items():
    case("text_mail_" + _name, {"M": packet("y", _text)})
    case("text_eom_" + _name, {"E": packet("y", _text)})

# more than one reply, or one where none is due
case("extra_c_mail", {"M": C + C})
case("extra_c_header", {"L": C + C})
case("extra_c_eom", {"E": C + C})
case("extra_r_mail", {"M": C + packet("r")})
case("nr_header_c", {"L": C}, steps=SKIP | NR_HDR)
case("nr_header_r", {"L": packet("r")}, steps=SKIP | NR_HDR)
case("nr_mail_c", {"M": C}, steps=SKIP | NR_MAIL)
case("nr_mail_r", {"M": packet("r")}, steps=SKIP | NR_MAIL)
case("abort_c", {"A": C})
for _name, _between in (("p", P), ("h", EDITS["h"])):
    case("mixed_b_" + _name, {"E": packet("b", b"one\r\n") + _between + packet("b", b"two\r\n") + C})


# ---- the milter ------------------------------------------------------------------------------------------------

class Connection(threading.Thread):
    """Answers one connection as its case has it, and keeps what it was sent."""

    def __init__(self, sock, odd):
        super().__init__(daemon=True)
        self.sock, self.odd = sock, odd
        self.sent, self.macros, self.said = [], {}, set()

    def run(self):
        try:
            while True:
                head = self.take(4)
                code, *_ = self.take_packet(struct.unpack(">I", head)[0])
                if code == "Q":
                    break
        except EOFError:
            self.sent.append("eof")
        except OSError:
            self.sent.append("reset")
        self.sock.close()

    def take(self, size):
        data = b""
        while len(data) < size:
            more = self.sock.recv(size - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def take_packet(self, size):
        data = self.take(size)
        code, payload = chr(data[0]), data[1:]
        if code == "D":
            names = payload[1:].split(b"\0")[0:-1:2]
            self.macros.setdefault(chr(payload[0]), [n.decode("latin-1") for n in names])
            return code, payload
        self.sent.append(code)
        reply = self.reply(code)
        if reply:
            self.sock.sendall(reply)
        return code, payload

    def reply(self, code):
        if code == "O":
            return self.odd["answer"]
        if code in self.odd["on"] and code not in self.said:
            self.said.add(code)
            return self.odd["on"][code]
        if code in "AQK" or self.odd["steps"] & UNANSWERED.get(code, 0):
            return b""
        return C

    def words(self):
        runs = [(code, len(list(same))) for code, same in itertools.groupby(self.sent)]
        return " ".join(code if count == 1 else "%s%d" % (code, count) for code, count in runs)


class Milter(threading.Thread):
    def __init__(self, port):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", port))
        self.odd, self.connections = None, []

    def run(self):
        while True:
            sock, _ = self.listener.accept()
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = Connection(sock, self.odd)
            self.connections.append(connection)
            connection.start()

    def take(self, odd):
        """From now on this case."""
        self.odd, self.connections = odd, []


# ---- the client ------------------------------------------------------------------------------------------------

def session(odd):
    """Two messages on one connection; an unknown command where the case is about one."""

    def f(x):
        c = x.client()
        if c.code // 100 == 2 and c.hello() // 100 == 2:
            if "U" in odd["on"]:
                c.cmd("FOO bar")
            body = ("0123456789" * 7 + "\r\n") * 1400  # two chunks
            c.txn(x.msg(subject="first", extra=[("X-Odd-Old", "old")], body=body), to=["bob@field.test", "carol@field.test"])
            if c.code and c.code != 421:
                c.txn(x.msg(subject="second"), to="second@field.test")
        c.quit()

    return f


def client_lines(result):
    """Replies that an undisturbed session does not get."""
    out, verb = [], "connect"
    for line in result["sessions"][0]["dialogue"]:
        if "c" in line:
            verb = line["c"].split()[0] if isinstance(line["c"], str) else "."
            continue
        for text in line.get("s", []):
            usual = text[:1] == "2" or (verb == "DATA" and text[:3] == "354") or (verb == "FOO" and text[:3] in ("500", "502"))
            if not usual:
                out.append("%s: %s" % (verb, text))
        if "event" in line and "client" not in line["event"]:
            out.append("%s: (%s)" % (verb, line["event"]))
    return out


def mail_lines(result):
    out = []
    for m in sorted(result["delivered"], key=lambda m: m["head"].count("Subject: second")):
        subject = next(x for x in m["head"].split("\r\n") if x.startswith("Subject:"))[9:]
        fields = [x.replace("\r\n", "\\n").replace("\t", "\\t") for x in re.split(r"\r\n(?![ \t])", m["head"])]
        odd = [x for x in fields if x.lower().startswith(("x-odd", ":")) or ":" not in x]
        rcpts = sorted(r.split(">")[0].lstrip("<").split("@")[0] for r in m["rcpts"])
        out.append(
            "%s from %s to %s, %s, body %d%s"
            % (
                subject,
                m["mail"].split(">")[0].lstrip("<").split("@")[0] or "<>",
                "+".join(rcpts),
                "; ".join(odd) or "nothing odd",
                m["body_size"],
                "" if m["head"].startswith("Received: from client") else ", first line " + repr(m["head"].split("\r\n")[0]),
            )
        )
    for h in result["held"]:
        out.append("held" + (": %s" % h["reason"] if "reason" in h else ""))
    return out


def macro_words(connection):
    return " ".join("%s{%s}" % (stage, ",".join(names)) for stage, names in connection.macros.items() if stage not in "LB")


def tell(row):
    print(row["name"])
    for key in ("client", "mail", "filter", "macros", "log"):
        for line in row[key]:
            print("  %-7s %s" % (key, line))
    sys.stdout.flush()


def perform(mta, cases):
    field = Field(work_directory())
    rows = []
    try:
        if not field.up([mta], [CHAIN]):
            raise SystemExit("odd_milter: the field did not start, see %s/log" % field.work)
        config = field.config()
        milter = Milter(int(config["chains"][CHAIN]["manager_socket"].split(":")[1].split("@")[0]))
        milter.start()
        for odd in cases:
            milter.take(odd)
            result = play(config, mta, {"name": odd["name"], "doc": "", "chain": CHAIN, "func": session(odd)})
            for connection in milter.connections:
                connection.join(2)
            rows.append(
                {
                    "mta": mta,
                    "name": odd["name"],
                    "client": client_lines(result),
                    "mail": mail_lines(result),
                    "filter": [c.words() for c in milter.connections],
                    "macros": [macro_words(c) for c in milter.connections if odd["macros"]],
                    "log": [x.split("]: ", 1)[-1] for x in result.get("mta_log", []) if re.search("warning|panic|milter-hold", x)],
                }
            )
            tell(rows[-1])
    finally:
        for s in (signal.SIGINT, signal.SIGTERM):
            signal.signal(s, signal.SIG_IGN)
        field.down(remove=True)
    return rows


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--mta", choices=["postfix", "sendmail"], default="postfix")
    ap.add_argument("--json", metavar="FILE", help="the rows as JSON too")
    ap.add_argument("--list", action="store_true", help="print the names of the cases and go")
    ap.add_argument("names", nargs="*", metavar="NAME")
    args = ap.parse_args()
    cases = [c for n, c in CASES.items() if not args.names or n.startswith(tuple(args.names))]
    if args.list:
        print("\n".join(c["name"] for c in cases))
        return 0
    if not cases:
        ap.error("no such case")
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    lacking = missing(args.mta)
    if lacking:
        print("odd_milter: this machine lacks: " + ", ".join(lacking), file=sys.stderr)
        return 69
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    rows = perform(args.mta, cases)
    if args.json:
        with open(args.json, "w") as f:
            json.dump(rows, f, indent=1)
            f.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
