# SPDX-License-Identifier: BSL-1.0
"""What was found: one line each on standard output, all of it as JSON."""
import json
import threading
import time


class Report:
    def __init__(self):
        self.findings, self.measured, self.skipped, self.seconds = [], {}, {}, {}
        self.passed, self.check, self.lock = {}, "", threading.Lock()

    def begin(self, check):
        self.check, self.began = check, time.monotonic()
        self.passed[check] = 0

    def finish(self):
        self.seconds[self.check] = round(time.monotonic() - self.began, 1)
        bad = sum(f["check"] == self.check for f in self.findings)
        if self.check in self.skipped:
            return
        print(
            "%s %s: %d expectations met, %d not; %.0f s"
            % ("FAILED" if bad else "passed", self.check, self.passed[self.check], bad, self.seconds[self.check]),
            flush=True,
        )

    def expect(self, holds, what, expected="", seen=""):
        """One expectation. @return whether it holds"""
        with self.lock:
            if holds:
                self.passed[self.check] += 1
                return True
            self.findings.append({"check": self.check, "what": what, "expected": str(expected), "seen": str(seen)})
            line = "FINDING %s: %s: expected %s, seen %s" % (self.check, what, expected, seen)
            print(line.replace("\n", " / "), flush=True)
            return False

    def equal(self, seen, expected, what):
        return self.expect(seen == expected, what, expected, seen)

    def measure(self, name, value, unit=""):
        with self.lock:
            self.measured.setdefault(self.check, {})[name] = value
            print("        %s: %s = %s %s" % (self.check, name, value, unit), flush=True)

    def skip(self, why):
        self.skipped[self.check] = why
        print("skipped %s: %s" % (self.check, why), flush=True)

    def write(self, path, about):
        with open(path, "w", encoding="utf-8") as f:
            json.dump(
                {
                    **about,
                    "findings": self.findings,
                    "measured": self.measured,
                    "skipped": self.skipped,
                    "met": self.passed,
                    "seconds": self.seconds,
                },
                f,
                indent=1,
            )
            f.write("\n")
