# SPDX-License-Identifier: BSL-1.0
"""Independent decoder of MTA<->milter traffic in a capture file.

usage: decode.py [--port N]... [--full] [--summary] FILE

Reads pcap (us/ns, either byte order), pcapng, each also gzip'd; link types
Ethernet (with VLAN tags), Linux cooked v1/v2, BSD null/loop, raw IP; IPv4 and
IPv6.  Reassembles TCP (retransmits, reordering, overlaps: first copy wins;
snaplen cuts and lost segments are kept as holes) and prints one JSON object
per milter packet, in the order in which the packets became complete:

  {"stream":0,"dir":"mta"|"milter","t":0.0123,"frame":7,"cmd":"C",
   "name":"CONNECT",...fields...}

"dir" is the sender.  Strings are latin-1 (one character per byte).  Long data
is {"len","sha256","head"} unless --full.  Other lines carry "event": "open",
"fin", "rst", "hole" (bytes that the capture lacks), "garbage" (framing lost),
"partial" (the stream ended inside a packet).  A packet that a hole touches has
"incomplete": true.
"""
import argparse
import json
import os
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from milter_packet import MILTER, MTA, Out, decode  # noqa: E402
from pcap_file import network, records, tcp  # noqa: E402
from tcp_stream import Half  # noqa: E402

MAXLEN = 16 << 20
EPHEMERAL = 32768  # ports from here on are those of who connects
PATIENCE = 64  # segments that wait for a lost one


class Conn:
    def __init__(self, n, client, server):
        self.n, self.client, self.server = n, client, server
        self.half = {"mta": Half(), "milter": Half()}

    def parse(self, side, ts, frame, emit):
        h = self.half[side]
        table = MTA if side == "mta" else MILTER
        while len(h.buf) >= 5:
            n = struct.unpack("!I", h.buf[:4])[0]
            c = chr(h.buf[4])
            miss4 = any(a < h.pos + 5 and e > h.pos for a, e in h.miss)
            if miss4 or not 1 <= n <= MAXLEN or c not in table:
                if not h.lost:
                    emit(self, ts, frame, {"event": "garbage", "dir": side, "offset": h.pos})
                h.lost = True
            if h.lost:
                return
            if len(h.buf) < 4 + n:
                return
            body = bytes(h.buf[5 : 4 + n])
            rec = {"dir": side, "cmd": c, "name": table[c], "size": n}
            rec.update(decode(side, c, body, emit.o))
            if any(a < h.pos + 4 + n and e > h.pos for a, e in h.miss):
                rec["incomplete"] = True
            del h.buf[: 4 + n]
            h.pos += 4 + n
            emit(self, ts, frame, rec)

    def resync(self, side, payload):
        """framing lost or mid-stream start: does this segment begin a packet?"""
        table = MTA if side == "mta" else MILTER
        if len(payload) >= 5:
            n = struct.unpack("!I", payload[:4])[0]
            if 1 <= n <= 70000 and chr(payload[4]) in table:
                return True
        return False


class Emit:
    def __init__(self, o, out):
        self.o, self.out, self.t0, self.list = o, out, None, []

    def __call__(self, conn, ts, frame, rec):
        r = {"stream": conn.n, "t": round((ts - self.t0) / 1e9, 6), "frame": frame}
        r.update(rec)
        self.list.append(r)
        if self.out:
            self.out.write(json.dumps(r) + "\n")


