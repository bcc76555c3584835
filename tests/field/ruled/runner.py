# SPDX-License-Identifier: BSL-1.0
"""Play rules of milter-manager between a real MTA and milters that log what they are asked.

  tests/field/rules                          all scenarios, Postfix
  tests/field/rules --short                  a smaller load
  tests/field/rules --mta sendmail           the same, Sendmail
  tests/field/rules greylist reload          some of them (--list)

Exit status: 0 passed, 1 something else was seen than expected, 2 usage, 5 interrupted, 69 something is missing.
"""
import argparse
import json
import os
import shutil
import sys
import tempfile
import time
import traceback

from harness import entry
from harness.entry import PASSED, UNAVAILABLE, say
from harness.field import missing

from .cases import CASES
from .rig import CHAIN, STUBS, Rig


def parse(argv):
    ap = argparse.ArgumentParser(
        prog="tests/field/rules", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    ap.add_argument("names", nargs="*", metavar="NAME", help="scenarios (--list); default: all")
    ap.add_argument("--short", action="store_true", help="a smaller load")
    entry.add_what(ap)
    entry.add_how(ap)
    args = ap.parse_intermixed_args(argv)
    strange = sorted(set(args.names) - set(CASES))
    if strange:
        ap.error("no such scenario: " + ", ".join(strange))
    args.chosen = [n for n in CASES if n in args.names or not args.names]
    return args


class Run(entry.Run):
    def __init__(self, args, binary):
        self.args, self.binary = args, binary
        self.passed, self.failed = [], []
        self.results = tempfile.mkdtemp(prefix="milter-rules-results.")

    def play(self, field):
        if not field.up([self.args.mta] + list(STUBS), [CHAIN]):
            self.failed.append("up")
            say("FAILED   up: not all of the field started, see %s/log" % field.work)
            return
        for name in self.args.chosen:
            self.judge(name, field.config())

    def judge(self, name, config):
        began = time.monotonic()
        folder = os.path.join(self.results, name)
        os.mkdir(folder)
        rig = Rig(config, self.args.mta, name, self.binary, folder, self.args.short)
        try:
            CASES[name](rig)
        except Exception as e:  # one scenario that breaks must not hide the others
            traceback.print_exc()
            rig.problems.append("%s: %s" % (type(e).__name__, e))
        finally:
            rig.stop()
        rig.problems += [x for x in rig.notes if x.startswith("not settled")]
        rig.purge()
        if not rig.problems:
            self.passed.append(name)
            say("passed   %-24s %5.1f s" % (name, time.monotonic() - began))
            for x in rig.left_out:
                say("    without " + x)
            return
        with open(os.path.join(folder, "sessions.json"), "w", encoding="utf-8") as f:
            json.dump(rig.sessions, f, indent=1)
        self.failed.append(name)
        say("FAILED   " + name)
        for problem in rig.problems:
            say("    " + problem)

    def after_down(self, began):
        if self.failed:
            say("configurations, logs and decisions: " + self.results)
        else:
            shutil.rmtree(self.results, ignore_errors=True)
        say("%s, %s; %d s" % (self.binary, self.args.mta, time.monotonic() - began))
        say("rules: %d passed, %d failed" % (len(self.passed), len(self.failed)))


def main(argv=None):
    args = parse(argv)
    os.environ["PATH"] += ":/usr/sbin:/sbin"  # of an ordinary shell
    if args.list:
        for name, play in CASES.items():
            say("%-18s %s" % (name, play.__doc__.split("\n")[0]))
        return PASSED
    lacking = missing(args.mta)
    if lacking:
        return entry.lacks("rules", lacking, args)
    binary = entry.manager_binary("rules", args, "build it")
    if binary is None:
        return UNAVAILABLE
    return entry.perform(Run(args, binary), args)


if __name__ == "__main__":
    sys.exit(main())
