#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""conformance_test.py - the conformance check finds what it promises: one small tree, with each rule broken once"""

import sys
import unittest
from unittest import mock

sys.dont_write_bytecode = True
import conformance  # noqa: E402
import made_tree  # noqa: E402

HEAD = "# Conformance\n\n| number | test or reason |\n|---|---|\n"
GOOD_ROWS = (
    "| 1 | wire/frame.cpp: packets_are_framed_1 |",
    "| 2 | `wire/frame.cpp: in_pieces_2_3`<br>`net/stream.cpp: over_a_socket_2`; `field: mod_insheader_0` |",
    "| 3 | wire/frame.cpp: in_pieces_2_3; wire/frame.cpp: in_two_lines_3 |",
    "| 4 | Not ours: an SMTP server does that; we have none.<br>field: bdat |",
    "| 5 | Not ours: nobody does.<br>net/stream.cpp: nearly_5 |",
)
FRAME = """BOOST_AUTO_TEST_CASE(packets_are_framed_1) {}
// BOOST_AUTO_TEST_CASE(an_old_one_4)
BOOST_FIXTURE_TEST_CASE(in_pieces_2_3, fixture) {}
BOOST_AUTO_TEST_CASE(
    in_two_lines_3) {}
BOOST_DATA_TEST_CASE(port_0_and_step_5_are_in_the_middle, rows) {}
"""
STREAM = "BOOST_AUTO_TEST_CASE(over_a_socket_2) {}\nBOOST_AUTO_TEST_CASE(nearly_5, *disabled()) {}\n"
SCENARIOS = "for name in ('mod_insheader_0', 'bdat'):\n    print(name, 'group doc')\n"


def tree(*replaced, cases=FRAME):
    """The good tree; rows that begin as one of `replaced` does up to its second bar are replaced by it."""
    table = list(GOOD_ROWS)
    for row in replaced:
        number = row.split("|")[1]
        table = [row if old.split("|")[1] == number else old for old in table]
    return {
        "docs/conformance.md": HEAD + "\n".join(table) + "\n",
        "tests/wire/frame.cpp": cases,
        "tests/net/stream.cpp": STREAM,
        "tests/field/scenarios/__init__.py": "",
        "tests/field/scenarios/__main__.py": SCENARIOS,
    }


# rows in place of the good ones, or another wire/frame.cpp; where the finding is, and what it says
BROKEN = (
    (("| 1 | Not ours: |",), "docs/conformance.md:5", '"Not ours:" is no test'),
    (("| 1 | tested |",), "docs/conformance.md:5", '"tested" is no test'),
    (("| 1 | field: bdat |",), "docs/conformance.md:5", "statement 1 is neither tested nor reasoned away"),
    (("| 1 | |",), "docs/conformance.md:5", "statement 1 is neither tested nor reasoned away"),
    (("| 2 | wire/frame.cpp: in_pieces_2_3; wire/frame.cpp: over_a_socket_2 |",), "docs/conformance.md:6",
     "no test over_a_socket_2 in tests/wire/frame.cpp"),
    (("| 3 | wire/frame.cpp: in_pieces_2_3; wire/frame.cpp: in_two_lines_3; wire/frame.cpp: packets_are_framed_1 |",),
     "docs/conformance.md:7", "packets_are_framed_1 does not bear the number 3"),
    (("| 4 | Not ours: no.<br>field: mod_insheader_9 |",), "docs/conformance.md:8", "no field scenario mod_insheader_9"),
    (("| 5 | Not ours: nobody does. |",), "tests/net/stream.cpp:2", "nearly_5 bears the number 5"),
)


def run(files):
    """Exit code and output of the check on a tree of these files."""
    with mock.patch.object(conformance, "STATEMENTS", range(1, 6)):
        return made_tree.run(conformance.main, files)


class ConformanceCheck(unittest.TestCase):
    def finds(self, files, *expected):
        code, output = run(files)
        self.assertEqual(code, 1, output)
        self.assertIn(f"conformance: {len(expected)} findings", output)
        for text in expected:
            self.assertIn(text, output)

    def test_a_good_tree_passes(self):
        self.assertEqual(run(tree()), (0, "conformance: 0 findings about 5 statements\n"))

    def test_an_empty_tree_does_not_pass(self):
        self.finds({}, *(f"statement {number} has no row" for number in range(1, 6)))

    def test_each_rule_is_enforced(self):
        for rows, where, expected in BROKEN:
            with self.subTest(expected):
                code, output = run(tree(*rows))
                self.assertEqual(code, 1, output)
                self.assertIn(expected, output)
                self.assertIn(where + ": ", output)

    def test_a_statement_has_one_row(self):
        files = tree()
        files["docs/conformance.md"] += GOOD_ROWS[0] + "\n"
        self.finds(files, "docs/conformance.md:10: statement 1 stands in line 5 already")

    def test_a_missing_statement_is_found(self):
        files = tree()
        files["docs/conformance.md"] = files["docs/conformance.md"].replace(GOOD_ROWS[3] + "\n", "")
        self.finds(files, "statement 4 has no row")

    def test_a_statement_that_does_not_exist_is_found(self):
        files = tree()
        files["docs/conformance.md"] += "| 6 | Not ours: no. |\n"
        self.finds(files, "docs/conformance.md:10: there is no statement 6")

    def test_a_new_test_must_be_listed(self):
        self.finds(tree(cases=FRAME + "BOOST_AUTO_TEST_CASE(new_4) {}\n"),
                   "tests/wire/frame.cpp:7: new_4 bears the number 4")

    def test_a_number_that_is_no_statement_is_found(self):
        self.finds(tree(cases=FRAME + "BOOST_AUTO_TEST_CASE(port_9) {}\n"),
                   "tests/wire/frame.cpp:7: port_9 ends with 9, which is no statement")

    def test_all_statements_of_the_description_count(self):
        self.assertEqual(conformance.STATEMENTS, range(1, 276))

    def test_a_listed_test_must_exist(self):
        self.finds(tree(cases=FRAME.replace("packets_are_framed_1", "packets_are_framed")),
                   "docs/conformance.md:5: no test packets_are_framed_1 in tests/wire/frame.cpp")


if __name__ == "__main__":
    unittest.main()
