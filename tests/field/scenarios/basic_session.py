# SPDX-License-Identifier: BSL-1.0
"""Ordinary and odd SMTP sessions, one milter (group basic)."""
import base64
import hashlib
import subprocess
import time

from .client import short
from .registry import scenario


@scenario("basic")
def plain_ok(x):
    """one ordinary mail"""
    x.one()


@scenario("basic")
def helo_only(x):
    """HELO in place of EHLO"""
    c = x.client()
    c.cmd("HELO client.sender.test")
    c.txn(x.msg())
    c.quit()


@scenario("basic")
def multi_rcpt_some_rejected(x):
    """6 recipients: milter says 550 and 450 to two, the MTA itself to two"""
    x.one(
        to=[
            "bob@field.test",
            "a-rcpt-reply550@field.test",
            "a-rcpt-tempfail@field.test",
            "mta-reject@field.test",
            "mta-tempfail@field.test",
            "carol@field.test",
        ]
    )


@scenario("basic")
def all_rcpts_rejected(x):
    """every recipient refused by the milter, DATA tried all the same"""
    c = x.client()
    c.hello()
    c.mail()
    c.rcpt("a-rcpt-reject@field.test")
    c.rcpt("a-rcpt-tempfail@field.test")
    c.cmd("DATA")
    c.quit()


@scenario("basic")
def pipelining(x):
    """MAIL, 3 RCPT, DATA in one write; then a second message with RSET before"""
    c = x.client()
    c.hello()
    c.send(
        b"MAIL FROM:<alice@sender.test>\r\nRCPT TO:<bob@field.test>\r\nRCPT TO:<a-rcpt-reject@field.test>\r\n"
        b"RCPT TO:<carol@field.test>\r\nDATA\r\n"
    )
    for _ in range(5):
        c.reply()
    c.body(x.msg())
    c.send(b"RSET\r\nMAIL FROM:<alice2@sender.test>\r\nRCPT TO:<dave@field.test>\r\nDATA\r\n")
    for _ in range(4):
        c.reply()
    c.body(x.msg(subject="second"))
    c.send(b"QUIT\r\n")
    c.reply()
    c.close()


@scenario("basic")
def several_messages(x):
    """5 messages on one connection, the third without a recipient, the 4th rejected at eom"""
    c = x.client()
    c.hello()
    c.txn(x.msg(subject="1"))
    c.txn(x.msg(subject="2"), frm="")
    c.mail()
    c.cmd("RSET")
    c.txn(x.msg(subject="4", mods=["a; reply; 550; 5.7.1; no fourth"]))
    c.txn(x.msg(subject="5", mods=["a; addheader; X-Fifth; yes"]), to=["bob@field.test", "carol@field.test"])
    c.quit()


@scenario("basic")
def rset_mid(x):
    """RSET before MAIL, after MAIL, after RCPT; EHLO in mid transaction; MAIL twice"""
    c = x.client()
    c.hello()
    c.cmd("RSET")
    c.mail()
    c.cmd("RSET")
    c.mail()
    c.rcpt()
    c.cmd("RSET")
    c.mail()
    c.rcpt()
    c.hello("again.sender.test")
    c.mail()
    c.mail("mallory@sender.test")
    c.rcpt()
    c.data(x.msg())
    c.cmd("RSET")
    c.quit()


@scenario("basic")
def quit_early(x):
    """QUIT at once, after EHLO, after MAIL, after RCPT"""
    for n in range(4):
        c = x.client()
        if n > 0:
            c.hello()
        if n > 1:
            c.mail()
        if n > 2:
            c.rcpt()
        c.quit()


@scenario("basic")
def drop_early(x):
    """the client goes away without QUIT: before the greeting is read, after EHLO, after RCPT"""
    c = x.client(greet=False)
    c.close()
    x.settle()  # one milter connection after the other, or their order is by chance
    c = x.client()
    c.hello()
    c.close()
    x.settle()
    c = x.client()
    c.hello()
    c.mail()
    c.rcpt()
    c.reset()


@scenario("basic")
def drop_mid_data(x):
    """connection closed in the middle of DATA: in the header, in the body (small), in a 300 kB body, by reset"""
    for part in (
        b"From: a@b.test\r\nSubj",
        x.msg() + b"more\r\n",
        x.msg(body="x" * 70 + "\r\n") + (b"y" * 70 + b"\r\n") * 4200,
    ):
        c = x.client()
        c.hello()
        c.mail()
        c.rcpt()
        c.cmd("DATA")
        c.send(part, {"message part": short(part)})
        c.close()
        x.settle()
    c = x.client()
    c.hello()
    c.mail()
    c.rcpt()
    c.cmd("DATA")
    c.send(part, {"message part": short(part)})
    time.sleep(0.3)
    c.reset()


