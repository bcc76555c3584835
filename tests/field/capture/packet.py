# SPDX-License-Identifier: BSL-1.0
"""Packets taken apart and put together anew; writing capture files."""
import struct


def write(path, pkts, link=1, nano=False, big=False, snap=262144, cut=None):
    e = ">" if big else "<"
    unit = 1 if nano else 1000
    out = [struct.pack(e + "IHHiIII", 0xA1B23C4D if nano else 0xA1B2C3D4, 2, 4, 0, 0, snap, link)]
    for ts, d in pkts:
        cap = d[:snap]
        out.append(struct.pack(e + "IIII", ts // 10**9, ts % 10**9 // unit, len(cap), len(d)) + cap)
    raw = b"".join(out)
    if cut:
        raw = raw[:cut]
    with open(path, "wb") as f:
        f.write(raw)


class Packet:
    """A TCP packet taken apart (Ethernet + IPv4 or IPv6)"""

    def __init__(self, ts, frame):
        self.ts, self.eth = ts, frame[:14]
        ip = frame[14:]
        self.v6 = ip[0] >> 4 == 6
        hl = 40 if self.v6 else (ip[0] & 15) * 4
        self.ip = bytearray(ip[:hl])
        t = ip[hl:]
        off = (t[12] >> 4) * 4
        self.tcp = bytearray(t[:off])
        self.data = t[off:]
        self.sport, self.dport, self.seq, self.ack = struct.unpack("!HHII", t[:12])
        self.flags = t[13]
        self.flow = (bytes(self.ip[12:16] if not self.v6 else self.ip[8:24]), self.sport, self.dport)

    def frame(self, data=None, seq=None, ts=None, flags=None):
        data = self.data if data is None else data
        seq = self.seq if seq is None else seq & 0xFFFFFFFF
        tcp = bytearray(self.tcp)
        tcp[4:8] = struct.pack("!I", seq)
        tcp[8:12] = struct.pack("!I", self.ack & 0xFFFFFFFF)
        if flags is not None:
            tcp[13] = flags
        tcp[16:18] = b"\0\0"
        ip = bytearray(self.ip)
        if self.v6:
            ip[4:6] = struct.pack("!H", len(tcp) + len(data))
            pseudo = bytes(ip[8:40]) + struct.pack("!II", len(tcp) + len(data), 6)
        else:
            ip[2:4] = struct.pack("!H", len(ip) + len(tcp) + len(data))
            ip[10:12] = b"\0\0"
            ip[10:12] = struct.pack("!H", csum(bytes(ip)))
            pseudo = bytes(ip[12:20]) + struct.pack("!BBH", 0, 6, len(tcp) + len(data))
        tcp[16:18] = struct.pack("!H", csum(pseudo + bytes(tcp) + data))
        return (self.ts if ts is None else ts, self.eth + bytes(ip) + bytes(tcp) + data)


def csum(b):
    if len(b) % 2:
        b += b"\0"
    s = sum(struct.unpack("!%dH" % (len(b) // 2), b))
    while s >> 16:
        s = (s & 0xFFFF) + (s >> 16)
    return ~s & 0xFFFF
