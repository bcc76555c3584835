# SPDX-License-Identifier: BSL-1.0
"""How good captures are damaged: each function makes several files, from the same packets always.

x.base holds the packets of the good ones, x.out() writes a file and what must be decoded from it: name, packets,
base, what was done, and whether all packets of the base must come out (None: whatever the decoder says).
"""
import gzip
import os
import random
import struct

from packet import Packet


def loss_and_order(x):
    """Duplicates, reordering, loss."""
    S = x.base["several_messages"]
    SP = [Packet(*p) for p in S]
    datai = [i for i, p in enumerate(SP) if p.data]
    pk = []
    for i, p in enumerate(S):
        pk.append(p)
        if i in datai[::5]:
            pk.append((p[0] + 200000, p[1]))
    x.out("retransmit_dup", pk, "several_messages", "every 5th data packet a second time at once", True)
    pk = list(S)
    for i in datai[2::7]:
        pk.append((S[-1][0] + 1000000, S[i][1]))
    x.out("retransmit_late", pk, "several_messages", "old data packets again after the connection's end", True)
    pk = list(S)
    for i in datai[3::6]:
        j = i + 1
        if j < len(pk):
            (t1, a), (t2, b) = pk[i], pk[j]
            pk[i], pk[j] = (t1, b), (t2, a)
    x.out("reorder_adjacent", pk, "several_messages", "neighbours swapped", True)
    pk = list(S)
    rnd = random.Random(7)
    for k in range(4, len(pk) - 8, 8):
        part = pk[k : k + 8]
        ts = [x[0] for x in part]
        rnd.shuffle(part)
        pk[k : k + 8] = [(t, x[1]) for t, x in zip(ts, part)]
    x.out("reorder_window8", pk, "several_messages", "shuffled within windows of 8 packets, both directions", True)
    pk, held = [], None
    for i, p in enumerate(S):
        if i == datai[10]:
            held = p
            continue
        pk.append(p)
        if held and i == datai[16]:
            pk.append((p[0] + 1000, held[1]))
    x.out(
        "loss_then_retransmit",
        pk,
        "several_messages",
        "one data packet missing at its place and seen 6 data packets later",
        True,
    )
    pk = [p for i, p in enumerate(S) if i != datai[20]]
    x.out("loss_for_good", pk, "several_messages", "one data packet (one milter packet) never captured: a hole", False)
    pk = [p for i, p in enumerate(S) if i not in datai[20:24]]
    x.out("loss_run", pk, "several_messages", "four data packets in a row never captured", False)


def segmentation(x):
    """Segments of other sizes; overlaps; keep-alives."""
    S = x.base["several_messages"]
    SP = [Packet(*p) for p in S]
    pk = []
    for (ts, fr), p in zip(S, SP):
        if len(p.data) > 7:
            for k in range(0, len(p.data), 7):
                pk.append(p.frame(p.data[k : k + 7], p.seq + k, ts + k))
        else:
            pk.append((ts, fr))
    x.out("segments_of_7", pk, "several_messages", "all data in 7-byte segments: length words and commands split", True)
    pk = []
    for (ts, fr), p in zip(S, SP):
        if len(p.data) > 1:
            for k in range(len(p.data)):
                pk.append(p.frame(p.data[k : k + 1], p.seq + k, ts + k))
        else:
            pk.append((ts, fr))
    x.out("segments_of_1", pk, "several_messages", "one byte per segment", True)
    pk = []
    for (ts, fr), p in zip(S, SP):
        n = len(p.data)
        if n > 12:
            pk.append(p.frame(p.data[:8], p.seq, ts))
            pk.append(p.frame(p.data[4 : n - 2], p.seq + 4, ts + 10))
            pk.append(p.frame(p.data[6:], p.seq + 6, ts + 20))
        else:
            pk.append((ts, fr))
    x.out("overlap_same", pk, "several_messages", "segments that overlap with the same bytes", True)
    pk = []
    for (ts, fr), p in zip(S, SP):
        n = len(p.data)
        if n > 12:
            pk.append(p.frame(p.data[:8], p.seq, ts))
            pk.append(p.frame(b"\xee" * 4 + p.data[8:], p.seq + 4, ts + 10))
        else:
            pk.append((ts, fr))
    x.out("overlap_conflict", pk, "several_messages", "the overlap carries other bytes: the first copy counts", True)
    pk = []
    for (ts, fr), p in zip(S, SP):
        n = len(p.data)
        if n > 20:
            pk.append(p.frame(p.data[10:], p.seq + 10, ts))
            pk.append(p.frame(p.data[:15], p.seq, ts + 10))
        else:
            pk.append((ts, fr))
    x.out("overlap_out_of_order", pk, "several_messages", "the tail first, then an overlapping head", True)
    pk = []
    for (ts, fr), p in zip(S, SP):
        if p.data:
            pk.append(p.frame(b"", p.seq - 1, ts - 100, 0x10))
            pk.append(p.frame(b"\0", p.seq - 1, ts - 50, 0x10))
        pk.append((ts, fr))
    x.out("keepalives", pk, "several_messages", "keep-alive probes (old sequence number, 0 and 1 byte)", None)
    C = x.base["chunk_edges"]
    pk = []
    for ts, fr in C:
        p = Packet(ts, fr)
        if len(p.data) > 1460:
            for k in range(0, len(p.data), 1460):
                pk.append(p.frame(p.data[k : k + 1460], p.seq + k, ts + k))
        else:
            pk.append((ts, fr))
    x.out("mtu_1500", pk, "chunk_edges", "64 kB loopback segments cut to Ethernet size", True)