@scenario("basic")
def starttls(x):
    """STARTTLS, EHLO again, one mail: {tls_version}, {cipher} in macros; HELO callback twice"""
    c = x.client()
    c.hello()
    if c.starttls():
        c.hello()
        c.txn(x.msg())
    c.quit()


@scenario("basic")
def auth_plain(x):
    """AUTH PLAIN, one mail with AUTH= on MAIL"""
    c = x.client()
    c.hello()
    realm = "field.test" if x.mta == "postfix" else "mx.field.test"
    c.cmd("AUTH PLAIN " + base64.b64encode(b"\0user@" + realm.encode() + b"\0secret").decode())
    c.txn(x.msg(), par="AUTH=<>")
    c.quit()


@scenario("basic")
def auth_wrong(x):
    """AUTH with a wrong password, then a mail without"""
    c = x.client()
    c.hello()
    c.cmd("AUTH PLAIN " + base64.b64encode(b"\0user@field.test\0wrong").decode())
    c.txn(x.msg())
    c.quit()


@scenario("basic")
def starttls_auth_login(x):
    """STARTTLS then AUTH LOGIN"""
    c = x.client()
    c.hello()
    if c.starttls():
        c.hello()
        realm = "field.test" if x.mta == "postfix" else "mx.field.test"
        c.cmd("AUTH LOGIN")
        c.cmd(base64.b64encode(b"user@" + realm.encode()).decode())
        c.cmd(base64.b64encode(b"secret").decode())
        c.txn(x.msg())
    c.quit()


@scenario("basic")
def unknown_commands(x):
    """unknown verbs, VRFY, EXPN, NOOP, HELP, syntax errors at several points"""
    c = x.client()
    c.cmd("FOO bar")
    c.cmd("MAIL FROM:<alice@sender.test>")
    c.hello()
    for line in (
        "FOO",
        "VRFY bob",
        "EXPN list",
        "NOOP",
        "NOOP with words",
        "HELP",
        "MAIL",
        "MAIL FROM:",
        "RCPT TO:<bob@field.test>",
        "DATA",
        "ETRN x",
        "TURN",
        "X-CUSTOM a b c",
    ):
        c.cmd(line)
    c.mail()
    c.cmd("BAR in transaction")
    c.rcpt("bad address with spaces")
    c.rcpt("@nolocal:foo@field.test")
    c.rcpt()
    c.cmd("BAZ")
    c.data(x.msg())
    c.quit()


@scenario("basic")
def null_sender_and_params(x):
    """MAIL FROM:<>; SIZE, BODY, RET, ENVID, NOTIFY, ORCPT"""
    c = x.client()
    c.hello()
    c.txn(x.msg(), frm="")
    c.txn(
        x.msg(subject="params"),
        par="SIZE=1234 BODY=8BITMIME RET=HDRS ENVID=abc+2Bdef",
        rpar="NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;orig+40field.test",
    )
    c.quit()


@scenario("basic")
def odd_addresses(x):
    """quoted local parts, no brackets, source route, upper case, no domain, long"""
    c = x.client()
    c.hello()
    c.cmd('MAIL FROM:<"al ice"@sender.test>')
    c.cmd('RCPT TO:<"bo@b"@field.test>')
    c.cmd("RCPT TO:bob@field.test")
    c.cmd("RCPT TO:<@relay.test:carol@field.test>")
    c.cmd("RCPT TO:<DAVE@FIELD.TEST>")
    c.cmd("RCPT TO:<postmaster>")
    c.cmd("RCPT TO:<user+tag=x%%y@[127.0.0.1]>".replace("%%", "%"))
    c.cmd("RCPT TO:< eve@field.test >")
    c.cmd("RCPT TO:<%s@field.test>" % ("l" * 64))
    c.data(x.msg())
    c.quit()


@scenario("basic")
def many_rcpts(x):
    """60 recipients"""
    x.one(to=["r%02d@field.test" % i for i in range(60)])


