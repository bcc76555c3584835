# SPDX-License-Identifier: BSL-1.0
"""A milter that fails as it is told, a process of its own with a child for each connection.

usage: python3 -m kit.hostile PORT STAGE WAY AFTER TIMES

At STAGE of the connections from number AFTER + 1 on (TIMES "once": of that one alone) it does WAY:
kill   SIGKILL to itself          stop   SIGSTOP to itself          rst   closes with RST
garbage   sends what is no packet, then nothing          drip   its answer, one byte a second
At the end of the message it has asked for a header before it fails.  SIGUSR1: from now on it behaves.
Prints "accepted N" for each connection; PORT 0 is any, the first line is the port.
"""
import os
import random
import signal
import socket
import struct
import sys
import time

from .judge import answer
from .packet import Gone, Reader, packet, strings

HEADER = "X-Hostile"
STAGES = ("socket", "negotiation", "connect", "helo", "mail", "rcpt", "data", "header", "end_of_headers", "body",
          "end_of_message")
CODES = dict(zip(STAGES, " OCHMRTLNBE"))
WAYS = ("kill", "stop", "rst", "garbage", "drip")
GARBAGE = b"HTTP/1.1 400 Bad Request\r\n\r\n"


def fail(sock, way, code):
    due = answer("O" if code == " " else code, HEADER)
    if code == "E" and way != "drip":
        sock.sendall(packet("h", strings(HEADER, "yes")))
        time.sleep(0.05)  # has been read when the connection breaks
    if way == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif way == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    elif way == "rst":
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()
        os._exit(0)
    elif way == "garbage":
        sock.sendall(GARBAGE)
    else:
        for byte in due:
            sock.sendall(bytes([byte]))
            time.sleep(1)
    while sock.recv(1 << 16):  # silent until the other side has had enough
        pass


def serve(sock, code, way, bad):
    try:
        if bad and code == " ":
            fail(sock, way, code)
        reader = Reader(sock)
        while True:
            got, _ = reader.next()
            if bad and got == code:
                fail(sock, way, code)
            out = answer(got, HEADER)
            if out is None:
                return
            sock.sendall(out)
    except (Gone, OSError):
        pass


def listen(port):
    """Below the range of outgoing connections, so that the port stays free while nobody listens."""
    while True:
        listener = socket.socket(socket.AF_INET)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port or random.randrange(12000, 32000)))
            listener.listen(64)
            return listener
        except OSError:
            listener.close()
            if port:
                raise


def main():
    port, stage, way, after, times = sys.argv[1:]
    behaves = []
    signal.signal(signal.SIGUSR1, lambda *_: behaves.append(True))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    listener = listen(int(port))
    print(listener.getsockname()[1], flush=True)
    number = 0
    while True:
        sock, _ = listener.accept()
        number += 1
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        bad = not behaves and (number == int(after) + 1 if times == "once" else number > int(after))
        if os.fork() == 0:
            listener.close()
            serve(sock, CODES[stage], way, bad)
            os._exit(0)
        sock.close()
        print("accepted %d" % number, flush=True)


if __name__ == "__main__":
    main()
