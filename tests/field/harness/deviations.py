# SPDX-License-Identifier: BSL-1.0
"""deviations.toml: where a manager is allowed to differ from the MTA, exactly how, and why.

    [[deviation]]
    mta      = "postfix"     # or "sendmail", or "both" where the same shows
    scenario = "chain_quar_a"
    reason   = "..."
    macros   = true          # the macros differ, which only --macros looks at; besides the entry without
    waves    = true          # of a manager that shows a message to several milters at once, in place of the
                             # entry without, which is all that --serial looks at
    diff = '''
    ...'''

The diff is what difference() gives: unified, two lines of context, in place of
line numbers the heading (session, milter connection, message) that a hunk is
under.  A listed deviation that does not show fails as an unlisted one does.
"""
import difflib
import os
import re
import tomllib

from .compare import canonical
from .tables import HERE

FILE = os.path.join(HERE, "deviations.toml")
_MTAS = ("postfix", "sendmail")
_KEYS = {"mta", "scenario", "reason", "diff", "macros", "waves"}


def _printable(line):
    """The line as a TOML literal string can hold it."""
    line = re.sub(r"[\x00-\x08\x0a-\x1f\x7f-\xa0]", lambda m: "\\x%02x" % ord(m.group(0)), line)
    return line.replace("'''", "'\\x27'")


def _heading(lines, upto):
    """The last line without indent before this one."""
    for i in range(min(upto, len(lines)) - 1, -1, -1):
        if not lines[i].startswith(" "):
            return lines[i]
    return "start"


def difference(expected, actual):
    """Expected and actual lines -> lines of a diff, none if they are equal."""
    if expected == actual:
        return []
    out = []
    for line in list(difflib.unified_diff(expected, actual, lineterm="", n=2))[2:]:
        hunk = re.match(r"@@ -(\d+)", line)
        out.append("@@ " + _heading(expected, int(hunk.group(1))) if hunk else line)
    return [_printable(x) for x in out]


def macro_difference(expected, actual):
    """Two results -> lines of a diff of the macros at those callbacks that both have."""
    bare = [canonical(r, True, False) for r in (expected, actual)]
    full = [canonical(r, True, True) for r in (expected, actual)]
    out = []
    for i, j, size in difflib.SequenceMatcher(None, *bare, autojunk=False).get_matching_blocks():
        for a, b in zip(range(i, i + size), range(j, j + size)):
            if full[0][a] != full[1][b]:
                out += ["@@ " + _heading(bare[0], a), "-" + full[0][a], "+" + full[1][b]]
    return [_printable(x) for x in out]


class Deviations:
    def __init__(self, entries):
        self._by = {}
        for e in entries:
            where = "deviation %s %s" % (e.get("mta"), e.get("scenario"))
            unknown, lacking = set(e) - _KEYS, {"mta", "scenario", "reason", "diff"} - set(e)
            if unknown or lacking:
                raise ValueError("%s: unknown %s, lacking %s" % (where, sorted(unknown), sorted(lacking)))
            if not e["reason"].strip():
                raise ValueError(where + ": no reason")
            for mta in _MTAS if e["mta"] == "both" else (e["mta"],):
                key = (mta, e["scenario"], e.get("macros", False), e.get("waves", False))
                if key in self._by:
                    raise ValueError(where + ": twice")
                self._by[key] = e

    @classmethod
    def read(cls, path=FILE):
        with open(path, "rb") as f:
            return cls(tomllib.load(f).get("deviation", []))

    def get(self, mta, scenario, macros=False, waves=True):
        """The entry for a run in waves or for a serial one, or None."""
        general = self._by.get((mta, scenario, macros, False))
        return self._by.get((mta, scenario, macros, True), general) if waves else general

    def scenarios(self):
        return {key[:2] for key in self._by}

    def judge(self, mta, scenario, diff, macros=False, waves=True):
        """What is wrong with this difference, in words; "" if it is as listed."""
        entry = self.get(mta, scenario, macros, waves)
        if entry is None:
            return "differs" if diff else ""
        if not diff:
            return "the listed deviation does not show"
        if diff != entry["diff"].rstrip("\n").split("\n"):
            return "differs otherwise than listed"
        return ""


def entry_text(mta, scenario, diff, reason="", macros=False, waves=False):
    """An entry ready to be pasted."""
    out = ["[[deviation]]", 'mta = "%s"' % mta, 'scenario = "%s"' % scenario]
    if macros:
        out.append("macros = true")
    if waves:
        out.append("waves = true")
    quoted = reason.replace("\\", "\\\\").replace('"', '\\"')
    return "\n".join(out + ['reason = "%s"' % quoted, "diff = '''"] + diff + ["'''"]) + "\n"
