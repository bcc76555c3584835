#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""compile_budget.py CXX [ROOT] - fails when including a header of the library has become much more expensive

The cost of a header is what the compiler has to read for it: lines behind the preprocessor, which are the same on every machine
with the same compiler and Boost (a thousand cost some 30 ms). Budgets are for g++ 12 and Boost 1.81; a row is raised on purpose only.
"""

import os
import subprocess
import sys

BUDGETS = {  # header below include/milter -> thousand lines
    "wire/command.hpp": 68,
    "proto/filter_session.hpp": 74,
    "proto/mta_session.hpp": 78,
    "message/headers.hpp": 68,
    "test/mta.hpp": 82,
    "filter/session.hpp": 80,
    "filter/server.hpp": 140,
    "compat/mfapi.hpp": 140,
    "net/serve_filter.hpp": 132,
    "net/drive_mta.hpp": 132,
}
# What no header may bring along: each costs a consumer a second and more.
BANNED = ("boost/asio.hpp", "bits/regex.h", "nlohmann/json.hpp", "boost/asio/ssl.hpp")
MAY_BRING = {"nlohmann/json.hpp": "_json.hpp"}


def preprocessed(compiler, root, header):
    command = [compiler, "-std=c++20", "-I" + os.path.join(root, "include"), "-E", "-x", "c++", "-"]
    done = subprocess.run(command, input=f"#include <milter/{header}>\n", capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"compile_budget: {header}: {done.stderr.strip()}")
    return done.stdout.split("\n")


def check(compiler, root):
    findings = []
    for header, budget in BUDGETS.items():
        lines = preprocessed(compiler, root, header)
        cost = sum(1 for line in lines if line and not line.startswith("#")) / 1000
        print(f"compile_budget: {header}: {cost:.0f} of {budget} thousand lines")
        if cost > budget:
            findings.append(f"include/milter/{header}:1: {cost:.0f} thousand lines, its budget is {budget}")
        brought = {line.split('"')[1] for line in lines if line.startswith("# ") and '"' in line}
        for banned in BANNED:
            if any(path.endswith("/" + banned) for path in brought) and not header.endswith(MAY_BRING.get(banned, "\0")):
                findings.append(f"include/milter/{header}:1: brings <{banned}> along")
    return findings


def main():
    compiler = sys.argv[1]
    root = sys.argv[2] if len(sys.argv) > 2 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    findings = check(compiler, root)
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