@scenario("basic", only="postfix")
def bdat(x):
    """CHUNKING: three BDAT chunks"""
    c = x.client()
    c.hello()
    c.mail()
    c.rcpt()
    m = x.msg(body="line\r\n" * 2000)
    for i, part in enumerate((m[:100], m[100:7000], m[7000:])):
        c.send(
            b"BDAT %d%s\r\n" % (len(part), b" LAST" if i == 2 else b"") + part,
            {"BDAT": len(part), "sha256": hashlib.sha256(part).hexdigest()},
        )
        c.reply()
    c.quit()


@scenario("basic", chain="a")
def ipv6_client(x):
    """SMTP over ::1; the milter is told family 6"""
    x.one(v6=True)


@scenario("basic", chain="a6")
def ipv6_milter(x):
    """the milter itself listens on ::1 only"""
    x.one()
    x.one(v6=True)


@scenario("basic", chain="unix")
def unix_milter(x):
    """milter on a unix socket (cannot be captured with pcap)"""
    x.one()


@scenario("basic")
def dns_names(x):
    """client addresses with a PTR: mail host, S25R-like dynamic names, forged PTR, none"""
    for ip in ("127.1.0.10", "127.1.0.20", "127.1.0.21", "127.1.0.22", "127.1.0.77"):
        x.one(src=ip)


@scenario("basic", only="postfix")
def xclient(x):
    """XCLIENT: IPv4 dynamic host, IPv6, unknown host, temporary lookup error, LOGIN, PORT, HELO, PROTO"""
    for kv in (
        {"name": "p1234-ipad56osaka.osaka.ocn.ne.example", "addr": "203.0.113.77", "port": "34567"},
        {"name": "mail.six.test", "addr": "IPV6:2001:db8::25", "port": "25025"},
        {"name": "[UNAVAILABLE]", "addr": "198.51.100.9"},
        {"name": "[TEMPUNAVAIL]", "addr": "198.51.100.10"},
        {
            "name": "c-24-1-2-3.hsd1.example.test",
            "addr": "198.51.100.11",
            "helo": "spoofed.helo.test",
            "proto": "ESMTP",
        },
        {"name": "auth.client.test", "addr": "198.51.100.12", "login": "user@field.test"},
        {"name": "a-connect-reject.act.test", "addr": "198.51.100.13"},
    ):
        c = x.client()
        c.hello()
        c.xclient(**kv)
        if c.code // 100 == 2:
            c.hello("helo-after-xclient.test")
            c.txn(x.msg(subject=kv["name"]))
        c.quit()


@scenario("basic")
def concurrent(x):
    """8 connections at once, interleaved step by step, each with two messages"""
    cs = [x.client() for _ in range(8)]
    for i, c in enumerate(cs):
        c.hello("client%d.sender.test" % i)
    for m in range(2):
        for i, c in enumerate(cs):
            c.mail("s%d@sender.test" % i)
        for i, c in enumerate(cs):
            c.rcpt("r%d@field.test" % i)
        for c in cs:
            c.cmd("DATA")
        for i, c in enumerate(cs):
            msg = x.msg(
                subject="c%d m%d" % (i, m),
                body=("%d%d" % (i, m)) * 35 + "\r\n" * (1 + 40 * i),
                mods=["a; addheader; X-Conn; %d" % i],
            )
            half = len(msg) // 2
            c.send(msg[:half], {"first half": short(msg[:half])})
            c.rest = msg[half:] + b"\r\n.\r\n"
        for c in reversed(cs):
            c.send(c.rest, {"second half": short(c.rest)})
        for c in cs:
            c.reply()
    for c in cs[::2]:
        c.quit()
    for c in cs[1::2]:
        c.close()


@scenario("basic", only="postfix")
def local_submission(x):
    """sendmail(1) of Postfix: pickup + cleanup milters (non_smtpd_milters, chain a)"""
    m = x.msg(mods=["a; addheader; X-NonSmtpd; yes", "*; trace"]).replace(b"\r\n", b"\n")
    r = subprocess.run(
        ["/usr/sbin/sendmail", "-C", x.pconf, "-f", "alice@sender.test", "bob@field.test", "carol@field.test"],
        input=m,
        capture_output=True,
    )
    x.notes.append("sendmail(1) rc=%d %s" % (r.returncode, r.stderr.decode("latin-1")))
    end = time.time() + 10
    while x.queued() == 0 and time.time() < end and not r.returncode:
        time.sleep(0.02)
        if r.returncode == 0 and time.time() > end - 8:
            break
