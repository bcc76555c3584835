# SPDX-License-Identifier: BSL-1.0
"""The MTA's end: in lock-step, offers what Postfix offers, keeps what it hears."""
import struct
import time

from .packet import EDITS, NR_BODY, NR_END_OF_HEADERS, NR_HEADER, Reader, connect, packet, strings

VERSION, ACTIONS, STEPS = 6, 0x1FF, 0x1FFFFF
MACROS = {
    "C": ("j", "mx.example", "{daemon_name}", "mx.example", "v", "Postfix 3.7.11", "_", "client.example [192.0.2.1]"),
    "M": ("{mail_addr}", "alice@client.example", "{mail_host}", "client.example", "{mail_mailer}", "smtp"),
    "R": ("{rcpt_addr}", "bob@mx.example", "{rcpt_host}", "mx.example", "{rcpt_mailer}", "relay"),
    "T": ("i", "4SOAK"),
    "E": ("i", "4SOAK"),
}


def words(code, data):
    """A verdict in words: continue, or the reply text."""
    plain = {"c": "continue", "a": "accept", "r": "reject", "t": "tempfail", "d": "discard", "4": "shutdown"}
    return data.rstrip(b"\0").decode("latin-1") if code == "y" else plain.get(code, "reply %r" % code)


class Mta:
    """One session.  `slowest_write` is the longest that a write has waited."""

    def __init__(self, where, timeout=30.0, name="client.example"):
        self.sock = connect(where, timeout)
        self.reader, self.name = Reader(self.sock), name
        self.steps, self.edits, self.slowest_write = 0, [], 0.0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def write(self, data):
        began = time.monotonic()
        self.sock.sendall(data)
        self.slowest_write = max(self.slowest_write, time.monotonic() - began)

    def negotiate(self):
        self.write(packet("O", struct.pack(">III", VERSION, ACTIONS, STEPS)))
        code, data = self.reader.next()
        if code != "O" or len(data) < 12:
            raise ValueError("negotiation answered with %r" % code)
        self.steps = struct.unpack_from(">III", data)[2]

    def send(self, code, data=b""):
        macros = packet("D", code.encode() + strings(*MACROS[code])) if code in MACROS else b""
        self.write(macros + packet(code, data))

    def verdict(self):
        """The next verdict in words; edits before it are kept."""
        while True:
            code, data = self.reader.next()
            if ord(code) in EDITS:
                self.edits.append((code, data))
            elif code != "p":
                return words(code, data)

    def ask(self, code, data=b""):
        self.send(code, data)
        return self.verdict()

    def hello(self):
        """The verdicts of CONNECT and HELO; ends at the first that is not "continue"."""
        first = self.ask("C", strings(self.name) + b"4" + struct.pack(">H", 2525) + strings("192.0.2.1"))
        return first if first != "continue" else self.ask("H", strings(self.name))

    def mail(self, sender="<alice@client.example>"):
        self.edits = []
        return self.ask("M", strings(sender))

    def rcpt(self, recipient="<bob@mx.example>"):
        return self.ask("R", strings(recipient))

    def content(self, headers, body, chunk=65535):
        """Headers and body; the first verdict that is not "continue", where any is due."""
        for name, value in headers:
            self.send("L", strings(name, value))
            if not self.steps & NR_HEADER and (said := self.verdict()) != "continue":
                return said
        self.send("N")
        if not self.steps & NR_END_OF_HEADERS and (said := self.verdict()) != "continue":
            return said
        for at in range(0, len(body), chunk):
            self.send("B", body[at : at + chunk])
            if not self.steps & NR_BODY and (said := self.verdict()) != "continue":
                return said
        return "continue"

    def end(self):
        return self.ask("E")

    def abort(self):
        self.write(packet("A"))

    def quit(self):
        self.write(packet("A") + packet("Q"))
        self.close()

    def added(self):
        """Headers that are to be added, by name."""
        out = {}
        for code, data in self.edits:
            if code in "hi":
                name, value = data[4 if code == "i" else 0 :].split(b"\0")[:2]
                out[name.decode()] = value.decode("latin-1").strip()
        return out


HEADERS = (("From", " alice@client.example"), ("To", " bob@mx.example"), ("Subject", " a message"))
BODY = b"a line of text\r\n" * 4


def message(mta, sender="<alice@client.example>", body=BODY):
    """A whole message on an open session: (stage, verdict) of the end, or of the first refusal."""
    for stage, act in (
        ("mail", lambda: mta.mail(sender)),
        ("rcpt", mta.rcpt),
        ("data", lambda: mta.ask("T")),
        ("content", lambda: mta.content(HEADERS, body)),
    ):
        said = act()
        if said != "continue":
            return stage, said
    return "end_of_message", mta.end()


def session(where, timeout=30.0, body=BODY):
    """A session of one message: ((stage, verdict), headers added)."""
    with Mta(where, timeout) as mta:
        mta.negotiate()
        said = mta.hello()
        if said != "continue":
            return ("client", said), {}
        out = message(mta, body=body)
        added = mta.added()
        mta.quit()
    return out, added