def coalescing(x):
    """One TCP segment with many milter packets (a session without replies does so by itself)."""
    S = x.base["several_messages"]
    SP = [Packet(*p) for p in S]
    pk, pend = [], None
    for (ts, fr), p in zip(S, SP):
        if pend and p.flow == pend.flow and p.data and p.seq == (pend.seq + len(pend.data)) & 0xFFFFFFFF:
            pend.data = pend.data + p.data
            continue
        if pend and (p.flow != pend.flow and not p.data):
            continue
        if pend:
            pk.append(pend.frame())
            pend = None
        if p.data:
            q = Packet(ts, fr)
            pend = q
        else:
            pk.append((ts, fr))
    if pend:
        pk.append(pend.frame())
    x.out("coalesced", pk, "several_messages", "neighbouring segments of one side merged", True)


def starts_and_ends(x):
    """Captures that begin late, end early, or lack some kind of packet."""
    S = x.base["several_messages"]
    SP = [Packet(*p) for p in S]
    datai = [i for i, p in enumerate(SP) if p.data]
    x.out(
        "midstream_boundary",
        S[datai[4] :],
        "several_messages",
        "capture starts after connect: no SYN, no OPTNEG, at a packet border",
        False,
    )
    p = SP[datai[6]]
    pk = [p.frame(p.data[9:], p.seq + 9)] + S[datai[6] + 1 :]
    x.out("midstream_midpacket", pk, "several_messages", "capture starts inside a milter packet", False)
    x.out(
        "no_synack",
        [x for x, p in zip(S, SP) if p.flags & 0x12 != 0x12],
        "several_messages",
        "SYN-ACK not captured",
        True,
    )
    x.out(
        "no_syn",
        [x for x, p in zip(S, SP) if not p.flags & 2],
        "several_messages",
        "neither SYN nor SYN-ACK captured, all data is there",
        True,
    )
    x.out(
        "no_fin",
        [x for x, p in zip(S, SP) if not p.flags & 1],
        "several_messages",
        "no FIN: the capture ends with the connection open",
        True,
    )
    x.out(
        "stops_midpacket",
        S[: datai[12]] + [SP[datai[12]].frame(SP[datai[12]].data[:3])],
        "several_messages",
        "the capture ends 3 bytes into a packet",
        False,
    )
    mta = SP[0].flow
    x.out("one_way_mta", [x for x, p in zip(S, SP) if p.flow == mta], "several_messages", "only MTA to milter", False)
    x.out(
        "one_way_milter", [x for x, p in zip(S, SP) if p.flow != mta], "several_messages", "only milter to MTA", False
    )
    last = SP[datai[14]]
    x.out(
        "rst_mid", S[: datai[14]] + [last.frame(b"", None, None, 0x14)], "several_messages", "RST in mid session", False
    )
    x.out("snaplen_96", S, "several_messages", "snaplen 96: headers whole, data cut", False, snap=96)
    x.out("snaplen_200", S, "several_messages", "snaplen 200", False, snap=200)
    size = 24 + sum(16 + len(d) for _, d in S)
    x.out("file_cut", S, "several_messages", "the file ends inside a record", False, cut=size * 2 // 3)
    x.out("header_only", [], "several_messages", "a capture file without packets", False)


def numbers(x):
    """Sequence numbers that wrap, ports that are used again, a clock that jumps."""
    S = x.base["several_messages"]
    SP = [Packet(*p) for p in S]
    isn = {}
    pk = []
    for (ts, fr), p in zip(S, SP):
        if p.flow not in isn and p.flags & 2:
            isn[p.flow] = p.seq
    want = {f: 0xFFFFFFFF - 300 - 17 * k for k, f in enumerate(isn)}
    other = {f: next(g for g in isn if g != f) for f in isn} if len(isn) == 2 else {}
    for (ts, fr), p in zip(S, SP):
        p = Packet(ts, fr)
        f = p.flow
        if f in want and other:
            p.seq = (p.seq - isn[f] + want[f]) & 0xFFFFFFFF
            if p.flags & 16:
                p.ack = (p.ack - isn[other[f]] + want[other[f]]) & 0xFFFFFFFF
        pk.append(p.frame())
    x.out("seq_wrap", pk, "several_messages", "sequence numbers wrap past 2^32 early in the session", True)
    shift = S[-1][0] - S[0][0] + 10**9
    pk = list(S)
    for (ts, fr), p in zip(S, SP):
        q = Packet(ts + shift, fr)
        q.seq = (q.seq + 777777) & 0xFFFFFFFF
        q.ack = (q.ack + 777777) & 0xFFFFFFFF
        pk.append(q.frame())
    x.out(
        "port_reuse",
        pk,
        "several_messages",
        "the same address and port pair opens a second connection (base twice)",
        None,
    )
    pk = list(S)
    pk = [(t - (5 * 10**9 if i > len(pk) // 2 else 0), d) for i, (t, d) in enumerate(pk)]
    x.out("time_backwards", pk, "several_messages", "the clock jumps back 5 s in mid session", True)


def link_layers(x):
    """Other link layers and forms of the file."""
    S = x.base["several_messages"]
    v = lambda fr, *tags: fr[:12] + b"".join(tags) + fr[12:]
    x.out("vlan", [(t, v(d, b"\x81\x00\x00\x64")) for t, d in S], "several_messages", "802.1Q tag 100", True)
    x.out(
        "qinq",
        [(t, v(d, b"\x88\xa8\x00\x0a", b"\x81\x00\x00\x64")) for t, d in S],
        "several_messages",
        "802.1ad + 802.1Q tags",
        True,
    )
    x.out(
        "sll",
        [(t, b"\0\0\x03\x04\0\6" + b"\0" * 8 + d[12:14] + d[14:]) for t, d in S],
        "several_messages",
        "LINKTYPE_LINUX_SLL",
        True,
        link=113,
    )
    x.out(
        "sll2",
        [(t, d[12:14] + b"\0\0" + b"\0\0\0\1" + b"\x03\x04\0\6" + b"\0" * 8 + d[14:]) for t, d in S],
        "several_messages",
        "LINKTYPE_LINUX_SLL2",
        True,
        link=276,
    )
    x.out("raw_ip", [(t, d[14:]) for t, d in S], "several_messages", "LINKTYPE_RAW", True, link=101)
    x.out("bsd_null", [(t, b"\2\0\0\0" + d[14:]) for t, d in S], "several_messages", "LINKTYPE_NULL", True, link=0)
    x.out("nano", S, "several_messages", "nanosecond pcap", True, nano=True)
    x.out("big_endian", S, "several_messages", "pcap of the other byte order", True, big=True)
    x.out(
        "ipv6_vlan",
        [(t, v(d, b"\x81\x00\x00\x64")) for t, d in x.base["ipv6_milter"]],
        "ipv6_milter",
        "IPv6 under 802.1Q",
        True,
    )
    raw = open(os.path.join(x.source, "several_messages.pcap"), "rb").read()
    with open(os.path.join(x.target, "gzipped.pcap.gz"), "wb") as f:
        f.write(gzip.compress(raw, 6, mtime=0))
    x.keep("gzipped", "several_messages", "gzip'd pcap", True, ext="pcap.gz")


def pcapng(x):
    """A pcapng file by hand: two interfaces (us and ns), a comment, a name block."""
    S = x.base["several_messages"]

    def opt(code, val):
        return struct.pack("<HH", code, len(val)) + val + b"\0" * (-len(val) % 4)

    def block(t, body):
        n = 12 + len(body)
        return struct.pack("<II", t, n) + body + struct.pack("<I", n)

    ng = [
        block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + opt(4, b"derive.py") + opt(0, b"")),
        block(1, struct.pack("<HHI", 1, 0, 262144) + opt(2, b"lo") + opt(0, b"")),
        block(1, struct.pack("<HHI", 1, 0, 262144) + opt(9, b"\x09") + opt(0, b"")),
        block(4, struct.pack("<HH", 0, 0)),
    ]
    for i, (t, d) in enumerate(S):
        k = i % 2
        u = t // 1000 if k == 0 else t
        body = struct.pack("<IIIII", k, u >> 32, u & 0xFFFFFFFF, len(d), len(d)) + d + b"\0" * (-len(d) % 4)
        if i == 3:
            body += opt(1, b"a comment") + opt(0, b"")
        ng.append(block(6, body))
    with open(os.path.join(x.target, "two_interfaces.pcapng"), "wb") as f:
        f.write(b"".join(ng))
    x.keep(
        "two_interfaces",
        "several_messages",
        "pcapng, two interfaces with different time units, options",
        True,
        ext="pcapng",
    )


def many_connections(x):
    """Eight interleaved connections."""
    X = x.base["concurrent"]
    pk = list(X)
    rnd = random.Random(11)
    for k in range(0, len(pk) - 6, 6):
        part = pk[k : k + 6]
        ts = [x[0] for x in part]
        rnd.shuffle(part)
        pk[k : k + 6] = [(t, x[1]) for t, x in zip(ts, part)]
    x.out("concurrent_reordered", pk, "concurrent", "8 interleaved connections, shuffled in windows of 6", True)


ALL = [loss_and_order, segmentation, coalescing, starts_and_ends, numbers, link_layers, pcapng, many_connections]
