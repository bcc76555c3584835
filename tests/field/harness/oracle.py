# SPDX-License-Identifier: BSL-1.0
"""The oracle: what came of each scenario when the MTA had the milters configured itself.

usage: python3 -m harness.oracle list
       python3 -m harness.oracle show MTA SCENARIO [--macros]
       python3 -m harness.oracle pack MTA DIR       results (NAME.json) -> oracle/MTA.GROUP.json.xz

A packed result holds what compare.py looks at and nothing else, evened already,
so that packing another run of the same behaviour gives the same bytes.
"""
import argparse
import functools
import json
import lzma
import os
import sys

from . import compare
from .tables import HERE

DIR = os.path.join(HERE, "oracle")


def path_of(mta, group):
    return os.path.join(DIR, "%s.%s.json.xz" % (mta, group))


@functools.lru_cache(maxsize=None)
def load(mta, group):
    """Scenario -> packed result."""
    try:
        with lzma.open(path_of(mta, group), "rt", encoding="utf-8") as f:
            return json.load(f)
    except FileNotFoundError:
        return {}


def trimmed(result):
    """The result without what compare.py does not look at."""
    sessions = []
    for s in result["sessions"]:
        dialogue = []
        for d in s["dialogue"]:
            d = dict(d)
            if "c" in d:
                d["c"] = compare.sent(d["c"])
            if "s" in d:
                d["s"] = compare.even_all(d["s"])
            dialogue.append(d)
        sessions.append({"src": s["src"], "dialogue": dialogue})
    delivered = []
    for m in sorted(result["delivered"], key=compare.message_lines):
        kept = {
            "mail": compare.envelope_sender(m),
            "rcpts": sorted(compare.even_all(m["rcpts"])),
            "head": "\r\n".join(compare.header_fields(m["head"])),
        }
        if not compare.is_bounce(m):
            kept.update({k: m[k] for k in ("body", "body_size", "body_sha256")})
        delivered.append(kept)
    held = []
    for h in result["held"]:
        if "text" in h:
            h = {"text": "\n".join(x for x in h["text"].split("\n") if not compare.HELD_TIMES.match(x))}
        held.append(compare.even_all(h))
    logs = {}
    for name, lines in sorted(result["milter_logs"].items()):
        logs[name] = [
            {"conn": k, **json.loads(compare.callback(e, True, result.get("sink_port")))}
            for k, entries in enumerate(compare.connections(lines), 1)
            for e in entries
        ]
    return {"sessions": sessions, "delivered": delivered, "held": held, "milter_logs": logs}


def pack(mta, group, results):
    """Write one file of the oracle; refuses to if the packed results would compare otherwise."""
    packed = {}
    for name, result in sorted(results.items()):
        packed[name] = trimmed(result)
        for macros in (False, True):
            if compare.canonical(packed[name], True, macros) != compare.canonical(result, True, macros):
                raise ValueError("%s %s: packing changes what is compared" % (mta, name))
    text = json.dumps(packed, sort_keys=True, separators=(",", ":")) + "\n"
    os.makedirs(DIR, exist_ok=True)
    with open(path_of(mta, group), "wb") as f:
        f.write(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))


def pack_dir(mta, source):
    from scenarios import GROUPS, select

    for group in GROUPS:
        results = dict(load(mta, group))
        fresh = 0
        for s in select([group], mta):
            path = os.path.join(source, s["name"] + ".json")
            if os.path.exists(path):
                with open(path) as f:
                    results[s["name"]] = json.load(f)
                fresh += 1
        if fresh:
            pack(mta, group, results)
            print("%s: %d scenarios, %d of them new" % (path_of(mta, group), len(results), fresh))


def main():
    ap = argparse.ArgumentParser(prog="oracle", description=__doc__.splitlines()[0])
    verbs = ap.add_subparsers(dest="verb", required=True)
    verbs.add_parser("list")
    show = verbs.add_parser("show")
    show.add_argument("mta", choices=["postfix", "sendmail"])
    show.add_argument("scenario")
    show.add_argument("--macros", action="store_true")
    packing = verbs.add_parser("pack")
    packing.add_argument("mta", choices=["postfix", "sendmail"])
    packing.add_argument("dir")
    args = ap.parse_args()
    from scenarios import GROUPS, SCENARIOS

    if args.verb == "pack":
        pack_dir(args.mta, args.dir)
    elif args.verb == "list":
        for mta in ("postfix", "sendmail"):
            for group in GROUPS:
                print("%s %s: %s" % (mta, group, " ".join(load(mta, group))))
    else:
        try:
            result = load(args.mta, SCENARIOS[args.scenario]["group"])[args.scenario]
        except KeyError:
            ap.error("the oracle has no %s for %s" % (args.scenario, args.mta))
        print("\n".join(compare.canonical(result, True, args.macros)))


if __name__ == "__main__":
    sys.exit(main())
