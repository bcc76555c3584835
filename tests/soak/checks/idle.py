# SPDX-License-Identifier: BSL-1.0
"""Thousands of sessions in which nothing happens, each with three milters: how long they take to open, what they cost."""
import json
import time

from kit.manager import Manager, milter
from kit.mta import session

OPEN_LIMIT = 10  # seconds
WORST = 64  # KiB of memory for a session: it is measured, and this is only what nobody would call idle


def run(context):
    report, count = context.report, context.size(4000, 400)
    extra = '[manager]\ndecision_log = "%s/decisions"\n' % context.folder
    with context.programs.floors(context.folder, 3) as sockets:
        milters = [milter("m%d" % n, where) for n, where in enumerate(sockets)]
        with Manager(context.binary, context.folder, milters, extra) as manager:
            context.programs.drive(manager.listen, n=20, m=1)
            before, descriptors, cpu = manager.memory(), len(manager.descriptors()), manager.cpu()
            with context.programs.load(manager.listen, c=count, i=True) as process:
                _, ready, seconds = process.stdout.readline().split()
                report.equal(int(ready), count, "sessions that are open")
                report.expect(float(seconds) <= OPEN_LIMIT, "time to open them", "%d s" % OPEN_LIMIT, seconds)
                report.measure("seconds to open %d" % count, float(seconds))
                report.measure("CPU of the manager for one", round((manager.cpu() - cpu) * 1e6 / count), "us")
                time.sleep(context.size(5, 1))
                report.equal(manager.sessions(), count, "sessions in the status")
                each = (manager.memory() - before) / count
                report.measure("memory of an idle session", round(each, 2), "KiB")
                report.expect(each <= WORST, "memory of an idle session", "at most %d KiB" % WORST, each)
                idle = manager.cpu()
                time.sleep(context.size(5, 1))
                report.expect(manager.cpu() - idle < 0.25, "CPU while nothing happens", "next to none",
                              manager.cpu() - idle)
                said, _ = session(manager.listen)
                report.equal(said, ("end_of_message", "continue"), "a message beside them")
                process.stdin.close()
                counted = json.loads(process.stdout.read().strip().split("\n")[-1])
                report.equal(counted["failed"], 0, "sessions that broke (%s)" % counted["first_failure"])
            report.equal(manager.settles(30), 0, "sessions that are left")
            left = len(manager.descriptors())
            report.expect(left <= descriptors + 2, "descriptors that are left", descriptors, left)
            report.measure("memory before, after", "%d, %d" % (before, manager.memory()), "KiB")
            report.equal(manager.stop(), "", "the manager ends")
