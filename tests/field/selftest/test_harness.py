# SPDX-License-Identifier: BSL-1.0
"""What judges the field must itself be right: no MTA, no root needed.

    python3 -m unittest discover -s tests/field/selftest
"""
import argparse
import copy
import os
import signal
import struct
import subprocess
import sys
import tempfile
import time
import tomllib
import unittest
from unittest import mock

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import compare, configure, deviations, dns_stub, entry, manager, oracle, ports  # noqa: E402
from harness import selection, tables  # noqa: E402
from scenarios import GROUPS, SCENARIOS, select  # noqa: E402

RELAY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "relay")


def result():
    """A small result as scenarios.play() gives it."""
    return {
        "sink_port": 20025,
        "sessions": [
            {
                "src": "127.0.0.1",
                "dialogue": [
                    {"s": ["220 mx.field.test ESMTP Postfix"]},
                    {"c": "EHLO client.sender.test"},
                    {"s": ["250 2.0.0 Ok: queued as 4CDA0AAA1B3"]},
                ],
            }
        ],
        "delivered": [
            {
                "mail": "<alice@sender.test> SIZE=438",
                "rcpts": ["<bob@field.test>"],
                "body": "one\r\ntwo\r\n",
                "head": "Received: by mx.field.test (Postfix) with ESMTP id A0274AAA228;\r\n"
                "\tTue, 24 Nov 2026 03:03:16 +0000 (UTC)\r\nSubject: x",
                "body_size": 10,
                "body_sha256": "00",
            }
        ],
        "held": [],
        "milter_logs": {
            "a": [
                {"t": 1.5, "m": "a", "conn": 0, "msg": 0, "cb": "negotiate", "ret": "continue"},
                {
                    "t": 2.5,
                    "m": "a",
                    "conn": 239,
                    "msg": 0,
                    "cb": "helo",
                    "ret": "continue",
                    "helo": "client.sender.test",
                    "macros": {"j": "mx.field.test", "i": "A0274AAA228", "{mail_host}": "[127.0.0.1]:20025"},
                },
            ]
        },
    }


class Comparing(unittest.TestCase):
    def test_ids_dates_ports_and_times_do_not_matter(self):
        a, b = result(), result()
        b["sink_port"] = 31025
        b["sessions"][0]["dialogue"][2]["s"] = ["250 2.0.0 Ok: queued as 0123456789A"]
        b["delivered"][0]["head"] = (
            b["delivered"][0]["head"].replace("A0274AAA228", "B1").replace("03:03:16", "10:11:12")
        )
        b["delivered"][0]["mail"] = "<alice@sender.test> SIZE=999"
        entry = b["milter_logs"]["a"][1]
        entry.update(t=9.5, conn=7)
        entry["macros"].update({"i": "B1", "{mail_host}": "[127.0.0.1]:31025"})
        self.assertEqual(compare.canonical(a, True, True), compare.canonical(b, True, True))

    def test_everything_else_does(self):
        changes = [
            lambda r: r["sessions"][0]["dialogue"][2].update(s=["550 5.7.1 no"]),
            lambda r: r["sessions"][0]["dialogue"].append({"event": "closed by server"}),
            lambda r: r["delivered"][0].update(head=r["delivered"][0]["head"] + "\r\nX-A: 1"),
            lambda r: r["delivered"][0].update(body="one\r\n"),
            lambda r: r["delivered"][0].update(mail="<eve@sender.test>"),
            lambda r: r["delivered"][0]["rcpts"].append("<carol@field.test>"),
            lambda r: r["delivered"].pop(),
            lambda r: r["held"].append({"text": "sender: x"}),
            lambda r: r["milter_logs"]["a"].append({"conn": 239, "cb": "abort", "ret": "continue"}),
            lambda r: r["milter_logs"]["a"][1].update(ret="reject"),
            lambda r: r["milter_logs"].update(b=r["milter_logs"]["a"]),
            lambda r: r["milter_logs"]["a"][1]["macros"].update({"j": "other"}),
        ]
        for n, change in enumerate(changes):
            changed = result()
            change(changed)
            self.assertTrue(
                deviations.difference(compare.canonical(result(), True, True), compare.canonical(changed, True, True)),
                n,
            )

    def test_signatures_go_and_what_is_beside_them_stays(self):
        head = (
            "DKIM-Signature: v=1; d=sender.test;\r\n\tt=1795490370; bh=ZOeW=;\r\n\th=From:To;\r\n"
            "\tb=%s\r\nSubject: b=kept; s=12"
        )
        signed = head % "sBog5w\r\n\t HX5Pb=="
        self.assertEqual(compare.even(signed), head.replace("1795490370", "TIME") % "SIG")

    def test_evening_twice_changes_nothing(self):
        for mta in ("postfix", "sendmail"):
            for group in GROUPS:
                for name, packed in oracle.load(mta, group).items():
                    for m in packed["delivered"]:
                        self.assertEqual(compare.even(m["head"]), m["head"], (mta, name))


