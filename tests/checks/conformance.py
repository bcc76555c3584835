#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""conformance.py [ROOT] - fails when a statement of the protocol is neither tested nor reasoned away

Compares three lists: the rows of docs/conformance.md, the test cases in tests/, and the field scenarios. A test bears
the numbers of its statements at the end of its name; no other number stands there. Each finding is one line,
"file:line: what; why", so that an editor can jump to it.
"""

import dataclasses
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True  # the imported are neighbours, and the tree may be somebody else's
import protocol_doc  # noqa: E402
from layers import without_comments  # noqa: E402

STATEMENTS = range(1, protocol_doc.STATEMENTS + 1)  # of docs/protocol.md
TABLE = "docs/conformance.md"
REASON = "Not ours:"
FIELD = "field"

ROW = re.compile(r"^\|\s*(\d+)\s*\|(.*)\|\s*$")
CASE = re.compile(r"\bBOOST_(?:AUTO|FIXTURE|DATA)_TEST_CASE(?:_TEMPLATE)?\s*\(\s*(\w+)")
TRAILING = re.compile(r"((?:_\d+)+)$")


@dataclasses.dataclass(frozen=True)
class Row:
    line: int
    number: int
    tests: tuple  # (file below tests/, name of the case)
    scenarios: tuple
    reasons: tuple
    unreadable: tuple  # entries that are none of these


def numbers_of(name):
    """The numbers at the end of a test's name."""
    trailing = TRAILING.search(name)
    return [int(number) for number in trailing[1][1:].split("_")] if trailing else []


def entries_of(cell):
    """Tests are separated by `;` or `<br>`, a reason reaches up to the next `<br>`."""
    for part in cell.split("<br>"):
        part = part.strip()
        yield from [part] if part.startswith(REASON) else (entry.strip() for entry in part.split(";"))


def row_of(line, number, cell):
    tests, scenarios, reasons, unreadable = [], [], [], []
    for entry in filter(None, entries_of(cell.replace("`", ""))):
        place, colon, name = entry.partition(": ")
        if entry.startswith(REASON):
            (reasons if entry != REASON else unreadable).append(entry)
        elif place == FIELD and name:
            scenarios.append(name)
        elif colon and place.endswith(".cpp") and re.fullmatch(r"\w+", name):
            tests.append((place, name))
        else:
            unreadable.append(entry)
    return Row(line, number, tuple(tests), tuple(scenarios), tuple(reasons), tuple(unreadable))


def rows(root):
    path = os.path.join(root, TABLE)
    if not os.path.isfile(path):
        return
    with open(path, encoding="utf-8") as file:
        for line, text in enumerate(file, 1):
            row = ROW.match(text)
            if row:
                yield row_of(line, int(row[1]), row[2])


def cases(root):
    """(file below tests/, name) -> line."""
    found = {}
    top = os.path.join(root, "tests")
    for folder, _, names in os.walk(top):
        for name in sorted(names):
            if not name.endswith((".hpp", ".cpp")):
                continue
            path = os.path.join(folder, name)
            with open(path, encoding="utf-8") as file:
                text = without_comments(file.read())
            for case in CASE.finditer(text):
                found[os.path.relpath(path, top), case[1]] = text.count("\n", 0, case.start()) + 1
    return found


def scenarios(root):
    """Names of the field scenarios, as their own program lists them: many are made in loops."""
    folder = os.path.join(root, "tests", "field")
    if not os.path.isdir(os.path.join(folder, "scenarios")):
        return set()
    listed = subprocess.run([sys.executable, "-B", "-m", "scenarios", "--list"], cwd=folder, check=True,
                            stdout=subprocess.PIPE, text=True)
    return {line.split()[0] for line in listed.stdout.splitlines() if line}


def check_numbers(table):
    """Findings (line, text): each statement has one row."""
    first = {}
    for row in table:
        if row.number not in STATEMENTS:
            yield row.line, f"there is no statement {row.number}; they are {STATEMENTS.start} to {STATEMENTS.stop - 1}"
        elif row.number in first:
            yield row.line, f"statement {row.number} stands in line {first[row.number]} already"
        first.setdefault(row.number, row.line)
    for number in STATEMENTS:
        if number not in first:
            yield 1, f"statement {number} has no row"


def check_row(row, known_cases, known_scenarios):
    """Findings (line, text) about what a row names."""
    for entry in row.unreadable:
        yield row.line, f'"{entry}" is no test, no scenario and no reason; write "layer/file.cpp: case", ' \
                        f'"{FIELD}: scenario" or "{REASON} why"'
    if not row.tests and not row.reasons:
        yield row.line, f'statement {row.number} is neither tested nor reasoned away; a reason begins with "{REASON}"'
    for place, name in row.tests:
        if (place, name) not in known_cases:
            yield row.line, f"no test {name} in tests/{place}"
        elif row.number not in numbers_of(name):
            yield row.line, f"{name} does not bear the number {row.number}; append _{row.number} to its name"
    for name in row.scenarios:
        if name not in known_scenarios:
            yield row.line, f"no field scenario {name}; tests/field/run --list shows them"


def check_cases(table, known_cases):
    """Findings (path, line, text): each number that a test bears leads back to it."""
    listed = {(row.number, test) for row in table for test in row.tests}
    for (place, name), line in known_cases.items():
        for number in numbers_of(name):
            if number not in STATEMENTS:
                yield f"tests/{place}", line, f"{name} ends with {number}, which is no statement; numbers at the end " \
                                              f"of a name are statements, {STATEMENTS.start} to {STATEMENTS.stop - 1}"
            elif (number, (place, name)) not in listed:
                yield f"tests/{place}", line, f"{name} bears the number {number} and is not in the row of that " \
                                              f"statement in {TABLE}; numbers at the end of a name are statements"


def findings(root):
    table = list(rows(root))
    known_cases = cases(root)
    known_scenarios = scenarios(root)
    for line, text in check_numbers(table):
        yield TABLE, line, text
    for row in table:
        for line, text in check_row(row, known_cases, known_scenarios):
            yield TABLE, line, text
    yield from check_cases(table, known_cases)


def main(root):
    count = 0
    for path, line, text in findings(root):
        count += 1
        print(f"{path}:{line}: {text}", file=sys.stderr)
    print(f"conformance: {count} findings about {len(STATEMENTS)} statements")
    return 1 if count else 0


if __name__ == "__main__":
    here = os.path.dirname(os.path.abspath(__file__))
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "..", "..")))
