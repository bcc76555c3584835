# SPDX-License-Identifier: BSL-1.0
"""Capture files and what is in their frames: pcap, pcapng, link layers, IP, TCP headers."""
import gzip
import ipaddress
import struct


def records(path):
    """yield (ts_ns, linktype, data, origlen)"""
    raw = open(path, "rb").read()
    if raw[:2] == b"\x1f\x8b":
        raw = gzip.decompress(raw)
    magic = raw[:4]
    if magic == b"\x0a\x0d\x0d\x0a":
        yield from pcapng(raw)
        return
    for end in "<>":
        m = struct.unpack(end + "I", magic)[0]
        if m in (0xA1B2C3D4, 0xA1B23C4D):
            break
    else:
        raise SystemExit("%s: not a capture file" % path)
    unit = 1000 if m == 0xA1B2C3D4 else 1
    link = struct.unpack(end + "I", raw[20:24])[0] & 0x0FFFFFFF
    pos = 24
    while pos + 16 <= len(raw):
        sec, frac, cap, orig = struct.unpack(end + "4I", raw[pos : pos + 16])
        data = raw[pos + 16 : pos + 16 + cap]
        pos += 16 + cap
        yield sec * 10**9 + frac * unit, link, data, orig


def pcapng(raw):
    pos, end, ifs = 0, "<", []
    while pos + 12 <= len(raw):
        btype = struct.unpack(end + "I", raw[pos : pos + 4])[0]
        if btype == 0x0A0D0D0A:
            end = "<" if raw[pos + 8 : pos + 12] == b"\x4d\x3c\x2b\x1a" else ">"
            ifs = []
        blen = struct.unpack(end + "I", raw[pos + 4 : pos + 8])[0]
        if blen < 12 or pos + blen > len(raw):
            return
        body = raw[pos + 8 : pos + blen - 4]
        if btype == 1:
            link = struct.unpack(end + "H", body[:2])[0]
            unit, opt = 1000, 8
            while opt + 4 <= len(body):
                code, olen = struct.unpack(end + "HH", body[opt : opt + 4])
                if code == 9 and olen:
                    v = body[opt + 4]
                    unit = 10**9 / (2 ** (v & 127) if v & 128 else 10**v)
                if code == 0:
                    break
                opt += 4 + (olen + 3) // 4 * 4
            ifs.append((link, unit))
        elif btype == 6:
            ifi, hi, lo, cap, orig = struct.unpack(end + "5I", body[:20])
            link, unit = ifs[ifi]
            yield int(((hi << 32) | lo) * unit), link, body[20 : 20 + cap], orig
        elif btype == 3:
            orig = struct.unpack(end + "I", body[:4])[0]
            yield 0, ifs[0][0], body[4 : 4 + orig], orig
        pos += blen


def network(link, d):
    """link-layer frame -> IP packet bytes (or None)"""
    if link == 1:
        if len(d) < 14:
            return None
        typ, off = struct.unpack("!H", d[12:14])[0], 14
        while typ in (0x8100, 0x88A8, 0x9100) and len(d) >= off + 4:
            typ, off = struct.unpack("!H", d[off + 2 : off + 4])[0], off + 4
        return d[off:] if typ in (0x0800, 0x86DD) else None
    if link == 113:
        typ, off = struct.unpack("!H", d[14:16])[0], 16
        while typ in (0x8100, 0x88A8) and len(d) >= off + 4:
            typ, off = struct.unpack("!H", d[off + 2 : off + 4])[0], off + 4
        return d[off:]
    if link == 276:
        typ, off = struct.unpack("!H", d[:2])[0], 20
        while typ in (0x8100, 0x88A8) and len(d) >= off + 4:
            typ, off = struct.unpack("!H", d[off + 2 : off + 4])[0], off + 4
        return d[off:]
    if link in (0, 108):
        return d[4:]
    if link in (12, 14, 101, 228, 229):
        return d
    return None


def tcp(ip):
    """IP packet -> (src, sport, dst, dport, seq, flags, payload, payload_len_on_wire)"""
    if len(ip) < 20:
        return None
    ver = ip[0] >> 4
    if ver == 4:
        ihl = (ip[0] & 15) * 4
        tot = struct.unpack("!H", ip[2:4])[0] or len(ip)
        frag = struct.unpack("!H", ip[6:8])[0]
        if ip[9] != 6 or frag & 0x3FFF:
            return None
        src, dst, off = ipaddress.IPv4Address(ip[12:16]), ipaddress.IPv4Address(ip[16:20]), ihl
    elif ver == 6:
        if len(ip) < 40:
            return None
        plen = struct.unpack("!H", ip[4:6])[0]
        tot = 40 + plen if plen else len(ip)
        nxt, off = ip[6], 40
        while nxt in (0, 43, 60) and len(ip) > off + 2:
            nxt, off = ip[off], off + 8 + ip[off + 1] * 8
        if nxt != 6:
            return None
        src, dst = ipaddress.IPv6Address(ip[8:24]), ipaddress.IPv6Address(ip[24:40])
    else:
        return None
    if len(ip) < off + 20:
        return None
    sport, dport, seq, _, dof, flags = struct.unpack("!HHIIBB", ip[off : off + 14])
    start = off + (dof >> 4) * 4
    return src, sport, dst, dport, seq, flags, ip[start:tot], max(0, tot - start)
