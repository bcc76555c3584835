# SPDX-License-Identifier: BSL-1.0
# milter_scenarios.py - milter-test-server and milter-replay from Python: a milter that runs, and scenarios played against it
import contextlib
import json
import pathlib
import shlex
import subprocess
import tempfile
import time


@contextlib.contextmanager
def running_milter(command):
    """Starts `command`, with {socket} in it replaced, and gives the socket. Ends the milter at the end."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "socket")
        words = [word.replace("{socket}", f"unix:{path}") for word in shlex.split(command)]
        milter = subprocess.Popen(words)
        try:
            while not path.exists():
                assert milter.poll() is None, f"the milter ended with {milter.returncode}"
                time.sleep(0.02)
            yield f"unix:{path}"
        finally:
            milter.terminate()
            milter.wait(timeout=10)


def play(scenario, socket, *options):
    """What became of one scenario, as milter-test-server(1) describes it, section RUN."""
    words = ["milter-test-server", "run", "-s", socket, "--json", *options, str(scenario)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300)
    assert done.stdout, done.stderr
    return json.loads(done.stdout)["scenarios"][0]


def unmet(result):
    """A line for each expectation that was not met; none: the scenario passed."""
    lines = [result["error"]] if result["error"] else []
    for step in result["steps"]:
        for one in step["unmet"]:
            expected = f"expected {one['expected']}; found: " if "expected" in one else ""  # a step that was not said
            lines.append(f"{step['file']}:{step['line']}: {step['step']}: {expected}{one['found']}")
    return lines


def scenarios_of_capture(capture, folder):
    """Scenarios of what an MTA and a milter once said to each other: of a file of tcpdump."""
    corpus = pathlib.Path(folder, "corpus.jsonl")
    subprocess.run(["milter-replay", "import", "-q", str(capture), "-o", str(corpus)], check=True)
    subprocess.run(["milter-test-server", "run", "--learn", str(corpus), "-o", str(folder)], check=True,
                   stdout=subprocess.DEVNULL)
    return sorted(pathlib.Path(folder).glob("*.toml"))
