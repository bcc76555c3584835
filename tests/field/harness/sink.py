# SPDX-License-Identifier: BSL-1.0
"""SMTP sink: takes every message and keeps envelope + data, one JSON file each.

usage: sink.py --port N --dir DIR [--addr A]

DIR/NNNNNN.json: {"n","peer","helo","mail","rcpts":[...],"size","sha256",
"head": header block (latin-1), "body_size","body_sha256","body": body text
(latin-1, null when over --keep bytes)}.  Files appear by rename, so a reader
never sees half of one.
"""
import argparse
import asyncio
import hashlib
import json
import os


class Sink:
    def __init__(self, args):
        self.args = args
        os.makedirs(args.dir, exist_ok=True)
        have = [int(f[:-5]) for f in os.listdir(args.dir) if f.endswith(".json")]
        self.n = max(have, default=0)

    def save(self, peer, helo, mail, rcpts, data):
        self.n += 1
        head, _, body = data.partition(b"\r\n\r\n")
        if data.startswith(b"\r\n"):
            head, _, body = b"", b"", data[2:]
        rec = {
            "n": self.n,
            "peer": peer,
            "helo": helo,
            "mail": mail,
            "rcpts": rcpts,
            "size": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
            "head": head.decode("latin-1"),
            "body_size": len(body),
            "body_sha256": hashlib.sha256(body).hexdigest(),
            "body": body.decode("latin-1") if len(body) <= self.args.keep else None,
        }
        path = os.path.join(self.args.dir, "%06d.json" % self.n)
        with open(path + ".tmp", "w") as f:
            json.dump(rec, f)
        os.rename(path + ".tmp", path)

    async def client(self, rd, wr):
        peer = wr.get_extra_info("peername")[0]
        helo, mail, rcpts = "", None, []

        def say(line):
            wr.write(line.encode() + b"\r\n")

        say("220 sink.field.test ESMTP sink")
        try:
            while True:
                await wr.drain()
                line = await rd.readline()
                if not line:
                    return
                text = line.decode("latin-1").rstrip("\r\n")
                verb = text[:4].upper()
                if verb == "EHLO":
                    helo, mail, rcpts = text[5:], None, []
                    for k in (
                        "sink.field.test",
                        "PIPELINING",
                        "SIZE 104857600",
                        "8BITMIME",
                        "SMTPUTF8",
                        "DSN",
                        "ENHANCEDSTATUSCODES",
                    ):
                        say("250-" + k)
                    say("250 HELP")
                elif verb == "HELO":
                    helo, mail, rcpts = text[5:], None, []
                    say("250 sink.field.test")
                elif verb == "MAIL":
                    mail, rcpts = text[10:].strip(), []
                    say("250 2.1.0 ok")
                elif verb == "RCPT":
                    rcpts.append(text[8:].strip())
                    say("250 2.1.5 ok")
                elif verb == "DATA":
                    say("354 go")
                    await wr.drain()
                    chunks = []
                    while True:
                        ln = await rd.readline()
                        if not ln:
                            return
                        if ln in (b".\r\n", b".\n"):
                            break
                        chunks.append(ln[1:] if ln.startswith(b".") else ln)
                    self.save(peer, helo, mail, rcpts, b"".join(chunks))
                    say("250 2.0.0 sunk as %d" % self.n)
                    mail, rcpts = None, []
                elif verb == "RSET":
                    mail, rcpts = None, []
                    say("250 2.0.0 ok")
                elif verb == "QUIT":
                    say("221 2.0.0 bye")
                    await wr.drain()
                    return
                elif verb == "NOOP":
                    say("250 2.0.0 ok")
                else:
                    say("502 5.5.2 what")
        except (ConnectionError, ValueError, asyncio.IncompleteReadError):
            pass
        finally:
            wr.close()


async def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("--port", type=int, required=True)
    ap.add_argument("--addr", default="127.0.0.1")
    ap.add_argument("--dir", required=True)
    ap.add_argument("--keep", type=int, default=16384)
    args = ap.parse_args()
    sink = Sink(args)
    srv = await asyncio.start_server(sink.client, args.addr, args.port, limit=1 << 24)
    async with srv:
        await srv.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
