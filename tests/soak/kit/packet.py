# SPDX-License-Identifier: BSL-1.0
"""Packets of the milter protocol, as far as both sides here need them."""
import socket
import struct

NR_HEADER, NR_END_OF_HEADERS, NR_BODY = 0x80, 0x40000, 0x80000
NR_CONTENT = NR_HEADER | NR_END_OF_HEADERS | NR_BODY
ADD_HEADERS, QUARANTINE, CHANGE_HEADERS = 0x01, 0x20, 0x10
EDITS = frozenset(b"himb+2-eq")
PROGRESS = ord("p")
NAMES = {
    "C": "connect",
    "H": "helo",
    "M": "mail",
    "R": "rcpt",
    "T": "data",
    "L": "header",
    "N": "end_of_headers",
    "B": "body",
    "E": "end_of_message",
}


class Gone(Exception):
    """The other side has hung up."""


class Hung(Exception):
    """Nothing came in time."""


def packet(code, data=b""):
    return struct.pack(">IB", len(data) + 1, ord(code)) + data


def strings(*values):
    return b"".join(v.encode("latin-1") + b"\0" for v in values)


class Reader:
    """Whole packets from a socket, whose timeout is the limit for each read."""

    def __init__(self, sock):
        self.sock, self.buffer = sock, bytearray()

    def next(self):
        """(code, data); Gone at the end, Hung when nothing comes."""
        while True:
            if len(self.buffer) >= 5:
                size = struct.unpack_from(">I", self.buffer)[0]
                if not 1 <= size <= 1 << 24:
                    raise Gone("a packet of %d bytes" % size)
                if len(self.buffer) >= size + 4:
                    got = chr(self.buffer[4]), bytes(self.buffer[5 : size + 4])
                    del self.buffer[: size + 4]
                    return got
            try:
                more = self.sock.recv(1 << 16)
            except socket.timeout as e:
                raise Hung("no answer") from e
            except OSError as e:
                raise Gone(str(e)) from e
            if not more:
                raise Gone("closed")
            self.buffer += more


def connect(where, timeout, receive_buffer=None):
    """A socket to unix:PATH or inet:PORT@HOST."""
    if where.startswith("unix:"):
        sock, at = socket.socket(socket.AF_UNIX), where[5:]
    else:
        port, host = where[5:].split("@")
        sock, at = socket.socket(socket.AF_INET), (host.strip("[]"), int(port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if receive_buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    sock.settimeout(timeout)
    try:
        sock.connect(at)
    except OSError:
        sock.close()
        raise
    return sock
