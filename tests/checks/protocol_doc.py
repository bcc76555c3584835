#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""protocol_doc.py [ROOT] - fails when docs/protocol.md lacks what the code tables have, or a statement

Every command and reply of include/milter/wire/code.hpp has a row in the document's tables, with its byte, the protocol's name
(SMFIC_*, SMFIR_*) and ours; every action and step of include/milter/wire/flags.hpp stands beside its bit and its SMFIF_* or
SMFIP_* name; statements 1 to 275 are there, in order, each once; sections that comments cite exist.
Each finding is one line, "file:line: what", so that an editor can jump to it.
"""

import os
import re
import sys

DOCUMENT = "docs/protocol.md"
CODES = "include/milter/wire/code.hpp"
FLAGS = "include/milter/wire/flags.hpp"
STATEMENTS = 275

STATEMENT = re.compile(r"(\d+)\. \[(mta|filter|any|manager)\] \S")
SECTION = re.compile(r"#+ (\d+(?:\.\d+)*) ")
CITED = re.compile(r"\bprotocol\.md ((?:section )?\d+(?:\.\d+)*(?:(?:-|, | and )\d+(?:\.\d+)*)*)")


# ---- what the code has -----------------------------------------------------------------------------------------

def enumerators(text, kind):
    """Lines of one enumeration: (line number, name, value)."""
    for match in re.finditer(r"enum class " + kind + r" : [^{]*\{(.*?)\};", text, re.S):
        first = text.count("\n", 0, match.start(1)) + 1
        for number, line in enumerate(match[1].split("\n"), first):
            found = re.match(r"\s*(\w+) = ('.'|0x[0-9A-Fa-f]+|\d+),", line)
            if found:
                yield number, found[1], found[2]


def rows(text, kind):
    """Names of one table of rows, each with a bit or code: the enumerator in the first field."""
    return re.findall(r"\{" + kind + r"::(\w+), \"", text)


# ---- what the document has -------------------------------------------------------------------------------------

def cells(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def table_lines(text):
    return [(number, cells(line)) for number, line in enumerate(text.split("\n"), 1) if line.startswith("|")]


def code_cells(tables):
    """byte -> list of (line, hex, protocol's name, our name), from rows that begin with byte, hexadecimal, SMFI?_ name."""
    found = {}
    for number, row in tables:
        if len(row) < 4 or not re.fullmatch(r"`(.)`", row[0]) or not re.fullmatch(r"SMFI[CR]_\w+", row[2]):
            continue
        found.setdefault(row[0][1], []).append((number, row[1], row[2], row[3].strip("`")))
    return found


def flag_cells(tables):
    """(our name, bit) -> protocol's name, from cells in a row: bit, SMFI?_ name, our name."""
    found = {}
    for _, row in tables:
        for bit, name, ours in zip(row, row[1:], row[2:]):
            if re.fullmatch(r"0x[0-9A-Fa-f]+", bit) and re.match(r"SMFI[FP]_\w+", name):
                found[ours.strip("`"), int(bit, 16)] = name.split()[0]
    return found


# ---- checks: each yields (file, line, finding) -----------------------------------------------------------------

def check_codes(code, tables):
    """Commands in the table with SMFIC_ names, replies in the one with SMFIR_; the answer to the offer is SMFIC_ in both."""
    found = code_cells(tables)
    names = {}
    for kind, prefix in (("command_code", "SMFIC_"), ("reply_code", "SMFIR_")):
        listed = rows(code, kind)
        for line, name, value in enumerators(code, kind):
            byte = value[1]
            wanted = "SMFIC_" if name == "negotiate" else prefix
            candidates = [entry for entry in found.get(byte, []) if entry[3] == name and entry[2].startswith(wanted)]
            if name not in listed:
                yield CODES, line, f"{kind}::{name} has no row in the table of this file"
            if not candidates:
                yield CODES, line, f"{kind}::{name}, '{byte}': no row of {DOCUMENT} has this byte with {wanted}* and `{name}`"
            for number, hexadecimal, theirs, _ in candidates:
                if hexadecimal.upper() != f"{ord(byte):02X}":
                    yield DOCUMENT, number, f"'{byte}' is {ord(byte):02X}, not {hexadecimal}"
                names.setdefault((theirs, byte), number)
    by_name = {}
    for (theirs, byte), number in names.items():
        if by_name.setdefault(theirs, byte) != byte:
            yield DOCUMENT, number, f"{theirs} stands at '{by_name[theirs]}' and at '{byte}'"


def check_flags(flags, tables):
    found = flag_cells(tables)
    for kind, prefix in (("action", "SMFIF_"), ("step", "SMFIP_")):
        listed = rows(flags, kind)
        for line, name, value in enumerators(flags, kind):
            if name not in listed:  # sums: none, all, all_no
                continue
            if not found.get((name, int(value, 0)), "").startswith(prefix):
                yield FLAGS, line, f"{kind}::{name}, {value}: no row of {DOCUMENT} has this bit, an {prefix} name and `{name}`"


def check_statements(text):
    expected = 1
    for number, line in enumerate(text.split("\n"), 1):
        match = STATEMENT.match(line)
        if not match:
            continue
        if int(match[1]) != expected:
            yield DOCUMENT, number, f"statement {match[1]}, where {expected} was expected"
        expected = int(match[1]) + 1
        if not re.search(r"\([^()]*(\([^()]*\)[^()]*)*\)$", line):
            yield DOCUMENT, number, f"statement {match[1]} names no source in parentheses at its end"
    if expected != STATEMENTS + 1:
        yield DOCUMENT, text.count("\n") + 1, f"the last statement is {expected - 1}, not {STATEMENTS}"


def check_citations(root, text):
    """Sections of the document that comments cite."""
    sections = {match[1] for match in map(SECTION.match, text.split("\n")) if match}
    for top in ("include", "apps", "tests", "docs"):
        for folder, _, names in os.walk(os.path.join(root, top)):
            for name in sorted(names):
                if not name.endswith((".hpp", ".cpp", ".md")):
                    continue
                path = os.path.join(folder, name)
                with open(path, encoding="utf-8") as file:
                    for number, line in enumerate(file, 1):
                        for cited in CITED.findall(line):
                            for section in re.findall(r"\d+(?:\.\d+)*", cited):
                                if section not in sections:
                                    yield os.path.relpath(path, root), number, f"{DOCUMENT} has no section {section}"


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


def main(root):
    try:
        document, code, flags = (read(root, path) for path in (DOCUMENT, CODES, FLAGS))
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    tables = table_lines(document)
    findings = [*check_codes(code, tables), *check_flags(flags, tables), *check_statements(document),
                *check_citations(root, document)]
    for path, line, what in findings:
        print(f"{path}:{line}: {what}", file=sys.stderr)
    read_rows = sum(len(rows(code, kind)) for kind in ("command_code", "reply_code"))
    read_bits = sum(len(rows(flags, kind)) for kind in ("action", "step"))
    print(f"protocol_doc: {len(findings)} findings, {read_rows} codes, {read_bits} flags, {STATEMENTS} statements")
    return 1 if findings or not read_rows or not read_bits else 0


if __name__ == "__main__":
    here = os.path.dirname(os.path.abspath(__file__))
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "..", "..")))
