# SPDX-License-Identifier: BSL-1.0
"""Documents in Markdown: what stands below their headings; and the output that they show."""

import difflib
import re


class Finding(Exception):
    """What a document says and is not so."""


class Block:
    def __init__(self, line, kind):
        self.line, self.kind, self.lines, self.used = line, kind, [], False

    @property
    def text(self):
        return "".join(line + "\n" for line in self.lines)


class Part:
    """What stands below one heading, up to the next."""

    def __init__(self, page, title, line):
        self.page, self.title, self.line, self.blocks, self.text = page, title, line, [], ""

    def take(self, kind="indented"):
        """The next block of this kind, "indented" or what stands behind ```, that nobody has used."""
        for block in self.blocks:
            if block.kind == kind and not block.used:
                block.used = True
                return block
        raise Finding("a block is missing: " + (kind or "without a language"))

    @property
    def commands(self):
        """Those within the text, each once, without who runs them; `rules ...` is short for `milter-manager rules ...`."""
        program = r"milter-manager|milter-replay|milter-test-server|milter-test-filter|rules"
        found = re.findall(r"`(?:runuser -u \S+ -- )?((?:%s) [^`]+)`" % program, " ".join(self.text.split()))
        return list(dict.fromkeys(re.sub(r"^rules ", "milter-manager rules ", command) for command in found))

    @property
    def rows(self):
        """Cells of tables."""
        lines = [line for line in self.text.splitlines() if line.startswith("|")]
        return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def parts_of(page, text):
    parts, block = [Part(page, "", 1)], None
    for number, line in enumerate(text.splitlines(), 1):
        if block and block.kind != "indented":
            if line == "```":
                block = None
            else:
                block.lines.append(line)
        elif line.startswith("```"):
            block = Block(number, line[3:])
            parts[-1].blocks.append(block)
        elif line.startswith("    "):
            if not block:
                block = Block(number, "indented")
                parts[-1].blocks.append(block)
            block.lines.append(line[4:])
        else:
            block = None
            if line.startswith("#"):
                parts.append(Part(page, line.strip("# "), number))
            else:
                parts[-1].text += line + "\n"
    return parts


def without_notes(output):
    """Without notes, and what is indented below them."""
    return re.sub(r"^(\S+: )?note: .*\n( .*\n)*", "", output, flags=re.MULTILINE)


def without_remarks(text):
    return re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).strip("\n") + "\n"


def expect(shown, output):
    """The output is what is shown, where a line "..." leaves lines out."""
    pattern = "".join(r"(.*\n)*?" if line == "..." else re.escape(line + "\n") for line in shown.splitlines())
    if not re.fullmatch(pattern, output):
        sides = shown.splitlines(), output.splitlines()
        raise Finding("the output is another one\n" + "\n".join(difflib.unified_diff(*sides, "shown", "said", lineterm="", n=99)))


def expect_is(what, found, wanted):
    if found != wanted:
        raise Finding("%s: %s, not %s" % (what, found, wanted))
