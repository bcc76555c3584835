#!/usr/bin/python3 -B
# SPDX-License-Identifier: BSL-1.0
"""Make damaged and odd capture files from good ones.

usage: capture/derive.py --from DIR --out DIR      (DIR as capture/record.py makes it)

Each NAME.pcap gets NAME.expect.json: what was done, the base file, "equal" (must
the decoded milter packets be just those of the base?) and the decode by
decode.py.  Everything is deterministic.
"""
import argparse
import json
import os
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import decode  # noqa: E402
import derivations  # noqa: E402
from packet import write  # noqa: E402
from pcap_file import records  # noqa: E402

BASES = ("plain_ok", "several_messages", "concurrent", "chunk_edges", "ipv6_milter")


def load(path):
    """[(ts_ns, frame)] of an Ethernet pcap."""
    out = []
    for ts, link, data, _ in records(path):
        assert link == 1, "an Ethernet capture, please"
        out.append((ts, data))
    return out


def bare(recs):
    """The milter packets whatever connection and time they belong to."""
    return sorted(
        json.dumps({k: v for k, v in r.items() if k not in ("t", "frame", "stream")}, sort_keys=True)
        for r in recs
        if "cmd" in r
    )


def order(recs):
    """Their order in each connection."""
    streams = {r.get("stream") for r in recs}
    return {
        s: [r["cmd"] for r in recs if r.get("stream") == s and r.get("dir") == d and "cmd" in r]
        for s in streams
        for d in ("mta", "milter")
    }


class Derived:
    def __init__(self, source, target):
        self.source, self.target = source, target
        self.base = {n: load(os.path.join(source, n + ".pcap")) for n in BASES}
        self.done = []

    def out(self, name, packets, base, what, equal, **form):
        write(os.path.join(self.target, name + ".pcap"), packets, **form)
        self.keep(name, base, what, equal)

    def keep(self, name, base, what, equal, ext="pcap"):
        path = os.path.join(self.target, "%s.%s" % (name, ext))
        try:
            recs = decode.run(path)
        except (SystemExit, struct.error, EOFError) as e:
            recs = [{"event": "unreadable", "why": str(e)}]
        ref = decode.run(os.path.join(self.source, base + ".pcap"))
        got = bare(recs) == bare(ref) and order(recs) == order(ref)
        if equal is not None and got != equal:
            print("NOTE %s: expected equal=%s, the decoder says %s" % (name, equal, got))
        expect = {
            "file": os.path.basename(path),
            "derived_from": base,
            "what": what,
            "equal": got,
            "summary": decode.summary(recs),
            "decode": recs,
        }
        with open(os.path.join(self.target, name + ".expect.json"), "w") as f:
            json.dump(expect, f, separators=(",", ":"))
            f.write("\n")
        self.done.append((name, what, got))


def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("--from", dest="source", required=True)
    ap.add_argument("--out", required=True)
    args = ap.parse_args()
    os.makedirs(args.out, exist_ok=True)
    derived = Derived(args.source, args.out)
    for make in derivations.ALL:
        make(derived)
    for name, what, got in derived.done:
        print("%-24s %-6s %s" % (name, "equal" if got else "other", what))


if __name__ == "__main__":
    main()
