# SPDX-License-Identifier: BSL-1.0
"""An SMTP client that keeps its dialogue."""
import hashlib
import re
import socket
import ssl
import struct


def short(data):
    """Bytes for the record: text, or what identifies it when long."""
    if len(data) <= 4096:
        return data.decode("latin-1")
    return {"len": len(data), "sha256": hashlib.sha256(data).hexdigest(), "head": data[:200].decode("latin-1")}


class Gone(Exception):
    pass


class Client:
    """one SMTP connection, with its dialogue kept"""

    def __init__(self, ctx, port=None, src=None, v6=False, greet=True):
        self.ctx, self.log, self.buf = ctx, [], b""
        self.rec = {"src": src or ("::1" if v6 else "127.0.0.1"), "dialogue": self.log}
        ctx.sessions.append(self.rec)
        host = "::1" if v6 else "127.0.0.1"
        self.s = socket.create_connection(
            (host, port or ctx.port), timeout=ctx.timeout, source_address=(src, 0) if src else None
        )
        self.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.code = None
        if greet:
            self.reply()

    def reply(self):
        lines = []
        try:
            while True:
                while b"\n" not in self.buf:
                    d = self.s.recv(65536)
                    if not d:
                        raise Gone("closed")
                    self.buf += d
                line, self.buf = self.buf.split(b"\n", 1)
                line = line.rstrip(b"\r").decode("latin-1")
                lines.append(line)
                if line[3:4] != "-":
                    break
        except socket.timeout:
            self.log.append({"s": lines, "event": "timeout"})
            self.code = 0
            return 0
        except (OSError, Gone):
            self.log.append({"s": lines, "event": "closed"} if lines else {"event": "closed by server"})
            self.code = 0
            return 0
        self.log.append({"s": lines})
        self.code = int(lines[-1][:3]) if lines[-1][:3].isdigit() else 0
        return self.code

    def send(self, data, note=None):
        try:
            self.s.sendall(data)
        except OSError:
            self.log.append({"event": "send failed"})
            return False
        self.log.append({"c": note if note is not None else short(data)})
        return True

    def cmd(self, line):
        raw = line if isinstance(line, bytes) else line.encode("utf-8")
        if not self.send(raw + b"\r\n", raw.decode("latin-1")):
            return 0
        return self.reply()

    def hello(self, name="client.sender.test"):
        return self.cmd("EHLO " + name)

    def xclient(self, **kv):
        self.cmd("XCLIENT " + " ".join("%s=%s" % (k.upper(), v) for k, v in kv.items()))

    def starttls(self):
        if self.cmd("STARTTLS") != 220:
            return False
        c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        c.check_hostname, c.verify_mode = False, ssl.CERT_NONE
        c.maximum_version = ssl.TLSVersion.TLSv1_2  # one cipher name in both MTAs
        c.set_ciphers("ECDHE-RSA-AES256-GCM-SHA384")
        self.s = c.wrap_socket(self.s)
        self.log.append({"event": "TLS on"})
        return True

    def mail(self, frm="alice@sender.test", par=""):
        return self.cmd("MAIL FROM:<%s>%s" % (frm, " " + par if par else ""))

    def rcpt(self, to="bob@field.test", par=""):
        return self.cmd("RCPT TO:<%s>%s" % (to, " " + par if par else ""))

    def body(self, msg):
        """send a message after 354"""
        dotted = re.sub(rb"(?m)^\.", b"..", msg)
        if not dotted.endswith(b"\r\n"):
            dotted += b"\r\n"
        self.send(dotted + b".\r\n", {"message": short(msg)})
        return self.reply()

    def data(self, msg):
        if self.cmd("DATA") != 354:
            return self.code
        return self.body(msg)

    def quit(self):
        r = self.cmd("QUIT")
        self.s.close()
        return r

    def close(self):
        self.log.append({"event": "client closes"})
        self.s.close()

    def reset(self):
        self.log.append({"event": "client resets"})
        self.s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.s.close()

    def txn(self, msg, frm="alice@sender.test", to=("bob@field.test",), par="", rpar=""):
        """one whole mail transaction; the last code"""
        if self.mail(frm, par) // 100 != 2:
            return self.code
        ok = [t for t in ([to] if isinstance(to, str) else to) if self.rcpt(t, rpar) // 100 == 2]
        if not ok:
            return self.code
        return self.data(msg)