class Oracle(unittest.TestCase):
    def test_has_every_scenario(self):
        for mta in ("postfix", "sendmail"):
            for s in select(["all"], mta):
                self.assertIn(s["name"], oracle.load(mta, s["group"]), mta)

    def test_packing_keeps_what_is_compared(self):
        for macros in (False, True):
            self.assertEqual(
                compare.canonical(oracle.trimmed(result()), True, macros), compare.canonical(result(), True, macros)
            )


class Deviating(unittest.TestCase):
    def setUp(self):
        changed = result()
        changed["milter_logs"]["b"] = copy.deepcopy(changed["milter_logs"]["a"])
        changed["delivered"][0]["head"] += "\r\nX-Odd: a\0b '''"
        self.diff = deviations.difference(compare.canonical(result()), compare.canonical(changed))

    def listed(self, **changes):
        entry = tomllib.loads(deviations.entry_text("postfix", "chain_quar_a", self.diff, 'a "reason"'))["deviation"][0]
        return deviations.Deviations([{**entry, **changes}])

    def test_a_diff_names_the_heading_and_no_line_numbers(self):
        self.assertIn("@@ delivered from <alice@sender.test>", self.diff)
        self.assertFalse([x for x in self.diff if x.startswith("@@ -")])

    def test_a_printed_entry_is_accepted_as_it_is(self):
        self.assertEqual(self.listed().judge("postfix", "chain_quar_a", self.diff), "")
        self.assertEqual(self.listed().get("postfix", "chain_quar_a")["reason"], 'a "reason"')

    def test_it_must_show_exactly(self):
        listed = self.listed()
        self.assertIn("does not show", listed.judge("postfix", "chain_quar_a", []))
        self.assertIn("otherwise", listed.judge("postfix", "chain_quar_a", self.diff[:-1]))
        self.assertIn("otherwise", listed.judge("postfix", "chain_quar_a", self.diff + ["+  more"]))

    def test_it_stands_for_one_mta_and_one_scenario(self):
        listed = self.listed()
        self.assertEqual(listed.judge("sendmail", "chain_quar_a", self.diff), "differs")
        self.assertEqual(listed.judge("postfix", "chain_plain", self.diff), "differs")
        self.assertEqual(listed.judge("postfix", "chain_plain", []), "")

    def test_it_can_stand_for_both_mtas(self):
        listed = self.listed(mta="both")
        for mta in ("postfix", "sendmail"):
            self.assertEqual(listed.judge(mta, "chain_quar_a", self.diff), "")
        with self.assertRaises(ValueError):  # and then nothing else does
            deviations.Deviations([listed.get("postfix", "chain_quar_a"), self.listed().get("postfix", "chain_quar_a")])

    def test_an_entry_for_macros_stands_only_for_macros(self):
        listed = self.listed(macros=True)
        self.assertEqual(listed.judge("postfix", "chain_quar_a", self.diff, macros=True), "")
        self.assertEqual(listed.judge("postfix", "chain_quar_a", self.diff), "differs")

    def test_an_entry_for_waves_says_nothing_of_a_serial_manager(self):
        listed = self.listed(waves=True)
        self.assertEqual(listed.judge("postfix", "chain_quar_a", self.diff), "")
        self.assertEqual(listed.judge("postfix", "chain_quar_a", self.diff, waves=False), "differs")
        self.assertEqual(listed.judge("postfix", "chain_quar_a", [], waves=False), "")
        self.assertIn("does not show", listed.judge("postfix", "chain_quar_a", []))

    def test_it_stands_in_place_of_the_one_without(self):
        general, of_waves = (self.listed(**x).get("postfix", "chain_quar_a") for x in ({}, {"waves": True}))
        both = deviations.Deviations([general, {**of_waves, "diff": "other"}])
        self.assertEqual(both.judge("postfix", "chain_quar_a", ["other"]), "")
        self.assertIn("otherwise", both.judge("postfix", "chain_quar_a", self.diff))
        self.assertEqual(both.judge("postfix", "chain_quar_a", self.diff, waves=False), "")
        self.assertIn("otherwise", both.judge("postfix", "chain_quar_a", ["other"], waves=False))

    def test_an_entry_without_waves_stands_for_both(self):
        for waves in (False, True):
            self.assertEqual(self.listed().judge("postfix", "chain_quar_a", self.diff, waves=waves), "")

    def test_macros_are_compared_at_callbacks_that_both_have(self):
        a, b = result(), result()
        b["milter_logs"]["a"].append({"conn": 239, "cb": "data", "ret": "continue", "macros": {"j": "x"}})
        self.assertEqual(deviations.macro_difference(a, b), [])
        b["milter_logs"]["a"][1]["macros"]["j"] = "other"
        diff = deviations.macro_difference(a, b)
        self.assertEqual([x[:1] for x in diff], ["@", "-", "+"])
        self.assertIn("other", diff[2])

    def test_entries_without_reason_or_with_unknown_keys_are_refused(self):
        for change in ({"reason": " "}, {"scenarios": "x"}):
            with self.assertRaises(ValueError):
                self.listed(**change)

    def test_the_project_s_own_entries_are_well_formed(self):
        for mta, name in deviations.Deviations.read().scenarios():
            self.assertIn(name, oracle.load(mta, SCENARIOS[name]["group"]))


