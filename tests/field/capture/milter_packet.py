# SPDX-License-Identifier: BSL-1.0
"""The fields of a milter packet."""
import hashlib
import struct

MTA = {
    "A": "ABORT",
    "B": "BODY",
    "C": "CONNECT",
    "D": "MACRO",
    "E": "BODYEOB",
    "H": "HELO",
    "K": "QUIT_NC",
    "L": "HEADER",
    "M": "MAIL",
    "N": "EOH",
    "O": "OPTNEG",
    "Q": "QUIT",
    "R": "RCPT",
    "T": "DATA",
    "U": "UNKNOWN",
}
MILTER = {
    "+": "ADDRCPT",
    "-": "DELRCPT",
    "2": "ADDRCPT_PAR",
    "4": "SHUTDOWN",
    "a": "ACCEPT",
    "b": "REPLBODY",
    "c": "CONTINUE",
    "d": "DISCARD",
    "e": "CHGFROM",
    "f": "CONN_FAIL",
    "h": "ADDHEADER",
    "i": "INSHEADER",
    "l": "SETSYMLIST",
    "m": "CHGHEADER",
    "p": "PROGRESS",
    "q": "QUARANTINE",
    "r": "REJECT",
    "s": "SKIP",
    "t": "TEMPFAIL",
    "y": "REPLYCODE",
    "O": "OPTNEG",
}
STEPS = [
    "NOCONNECT",
    "NOHELO",
    "NOMAIL",
    "NORCPT",
    "NOBODY",
    "NOHDRS",
    "NOEOH",
    "NR_HDR",
    "NOUNKNOWN",
    "NODATA",
    "SKIP",
    "RCPT_REJ",
    "NR_CONN",
    "NR_HELO",
    "NR_MAIL",
    "NR_RCPT",
    "NR_DATA",
    "NR_UNKN",
    "NR_EOH",
    "NR_BODY",
    "HDR_LEADSPC",
]
STEPS_HI = {28: "MDS_256K", 29: "MDS_1M"}
ACTIONS = ["ADDHDRS", "CHGBODY", "ADDRCPT", "DELRCPT", "CHGHDRS", "QUARANTINE", "CHGFROM", "ADDRCPT_PAR", "SETSYMLIST"]
STAGES = ["CONNECT", "HELO", "MAIL", "RCPT", "DATA", "EOM", "EOH"]


class Out:
    def __init__(self, full):
        self.full = full

    def s(self, b):
        if self.full or len(b) <= 1024:
            return b.decode("latin-1")
        return {"len": len(b), "sha256": hashlib.sha256(b).hexdigest(), "head": b[:48].decode("latin-1")}


def bits(v, names, hi=None):
    out = [n for i, n in enumerate(names) if v >> i & 1]
    for i in range(len(names), 32):
        if v >> i & 1:
            out.append((hi or {}).get(i, "bit%d" % i))
    return out


def cstrs(b):
    parts = b.split(b"\0")
    if parts and parts[-1] == b"":
        parts.pop()
    return parts


def decode(side, cmd, b, o):
    """fields of one packet"""
    d = {}
    try:
        if cmd == "O":
            v, a, p = struct.unpack("!III", b[:12])
            d.update(
                version=v,
                actions="0x%x" % a,
                actions_names=bits(a, ACTIONS),
                steps="0x%x" % p,
                steps_names=bits(p, STEPS, STEPS_HI),
            )
            rest, sy = b[12:], []
            while len(rest) >= 5:
                st = struct.unpack("!I", rest[:4])[0]
                z = rest.index(b"\0", 4)
                sy.append([STAGES[st] if st < len(STAGES) else st, o.s(rest[4:z])])
                rest = rest[z + 1 :]
            if sy:
                d["symlist"] = sy
            if rest:
                d["extra"] = rest.hex()
        elif side == "mta":
            if cmd == "C":
                host, rest = b.split(b"\0", 1)
                d.update(host=o.s(host), family=chr(rest[0]))
                if len(rest) > 3:
                    d.update(port=struct.unpack("!H", rest[1:3])[0], addr=o.s(rest[3:].rstrip(b"\0")))
            elif cmd == "D":
                it = cstrs(b[1:])
                if len(it) % 2 and b.endswith(b"\0\0"):
                    it.append(b"")
                d.update(
                    stage=chr(b[0]),
                    macros=[[o.s(it[i]), o.s(it[i + 1]) if i + 1 < len(it) else None] for i in range(0, len(it), 2)],
                )
            elif cmd in "HU":
                d["arg"] = o.s(b.rstrip(b"\0"))
            elif cmd in "MR":
                d["args"] = [o.s(x) for x in cstrs(b)]
            elif cmd == "L":
                n, v = b.split(b"\0", 1)
                d.update(header=o.s(n), value=o.s(v[:-1] if v.endswith(b"\0") else v))
            elif cmd in "BE":
                d.update(len=len(b), sha256=hashlib.sha256(b).hexdigest())
                d["data"] = o.s(b) if o.full or len(b) <= 512 else b[:48].decode("latin-1") + "..."
            elif b:
                d["data"] = o.s(b)
        else:
            if cmd in "+-q":
                d["arg"] = o.s(b.rstrip(b"\0"))
            elif cmd in "2e":
                d["args"] = [o.s(x) for x in cstrs(b)]
            elif cmd == "y":
                d["reply"] = o.s(b.rstrip(b"\0"))
            elif cmd == "h":
                n, v = b.split(b"\0", 1)
                d.update(header=o.s(n), value=o.s(v[:-1] if v.endswith(b"\0") else v))
            elif cmd in "im":
                idx = struct.unpack("!I", b[:4])[0]
                n, v = b[4:].split(b"\0", 1)
                d.update(index=idx, header=o.s(n), value=o.s(v[:-1] if v.endswith(b"\0") else v))
            elif cmd == "b":
                d.update(len=len(b), sha256=hashlib.sha256(b).hexdigest())
                d["data"] = o.s(b) if o.full or len(b) <= 512 else b[:48].decode("latin-1") + "..."
            elif b:
                d["data"] = o.s(b)
    except (ValueError, IndexError, struct.error) as e:
        d.update(malformed=str(e), raw=b[:64].hex())
    return d
