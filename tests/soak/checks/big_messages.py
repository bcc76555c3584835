# SPDX-License-Identifier: BSL-1.0
"""Many big messages at once: their bodies go through files, not memory, and arrive whole."""
import os
import threading
import time

from kit.load import result
from kit.manager import Manager, milter

MEMORY_LIMIT = 128 * 1024  # KiB


def spooled(manager, directory):
    return [name for name in manager.descriptors() if name.startswith(directory)]


def watch(manager, directory, stop, seen):
    while not stop.is_set():
        seen.append(len(spooled(manager, directory)))
        time.sleep(0.05)


def run(context):
    report, count, size = context.report, *context.size((50, 20 << 20), (5, 5 << 20))
    directory = os.path.join(context.folder, "spool")
    os.mkdir(directory)
    extra = '[manager]\ndecision_log = "%s/decisions"\n[spool]\ndirectory = "%s"\n' % (context.folder, directory)
    with context.programs.floors(context.folder, 2, "-s") as sockets:
        milters = [milter("a", sockets[0]), milter("b", sockets[1])]
        with Manager(context.binary, context.folder, milters, extra) as manager:
            context.programs.drive(manager.listen, n=10, v=True)
            before, stop, seen = manager.memory(), threading.Event(), []
            watcher = threading.Thread(target=watch, args=(manager, directory, stop, seen))
            watcher.start()
            with context.programs.load(manager.listen, c=count, n=2 * count, b=size, v=True, x=5) as process:
                counted = result(process)
            stop.set()
            watcher.join()
            report.equal(counted["messages"], 2 * count, "messages that were answered")
            report.equal(counted["failed"], 0, "verdicts, or bodies that the milters did not see whole (%s)"
                         % counted["first_failure"])
            report.measure("MiB a second", round(2 * count * (size >> 20) / counted["seconds"]))
            report.measure("longest message", counted["max_ms"], "ms")
            report.measure("memory before, at most", "%d, %d" % (before, manager.memory("VmHWM")), "KiB")
            report.measure("spool files at once", max(seen, default=0))
            report.expect(manager.memory("VmHWM") <= MEMORY_LIMIT, "memory at most", "%d KiB" % MEMORY_LIMIT,
                          manager.memory("VmHWM"))
            report.expect(max(seen, default=0) > 0, "bodies in files", "some", 0)
            report.equal(manager.settles(), 0, "sessions that are left")
            report.equal(spooled(manager, directory), [], "spool files that are still open")
            report.equal(os.listdir(directory), [], "names in the spool directory")
            report.equal(manager.stop(), "", "the manager ends")