class Configuring(unittest.TestCase):
    def field(self, base=20000):
        milters, chains = tables.milters("/w", base), tables.chains()
        configure.place(chains, milters, base, {"abc": None}, [])
        return milters, {c["name"]: c for c in chains}

    def test_the_manager_gets_a_chain_s_milters_in_order(self):
        milters, chains = self.field()
        conf = tomllib.loads(manager.configuration(chains["abc"], milters))
        self.assertEqual([m["name"] for m in conf["milter"]], ["a", "b", "c"])
        self.assertEqual(conf["milter"][1]["socket"], "inet:20302@[127.0.0.1]")
        self.assertEqual(conf["milter"][0]["on_error"], "tempfail")
        self.assertEqual(conf["listen"][0]["socket"], "inet:20342@[127.0.0.1]")

    def test_a_serial_manager_is_told_so_and_another_is_not(self):
        milters, chains = self.field()
        for serial in (False, True):
            conf = tomllib.loads(manager.configuration(chains["abc"], milters, serial))
            self.assertEqual(conf.get("manager", {}).get("serial", False), serial)
            self.assertEqual(len(conf["milter"]), 3)

    def test_there_are_chains_of_which_waves_are_made(self):
        milters, chains = self.field()
        judges = {name for name, m in milters.items() if m["args"].endswith("-a 0")}
        self.assertEqual(judges, {"ra", "rb", "rc"})
        for name in ("rabc", "rabc_accept", "mixed", "five"):
            self.assertTrue(judges <= set(chains[name]["milters"]))

    def test_short_chains_make_the_manager_impatient_and_the_mta_not(self):
        milters, chains = self.field()
        conf = tomllib.loads(manager.configuration(chains["slow_accept"], milters))
        self.assertEqual(
            conf["milter"][0]["timeout"],
            {"connect": "2s", "negotiate": "2s", "command": "3s", "content": "3s", "end_of_message": "3s"},
        )
        self.assertEqual(conf["milter"][0]["on_error"], "accept")
        self.assertEqual(configure.policy({**chains["slow_accept"], "via": True}), ("tempfail", [10, 30, 60]))
        self.assertEqual(configure.policy(chains["slow_accept"]), ("accept", [2, 3, 3]))

    def test_other_kinds_of_sockets(self):
        milters, chains = self.field()
        self.assertIn('"inet6:20310@[::1]"', manager.configuration(chains["a6"], milters))
        self.assertIn('"unix:/w/sock/u.sock"', manager.configuration(chains["unix"], milters))

    def test_no_two_ports_of_a_field_are_the_same(self):
        milters, chains = self.field()
        used = [20000 + tables.SINK, 20000 + tables.SPAMD] + [m["port"] for m in milters.values() if m["port"]]
        for c in chains.values():
            used += [c["postfix_port"], c["sendmail_port"], int(c["manager_socket"][5:].split("@")[0])]
        self.assertEqual(len(used), len(set(used)))
        self.assertLess(max(used), 20000 + ports.BLOCK)

    def test_selections_name_scenarios_that_exist(self):
        for names in (selection.SHORT, selection.ALL):
            self.assertTrue(select(names, "sendmail"))
        for s in SCENARIOS.values():
            for chain in selection.chains_of(s):
                selection.milters_of(chain)


