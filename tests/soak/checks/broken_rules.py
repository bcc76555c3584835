# SPDX-License-Identifier: BSL-1.0
"""Reloads under load, every second one with broken rules: each message is judged by one of the two good sets."""
import json
import os
import time

from kit.load import result
from kit.manager import Manager, milter

EACH = 0.2  # seconds
SHARE = 0.5  # of what the manager can do
MOST = 500  # messages a second: all of their decisions are read
SESSIONS, MESSAGES_EACH = 8, 4
FEW = 500  # messages: with fewer, on a machine that is busy, a set may have none
GROWTH, SLACK = 1.05, 2048  # of the memory between a quarter of the reloads and the end; KiB

# Each set has one of the milters run; what else is in it has a manager that keeps too much of the old sets show.
WHOLE = """
[set.names]
domains = [%s]
[condition.outside]
when = 'not private(client.address) and not auth.present'
[[rule]]
name = "%s"
when = 'outside and none(recipient.domain in @names) and helo matches /^client\\.(example|test)$/'
skip = ["%s"]
tag = "%s"
"""
NAMES = ",\n".join('"name%d.test"' % n for n in range(1000))
GOOD = {"first": WHOLE % (NAMES, "rule-first", "b", "first"), "second": WHOLE % (NAMES, "rule-second", "a", "second")}
BROKEN = (
    '[[rule]]\nname = "broken"\nwhen = "helo =="\ntag = "broken"\n',
    '[[rule]]\nname = "broken"\nwhen = "no_such_condition"\ntag = "broken"\n',
    '[[rule]]\nname = "broken"\nwhen = "true"\nskip = ["no-such-milter"]\ntag = "broken"\n',
    '[[rule]]\nname = "broken\n',
    '[set.gone]\nfile = "/nowhere/names.txt"\nkind = "domains"\n'
    '[[rule]]\nname = "broken"\nwhen = "sender.domain in @gone"\ntag = "broken"\n',
    "\x00\xff",
)
EXPECTED = {  # verdicts of the milters a and b under each set
    "first": {"a": "continue", "b": "not asked"},
    "second": {"a": "not asked", "b": "continue"},
}


def write(context, text):
    """The rules; a reload never sees half of them."""
    path = os.path.join(context.folder, "rules.d", "10-rules.toml")
    with open(path + ".new", "w", encoding="latin-1") as f:
        f.write(text)
    os.rename(path + ".new", path)


def storm(context, manager, seconds, rate):
    """(what the driver counted, reloads, memory after a quarter of the time)"""
    report, count, odd, memory = context.report, 0, [], None
    with context.programs.load(manager.listen, c=SESSIONS, m=MESSAGES_EACH, n=1_000_000, t=seconds, r=rate,
                               v=True) as process:
        start = time.monotonic()
        while (now := time.monotonic() - start) < seconds - 0.5 and process.poll() is None:
            is_broken = count % 2 == 1
            write(context, BROKEN[count // 2 % len(BROKEN)] if is_broken else GOOD[("second", "first")[count // 2 % 2]])
            code, text = manager.verb("reload")
            if code != (78 if is_broken else 0) or is_broken and "10-rules.toml:" not in text:
                odd.append("reload %d: %d: %s" % (count, code, text.strip()[:200]))
            if memory is None and now > seconds / 4:
                memory = manager.memory()
            count += 1
            time.sleep(max(0.0, EACH - (time.monotonic() - start - now)))
        counted = result(process)
    report.equal(odd, [], "reloads that ended otherwise than they should")
    report.equal(counted["failed"], 0, "failed messages (%s)" % counted["first_failure"])
    report.expect(counted["messages"] > rate * seconds * 0.1, "messages got through", "more than a tenth of %d"
                  % (rate * seconds), counted["messages"])
    report.expect(count > 1, "reloads that were made", "%d, fewer on a busy machine" % (seconds / EACH), count)
    return counted, count, memory


def judged(context, path, messages):
    """Each message by one of the sets, whole, and all of a session by the same."""
    report, by_set, sessions, odd, lost = context.report, {"first": 0, "second": 0}, {}, [], 0
    with open(path, encoding="utf-8") as f:
        for line in f:
            r = json.loads(line)
            lost += r.get("lines", 0)
            if r["event"] != "decision":
                continue
            tags = r.get("tags", [])
            verdicts = {m["name"]: m["verdict"] for m in r["milters"]}
            if len(tags) != 1 or EXPECTED.get(tags[0]) != verdicts or r.get("rules") != ["rule-" + tags[0]]:
                odd.append(line.strip()[:400])
                continue
            by_set[tags[0]] += 1
            sessions.setdefault(r["session"], set()).add(tags[0])
    report.equal(odd[:3], [], "messages that were judged otherwise (%d)" % len(odd))
    report.equal(sum(by_set.values()) + len(odd) + lost, messages, "decisions, those that the log lost included")
    report.expect(min(by_set.values()) > 0 or messages < FEW, "both sets had messages", "some of each", by_set)
    report.equal([s for s, sets in sessions.items() if len(sets) > 1][:3], [], "sessions whose rules changed")
    report.measure("messages by set", "%(first)d, %(second)d" % by_set, "(lines lost: %d)" % lost)


def run(context):
    report, seconds = context.report, context.size(120, 6)
    os.mkdir(os.path.join(context.folder, "rules.d"))
    decisions = os.path.join(context.folder, "decisions")
    write(context, GOOD["first"])
    with context.programs.floors(context.folder, 2, "-s") as sockets:
        log = '[manager]\ndecision_log = "%s"\n' % decisions
        milters = [milter("a", sockets[0]), milter("b", sockets[1])]
        with Manager(context.binary, context.folder, milters, log) as manager:
            most = context.programs.drive(manager.listen, c=SESSIONS, m=MESSAGES_EACH, n=1_000_000,
                                          t=context.size(4, 1))
            report.equal(most["failed"], 0, "failed messages without reloads")
            descriptors = (manager.settles(), len(manager.descriptors()))[1]
            counted, count, memory = storm(context, manager, seconds, min(MOST, most["per_second"] * SHARE))
            report.measure("reloads", count)
            report.measure("messages", counted["messages"])
            report.measure("p99", counted["p99_ms"], "ms (longest %.1f)" % counted["max_ms"])
            write(context, BROKEN[0])
            report.equal(manager.verb("reload")[0], 78, "exit status of a last broken reload")
            last = manager.status().get("last_reload", {})
            report.expect(last.get("ok") is False, "last_reload of the status", "not ok", last)
            report.equal(manager.settles(), 0, "sessions that are left")
            time.sleep(0.5)
            left, after = len(manager.descriptors()), manager.memory()
            report.expect(left <= descriptors + 2, "descriptors that are left", descriptors, left)
            report.measure("memory at a quarter, at the end", "%s, %d" % (memory, after), "KiB")
            if report.expect(memory is not None, "a look at the memory", "one", memory):
                report.expect(after <= memory * GROWTH + SLACK, "memory at the end",
                              "%d KiB, 5 %% and %d KiB" % (memory, SLACK), after)
            report.equal(manager.stop(), "", "the manager ends")
            judged(context, decisions, most["messages"] + counted["messages"])
