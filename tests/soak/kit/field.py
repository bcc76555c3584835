# SPDX-License-Identifier: BSL-1.0
"""The MTAs of tests/field with chains of our own, their sink, and a client that sends to them."""
import json
import os
import re
import subprocess
import sys
import time

FIELD = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "field"))
sys.path.insert(0, FIELD)
from harness import field as harness  # noqa: E402
from harness import ports, tables  # noqa: E402

MANAGER_PORT = 390  # offset: the harness leaves the last ten of its ports alone


def missing(mta, *programs):
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    return harness.missing(mta) + [p for p in programs if not os.path.exists(p)]


class Mta:
    """Up from the beginning of a block to its end.  `sockets` gives each chain its milters once the ports are known."""

    name = log_file = ""

    def __init__(self, sockets, only=()):
        self.work, self.base = harness.work_directory(), ports.free_base()
        self.chains, self.only = sockets(self), [self.name, *only]
        self.harness = harness.Field(self.work)

    @property
    def manager_socket(self):
        return "inet:%d@127.0.0.1" % (self.base + MANAGER_PORT)

    def milter_socket(self, name):
        return tables.milters(self.work, self.base)[name]["socket"]

    def __enter__(self):
        command = [os.path.join(FIELD, "up.sh"), "--quiet", "--work", self.work, "--base", str(self.base)]
        command += ["--only", ",".join(self.only)]
        for name, sockets in self.chains.items():
            command += ["--extra", "%s=%s" % (name, ",".join(sockets))]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode:
            self.__exit__()
            raise RuntimeError("the field does not start: " + done.stderr)
        with open(os.path.join(self.work, "field.json"), encoding="utf-8") as f:
            self.config = json.load(f)
        return self

    def __exit__(self, *_):
        self.harness.down(remove=True)

    def port(self, chain):
        return self.config["chains"][chain][self.name + "_port"]

    def log(self):
        with open(os.path.join(self.work, self.log_file), encoding="utf-8", errors="replace") as f:
            return f.read()

    def drained(self, limit):
        """Wait until all that was accepted has been delivered; whether it was."""
        end = time.monotonic() + limit
        while not self.queue_is_empty():
            if time.monotonic() > end:
                return False
            time.sleep(0.3)
        return True

    def delivered(self):
        """What the sink has."""
        out = []
        for name in sorted(os.listdir(self.config["sink_dir"])):
            if name.endswith(".json"):
                with open(os.path.join(self.config["sink_dir"], name), encoding="utf-8") as f:
                    out.append({**json.load(f), "path": os.path.join(self.config["sink_dir"], name)})
        return out

    def in_namespace(self, *command, **options):
        """Run where the field's resolver is."""
        inside = [os.path.join(FIELD, "lib/infield.sh"), self.work]
        return subprocess.run(
            ["unshare", "-m", "--propagation", "private", *inside, *command], capture_output=True, **options
        )


class Postfix(Mta):
    name, log_file = "postfix", "postfix/log/maillog"

    def queue_is_empty(self):
        command = ["postqueue", "-c", os.path.join(self.work, "postfix/etc"), "-p"]
        return "queue is empty" in subprocess.run(command, capture_output=True, text=True).stdout


class Sendmail(Mta):
    name, log_file = "sendmail", "log/sendmail.out"  # it logs to syslog, which the field has not

    def queue_is_empty(self):
        return not any(f[:2] in ("qf", "tf", "xf") for f in os.listdir(os.path.join(self.work, "sendmail/queue")))


def headers(head):
    """[(name, value)] of a header block; folds stay."""
    out = []
    for line in head.split("\r\n"):
        if line[:1] in (" ", "\t") and out:
            out[-1] = out[-1][0], out[-1][1] + "\r\n" + line
        elif ":" in line:
            out.append(tuple(line.split(":", 1)))
    return out


def send(client, sender, recipients, data, options=()):
    """(stage, code, text) of the last answer, per-recipient codes; the session stays usable unless it says 421."""
    refused = {}
    client.ehlo_or_helo_if_needed()
    code, text = client.mail(sender, options)
    if code != 250:
        return ("mail", code, text), refused
    for one in recipients:
        code, text = client.rcpt(one)
        if code != 250:
            refused[one] = code, text
    if len(refused) == len(recipients):
        client.rset()
        return ("rcpt", code, text), refused
    client.putcmd("data")
    code, text = client.getreply()
    if code != 354:
        return ("data", code, text), refused
    client.send(re.sub(rb"(?m)^\.", b"..", data) + b".\r\n")
    code, text = client.getreply()
    return ("end_of_message", code, text), refused