class ManagerProcess(unittest.TestCase):
    """With the relay for a manager."""

    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)
        base = ports.free_base()
        self.milters, chains = tables.milters(self.dir.name, base), tables.chains()
        configure.place(chains, self.milters, base, {}, [])
        self.chains = {c["name"]: c for c in chains}

    def managers(self, binary, *names):
        m = manager.Managers(binary, {"chains": self.chains, "milters": self.milters}, names, self.dir.name)
        self.addCleanup(m.stop)
        return m

    def test_starts_listens_and_stops(self):
        m = self.managers(RELAY, "a", "abc")
        self.assertEqual(m.start(), [])
        self.assertTrue(ports.listens(self.chains["abc"]["manager_socket"]))
        self.assertEqual(m.trouble(["a", "abc"]), [])
        self.assertEqual(m.stop(), [])
        self.assertFalse(ports.listens(self.chains["abc"]["manager_socket"]))

    def test_one_that_dies_is_noticed_and_started_anew(self):
        m = self.managers(RELAY, "a")
        m.start()
        m.by_chain["a"].process.kill()
        m.by_chain["a"].process.wait()
        self.assertIn("ended with -9", m.trouble(["a"])[0])
        self.assertIn("ended with -9", m.renew(["a"])[0])
        self.assertEqual(m.trouble(["a"]), [])

    def test_one_that_does_not_start_is_told_with_its_last_words(self):
        m = self.managers("/bin/false", "a")
        self.assertIn("ended with 1", m.start()[0])

    def test_what_a_sanitizer_says_counts(self):
        m = self.managers(RELAY, "a")
        m.start()
        with open(m.by_chain["a"].base + ".err", "a") as f:
            f.write("==1==ERROR: AddressSanitizer: heap-use-after-free\n")
        self.assertIn("AddressSanitizer", m.trouble(["a"])[0])


class Entry(unittest.TestCase):
    """A run from up to down."""

    def perform(self, play=lambda: None, failed=(), was_up=False):
        """(exit status, what was called in order)"""
        order = []
        field = mock.Mock(is_up=lambda: was_up, down=lambda remove: order.append("down"))
        run = mock.Mock(failed=failed)
        run.play = lambda field: (order.append("play"), play())
        run.before_down = lambda field, began: order.append("before")
        run.after_down = lambda began: order.append("after")
        signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = [signal.getsignal(s) for s in signals]
        try:
            with mock.patch.object(entry, "Field", lambda work: field):
                with mock.patch.object(entry, "say", lambda text: None):
                    return entry.perform(run, argparse.Namespace(work="/w", keep=False)), order
        finally:
            for s, handler in zip(signals, before):
                signal.signal(s, handler)

    def test_what_was_up_stays_up(self):
        self.assertEqual(self.perform(), (entry.PASSED, ["play", "before", "down", "after"]))
        self.assertEqual(self.perform(was_up=True), (entry.PASSED, ["play", "before", "after"]))

    def test_what_failed_is_the_exit_status(self):
        self.assertEqual(self.perform(failed=["x"])[0], entry.DIFFERENT)

    def test_what_is_interrupted_comes_down_too(self):
        def interrupt():
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(10)

        self.assertEqual(self.perform(interrupt), (entry.INTERRUPTED, ["play", "before", "down", "after"]))


class Names(unittest.TestCase):
    """The DNS stub with the field's zone."""

    def ask(self, name, kind="A"):
        """(status, number of answers)"""
        zone = dns_stub.load(os.path.join(tables.ETC, "zone"))
        question = dns_stub.wire_name(name) + struct.pack("!HH", dns_stub.TYPES[kind], 1)
        answer = dns_stub.answer(zone, struct.pack("!6H", 0, 0, 1, 0, 0, 0) + question)
        _, flags, _, count, _, _ = struct.unpack("!6H", answer[:12])
        return flags & 15, count

    def test_answers_with_what_there_is(self):
        self.assertEqual(self.ask("10.0.1.127.in-addr.arpa", "PTR"), (0, 1))
        self.assertEqual(self.ask("MX.field.test"), (0, 1))
        self.assertEqual(self.ask("mx.field.test", "TXT"), (0, 0))
        self.assertEqual(self.ask("nobody.field.test"), (3, 0))

    def test_a_name_can_fail(self):
        self.assertEqual(self.ask("24.0.1.127.in-addr.arpa", "PTR"), (2, 0))


class Listening(unittest.TestCase):
    def test_a_free_base_is_free_and_a_taken_port_is_seen(self):
        base = ports.free_base()
        self.assertFalse(ports.listens("inet:%d@127.0.0.1" % base))
        sink = os.path.join(tables.HERE, "harness", "sink.py")
        with tempfile.TemporaryDirectory() as d:
            p = subprocess.Popen([sys.executable, sink, "--port", str(base), "--dir", d])
            try:
                end = time.monotonic() + 10
                while not ports.listens("inet:%d@127.0.0.1" % base) and time.monotonic() < end:
                    time.sleep(0.02)
                self.assertTrue(ports.listens("inet:%d@127.0.0.1" % base))
            finally:
                p.terminate()
                p.wait()


if __name__ == "__main__":
    unittest.main()
