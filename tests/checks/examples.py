#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""examples.py [ROOT] - fails when a guide shows code that no example has

Each block of docs/library/*.md that begins with ```cpp stands, line by line, in one file of docs/examples, where it is built
and run (tests/consumer/find_package; those in the folder filter: tests/apps/example_milters.cpp). Indentation does not
count. A line "// ..." in a block leaves lines out; what follows it
comes later in the same file. A block that begins with ```cpp fragment is not looked for.
Each finding is one line, "file:line: what", so that an editor can jump to it.
"""

import glob
import os
import sys

GUIDES = "docs/library/*.md"
EXAMPLES = ("docs/examples/*.cpp", "docs/examples/*.hpp", "docs/examples/*/*.cpp")
LEFT_OUT = "// ..."


def read(root, pattern):
    """Path relative to the root -> lines, without indentation."""
    found = {}
    for path in sorted(glob.glob(os.path.join(root, pattern))):
        with open(path, encoding="utf-8") as file:
            found[os.path.relpath(path, root)] = [line.strip() for line in file]
    return found


def blocks(lines):
    """Blocks of code: (line number, what follows the fence, lines). One that is never closed ends with the page."""
    start, kind, inside = 0, "", []
    for number, line in enumerate([*lines, "```"], 1):
        if not line.startswith("```"):
            inside.append(line)
        elif not start:
            start, kind, inside = number, line[3:].strip(), []
        else:
            yield start, kind, inside
            start = 0


def pieces(block):
    """The block, cut where it leaves lines out; a piece has no empty lines at its ends."""
    cut = [[]]
    for line in block:
        if line == LEFT_OUT:
            cut.append([])
        elif line or cut[-1]:
            cut[-1].append(line)
    for piece in cut:
        while piece and not piece[-1]:
            piece.pop()
    return [piece for piece in cut if piece]


def find(lines, piece, start):
    """Where the line after the first `piece` at or behind `start` is; None when there is none."""
    for at in range(start, len(lines) - len(piece) + 1):
        if lines[at:at + len(piece)] == piece:
            return at + len(piece)
    return None


def shows(lines, wanted):
    """How many pieces of `wanted` the file has, in order, until one is missing."""
    at = 0
    for count, piece in enumerate(wanted):
        at = find(lines, piece, at)
        if at is None:
            return count
    return len(wanted)


def first_difference(examples, piece):
    """The line of a piece that is to blame: the first that no file has after those before it."""
    longest = 0
    for lines in examples.values():
        while longest < len(piece) and find(lines, piece[:longest + 1], 0) is not None:
            longest += 1
    return piece[min(longest, len(piece) - 1)]


def check_page(page, lines, examples):
    """Findings (line, text) of one page, and how many blocks it was looked for."""
    findings, count = [], 0
    for number, kind, block in blocks(lines):
        words = kind.split()
        if words[:1] != ["cpp"] or words == ["cpp", "fragment"]:
            continue
        count += 1
        wanted = pieces(block)
        if words != ["cpp"]:
            findings.append((number, f'"{kind}": a block is cpp or cpp fragment'))
        elif not wanted:
            findings.append((number, "an empty block"))
        else:
            best = max((shows(text, wanted) for text in examples.values()), default=0)
            if best < len(wanted):
                blame = first_difference(examples, wanted[best])
                findings.append((number, f'no file of docs/examples has this block; it differs at "{blame}"'))
    return findings, count


def main(root):
    examples = {path: lines for pattern in EXAMPLES for path, lines in read(root, pattern).items()}
    pages = read(root, GUIDES)
    total = findings = 0
    for page, lines in pages.items():
        found, count = check_page(page, lines, examples)
        total += count
        findings += len(found)
        for line, text in found:
            print(f"{page}:{line}: {text}", file=sys.stderr)
    print(f"examples: {findings} findings in {total} blocks of {len(pages)} pages")
    return 1 if findings or not total else 0


if __name__ == "__main__":
    here = os.path.dirname(os.path.abspath(__file__))
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "..", "..")))
