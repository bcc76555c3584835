# SPDX-License-Identifier: BSL-1.0
"""Results of scenarios as lines of text that are equal exactly when nothing of importance differs.

usage: python3 -m harness.compare [--milters] [--macros] DIR_A DIR_B [NAME...]

Times, queue ids, dates, ports and signatures are made equal first.  Compared:
SMTP replies of every session, delivered messages (sender, recipients, header,
body), held messages; with --milters also every callback that each field milter
saw, with --macros their macros too.  Exit 1 on any difference.
"""
import argparse
import difflib
import glob
import itertools
import json
import os
import re
import sys

EVENED = [
    (r"\S*postfix/queue/hold/", "HOLD/"),
    (r"server_port=\d+", "server_port=PORT"),
    (r"queued as [0-9A-Za-z]+", "queued as QID"),
    (r"\b[0-9]\.0\.0 [0-9A-Za-z]{14} Message accepted", "2.0.0 QID Message accepted"),
    (r"(E?SMTP[SA8UTF]* id )[0-9A-Za-z]+", r"\1QID"),
    # 2023 is the year that the scenarios' own messages bear
    (r"[A-Z][a-z]{2}, +\d{1,2} [A-Z][a-z]{2} (?!2023)\d{4} \d\d:\d\d:\d\d( [+-]\d{4})?( \([A-Z]+\)| GMT)?", "DATE"),
    (r"[A-Z][a-z]{2} [A-Z][a-z]{2} +\d{1,2} \d\d:\d\d:\d\d \d{4}", "DATE"),
    (r"\b\d{12,14}\.[0-9A-Za-z]+@mx\.field\.test", "ID@mx.field.test"),
    (r"\b[0-9A-Za-z]{14}@mx\.field\.test", "QID@mx.field.test"),
    (r"\(worker \d+\)", ""),
    (r"; t=\d+", "; t=TIME"),
    (r"(DATE_IN_PAST\([0-9.]+\))\[\d+\]", r"\1[HOURS]"),
    (r"\bheader\.b=[A-Za-z0-9+/=]+", "header.b=SIG"),
    # what milters say of the machine that they run on
    (r"(X-Rspamd-Server: )\S+", r"\1HOST"),
    (r"(X-Rspamd-Queue-Id: )\S+", r"\1QID"),
    (r"(X-Spam-Checker-Version: SpamAssassin \S+ \(\S+\)\s+on)\s+[^\s\"]+", r"\1 HOST"),
    (r"(X-Virus-Scanned: clamav-milter \S+ at)\s+[^\s\"]+", r"\1 HOST"),
    (r"[0-9A-F]{8,12}\.[0-9A-F]{5}/", "BOUNDARY/"),
    (r"\b[0-9A-F]{8,12}\b(?=[:\s;])", "QID"),
]
SIGNATURE = re.compile(r"DKIM-Signature:.*(?:\r?\n[ \t].*)*", re.I)
# known to differ from one message or connection to the next
DROPPED_MACROS = {"i", "b", "{msg_id}", "{client_port}", "{daemon_port}", "{client_connections}", "{daemon_name}"}
DROPPED_KEYS = ("t", "m", "conn", "macros", "port", "msg")


def _signature(match):
    """The value of b= and the time go; bh= is over a body that we know, and stays."""
    text = re.sub(r"\bb=[A-Za-z0-9+/=]+(?:(?:\r?\n)?[ \t]+[A-Za-z0-9+/=]+)*", "b=SIG", match.group(0))
    return re.sub(r"\bt=\d+", "t=TIME", text)


def even(text):
    """The text without what differs from run to run."""
    text = SIGNATURE.sub(_signature, text)
    for pattern, to in EVENED:
        text = re.sub(pattern, to, text)
    return text


def even_all(value):
    if isinstance(value, str):
        return even(value)
    if isinstance(value, list):
        return [even_all(x) for x in value]
    if isinstance(value, dict):
        return {k: even_all(x) for k, x in value.items()}
    return value


def sent(c):
    """What the client sent, as one line."""
    c = even_all(c)
    return (c if isinstance(c, str) else json.dumps(c, sort_keys=True))[:200]


def dialogue_lines(result):
    out = []
    for i, s in enumerate(result["sessions"]):
        out.append("session %d from %s" % (i, s["src"]))
        for d in s["dialogue"]:
            if "c" in d:
                out.append("  C: " + sent(d["c"]))
            out += ["  S: " + even(line) for line in d.get("s", [])]
            if "event" in d:
                out.append("  * " + d["event"])
    return out


def envelope_sender(m):
    return re.sub(r" SIZE=\d+", "", even(m["mail"]))


def is_bounce(m):
    """The MTA's own words: that there is one is of interest, not what it says."""
    return m["mail"].startswith("<>") and "MAILER-DAEMON" in m["head"]


