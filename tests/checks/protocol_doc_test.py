#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""protocol_doc_test.py - the check of docs/protocol.md finds what it promises: a small document, with each rule broken once"""

import sys
import unittest

sys.dont_write_bytecode = True
import protocol_doc  # noqa: E402
import made_tree  # noqa: E402

CODES = """
enum class command_code : unsigned char {
    negotiate = 'O',
    end_of_headers = 'N',
};
enum class reply_code : unsigned char {
    negotiate = 'O',
    add_rcpt = '+',
};
command_row command_rows[] = {
    {command_code::negotiate, "negotiate", 2},
    {command_code::end_of_headers, "end_of_headers", 2,
     step::nr_end_of_headers},
};
reply_row reply_rows[] = {
    {reply_code::negotiate, "negotiate", action::none},
    {reply_code::add_rcpt, "add_rcpt", action::add_rcpt},
};
"""

FLAGS = """
enum class action : std::uint32_t {
    none = 0,
    add_rcpt = 0x004,
    all = 0x004,
};
enum class step : std::uint32_t {
    none = 0,
    nr_end_of_headers = 0x040000,
    skip = 0x000400,
    all_no = 0x00037F,
};
action_row action_rows[] = { {action::add_rcpt, "add_rcpt"}, };
step_row step_rows[] = { {step::nr_end_of_headers, "nr_end_of_headers"}, {step::skip, "skip"}, };
"""

HEADINGS = "# Doc\n\n### 1.2 Frame\n\n## 3 Order\n"
TABLES = """
| `O` | 4F | SMFIC_OPTNEG | `negotiate` | |
| `N` | 4E | SMFIC_EOH | `end_of_headers` | |

| `O` | 4F | SMFIC_OPTNEG | `negotiate` | |
| `+` | 2B | SMFIR_ADDRCPT | `add_rcpt` | |

| 0x004 | SMFIF_ADDRCPT | `add_rcpt` | `+` |

| 0x000400 | SMFIP_SKIP (old name) | `skip` | | 0x040000 | SMFIP_NR_EOH | `nr_end_of_headers` |
"""


def statements(last=protocol_doc.STATEMENTS):
    return "".join(f"{number}. [any] A rule. (`our rule`)\n" for number in range(1, last + 1))


DOCUMENT = HEADINGS + TABLES + "\n" + statements()
CLEAN = {
    "docs/protocol.md": DOCUMENT,
    "include/milter/wire/code.hpp": "// Source: protocol.md 1.2; statement 2.\n" + CODES,
    "include/milter/wire/flags.hpp": "// Source: protocol.md section 3.\n" + FLAGS,
}

# file, what is replaced in it, by what, what the finding says
BROKEN = (
    ("docs/protocol.md", "| `N` | 4E | SMFIC_EOH | `end_of_headers` | |\n", "", "code.hpp:5: command_code::end_of_headers, 'N'"),
    ("docs/protocol.md", "SMFIC_EOH", "SMFIR_EOH", "command_code::end_of_headers, 'N': no row"),
    ("docs/protocol.md", "| 4E |", "| 4F |", "'N' is 4E, not 4F"),
    ("docs/protocol.md", "SMFIC_EOH", "SMFIC_OPTNEG", "SMFIC_OPTNEG stands at 'O' and at 'N'"),
    ("docs/protocol.md", "| `add_rcpt` | |", "| `add_recipient` | |", "reply_code::add_rcpt, '+': no row"),
    ("docs/protocol.md", "| 0x000400 |", "| 0x000800 |", "step::skip, 0x000400: no row"),
    ("docs/protocol.md", "SMFIF_ADDRCPT", "SMFIP_ADDRCPT", "action::add_rcpt, 0x004: no row"),
    ("docs/protocol.md", "SMFIP_NR_EOH", "NR_EOH", "step::nr_end_of_headers, 0x040000: no row"),
    ("docs/protocol.md", "\n17. [any] A rule. (`our rule`)", "", "statement 18, where 17 was expected"),
    ("docs/protocol.md", "\n17. ", "\n16. ", "statement 16, where 17 was expected"),
    ("docs/protocol.md", "\n275. [any] A rule. (`our rule`)", "", "the last statement is 274, not 275"),
    ("docs/protocol.md", "\n17. [any]", "\n17. [nobody]", "statement 18, where 17 was expected"),
    ("docs/protocol.md", "\n17. [any] A rule. (`our rule`)", "\n17. [any] A rule.", "statement 17 names no source"),
    ("docs/protocol.md", "### 1.2 Frame", "### 1.3 Frame", "code.hpp:1: docs/protocol.md has no section 1.2"),
    ("include/milter/wire/code.hpp", '    {command_code::end_of_headers, "end_of_headers", 2,\n', "", "has no row in the table of this file"),
    ("include/milter/wire/flags.hpp", "section 3.", "2.3 and 3.", "flags.hpp:1: docs/protocol.md has no section 2.3"),
)


def run(files):
    """Exit code and output of the check on a tree of these files."""
    return made_tree.run(protocol_doc.main, files)


class ProtocolDocCheck(unittest.TestCase):
    def test_a_clean_tree_passes(self):
        self.assertEqual(run(CLEAN), (0, "protocol_doc: 0 findings, 4 codes, 3 flags, 275 statements\n"))

    def test_a_tree_without_files_or_tables_does_not_pass(self):
        self.assertEqual(run({})[0], 1)
        self.assertEqual(run(CLEAN | {"include/milter/wire/code.hpp": "\n"})[0], 1)

    def test_each_rule_is_enforced(self):
        for path, old, new, expected in BROKEN:
            with self.subTest(expected):
                self.assertIn(old, CLEAN[path])
                code, output = run(CLEAN | {path: CLEAN[path].replace(old, new, 1)})
                self.assertEqual(code, 1, output)
                self.assertIn(expected, output)


if __name__ == "__main__":
    unittest.main()
