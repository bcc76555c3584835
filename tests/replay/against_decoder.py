#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Imports captures with milter-replay and compares with an independent decoder, packet by packet.

usage: against_decoder.py MILTER_REPLAY CAPTURE...

Each packet of each milter connection: who sent it, its code and fields, and when, to the microsecond.
"""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "field", "capture")]
import corpus  # noqa: E402
import decode  # noqa: E402
import milter_packet  # noqa: E402


def imported(program, path):
    """{(client, server): [(microseconds, dir, code, fields)...]} in order of connections; what import said."""
    run = subprocess.run([program, "import", path], capture_output=True, check=False)
    out = {}
    for one in corpus.conversations(run.stdout.decode().splitlines()):
        ends = spelled(one["mta"]["address"]), spelled(one["milter"]["address"])
        rows = [
            (t, "mta" if side == "mta" else "milter", code, fields(side, code, payload))
            for t, side, code, payload in corpus.packets(one)
        ]
        out.setdefault(ends, []).append(rows)
    return out, run


def fields(side, code, payload):
    return milter_packet.decode("mta" if side == "mta" else "milter", code, payload, milter_packet.Out(True))


def spelled(endpoint):
    """inet:25@[10.0.0.1] -> 10.0.0.1:25"""
    port, address = endpoint.split(":", 1)[1].split("@")
    return f"{address.strip('[]')}:{port}"


def decoded(path):
    """The same from the decoder; connections that are no milter's are left out."""
    streams = {}
    for record in decode.run(path, full=True):
        streams.setdefault(record["stream"], []).append(record)
    out = {}
    for records in streams.values():
        began = records[0]["t"]
        rows = [
            (round((r["t"] - began) * 1e6), r["dir"], r["cmd"], {k: v for k, v in r.items() if k not in META})
            for r in records
            if "cmd" in r
        ]
        if rows and rows[0][2] == "O":
            out.setdefault((records[0]["client"], records[0]["server"]), []).append(rows)
    return out


META = ("stream", "t", "frame", "dir", "cmd", "name", "size", "incomplete")


def differences(ours, theirs):
    """The first difference of each connection."""
    for ends in sorted(set(ours) | set(theirs)):
        mine, other = ours.get(ends, []), theirs.get(ends, [])
        if len(mine) != len(other):
            yield f"{ends}: {len(mine)} conversations, not {len(other)}"
        for a, b in zip(mine, other):
            yield from rows_differ(ends, a, b)


def rows_differ(ends, ours, theirs):
    for number, (a, b) in enumerate(zip(ours, theirs)):
        if a[1:] != b[1:] or abs(a[0] - b[0]) > 1:  # both round
            yield f"{ends}: packet {number}: {a} instead of {b}"[:400]
            return
    if len(ours) != len(theirs):
        yield f"{ends}: {len(ours)} packets instead of {len(theirs)}"


def main(program, paths):
    packets = wrong = 0
    for path in paths:
        ours, run = imported(program, path)
        theirs = decoded(path)
        found = list(differences(ours, theirs))
        if not ours and theirs:
            found.append("nothing imported: " + run.stderr.decode())
        if run.returncode not in (0, 1):
            found.append(f"exit status {run.returncode}: " + run.stderr.decode())
        packets += sum(len(rows) for some in ours.values() for rows in some)
        wrong += bool(found)
        for line in found[:5]:
            print(f"{path}: {line}", file=sys.stderr)
    print(f"against_decoder: {len(paths)} captures, {packets} packets, {wrong} captures differ")
    return 1 if wrong or not packets else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
