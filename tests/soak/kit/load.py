# SPDX-License-Identifier: BSL-1.0
"""Load: milters and an MTA in C, compiled at the start, as Python would be the bottleneck."""
import contextlib
import json
import os
import subprocess
import time

from .packet import connect

SOURCES = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "c")


class Programs:
    """The compiled programs, and those that run."""

    def __init__(self, folder):
        self.folder = folder
        for name in ("floor", "load"):
            subprocess.run(
                ["gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-o", self.path(name),
                 os.path.join(SOURCES, name + ".c")],
                check=True,
            )

    def path(self, name):
        return os.path.join(self.folder, name)

    @contextlib.contextmanager
    def floor(self, where, *options):
        """A milter that answers as fast as it can."""
        process = subprocess.Popen([self.path("floor"), where, *options], stdin=subprocess.DEVNULL)
        try:
            for _ in range(500):
                try:
                    connect(where, 5).close()
                    break
                except OSError:
                    time.sleep(0.01)
            else:
                raise RuntimeError("the floor milter does not listen at " + where)
            yield process
        finally:
            process.kill()
            process.wait()

    @contextlib.contextmanager
    def floors(self, folder, count, *options):
        """Several; gives their sockets."""
        with contextlib.ExitStack() as stack:
            sockets = ["unix:%s/floor%d.sock" % (folder, n) for n in range(count)]
            for where in sockets:
                stack.enter_context(self.floor(where, *options))
            yield sockets

    @contextlib.contextmanager
    def load(self, where, **options):
        """The driver under way; options are its letters: s="...", v=True.  Ended when the block is left."""
        command = [self.path("load"), where]
        for key, value in options.items():
            command += ["-" + key] if value is True else ["-" + key, str(value)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
            process.stdin.close()
            process.stdout.close()

    def drive(self, where, **options):
        """Run the driver to its end: what it counted."""
        with self.load(where, **options) as process:
            return json.loads(process.stdout.read().strip().split("\n")[-1])


def result(process):
    """What a driver that has been under way counted."""
    return json.loads(process.stdout.read().strip().split("\n")[-1])
