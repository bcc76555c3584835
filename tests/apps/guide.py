# SPDX-License-Identifier: BSL-1.0
"""Commands of documents, run in a folder in place of the system, with milters and a manager."""

import os
import re
import shutil
import subprocess

from document import expect_is, without_notes
from first_start import PATIENCE, read, serve, until

FOLDER = "/etc/milter-manager"
MAIN = FOLDER + "/milter-manager.toml"
LOG = "/var/log/milter-manager/decisions.jsonl"
CONTROL = "/run/milter-manager/control.sock"
MTA = "/var/spool/postfix/milter-manager/mta.sock"


def milter(name):
    return '[[milter]]\nname = "%s"\nsocket = "unix:%s"\n' % (name, socket_of(name))


def socket_of(name):
    return "/run/%s/%s.sock" % (name, name)


class Guide:
    """Knows which commands it ran: `done`."""

    def __init__(self, machine, pages):
        self.machine, self.pages, self.done, self.milters, self.manager = machine, pages, set(), [], None
        path = machine.programs + ":" + os.environ["PATH"]
        self.environment = {**os.environ, "PATH": path, "MILTER_MANAGER_CONFIG": machine.path(MAIN)}

    def part(self, page, title):
        return next(part for part in self.pages[page] if part.title == title)

    def path(self, name):
        return self.machine.path(name)

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(self.machine.moved(text).replace('group = "postfix"', 'group = "%d"' % os.getgid()))

    def read(self, name):
        return read(self.path(name)).replace(self.machine.folder, "")

    def configure(self, text, *rules):
        """Nothing runs, nothing is there but this configuration and these of the shipped rules."""
        self.close()
        for name in os.listdir(self.machine.folder):
            shutil.rmtree(self.path("/" + name))
        self.write(MAIN, text)
        shipped = self.machine.source + "/rules/"
        shutil.copytree(shipped + "sets", self.path(FOLDER + "/sets"))
        os.mkdir(self.path(FOLDER + "/rules.d"))
        for name in rules:
            shutil.copy(shipped + name, self.path(FOLDER + "/rules.d"))

    def run(self, command, more="", status=0, folder=FOLDER, **places):
        """Output of a command as a document has it; `places` are for words in capitals."""
        command = re.sub(r"^sudo -u \S+ ", "", command)
        self.done.add(command)
        for word, value in places.items():
            command = re.sub(r"\b%s\b" % word, value, command)
        command += more
        os.makedirs(self.path(folder), exist_ok=True)
        ended = subprocess.run(["bash", "-euo", "pipefail", "-c", self.machine.moved(command)], cwd=self.path(folder),
                               env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, timeout=PATIENCE, check=False)
        output = ended.stdout.replace(self.machine.folder, "")
        expect_is("%s\n%sexit status" % (command, output), ended.returncode, status)
        return without_notes(output)

    def serve(self, name, *more):
        self.milters.append(serve(self.machine, name, self.path(socket_of(name)), *more))

    def start(self, command):
        """Starts the manager, and returns when it listens."""
        for name in (MTA, LOG, CONTROL):
            os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path("/run/manager.err"), "w", encoding="utf-8") as err:
            self.manager = subprocess.Popen(["bash", "-c", "exec " + self.machine.moved(command)], env=self.environment,
                                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=err)
        until(lambda: self.manager.poll() is not None or "listening on " in self.read("/run/manager.err"))
        expect_is(command + "\n" + self.read("/run/manager.err") + "exit status", self.manager.poll(), None)

    def wait(self):
        """Until the manager has ended."""
        manager, self.manager = self.manager, None
        expect_is(self.read("/run/manager.err") + "exit status", manager.wait(PATIENCE), 0)

    def close(self):
        for one in filter(None, [self.manager, *self.milters]):
            one.terminate()
            one.wait()
        self.manager, self.milters = None, []
