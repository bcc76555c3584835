# SPDX-License-Identifier: BSL-1.0
"""A great many messages, many on each connection: the manager needs no more memory at the end than near the start."""
from kit.load import result
from kit.manager import Manager, milter

SESSIONS, MESSAGES_EACH = 8, 500
GROWTH = 1.05


def run(context):
    report, count = context.report, context.size(1_000_000, 20_000)
    extra = '[manager]\ndecision_log = "/dev/null"\n'
    with context.programs.floors(context.folder, 1, "-s") as sockets:
        with Manager(context.binary, context.folder, [milter("floor", sockets[0])], extra) as manager:
            tenths = []
            with context.programs.load(manager.listen, c=SESSIONS, m=MESSAGES_EACH, n=count, v=True, p=True) as process:
                for _ in range(10):
                    if not process.stdout.readline().startswith("tenth"):
                        break
                    tenths.append(manager.memory())
                counted = result(process)
            report.equal(counted["messages"], count, "messages")
            report.equal(counted["failed"], 0, "messages that failed (%s)" % counted["first_failure"])
            report.measure("messages a second", counted["per_second"])
            report.measure("memory at each tenth", tenths, "KiB")
            report.equal(len(tenths), 10, "looks at the memory")
            if tenths:
                report.expect(tenths[-1] <= tenths[0] * GROWTH, "memory at the end", "%d KiB and 5 %%" % tenths[0],
                              tenths[-1])
            report.equal(manager.settles(), 0, "sessions that are left")
            report.equal(manager.stop(), "", "the manager ends")