RSPAMD = re.compile(r"X-(Rspamd|Spam)[\w-]*:", re.I)


def header_fields(head):
    """The header's fields, folds and all; those of rspamd sorted.

    rspamd adds its fields in the order of a hash table, which is another one in each process.
    """
    fields = re.split(r"\r\n(?![ \t])", even(head))
    out = []
    for ours, run in itertools.groupby(fields, lambda f: bool(RSPAMD.match(f))):
        run = list(run)
        out += sorted(run) if ours and any(f.lower().startswith("x-rspamd") for f in run) else run
    return out


def message_lines(m):
    """A delivered message."""
    out = ["delivered from " + envelope_sender(m)]
    out += ["  to " + x for x in sorted(even(x) for x in m["rcpts"])]
    out += ["  H: " + x for f in header_fields(m["head"]) for x in f.split("\r\n")]
    if is_bounce(m):
        out.append("  bounce")
    elif m["body"] is not None:
        out += ["  B: " + x for x in m["body"].split("\r\n")]
    else:
        out.append("  B: %d bytes %s" % (m["body_size"], m["body_sha256"]))
    return out


def delivered_lines(result):
    # the MTA delivers in any order
    return [line for m in sorted(message_lines(m) for m in result["delivered"]) for line in m]


HELD_TIMES = re.compile(r"(message_arrival_time|create_time|named_attribute: (log_|client_port|rewrite)|message_size)")


def held_one(h):
    """A held message."""
    if "text" not in h:
        return ["held " + even(json.dumps(h, sort_keys=True))]
    return ["held"] + ["  " + even(x) for x in h["text"].split("\n") if not HELD_TIMES.match(x)]  # postcat's


def held_lines(result):
    # queue files are found in any order
    return [line for h in sorted(map(held_one, result["held"])) for line in h]


def callback(entry, macros, sink_port):
    """One line of a milter's log, evened; without what the connection happens to be."""
    e = {k: v for k, v in entry.items() if k not in DROPPED_KEYS}
    if e["cb"] == "header" and e["name"].lower() == "dkim-signature":
        e["value"] = even("DKIM-Signature:" + e["value"])[len("DKIM-Signature:") :]
    if macros and "macros" in entry:
        e["macros"] = {k: v for k, v in entry["macros"].items() if k not in DROPPED_MACROS}
    text = even(json.dumps(e, sort_keys=True))
    return text.replace("[127.0.0.1]:%d" % sink_port, "[127.0.0.1]:SINK") if sink_port else text


def connections(lines):
    """A milter's log by connection, in the order in which they came; what was before them is left out.

    A filter that has died counts its connections from 1 again.
    """
    out, lives = {}, 0
    for entry in lines:
        if entry["cb"] == "negotiate" or (entry["cb"] == "op" and entry["conn"] == 0):
            continue
        out.setdefault((lives, entry["conn"]), []).append(entry)
        lives += entry["cb"] == "die"
    return list(out.values())


def milter_lines(result, macros):
    out = []
    for name, lines in sorted(result["milter_logs"].items()):
        for k, entries in enumerate(connections(lines)):
            out.append("milter %s connection %d" % (name, k))
            out += ["  " + callback(e, macros, result.get("sink_port")) for e in entries]
    return out


def canonical(result, milters=True, macros=False):
    """A result as lines of text."""
    out = dialogue_lines(result) + delivered_lines(result) + held_lines(result)
    return out + milter_lines(result, macros) if milters else out


def main():
    ap = argparse.ArgumentParser(prog="compare", description=__doc__.splitlines()[0])
    ap.add_argument("a", metavar="DIR_A", help="holds NAME.json as `scenarios --out` writes them")
    ap.add_argument("b", metavar="DIR_B")
    ap.add_argument("names", nargs="*", metavar="NAME")
    ap.add_argument("--milters", action="store_true")
    ap.add_argument("--macros", action="store_true")
    args = ap.parse_args()
    bad = same = 0
    names = args.names or sorted(os.path.basename(p)[:-5] for p in glob.glob(args.a + "/*.json"))
    for n in names:
        paths = [os.path.join(d, n + ".json") for d in (args.a, args.b)]
        if not all(os.path.exists(p) for p in paths):
            print("ONLY IN ONE: " + n)
            bad += 1
            continue
        sides = []
        for p in paths:
            with open(p) as f:
                sides.append(canonical(json.load(f), args.milters or args.macros, args.macros))
        if sides[0] == sides[1]:
            same += 1
            continue
        bad += 1
        print("DIFFERS: " + n)
        for line in difflib.unified_diff(*sides, *paths, lineterm="", n=2):
            print("   " + line)
    print("%d the same, %d different" % (same, bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
