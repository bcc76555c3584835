# SPDX-License-Identifier: BSL-1.0
"""Messages of every shape, one milter (group basic)."""
from .registry import scenario


@scenario("basic")
def eightbit(x):
    """8BITMIME body, raw UTF-8 and latin-1 in headers"""
    x.one(
        x.msg(
            body="Grüße, 日本語\r\n".encode() + b"latin-1 \xe9\xff\r\n",
            extra=[("X-Raw-Utf8", "日本語"), ("X-Latin1", b"caf\xe9")],
            subject="Ünïcode",
        ),
        par="BODY=8BITMIME",
    )


@scenario("basic", only="postfix")
def smtputf8(x):
    """SMTPUTF8 addresses and headers (Debian's Sendmail is built without EAI)"""
    x.one(
        x.msg(frm="ålice@sender.test", to="用户@field.test", subject="Ünïcode"),
        frm="ålice@sender.test",
        to=["用户@field.test", "bob@例え.test"],
        par="SMTPUTF8 BODY=8BITMIME",
    )


@scenario("basic")
def long_headers(x):
    """a 900-byte line, a folded 6 kB header, a 40 kB header, a 70 kB header"""
    fold = "\r\n ".join("part%04d-%s" % (i, "x" * 60) for i in range(80))
    big = "\r\n\t".join("w%05d%s" % (i, "y" * 60) for i in range(580))
    huge = "\r\n\t".join("w%05d%s" % (i, "z" * 60) for i in range(1050))
    x.one(x.msg(extra=[("X-Long", "v" * 900), ("X-Folded", fold), ("X-40k", big), ("X-70k", huge)]))


@scenario("basic")
def very_long_line(x):
    """header and body lines of 5000 bytes without a break"""
    x.one(x.msg(extra=[("X-5000", "q" * 5000)], body="b" * 5000 + "\r\nend\r\n"))


@scenario("basic")
def folded_headers(x):
    """folds by blank, tab, several lines; odd spacing after the colon"""
    head = (
        b"From: Alice <alice@sender.test>\r\nTo:bob@field.test\r\nSubject:  two spaces\r\nX-Tab:\ttab first\r\n"
        b"X-Fold-Space: one\r\n two\r\n   three\r\nX-Fold-Tab: one\r\n\ttwo\r\n\t\tthree\r\nX-Empty:\r\nX-Blank: \r\n"
        b"X-Start-Fold:\r\n value on next line\r\nX-Trail: trailing blanks   \r\nX-Blank-Fold: a\r\n \r\n b\r\n"
        b"X-NoSpace:nospace\r\nX Space Name: odd\r\nX-Colon : blank before colon\r\nMessage-ID: <folded@sender.test>\r\n"
        b"Date: Mon, 02 Jan 2023 03:04:05 +0000\r\n\r\nbody\r\n"
    )
    x.one(head)


@scenario("basic")
def duplicate_headers(x):
    """same names several times, in different case"""
    x.one(
        x.msg(
            extra=[
                ("X-Dup", "1"),
                ("X-Other", "o"),
                ("x-dup", "2"),
                ("X-DUP", "3"),
                ("Received", "from a by b; x"),
                ("Received", "from c by d; y"),
                ("Subject", "second subject"),
            ]
        )
    )


@scenario("basic")
def empty_body(x):
    """headers, blank line, nothing"""
    x.one(x.msg(body=""))


@scenario("basic")
def header_only(x):
    """headers and no blank line at all"""
    x.one(x.msg(body="")[:-2])


@scenario("basic")
def no_headers(x):
    """a body without any header (blank line first), and text that is no header"""
    x.one(b"\r\nonly a body\r\n")
    x.one(b"this is not a header line\r\nsecond line\r\n")
    x.one(b"")


@scenario("basic")
def body_1m(x):
    """1 MB body"""
    x.one(x.msg(body=(("0123456789" * 7 + "\r\n") * 14600)))


@scenario("basic", slow=True)
def body_12m(x):
    """12 MB body"""
    x.one(x.msg(body=(("0123456789" * 7 + "\r\n") * 174763)))


@scenario("basic")
def chunk_edges(x):
    """bodies of 65533..65537 bytes and a CRLF that a chunk border splits"""
    c = x.client()
    c.hello()
    for n in (65533, 65534, 65535, 65536, 65537, 131070):
        b = b"A" * 70 + b"\r\n"
        body = (b * (n // len(b) + 1))[: n - 2].rstrip(b"\r\n")
        body += b"B" * (n - 2 - len(body)) + b"\r\n"
        c.txn(x.msg(body=body, subject="n=%d" % n))
    c.quit()


@scenario("basic")
def dot_stuffing(x):
    """lines of dots, a dot at the start of the body and of a header"""
    x.one(x.msg(body=".\r\n..\r\n...\r\n.x\r\n .\r\nend.\r\n."))


@scenario("basic")
def bare_newlines(x):
    """bare LF and bare CR in header and body (not at the end of data), NUL"""
    x.one(x.msg(body=b"one\ntwo\rthree\r\r\nfour\r\nnul:\0:end\r\n", extra=[("X-Bare", b"a\n b\rc")]))


@scenario("basic")
def header_nul(x):
    """NUL in the value of a header, in a fold of one, in a name"""
    x.one(x.msg(extra=[("X-Nul", b"before\0after"), ("X-Fold-Nul", b"one\r\n two\0two\r\n three"), ("X-Last", "end")]))
    x.one(x.msg(extra=[("X-Na\0me", "value"), ("X-Last", "end")]))
    x.one(x.msg(extra=[("X-Lead-Nul", b"\0after"), ("X-Last", "end")]))


@scenario("basic")
def body_nul(x):
    """NUL in the body, at its start and end too, no bare newline"""
    x.one(x.msg(body=b"\0first\r\nnul:\0:end\r\n\0\r\nlast\0\r\n", mods=["a; trace"]))
