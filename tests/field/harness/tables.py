# SPDX-License-Identifier: BSL-1.0
"""etc/milters.conf and etc/chains.conf as Python sees them."""
import os

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ETC = os.path.join(HERE, "etc")

# Port numbers are offsets from the field's base.
SINK, POSTFIX, SENDMAIL, SPAMD, MILTER, MANAGER = 25, 100, 200, 290, 300, 340


def rows(name):
    """The lines of a table without comments."""
    with open(os.path.join(ETC, name)) as f:
        for line in f:
            line = line.strip()
            if line and not line.startswith("#"):
                yield line


def milters(work="", base=0):
    """Name -> milter, with its socket for this work directory and base."""
    out = {}
    for line in rows("milters.conf"):
        name, kind, sock, args = line.split(None, 3)
        family, where = sock.split(":", 1)
        port = None
        if family == "unix":
            sock = "unix:%s/sock/%s" % (work, where)
        else:
            number, host = where.split("@")
            port = base + MILTER + int(number)
            sock = "%s:%d@%s" % (family, port, host)
        out[name] = {"name": name, "kind": kind, "socket": sock, "port": port, "args": "" if args == "-" else args}
    return out


def chains():
    """The chains in order: name, milters, default action, (connect, command, content) timeouts in seconds."""
    out = []
    for line in rows("chains.conf"):
        name, names, action, timeouts = line.split()
        out.append(
            {
                "name": name,
                "milters": [] if names == "-" else names.split(","),
                "action": action,
                "timeouts": [int(x) for x in timeouts.split("/")],
            }
        )
    return out
