# SPDX-License-Identifier: BSL-1.0
"""One direction of a TCP connection, put together from what was captured."""


class Half:
    """one direction of a connection: bytes in order, with holes marked"""

    def __init__(self):
        self.next = None  # next expected sequence number
        self.pend = {}  # rel seq -> (payload, wire length, ts, frame)
        self.base = 0  # sequence number of offset 0
        self.buf = bytearray()
        self.miss = []  # [start, end) offsets in the stream not captured
        self.pos = 0  # stream offset of buf[0]
        self.lost = False
        self.fin = False
        self.told = False  # that it starts in mid packet

    def rel(self, seq):
        d = (seq - self.base) & 0xFFFFFFFF
        exp = self.next
        # nearest to what is expected, so that wrap-around and old data work
        k = (exp - d + (1 << 31)) >> 32
        return d + (k << 32)

    def add(self, seq, payload, wlen, ts, frame):
        if self.next is None:
            self.base, self.next = seq, 0
        r = self.rel(seq)
        if r + wlen <= self.next or wlen == 0:
            return []
        old = self.pend.get(r)
        if old is None or len(old[0]) < len(payload):
            self.pend[r] = (payload, wlen, ts, frame)
        return self.drain()

    def drain(self):
        got = []
        while True:
            best = None
            for r, (p, w, ts, fr) in self.pend.items():
                if r <= self.next and r + w > self.next:
                    if best is None or fr < self.pend[best][3]:
                        best = r
            if best is None:
                break
            p, w, ts, fr = self.pend.pop(best)
            cut = self.next - best
            data = p[cut:]
            want = w - cut
            if len(data) < want:  # snaplen
                self.miss.append((self.next + len(data), self.next + want))
                data = data + b"\0" * (want - len(data))
            # later bytes already pending from an earlier frame win (first copy)
            for r2 in sorted(self.pend):
                p2, w2, _, fr2 = self.pend[r2]
                if fr2 < fr and self.next < r2 < self.next + len(data):
                    data = data[: r2 - self.next]
                    break
            self.buf += data
            self.next += len(data)
            got.append((ts, fr))
            self.pend = {r: v for r, v in self.pend.items() if r + v[1] > self.next}
            if best + w > self.next:
                self.pend[best] = (p, w, ts, fr)
        return got

    def skip_hole(self):
        """give up waiting: jump to the lowest pending segment"""
        if not self.pend:
            return None
        r = min(self.pend)
        hole = (self.next, r)
        self.miss.append(hole)
        self.buf += b"\0" * (r - self.next)
        self.next = r
        return hole
