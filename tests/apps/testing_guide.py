#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
# tests/apps/testing_guide.py - the scenarios of docs/examples, and the recipe for pytest of docs/testing.md, do what they say
#
# Where there is no pytest the recipe's functions are called without it.
import importlib.util
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

SOURCE, BINARIES = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
EXAMPLES = SOURCE / "docs/examples"
SCENARIOS = EXAMPLES / "scenarios"
os.environ["PATH"] = f"{BINARIES}:{os.environ['PATH']}"
sys.path.insert(0, str(EXAMPLES / "pytest"))
import milter_scenarios  # noqa: E402


def guide_command():
    """The milter of the guide, as its first block says."""
    found = re.search(r"^    MILTER=\"(.*)\"$", (SOURCE / "docs/testing.md").read_text(), re.M)
    return found.group(1)


def run(words, **more):
    return subprocess.run(words, capture_output=True, text=True, timeout=300, **more)


def check(holds, what):
    if not holds:
        sys.exit(f"testing_guide: {what}")


def play_folder(folder):
    """The command of the guide, with its report for a CI system."""
    report = folder / "report.xml"
    done = run(["milter-test-server", "run", "--start", guide_command(), str(SCENARIOS), "--junit", str(report)])
    check(done.returncode == 0, done.stdout + done.stderr)
    suite = xml.parse(report).getroot()
    check(int(suite.get("tests")) == len(list(SCENARIOS.glob("*.toml"))), "each scenario is a test case")
    check(suite.get("failures") == "0" and suite.get("errors") == "0", "none of them has failed")


def play_with_pytest(folder):
    environment = {**os.environ, "MILTER_COMMAND": guide_command(), "MILTER_SCENARIOS": str(SCENARIOS)}
    done = run([sys.executable, "-B", "-m", "pytest", "-p", "no:cacheprovider", "-q", str(EXAMPLES / "pytest")],
               cwd=folder, env=environment)
    check(done.returncode == 0, done.stdout + done.stderr)


def play_without_pytest():
    with milter_scenarios.running_milter(guide_command()) as socket:
        for scenario in sorted(SCENARIOS.glob("*.toml")):
            lines = milter_scenarios.unmet(milter_scenarios.play(scenario, socket))
            check(not lines, "\n".join(lines))


def see_a_failure(folder):
    wrong = folder / "wrong.toml"
    wrong.write_text('[[step]]\nrcpt = "nobody@example.org"\n')
    with milter_scenarios.running_milter(guide_command()) as socket:
        lines = milter_scenarios.unmet(milter_scenarios.play(wrong, socket))
    expected = f"{wrong}:1: rcpt: expected pass; found: reject "
    check(len(lines) == 1 and lines[0].startswith(expected), f"a failure is told: {lines}")


def learn_from_a_capture(folder):
    captures = sorted((SOURCE / "tests/replay/captures").glob("*.pcap*"))
    check(captures, "there are captures")
    check(milter_scenarios.scenarios_of_capture(captures[0], folder), "scenarios come of a capture")


with tempfile.TemporaryDirectory() as name:
    here = pathlib.Path(name)
    play_folder(here)
    play_without_pytest()
    if importlib.util.find_spec("pytest"):
        play_with_pytest(here)
    see_a_failure(here)
    if (BINARIES / "milter-replay").exists():
        (here / "learnt").mkdir()
        learn_from_a_capture(here / "learnt")
