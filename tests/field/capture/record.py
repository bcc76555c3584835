#!/usr/bin/python3 -B
# SPDX-License-Identifier: BSL-1.0
"""Play scenarios on a field that is up and capture the MTA<->milter traffic of each on lo.

usage: capture/record.py --work DIR --mta postfix|sendmail --out DIR [--chain C] [--no-slow] [NAME|GROUP...]

For each scenario: DIR/NAME.pcap (tcpdump, milter ports only) and
DIR/NAME.expect.json: the scenario's result (what the SMTP client saw, what was
delivered, what the field milters logged) plus "decode", every milter packet as
decode.py reads it.
"""
import argparse
import json
import os
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]
import decode  # noqa: E402
from harness import tables  # noqa: E402
from scenarios import play, select  # noqa: E402


class Capture:
    """tcpdump on the milters' ports, from when it listens until the block ends."""

    def __init__(self, field, path, iface):
        self.path = path
        ports = "tcp portrange %d-%d" % (field["base"] + tables.MILTER, field["base"] + tables.MANAGER - 1)
        # without --immediate-mode the last second is lost at SIGINT
        self.command = [
            "tcpdump",
            "-i",
            iface,
            "-n",
            "-U",
            "--immediate-mode",
            "-B",
            "16384",
            "-Z",
            "root",
            "-w",
            path,
            ports,
        ]
        self.report = ""

    def __enter__(self):
        self.dump = subprocess.Popen(self.command, stderr=subprocess.PIPE)
        for line in self.dump.stderr:
            if b"listening on" in line:
                break
        return self

    def __exit__(self, *exc):
        time.sleep(0.3)
        self.dump.send_signal(signal.SIGINT)
        self.report = self.dump.communicate()[1].decode()


def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("--work", required=True, help="work directory of the field")
    ap.add_argument("--mta", required=True, choices=["postfix", "sendmail"])
    ap.add_argument("--out", required=True)
    ap.add_argument("--chain")
    ap.add_argument("--iface", default="lo")
    ap.add_argument("--no-slow", action="store_true")
    ap.add_argument("names", nargs="*")
    args = ap.parse_args()
    with open(os.path.join(args.work, "field.json")) as f:
        field = json.load(f)
    os.makedirs(args.out, exist_ok=True)
    ports = {str(m["port"]): n for n, m in field["milters"].items() if m["port"]}
    for s in select(args.names, args.mta, not args.no_slow):
        path = os.path.join(args.out, s["name"] + ".pcap")
        with Capture(field, path, args.iface) as capture:
            result = play(field, args.mta, s, args.chain)
        records = decode.run(path)
        dropped = [x for x in capture.report.splitlines() if "dropped by kernel" in x]
        result["capture"] = {
            "file": s["name"] + ".pcap",
            "bytes": os.path.getsize(path),
            "dropped": dropped,
            "milter_ports": ports,
        }
        result["summary"] = decode.summary(records)
        result["decode"] = records
        with open(os.path.join(args.out, s["name"] + ".expect.json"), "w") as f:
            json.dump(result, f, separators=(",", ":"))
            f.write("\n")
        print(
            "%-30s %6.2fs pcap %8d%s"
            % (
                s["name"],
                result["seconds"],
                os.path.getsize(path),
                " ERROR " + result["error"] if "error" in result else "",
            ),
            flush=True,
        )


if __name__ == "__main__":
    main()
