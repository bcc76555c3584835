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
import signal
import sys
import tempfile
import time
import traceback

from harness import selection
from harness.field import Field, missing, work_directory
from harness.runner import DIFFERENT, INTERRUPTED, PASSED, UNAVAILABLE, interrupt, say

from .cases import CASES
from .rig import CHAIN, STUBS, Rig


def parse(argv):
    ap = argparse.ArgumentParser(
        prog="tests/field/rules", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    ap.add_argument("names", nargs="*", metavar="NAME", help="scenarios (--list); default: all")
    ap.add_argument("--short", action="store_true", help="a smaller load")
    ap.add_argument("--mta", choices=["postfix", "sendmail"], default="postfix")
    ap.add_argument(
        "--manager", metavar="PATH", help="default: $MILTER_MANAGER, else the newest build/*/bin/milter-manager"
    )
    ap.add_argument("--work", metavar="DIR", help="work directory; one where a field is up already is used and left up")
    ap.add_argument("--keep", action="store_true", help="do not delete the work directory")
    ap.add_argument("--if-possible", action="store_true", help="pass when this machine cannot run the field")
    ap.add_argument("--list", action="store_true", help="print the scenarios and go")
    args = ap.parse_intermixed_args(argv)
    strange = sorted(set(args.names) - set(CASES))
    if strange:
        ap.error("no such scenario: " + ", ".join(strange))
    args.chosen = [n for n in CASES if n in args.names or not args.names]
    return args


class Run:
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

    def close(self, began):
        if self.failed:
            say("configurations, logs and decisions: " + self.results)
        else:
            shutil.rmtree(self.results, ignore_errors=True)
        say("%s, %s; %d s" % (self.binary, self.args.mta, time.monotonic() - began))
        say("rules: %d passed, %d failed" % (len(self.passed), len(self.failed)))
        return DIFFERENT if self.failed else PASSED


def perform(args, binary):
    """Up, play, down, whatever happens in between."""
    began = time.monotonic()
    run = Run(args, binary)
    field = Field(os.path.abspath(args.work) if args.work else work_directory())
    was_up = field.is_up()
    status = None
    for s in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(s, interrupt)
    try:
        run.play(field)
    except KeyboardInterrupt:
        say("interrupted")
        status = INTERRUPTED
    finally:
        for s in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # what is up must come down now
            signal.signal(s, signal.SIG_IGN)
        if not was_up:
            field.down(remove=not args.keep)
        if args.keep and not was_up:
            say("work directory: " + field.work)
        closing = run.close(began)
    return closing if status is None else status


def main(argv=None):
    args = parse(argv)
    os.environ["PATH"] += ":/usr/sbin:/sbin"  # of an ordinary shell
    if args.list:
        for name, play in CASES.items():
            say("%-18s %s" % (name, play.__doc__.split("\n")[0]))
        return PASSED
    lacking = missing(args.mta)
    if lacking:
        say("rules: this machine lacks: " + ", ".join(lacking))
        if args.if_possible:
            say("rules: not run")
        return PASSED if args.if_possible else UNAVAILABLE
    binary = selection.manager_binary(args.manager)
    if binary is None:
        say("rules: no milter-manager%s: build it" % (" at " + args.manager if args.manager else " was built here"))
        return UNAVAILABLE
    return perform(args, binary)


if __name__ == "__main__":
    sys.exit(main())
