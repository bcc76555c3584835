# SPDX-License-Identifier: BSL-1.0
"""Play scenarios against a field that is up.

usage: python3 -m scenarios --work DIR [--mta M] [--chain C] [--port N] [--out DIR] NAME|GROUP...
       python3 -m scenarios --list

Each result is JSON: the SMTP dialogue of every session, the messages that
reached the sink, what the MTA held, and what each field milter logged.  --chain
and --port play the same scenario elsewhere.
"""
import argparse
import json
import os
import sys

from . import SCENARIOS, play, select


def line_of(res):
    """A result in one line for people."""
    return "%-30s %6.2fs delivered %d held %d%s%s" % (
        res["scenario"],
        res["seconds"],
        len(res["delivered"]),
        len(res["held"]),
        " ERROR " + res["error"] if "error" in res else "",
        " " + str(res["notes"]) if res["notes"] else "",
    )


def main():
    ap = argparse.ArgumentParser(prog="scenarios", description=__doc__.splitlines()[0])
    ap.add_argument("--work", help="work directory of the field")
    ap.add_argument("--mta", choices=["postfix", "sendmail"], default="postfix")
    ap.add_argument("--chain", help="instead of the scenario's own")
    ap.add_argument("--port", type=int, help="instead of the chain's port")
    ap.add_argument("--out", help="directory for NAME.json; else all goes to standard output")
    ap.add_argument("--no-slow", action="store_true")
    ap.add_argument("--list", action="store_true", help="print the scenarios and go")
    ap.add_argument("names", nargs="*", metavar="NAME|GROUP")
    args = ap.parse_args()
    if args.list:
        for s in SCENARIOS.values():
            only = "[%s only] " % s["only"] if s["only"] else ""
            print("%-28s %-6s %-14s %s%s" % (s["name"], s["group"], s["chain"], only, s["doc"][:110]))
        return
    if not args.work:
        ap.error("--work DIR, please")
    with open(os.path.join(args.work, "field.json")) as f:
        field = json.load(f)
    results = {}
    for s in select(args.names, args.mta, not args.no_slow):
        res = results[s["name"]] = play(field, args.mta, s, args.chain, args.port)
        print(line_of(res), file=sys.stderr)
        if args.out:
            os.makedirs(args.out, exist_ok=True)
            with open(os.path.join(args.out, s["name"] + ".json"), "w") as f:
                json.dump(res, f, indent=1)
                f.write("\n")
    if not args.out:
        json.dump(results, sys.stdout, indent=1)
        print()


if __name__ == "__main__":
    main()
