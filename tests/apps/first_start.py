#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Runs the commands of "First start" in docs/operations.md, as they stand there.

usage: first_start.py SOURCE_DIR BIN_DIR

Needs neither root nor a mail server: paths of the system are moved below a folder, in the commands and in the files that they
install, and programs that change the system are played. What they are told must fit together: a user is there before it is
named, the unit starts what was installed, Postfix is told of a socket that is there. The manager, the milters and
milter-test-server are real.
"""

import argparse
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

PATIENCE = 60  # seconds until something that should happen at once has failed
PLAYED = ("useradd", "usermod", "install", "editor", "runuser", "systemctl", "postconf", "postfix", "in_background")
DOCUMENTS = "/usr/local/share/doc/milter/docs"
PROGRAMS = "/usr/local/bin"
# Of the machine that the guide speaks of: Debian with Postfix and the milters of the example.
GROUPS = ("postfix", "opendkim")


def section(text, title):
    """What stands below the heading, up to the next one."""
    begin = text.index("\n## %s\n" % title)
    return text[begin:text.index("\n## ", begin + 1)]


def commands(text):
    return "".join(line[4:] + "\n" for line in text.splitlines() if line.startswith("    "))


def foreground(text):
    """What the guide says to run where there is no systemd, instead of the two lines about the unit."""
    found = re.search(r"in place of the two lines about the unit:\s+`([^`]+)`", text)
    assert found, "the guide does not say any more how to start without systemd"
    return found[1]


def without_unit(script, instead):
    lines = script.splitlines(keepends=True)
    about_unit = [at for at, line in enumerate(lines) if "milter-manager.service" in line or "systemctl" in line]
    assert len(about_unit) == 2 and about_unit[1] == about_unit[0] + 1, "not two lines about the unit"
    lines[about_unit[0]:about_unit[1] + 1] = [instead + "\n"]
    return "".join(lines)


class Machine:
    """A folder in place of the system, and what was told to it."""

    def __init__(self, source, programs, folder):
        self.source, self.programs, self.folder = source, programs, folder

    def path(self, name):
        return self.folder + name

    def moved(self, text):
        """Paths of the system, below the folder."""
        text = text.replace(DOCUMENTS, self.source + "/docs").replace(PROGRAMS + "/", self.programs + "/")
        return re.sub(r"(?<![\w./])/(etc|var|run)/", lambda found: "%s/%s/" % (self.folder, found[1]), text)

    def note(self, what):
        with open(self.path("/told"), "a", encoding="utf-8") as file:
            file.write(what + "\n")

    def told(self, what):
        with open(self.path("/told"), encoding="utf-8") as file:
            return [line[len(what) + 1:] for line in file.read().splitlines() if line.startswith(what + " ")]

    def there(self, names):
        known = set(self.told("useradd")) | set(GROUPS)
        for name in names:
            assert name in known, "nobody is called %s yet" % name


# ---- programs that are played


def options(words, with_value, flags=()):
    parser = argparse.ArgumentParser(allow_abbrev=False)
    for name in with_value:
        parser.add_argument(name)
    for name in flags:
        parser.add_argument(name, action="store_true")
    return parser.parse_known_args(words)


def useradd(machine, words):
    _, names = options(words, ["--home-dir", "--shell"], ["--system"])
    assert len(names) == 1
    machine.note("useradd " + names[0])


def usermod(machine, words):
    groups, names = options(words, ["-aG"])
    machine.there(names + groups.aG.split(","))


def install(machine, words):
    asked, names = options(words, ["-o", "-g", "-m"], ["-d", "-D"])
    machine.there([name for name in (asked.o, asked.g) if name])
    if asked.d:
        for name in names:
            os.makedirs(name, mode=0o755)
        return
    source, target = names
    if asked.D:
        os.makedirs(os.path.dirname(target), exist_ok=True)
    if target.endswith("/"):
        target += os.path.basename(source)
    with open(source, encoding="utf-8") as file:
        text = machine.moved(file.read())
    with open(target, "w", encoding="utf-8") as file:
        file.write(text)


def editor(machine, words):
    """Puts the milters that run here in place of those of the example, and what this user may use."""
    (name,) = words
    with open(name, encoding="utf-8") as file:
        text = file.read()
    for pattern, instead in (
        (r'^socket = \["inet:11332@.*$', 'socket = "unix:%s"' % machine.path("/run/rspamd.sock")),
        (r'^group = "postfix"', 'group = "%d"' % os.getgid()),
        (r'^socket = "inet:10025@\[127\.0\.0\.1\]"', 'socket = "inet:0@127.0.0.1"'),
    ):
        text, count = re.subn(pattern, instead, text, flags=re.MULTILINE)
        assert count == 1, "the example has no line like %s" % pattern
    with open(name, "w", encoding="utf-8") as file:
        file.write(text)


def runuser(machine, words):
    asked, command = options(words, ["-u"])
    machine.there([asked.u])
    assert command[0] == "--"
    os.execvp(command[1], command[1:])


def systemctl(machine, words):
    unit = machine.path("/etc/systemd/system/milter-manager.service")
    assert os.path.exists(unit), "no unit is installed"
    if words == ["daemon-reload"]:
        return
    assert words == ["enable", "--now", "milter-manager"], words
    with open(unit, encoding="utf-8") as file:
        keys = dict(line.rstrip("\n").split("=", 1) for line in file if re.match(r"[A-Z]\w+=", line))
    machine.there([keys["User"], *keys["SupplementaryGroups"].split()])
    assert keys["Type"] == "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(machine.path("/notify"))
        told.settimeout(1)
        started = start(machine, shlex.split(keys["ExecStart"]), NOTIFY_SOCKET=machine.path("/notify"))
        until(lambda: started.poll() is not None or is_ready(told))
    assert started.poll() is None, "the manager ended"


def in_background(machine, words):
    started = start(machine, words)
    until(lambda: started.poll() is not None or "listening on " in read(machine.path("/manager.err")))
    assert started.poll() is None, "the manager ended"


def postconf(machine, words):
    assert words[0] == "-e"
    for word in words[1:]:
        machine.note("postconf " + word)


def postfix(machine, words):
    machine.note("postfix " + " ".join(words))


def play(name, words):
    machine = Machine(os.environ["SOURCE"], os.environ["PROGRAMS"], os.path.dirname(os.environ["TOLD"]))
    globals()[name](machine, words)


# ---- the manager, as systemd or a shell starts it


def start(machine, command, **more):
    with open(machine.path("/manager.err"), "w", encoding="utf-8") as err:
        started = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=err,
                                   env={**os.environ, **more})
    machine.note("started %d" % started.pid)
    return started


def is_ready(told):
    try:
        return b"READY=1" in told.recv(4096)
    except TimeoutError:
        return False


def until(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.01)


# ---- the test


def serve(machine, name, where, *more):
    os.makedirs(os.path.dirname(where), exist_ok=True)
    command = [machine.programs + "/milter-test-filter", "-s", "unix:" + where, "--quiet", *more]
    milter = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    until(lambda: os.path.exists(where) or milter.poll() is not None)
    assert milter.poll() is None, name + " does not start"
    return milter


def environment(machine):
    stubs = machine.path("/bin")
    os.makedirs(stubs)
    for name in PLAYED:
        with open(os.path.join(stubs, name), "w", encoding="utf-8") as file:
            file.write('#!/bin/sh\nexec "%s" -B "%s" play %s "$@"\n' % (sys.executable, os.path.abspath(__file__), name))
        os.chmod(os.path.join(stubs, name), 0o755)
    path = ":".join([stubs, machine.programs, os.environ["PATH"]])
    told = {"SOURCE": machine.source, "PROGRAMS": machine.programs, "TOLD": machine.path("/told")}
    return {**os.environ, **told, "PATH": path}


def follow(machine, script):
    """Does what the guide says, and looks at what has come of it."""
    run = subprocess.run(["bash", "-euo", "pipefail", "-c", machine.moved(script)], env=environment(machine),
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=PATIENCE, check=False)
    print(run.stdout)
    assert run.returncode == 0, "a command has failed with %d" % run.returncode
    assert ", no errors\n" in run.stdout, "the check has something to say"
    assert re.search(r"^status: pass$", run.stdout, re.MULTILINE), "no message has passed"
    with open(machine.path("/var/log/milter-manager/decisions.jsonl"), encoding="utf-8") as log:
        (decision,) = [json.loads(line) for line in log]
    assert decision["verdict"] == "accept", decision
    assert [one["name"] for one in decision["milters"]] == ["opendkim", "rspamd"], decision
    settings = dict(word.split("=", 1) for word in machine.told("postconf"))
    where = settings["smtpd_milters"]
    assert where.startswith("unix:") and not where.startswith("unix:/"), where
    assert os.path.exists(machine.path("/var/spool/postfix/" + where[len("unix:"):])), "Postfix finds no socket"
    assert machine.told("postfix") == ["reload"]


def end(machine):
    for pid in machine.told("started"):
        os.kill(int(pid), signal.SIGTERM)
        until(lambda: "milter-manager: stopped\n" in read(machine.path("/manager.err")))


def read(name):
    with open(name, encoding="utf-8") as file:
        return file.read()


def attempt(source, programs, script):
    folder = tempfile.mkdtemp(prefix="first-start-")
    machine = Machine(source, programs, folder)
    milters = []
    try:
        for name in ("/etc/systemd/system", "/var/spool/postfix", "/var/lib", "/var/log", "/run"):
            os.makedirs(machine.path(name))
        machine.note("begun")
        milters.append(serve(machine, "opendkim", machine.path("/run/opendkim/opendkim.sock")))
        milters.append(serve(machine, "rspamd", machine.path("/run/rspamd.sock")))
        try:
            follow(machine, script)
        finally:
            if os.path.exists(machine.path("/manager.err")):
                end(machine)
                print(read(machine.path("/manager.err")))
    finally:
        for one in milters:
            one.terminate()
            one.wait()
        shutil.rmtree(folder)


def main(source, programs):
    guide = section(read(os.path.join(source, "docs/operations.md")), "First start")
    script = commands(guide)
    print("---- with systemd")
    attempt(source, programs, script)
    print("---- without systemd")
    attempt(source, programs, without_unit(script, "in_background " + foreground(guide)))


if __name__ == "__main__":
    if sys.argv[1] == "play":
        play(sys.argv[2], sys.argv[3:])
    else:
        main(*(os.path.abspath(one) for one in sys.argv[1:]))