class Conversations:
    """The connections of a capture file."""

    def __init__(self, ports, emit):
        self.ports, self.emit = ports, emit
        self.conns, self.count = {}, 0

    def packet(self, frame, ts, src, dst, seq, flags, payload, wlen):
        syn, ack, fin, rst = flags & 2, flags & 16, flags & 1, flags & 4
        key = (src, dst) if (src, dst) in self.conns else (dst, src) if (dst, src) in self.conns else None
        if syn and not ack:
            self.opened(key, frame, ts, src, dst, seq)
            return
        if key is None:
            key = self.ends(src, dst, syn, payload)
            if key is None:
                return
            self.conns[key] = Conn(self.count, *key)
            self.count += 1
            if not syn:
                self.emit(
                    self.conns[key],
                    ts,
                    frame,
                    {"event": "midstream", "client": "%s:%d" % key[0], "server": "%s:%d" % key[1]},
                )
        conn = self.conns[key]
        side = "mta" if (src, dst) == key else "milter"
        h = conn.half[side]
        if syn:
            if h.next is None:
                h.base, h.next = (seq + 1) & 0xFFFFFFFF, 0
            return
        if wlen:
            if not self.data(conn, side, frame, ts, seq, payload, wlen):
                return
        elif not rst and not fin and h.next is None:
            h.base, h.next = seq, 0
        if fin and not h.fin:
            h.fin = True
            self.emit(conn, ts, frame, {"event": "fin", "dir": side})
        if rst:
            self.emit(conn, ts, frame, {"event": "rst", "dir": side})

    def opened(self, key, frame, ts, src, dst, seq):
        """A SYN: a new connection, unless it is the same SYN again."""
        if self.ports and dst[1] not in self.ports:
            return
        if key and self.conns[key].half["mta"].next is not None:
            if (self.conns[key].half["mta"].base - 1) & 0xFFFFFFFF == seq:
                return
        conn = self.conns[(src, dst)] = Conn(self.count, src, dst)
        conn.half["mta"].base, conn.half["mta"].next = (seq + 1) & 0xFFFFFFFF, 0
        self.count += 1
        self.emit(conn, ts, frame, {"event": "open", "client": "%s:%d" % src, "server": "%s:%d" % dst})

    def ends(self, src, dst, syn, payload):
        """(MTA, milter) of a connection whose SYN was not seen, or None: not ours, or nobody knows yet."""
        if self.ports:
            return (src, dst) if dst[1] in self.ports else (dst, src) if src[1] in self.ports else None
        if not payload:
            return None
        if syn:
            return (dst, src)
        if (src[1] < EPHEMERAL) != (dst[1] < EPHEMERAL):  # the ephemeral port is the MTA's
            return (src, dst) if dst[1] < EPHEMERAL else (dst, src)
        c = chr(payload[4]) if len(payload) > 4 else ""
        return (src, dst) if c in MTA and not (c in MILTER and src[1] < dst[1]) else (dst, src)

    def data(self, conn, side, frame, ts, seq, payload, wlen):
        """Bytes of one side; False if they are of no use."""
        h = conn.half[side]
        if h.next is None and not conn.resync(side, payload):
            if not h.told:
                h.told = True
                self.emit(conn, ts, frame, {"event": "garbage", "dir": side, "offset": 0, "note": "mid-packet start"})
            return False
        if h.lost and conn.resync(side, payload) and h.rel(seq) >= h.next:
            h.lost = False
            h.buf = bytearray()
            h.pend = {}
            h.next = h.rel(seq)
            h.pos = h.next
            self.emit(conn, ts, frame, {"event": "resync", "dir": side, "offset": h.pos})
        h.add(seq, payload, wlen, ts, frame)
        if len(h.pend) > PATIENCE:
            self.hole(conn, side, ts, frame)
        conn.parse(side, ts, frame, self.emit)
        return True

    def hole(self, conn, side, ts, frame):
        hole = conn.half[side].skip_hole()
        self.emit(conn, ts, frame, {"event": "hole", "dir": side, "from": hole[0], "to": hole[1]})
        conn.half[side].drain()

    def finish(self, ts, frame):
        """The file has ended: what still waits for lost bytes waits no longer."""
        for conn in self.conns.values():
            for side in ("mta", "milter"):
                h = conn.half[side]
                while h.pend:
                    self.hole(conn, side, ts, frame)
                    conn.parse(side, ts, frame, self.emit)
                if h.buf and not h.lost:
                    self.emit(conn, ts, frame, {"event": "partial", "dir": side, "bytes": len(h.buf)})


def run(path, ports=(), full=False, out=None):
    """Decode a file; the list of records."""
    emit = Emit(Out(full), out)
    conversations = Conversations(ports, emit)
    ts = frame = 0
    for frame, (ts, link, data, _) in enumerate(records(path), 1):
        if emit.t0 is None:
            emit.t0 = ts
        ip = network(link, data)
        t = tcp(ip) if ip else None
        if t:
            src, sport, dst, dport, *rest = t
            conversations.packet(frame, ts, (src, sport), (dst, dport), *rest)
    conversations.finish(ts, frame)
    return emit.list


def summary(recs):
    """one line per stream: the letters, MTA's upper side / milter's lower side"""
    out = {}
    for r in recs:
        if "cmd" in r:
            c = r["cmd"] + (r.get("stage", "") if r["cmd"] == "D" else "")
            out.setdefault(r["stream"], []).append(c if r["dir"] == "mta" else "<" + c)
        else:
            out.setdefault(r["stream"], []).append("[" + r["event"] + (":" + r["dir"] if "dir" in r else "") + "]")
    return {k: " ".join(v) for k, v in out.items()}


def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("file")
    ap.add_argument("--port", type=int, action="append", default=[], help="milter port (default: who got the SYN)")
    ap.add_argument("--full", action="store_true", help="print all data")
    ap.add_argument("--summary", action="store_true", help="one line per connection")
    args = ap.parse_args()
    if args.summary:
        for k, v in summary(run(args.file, args.port)).items():
            print(k, v)
    else:
        run(args.file, args.port, args.full, sys.stdout)


if __name__ == "__main__":
    main()
