# SPDX-License-Identifier: BSL-1.0
"""Ports and addresses, chosen at run time; who listens.

usage: python3 -m harness.ports SOCKET...     exit 0 if something listens on all of them

Looks at the kernel's tables and never connects, so that a milter or its log
does not see a probe.
"""
import random
import re
import socket
import sys

BLOCK = 400  # ports that one field uses, from its base on
FIRST, LAST = 12000, 32000  # below the range that the kernel takes for outgoing connections
_LISTEN, _UNIX_LISTEN = "0A", "00010000"


def tcp_ports(listening=True):
    """Local TCP ports in use; without listening those of connections too."""
    out = set()
    for path in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            with open(path) as f:
                rows = f.readlines()[1:]
        except FileNotFoundError:  # a machine without IPv6
            continue
        for row in rows:
            part = row.split()
            if part[3] == _LISTEN or not listening:
                out.add(int(part[1].rsplit(":", 1)[1], 16))
    return out


def free_base():
    """The first of BLOCK ports in a row that nobody uses."""
    used = tcp_ports(listening=False)
    for _ in range(1000):
        base = random.randrange(FIRST, LAST - BLOCK, 100)
        if not any(base <= p < base + BLOCK for p in used):
            return base
    raise SystemExit("no %d free ports in a row between %d and %d" % (BLOCK, FIRST, LAST))


def free_dns_address():
    """A loopback address whose port 53 is free: resolv.conf cannot name a port, so the address is what varies."""
    for _ in range(100):
        addr = "127.53.%d.%d" % (random.randrange(256), random.randrange(1, 255))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            try:
                s.bind((addr, 53))
                return addr
            except OSError:
                continue
    raise SystemExit("cannot bind port 53 of any address in 127.53.0.0/16")


def listens(sock):
    """Does somebody listen on a socket in libmilter's notation?"""
    kind, rest = sock.split(":", 1)
    if kind in ("unix", "local"):
        with open("/proc/net/unix") as f:
            rows = [line.split() for line in f.readlines()[1:]]
        return any(r[3] == _UNIX_LISTEN and r[-1] == rest for r in rows)
    return int(re.match(r"\d+", rest).group(0)) in tcp_ports()


if __name__ == "__main__":
    sys.exit(0 if all(listens(s) for s in sys.argv[1:]) else 1)
