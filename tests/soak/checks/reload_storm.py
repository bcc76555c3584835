# SPDX-License-Identifier: BSL-1.0
"""A reload each 200 ms under load, each of which changes something: no session may notice."""
import time

from kit.load import result
from kit.manager import Manager, milter

EACH = 0.2  # seconds
SHARE = 0.7  # of what the manager can do
SESSIONS, MESSAGES_EACH = 16, 20


def configurations(sockets):
    """Two that differ in milters, their order and their timeouts."""
    two = [milter("a", sockets[0]), milter("b", sockets[1])]
    three = [milter("c", sockets[2], timeout='{ command = "19s" }'), milter("a", sockets[0]),
             milter("b", sockets[1], "accept")]
    return two, three


def storm(context, manager, way, seconds, rate):
    report = context.report
    variants = configurations(manager.sockets)
    before = manager.settles(), len(manager.descriptors())
    count, refused, slowest = 0, [], 0.0
    with context.programs.load(
        manager.listen, c=SESSIONS, m=MESSAGES_EACH, n=1_000_000, t=seconds, r=rate
    ) as process:
        end = time.monotonic() + seconds - 0.5
        while time.monotonic() < end and process.poll() is None:
            began = time.monotonic()
            manager.configure(variants[count % 2])
            if way == "signal":
                manager.hang_up()
            else:
                code, text = manager.verb("reload")
                if code:
                    refused.append("%d: %s" % (code, text.strip()))
            slowest = max(slowest, time.monotonic() - began)
            count += 1
            time.sleep(max(0.0, EACH - (time.monotonic() - began)))
        counted = result(process)
    report.measure("reloads by " + way, count)
    report.measure("messages by " + way, counted["messages"])
    report.measure("p99 by " + way, counted["p99_ms"], "ms (longest %.1f)" % counted["max_ms"])
    report.equal(counted["failed"], 0, "failed messages, %s (%s)" % (way, counted["first_failure"]))
    report.expect(counted["messages"] > rate * seconds * 0.5, "messages got through, " + way,
                  "more than half of %d" % (rate * seconds), counted["messages"])
    report.equal(refused, [], "reloads that were refused, " + way)
    report.expect(count > seconds / EACH / 3, "reloads that were made, " + way, "not far from %d" % (seconds / EACH), count)
    last = manager.status().get("last_reload", {})
    report.expect(last.get("ok") is True, "the last reload, " + way, "ok", last)
    report.equal(manager.settles(), before[0], "sessions that are left, " + way)
    time.sleep(0.5)
    left = len(manager.descriptors())
    report.expect(left <= before[1] + 2, "descriptors that are left, " + way, before[1], left)


def run(context):
    seconds = context.size(120, 6)
    with context.programs.floors(context.folder, 3, "-s") as sockets:
        quiet = '[manager]\ndecision_log = "%s/decisions"\n' % context.folder
        manager = Manager(context.binary, context.folder, configurations(sockets)[1], quiet)
        manager.sockets = sockets
        configure = manager.configure
        manager.configure = lambda milters, extra="": configure(milters, quiet)
        with manager:
            most = context.programs.drive(manager.listen, c=SESSIONS, m=MESSAGES_EACH, n=1_000_000,
                                          t=context.size(8, 2))
            context.report.equal(most["failed"], 0, "failed messages without reloads")
            context.report.measure("capacity", most["per_second"], "messages a second")
            memory = manager.memory()
            for way in ("signal", "verb"):
                storm(context, manager, way, seconds / 2 if context.short else seconds, most["per_second"] * SHARE)
            context.report.measure("memory before and after", "%d, %d" % (memory, manager.memory()), "KiB")
            said = manager.stop()
            context.report.equal(said, "", "the manager ends")
