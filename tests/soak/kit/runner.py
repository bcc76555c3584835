# SPDX-License-Identifier: BSL-1.0
"""Shows of a running manager what a unit test cannot: that it survives hostile milters, load, reloads, being
killed; that its memory stays; that real MTAs and milters lose nothing through it.

  tests/soak/run --manager build/dev/bin/milter-manager --short      a smoke run of under a minute
  tests/soak/run --manager PATH                                      everything in full size
  tests/soak/run --manager PATH --only failure_wire idle

Exit status: 0 all expectations met, 1 some not, 2 usage, 69 something is missing.
"""
import argparse
import importlib
import os
import resource
import shutil
import signal
import sys
import tempfile
import traceback

from .load import Programs
from .report import Report

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CHECKS = (
    "failure_wire",
    "slow_reader",
    "reload_storm",
    "broken_rules",
    "idle",
    "big_messages",
    "flat_memory",
    "kill_manager",
    "real_chain",
)


class Context:
    """What a check gets: where the manager is, a folder of its own, small or full size."""

    def __init__(self, args, folder, report, programs):
        self.binary, self.short, self.folder, self.report = args.manager, args.short, folder, report
        self.programs, self.args = programs, args

    def size(self, full, short):
        return short if self.short else full


def parse(argv):
    ap = argparse.ArgumentParser(
        prog="tests/soak/run", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    ap.add_argument("--manager", metavar="PATH", required=True, help="the milter-manager to be tried")
    ap.add_argument("--only", nargs="+", metavar="NAME", choices=CHECKS, default=CHECKS, help=", ".join(CHECKS))
    ap.add_argument("--short", action="store_true", help="small sizes; without the checks that need root and an MTA")
    ap.add_argument("--json", metavar="FILE", help="write findings and measurements there")
    ap.add_argument("--keep", action="store_true", help="do not delete the folder with configurations and logs")
    ap.add_argument("--cells", metavar="TEXT", help="failure_wire: only cells whose names contain this")
    ap.add_argument("--mails", type=int, default=1000, metavar="N", help="real_chain: so many messages")
    ap.add_argument("--at-once", type=int, default=20, metavar="N", help="real_chain: sessions at once")
    args = ap.parse_args(argv)
    args.manager = os.path.abspath(args.manager)
    return args


def interrupt(signum, frame):
    raise KeyboardInterrupt


def play(name, context, report):
    report.begin(name)
    try:
        importlib.import_module("checks." + name).run(context)
    except Exception as e:  # one check that breaks must not hide the others
        traceback.print_exc()
        report.expect(False, "the check itself", "to come to its end", repr(e))
    report.finish()


def main(argv=None):
    args = parse(argv)
    if not os.access(args.manager, os.X_OK):
        print("soak: no milter-manager at %s" % args.manager)
        return 69
    if not shutil.which("gcc"):
        print("soak: gcc is missing: what makes the load is compiled at the start")
        return 69
    for s in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(s, interrupt)
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # inherited by the manager
    report = Report()
    folder = tempfile.mkdtemp(prefix="milter-soak.")
    os.chmod(folder, 0o755)  # Postfix in kill_manager looks in here as a user of its own
    try:
        programs = Programs(folder)
        for name in CHECKS:
            if name in args.only:
                own = os.path.join(folder, name)
                os.mkdir(own)
                play(name, Context(args, own, report, programs), report)
    except KeyboardInterrupt:
        print("soak: interrupted")
        report.expect(False, "the run", "to come to its end", "interrupted")
    finally:
        if args.json:
            report.write(args.json, {"manager": args.manager, "short": args.short})
        if args.keep:
            print("soak: kept: " + folder)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    print("soak: %d findings" % len(report.findings))
    return 1 if report.findings else 0


if __name__ == "__main__":
    sys.exit(main())
