# SPDX-License-Identifier: BSL-1.0
"""Play scenarios against real MTAs, through milter-manager or natively, and compare with the oracle.

  tests/field/run --short                    a few of every kind, Postfix, the manager its only milter
  tests/field/run --all --mta sendmail       all that make sense, Sendmail
  tests/field/run chain mod_all              groups and scenarios by name
  tests/field/run --serial wave              the manager shows a message to one milter at a time
  tests/field/run --native --short           without a manager: is the field itself as the oracle has it?
  tests/field/run --miltertest               the manager driven by OpenDKIM's miltertest, no MTA

Compared are SMTP replies, delivered and held messages, and what every milter
saw.  A run passes when exactly the differences of deviations.toml show.
Exit status: 0 passed, 1 differences, 2 usage, 5 interrupted, 69 something is missing.
"""
import argparse
import json
import os
import shutil
import sys
import tempfile
import time

from scenarios import GROUPS, SCENARIOS, play

from . import entry, miltertest, oracle, selection
from .compare import canonical
from .deviations import Deviations, difference, entry_text, macro_difference
from .entry import PASSED, UNAVAILABLE, USAGE, say
from .field import missing
from .manager import Managers

SHOWN = 40  # lines of a difference that are printed; the results directory has all of it


def parse(argv):
    ap = argparse.ArgumentParser(
        prog="tests/field/run", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    ap.add_argument(
        "names", nargs="*", metavar="NAME|GROUP", help="scenarios (--list) and groups: " + ", ".join(GROUPS)
    )
    ap.add_argument("--short", action="store_true", help="the selection for every day")
    ap.add_argument("--all", action="store_true", help="all but what hangs on the seconds of a dying milter")
    ap.add_argument("--miltertest", action="store_true", help="the Lua scripts in miltertest/")
    entry.add_what(ap)
    ap.add_argument("--native", action="store_true", help="no manager: the MTA has the milters itself")
    ap.add_argument(
        "--serial", action="store_true", help="the manager shows a message to one milter at a time (serial = true)"
    )
    ap.add_argument("--macros", action="store_true", help="compare the macros that each milter saw too")
    ap.add_argument(
        "--record-deviations", action="store_true", help="print entries for deviations.toml, ready to paste"
    )
    ap.add_argument("--results", metavar="DIR", help="keep all results there; else only those of failures are kept")
    entry.add_how(ap)
    args = ap.parse_intermixed_args(argv)
    if args.short and args.all:
        ap.error("--short or --all")
    if args.native and args.serial:
        ap.error("--native or --serial")
    try:
        args.chosen = selection.chosen(args)
    except LookupError as e:
        ap.error(str(e))
    if not (args.chosen or args.miltertest or args.list):
        ap.error("nothing to play: --short, --all, --miltertest or names")
    return args


class Run(entry.Run):
    """One run: what was counted, what is to be kept."""

    def __init__(self, args, deviations, binary):
        self.args, self.deviations, self.binary = args, deviations, binary
        self.passed, self.failed, self.skipped, self.listed = [], [], [], []
        self.entries = []
        self.results = args.results or tempfile.mkdtemp(prefix="milter-field-results.")
        self.managers = None
        os.makedirs(self.results, exist_ok=True)

    # -- judging
    def fail(self, name, why, lines=()):
        self.failed.append(name)
        say("FAILED   %s: %s" % (name, why))
        for line in list(lines)[:SHOWN]:
            say("    " + line)
        if len(lines) > SHOWN:
            say("    ... %d lines more in %s/%s.diff" % (len(lines) - SHOWN, self.results, name))

    def keep(self, name, result, diff):
        with open(os.path.join(self.results, name + ".json"), "w") as f:
            json.dump(result, f, indent=1)
            f.write("\n")
        if diff:
            with open(os.path.join(self.results, name + ".diff"), "w") as f:
                f.write("\n".join(diff) + "\n")

    def verdict(self, name, diff, macros):
        """What is wrong with the differences, in words; those that are not as listed are kept as entries."""
        out = []
        for lines, kind in ((diff, False), (macros, True)):
            if self.args.native:
                why = "differs" if lines else ""
            elif kind and not self.args.macros:
                why = ""
            else:
                waves = not self.args.serial
                why = self.deviations.judge(self.args.mta, name, lines, kind, waves)
                if why and lines:
                    entry = self.deviations.get(self.args.mta, name, kind, waves) or {"reason": ""}
                    text = entry_text(self.args.mta, name, lines, entry["reason"], kind, entry.get("waves", False))
                    self.entries.append(text)
            if why:
                out.append("macros: " + why if kind else why)
        return out

    def judge(self, s, result):
        """One result against the oracle and the listed deviations."""
        args, name = self.args, s["name"]
        expected = oracle.load(args.mta, s["group"]).get(name)
        if expected is None:
            self.keep(name, result, [])
            return self.fail(name, "the oracle does not have it: play it natively, then `harness.oracle pack`")
        diff = difference(canonical(expected), canonical(result))
        macros = macro_difference(expected, result) if args.macros else []
        why = self.verdict(name, diff, macros)
        chains = selection.chains_of(s)
        trouble = [result["error"]] if "error" in result else []
        trouble += [x for x in result["notes"] if x.startswith("not settled")]
        trouble += self.managers.trouble(chains) if self.managers else []
        if self.managers and (why or trouble):
            trouble += self.managers.renew(chains)
        if why or trouble or args.results:
            self.keep(name, result, diff + macros)
        if why or trouble:
            return self.fail(name, "; ".join(why + trouble), diff + macros)
        self.passed.append(name)
        if diff or macros:
            self.listed.append(name)
        say("passed   %-28s %5.1f s%s" % (name, result["seconds"], "  (deviates as listed)" if diff or macros else ""))

    # -- playing
    def start_managers(self, config, chains):
        """False if one does not start: nothing can be played then."""
        if self.args.native:
            return True
        self.managers = Managers(
            self.binary, config, chains, os.path.join(self.results, "manager"), self.args.serial
        )
        bad = self.managers.start()
        for x in bad:
            self.fail("start", x)
        return not bad

    def play_all(self, field):
        config = field.config()
        for s in self.args.chosen:
            lacking = [m for c in selection.chains_of(s) for m in config["chains"][c]["milters"] if not field.has(m)]
            if lacking:
                self.skipped.append(s["name"])
                say("skipped  %s: not installed: %s" % (s["name"], ", ".join(sorted(set(lacking)))))
                continue
            self.judge(s, play(config, self.args.mta, s))

    def play(self, field):
        chains = sorted(
            {c for s in self.args.chosen for c in selection.chains_of(s)}
            | ({miltertest.CHAIN} if self.args.miltertest else set())
        )
        with_mta = [self.args.mta] if self.args.chosen else []
        config = None
        via = [] if self.args.native else chains
        milters = sorted({m for c in chains for m in selection.milters_of(c)})
        if not field.up(with_mta + milters, via):
            self.fail("up", "not all of the field started, see %s/log" % field.work)
            return
        config = field.config()
        if not self.start_managers(config, chains):
            return
        self.play_all(field)
        if self.args.miltertest:
            self.play_miltertest(config)

    def play_miltertest(self, config):
        for name, trouble in miltertest.run(config, self.args.native):
            if self.managers and not trouble:
                trouble = "; ".join(self.managers.trouble([miltertest.CHAIN]))
            if self.managers and trouble:
                trouble = "\n".join([trouble] + self.managers.renew([miltertest.CHAIN]))
            if trouble:
                self.fail(name, trouble.split("\n")[0], trouble.split("\n")[1:])
            else:
                self.passed.append(name)
                say("passed   " + name)

    def stop_managers(self):
        if self.managers:
            for bad in self.managers.stop():
                self.fail("stop", bad)

    # -- closing
    def against(self):
        return "native" if self.args.native else self.binary + (" with serial = true" if self.args.serial else "")

    def before_down(self, field, began):
        self.stop_managers()
        if self.failed:
            log = os.path.join(field.work, "postfix/log/maillog")
            if os.path.exists(log):
                shutil.copy(log, os.path.join(self.results, "maillog"))
            for x in (
                os.listdir(os.path.join(field.work, "log")) if os.path.isdir(os.path.join(field.work, "log")) else []
            ):
                if x.endswith(".out"):
                    shutil.copy(os.path.join(field.work, "log", x), self.results)
            say("results of what failed: " + self.results)
        elif not self.args.results:
            shutil.rmtree(self.results, ignore_errors=True)
        if self.args.record_deviations and self.entries:
            say("\n" + "\n".join(self.entries))
        say(
            "%d of them deviate as listed; %s; %d s"
            % (len(self.listed), self.against(), time.monotonic() - began)
        )
        say("field: %d passed, %d failed, %d skipped" % (len(self.passed), len(self.failed), len(self.skipped)))


def main(argv=None):
    args = parse(argv)
    os.environ["PATH"] += ":/usr/sbin:/sbin"  # of an ordinary shell
    if args.list:
        for s in SCENARIOS.values():
            say("%-28s %-6s %-14s %s" % (s["name"], s["group"], s["chain"], s["doc"][:110]))
        return PASSED
    lacking = missing(args.mta if args.chosen else None, args.miltertest)
    if lacking:
        return entry.lacks(
            "field", lacking, args, "scripts/deps --mta installs what --short needs, scripts/deps --field all of it"
        )
    binary = None if args.native else entry.manager_binary("field", args, "build it, or --native")
    if binary is None and not args.native:
        return UNAVAILABLE
    deviations = Deviations.read()
    strange = sorted(n for _, n in deviations.scenarios() if not selection.known(n))
    if strange:
        say("field: deviations.toml: no such scenario: " + ", ".join(strange))
        return USAGE
    return entry.perform(Run(args, deviations, binary), args)


if __name__ == "__main__":
    sys.exit(main())
