# SPDX-License-Identifier: BSL-1.0
"""Tiny authoritative DNS server over UDP for the field (A, AAAA, MX, TXT, PTR).

usage: dns_stub.py --addr 127.0.0.53 --port 53 --zone FILE

Zone file lines:  NAME TYPE VALUE   (# comments; MX value "10 host"; TXT: rest
of the line; PTR may be given as "IP PTR name").  A name "*.rest" matches any
name under rest; SERVFAIL as a name's only type is that answer.  Names not found
get NXDOMAIN at once, so nothing waits.
"""
import argparse
import ipaddress
import socket
import struct

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28}


def wire_name(name):
    out = b""
    for lab in name.rstrip(".").split("."):
        if lab:
            raw = lab.encode("idna" if not lab.isascii() else "ascii")
            out += bytes([len(raw)]) + raw
    return out + b"\0"


def rdata(typ, value):
    if typ == "A":
        return ipaddress.IPv4Address(value).packed
    if typ == "AAAA":
        return ipaddress.IPv6Address(value).packed
    if typ == "MX":
        pri, host = value.split()
        return struct.pack("!H", int(pri)) + wire_name(host)
    if typ == "TXT":
        raw = value.encode()
        return b"".join(bytes([len(raw[i : i + 255])]) + raw[i : i + 255] for i in range(0, len(raw), 255)) or b"\0"
    return wire_name(value)


def load(path):
    zone = {}
    with open(path) as f:
        for line in f:
            line = line.split("#", 1)[0] if not (" TXT " in line) else line
            part = line.split(None, 2)
            if len(part) != 3 or line.startswith("#"):
                continue
            name, typ, value = part[0].lower(), part[1].upper(), part[2].strip()
            if typ == "PTR" and not name.endswith(".arpa"):
                name = ipaddress.ip_address(name).reverse_pointer
            zone.setdefault(name, []).append((typ, value))
    return zone


def find(zone, name):
    name = name.lower()
    if name in zone:
        return zone[name]
    labs = name.split(".")
    for i in range(1, len(labs)):
        wild = zone.get("*." + ".".join(labs[i:]))
        if wild:
            return wild
    return None


def answer(zone, q):
    qid, flags, qd, _, _, _ = struct.unpack("!6H", q[:12])
    pos, labs = 12, []
    while q[pos]:
        labs.append(q[pos + 1 : pos + 1 + q[pos]].decode("latin-1"))
        pos += 1 + q[pos]
    pos += 1
    qtype, _ = struct.unpack("!HH", q[pos : pos + 4])
    question = q[12 : pos + 4]
    recs = find(zone, ".".join(labs))
    exists = recs is not None or any(n.endswith("." + ".".join(labs).lower()) for n in zone)
    fails = recs is not None and recs[0][0] == "SERVFAIL"
    ans = b""
    count = 0
    for typ, value in recs if recs and not fails else []:
        if qtype in (TYPES[typ], 255):
            data = rdata(typ, value)
            ans += b"\xc0\x0c" + struct.pack("!HHIH", TYPES[typ], 1, 60, len(data)) + data
            count += 1
    head = struct.pack("!6H", qid, 0x8580 | (flags & 0x0100) | (2 if fails else 0 if exists else 3), 1, count, 0, 0)
    return head + question + ans


def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("--addr", default="127.0.0.53")
    ap.add_argument("--port", type=int, default=53)
    ap.add_argument("--zone", required=True)
    args = ap.parse_args()
    zone = load(args.zone)
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((args.addr, args.port))
    while True:
        try:
            q, peer = s.recvfrom(4096)
            s.sendto(answer(zone, q), peer)
        except (struct.error, IndexError, OSError, ValueError):
            continue


if __name__ == "__main__":
    main()
