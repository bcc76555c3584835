# SPDX-License-Identifier: BSL-1.0
"""What a scenario works with: the field, clients, messages, and what came of them.

Nothing here waits for fixed times: a scenario is over when the MTA's queue is
empty and the sink and the milters' logs are quiet.
"""
import glob
import json
import os
import ssl
import subprocess
import time

from .client import Client

QUIET = 0.4  # seconds without a change that count as "nothing more is coming"


class Context:
    def __init__(self, field, mta, name, chain, port=None, timeout=90):
        self.field, self.mta, self.name, self.timeout = field, mta, name, timeout
        self.chain = chain
        self.port = port or self.port_of(chain)
        self.sessions, self.notes = [], []
        self.work = field["work"]
        self.pconf = os.path.join(self.work, "postfix/etc")
        self.squeue = os.path.join(self.work, "sendmail/queue")

    def port_of(self, chain):
        return self.field["chains"][chain][self.mta + "_port"]

    # -- clients and messages
    def client(self, **kw):
        return Client(self, **kw)

    def msg(
        self,
        body="Hello,\r\nthis is the body.\r\n",
        extra=(),
        mods=(),
        subject="field test",
        frm="alice@sender.test",
        to="bob@field.test",
        act=None,
    ):
        """A message; mods and act are orders to the field milters (milters/fieldmilter)."""
        h = [
            ("From", "Alice <%s>" % frm),
            ("To", to),
            ("Subject", subject),
            ("Date", "Mon, 02 Jan 2023 03:04:05 +0000"),
            ("Message-ID", "<%s@sender.test>" % self.name),
        ]
        h += [("X-Mod", m) for m in mods]
        if act:
            h.append(("X-Act", act))
        h += list(extra)
        head = b"".join(n.encode() + b": " + (v if isinstance(v, bytes) else v.encode("utf-8")) + b"\r\n" for n, v in h)
        return head + b"\r\n" + (body if isinstance(body, bytes) else body.encode("utf-8"))

    def one(self, msg=None, helo="client.sender.test", src=None, v6=False, port=None, **kw):
        """Connect, one transaction, quit."""
        c = self.client(src=src, v6=v6, port=port)
        if c.code // 100 == 2 and c.hello(helo) // 100 == 2:
            c.txn(self.msg() if msg is None else msg, **kw)
        c.quit()
        return c

    def last_delivered(self):
        """The newest message at the sink, as it would be sent on."""
        self.settle()
        with open(sorted(glob.glob(self.field["sink_dir"] + "/*.json"))[-1]) as f:
            r = json.load(f)
        return (r["head"] + "\r\n\r\n" + r["body"]).encode("latin-1")

    # -- the MTA's queue
    def queued(self):
        if self.mta == "postfix":
            q = os.path.join(self.work, "postfix/queue")
            return sum(
                len(fs)
                for d in ("maildrop", "incoming", "active", "deferred")
                for _, _, fs in os.walk(os.path.join(q, d))
            )
        return len([f for f in os.listdir(self.squeue) if f[:2] in ("qf", "tf", "xf")])

    def held(self):
        """What is in quarantine; it is taken out."""
        return self._held_postfix() if self.mta == "postfix" else self._held_sendmail()

    def _held_postfix(self):
        out = []
        for d, _, fs in os.walk(os.path.join(self.work, "postfix/queue/hold")):
            for f in fs:
                r = subprocess.run(
                    ["postcat", "-c", self.pconf, "-eh", os.path.join(d, f)],
                    capture_output=True,
                    text=True,
                    errors="surrogateescape",
                )
                out.append({"text": r.stdout.split("\n", 1)[-1]})
                subprocess.run(["postsuper", "-c", self.pconf, "-d", f, "hold"], capture_output=True)
        return out

    def _held_sendmail(self):
        out = []
        for f in sorted(glob.glob(self.squeue + "/hf*")):
            with open(f, encoding="latin-1") as fh:
                lines = [x.rstrip("\n") for x in fh]
            out.append(
                {
                    "reason": next((x[1:] for x in lines if x.startswith("q")), None),
                    "sender": next((x[1:] for x in lines if x.startswith("S")), None),
                    "rcpts": [x[1:] for x in lines if x.startswith("R")],
                    "headers": [x for x in lines if x.startswith("H")],
                }
            )
            for p in (f, f.replace("/hf", "/df")):
                if os.path.exists(p):
                    os.unlink(p)
        return out

    def logs(self):
        """Field milter -> its log."""
        return {os.path.basename(p)[:-6]: p for p in glob.glob(self.field["milter_log_dir"] + "/*.jsonl")}

    def settle(self, limit=40):
        """Wait until the queue is empty and sink and milter logs are quiet."""
        end, last, since = time.time() + limit, None, time.time()
        while time.time() < end:
            state = (
                self.queued(),
                len(os.listdir(self.field["sink_dir"])),
                tuple(os.path.getsize(p) for p in self.logs().values()),
            )
            if state != last:
                last, since = state, time.time()
            elif state[0] == 0 and time.time() - since > QUIET:
                return
            time.sleep(0.05)
        self.notes.append("not settled: %d in the queue" % self.queued())

    def purge(self):
        """Empty the MTA's queue, so that what went wrong here is not delivered in the next scenario."""
        if self.mta == "postfix":
            subprocess.run(["postsuper", "-c", self.pconf, "-d", "ALL"], capture_output=True)
            return
        for f in glob.glob(self.squeue + "/[dhqtx]f*"):
            os.unlink(f)


def _size(path):
    return os.path.getsize(path) if os.path.exists(path) else 0


def _sunk(field):
    return {f for f in os.listdir(field["sink_dir"]) if f.endswith(".json")}


def _milter_lines(logs, since):
    out = {}
    for name, path in logs.items():
        with open(path, "rb") as f:
            f.seek(since.get(name, 0))
            lines = [json.loads(x) for x in f.read().splitlines()]
        if lines:
            out[name] = lines
    return out


def play(field, mta, s, chain=None, port=None):
    """Run one scenario (a row of SCENARIOS); its result."""
    x = Context(field, mta, s["name"], chain or s["chain"], port)
    x.settle(5)
    sunk = _sunk(field)
    since = {n: os.path.getsize(p) for n, p in x.logs().items()}
    mlog = os.path.join(x.work, "postfix/log/maillog")
    mpos = _size(mlog) if mta == "postfix" else 0
    began, err = time.time(), None
    try:
        s["func"](x)
    except (OSError, ssl.SSLError) as e:
        err = "%s: %s" % (type(e).__name__, e)
    x.settle()
    took = time.time() - began
    delivered = []
    for f in sorted(_sunk(field) - sunk):
        with open(os.path.join(field["sink_dir"], f)) as fh:
            delivered.append(json.load(fh))
    res = {
        "scenario": s["name"],
        "doc": s["doc"],
        "mta": mta,
        "chain": x.chain,
        "chain_milters": field["chains"].get(x.chain, {}).get("milters"),
        "port": x.port,
        "sink_port": field["sink_port"],
        "seconds": round(took, 3),
        "sessions": x.sessions,
        "delivered": delivered,
        "held": x.held(),
        "milter_logs": _milter_lines(x.logs(), since),
        "notes": x.notes,
    }
    if err:
        res["error"] = err
    if x.queued():
        x.purge()
    if mta == "postfix" and os.path.exists(mlog):
        with open(mlog, encoding="latin-1") as fh:
            fh.seek(mpos)
            res["mta_log"] = [ln.rstrip("\n") for ln in fh if "milter" in ln or "warning" in ln or "hold" in ln]
    return res
