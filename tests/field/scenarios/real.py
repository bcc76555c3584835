# SPDX-License-Identifier: BSL-1.0
"""Filters that people run (group real)."""
from .registry import SCENARIOS, scenario

TRACE = ["*; trace"]
GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"


@scenario("real", chain="dkim_sign")
def real_dkim_sign(x):
    """opendkim signs (relaxed/simple): insheader at 1"""
    x.one()
    x.one(x.msg(body="line one\r\n\r\ntrailing  \r\n\r\n\r\n"))
    x.one(frm="other@elsewhere.test", msg=x.msg(frm="other@elsewhere.test"))


@scenario("real", chain="dkim_verify", also=["dkim_sign"])
def real_dkim_verify(x):
    """sign by one chain, take what was delivered, send it through the verifying chain: good, body changed, unsigned"""
    x.one(port=x.port_of("dkim_sign"))
    m = x.last_delivered()
    x.one(m)
    x.one(m.replace(b"this is the body", b"this was the body"))
    x.one()


@scenario("real", chain="spf_dkim_dmarc", also=["dkim_sign"])
def real_spf_dkim_dmarc(x):
    """pyspf-milter, opendkim -v, opendmarc in a row: aligned, not aligned (p=reject), none"""
    x.one(port=x.port_of("dkim_sign"))
    m = x.last_delivered()
    x.one(m, src="127.1.0.10")
    x.one(src="127.1.0.20")
    x.one(x.msg(frm="eve@strict.test"), frm="eve@strict.test", src="127.1.0.20")
    x.one(src="127.5.0.1")
    x.one(x.msg(frm="joe@field.test"), frm="joe@field.test", src="127.1.0.21")


@scenario("real", chain="spamass")
def real_spamass(x):
    """spamass-milter + spamd (local rules): ham, GTUBE, 8-bit"""
    x.one(src="127.1.0.10")
    x.one(x.msg(body=GTUBE + "\r\n", subject="spam"), src="127.1.0.20", to=["bob@field.test", "carol@field.test"])
    x.one(x.msg(body="Grüße\r\n", subject="Ünïcode"), par="BODY=8BITMIME", src="127.1.0.20")


@scenario("real", chain="rspamd")
def real_rspamd(x):
    """rspamd proxy in milter mode (self scan): ham, GTUBE, many headers"""
    x.one(src="127.1.0.10")
    x.one(x.msg(body=GTUBE + "\r\n", subject="spam"), src="127.1.0.20", to=["bob@field.test", "carol@field.test"])
    c = x.client(src="127.1.0.20")
    c.hello("helo.dynamic.example.test")
    c.txn(x.msg(subject="one"))
    c.mail()
    c.cmd("RSET")
    c.txn(x.msg(subject="two", extra=[("X-Spam", "Yes")]))
    c.quit()


@scenario("real", chain="dkimpy")
def real_dkimpy(x):
    """dkimpy-milter: signs for 127.2.0.1, verifies for others"""
    x.one(src="127.2.0.1")
    x.one(x.last_delivered(), src="127.1.0.10")


@scenario("real", chain="spf")
def real_spf(x):
    """pyspf-milter: pass, fail, none, null sender"""
    x.one(src="127.1.0.10", helo="mail.sender.test")
    x.one(src="127.5.0.1")
    x.one(src="127.1.0.20", frm="x@nospf.test")
    x.one(src="127.1.0.10", frm="", helo="mail.sender.test")


@scenario("real", chain="pmilter")
def real_pmilter(x):
    """Sendmail::PMilter (Perl): an implementation of the protocol that is not libmilter"""
    x.one()
    SCENARIOS["several_messages"]["func"](x)


@scenario("real", chain="pymilter")
def real_pymilter(x):
    """pymilter sample: NR flags, insert, change, quarantine"""
    x.one()
    x.one(x.msg(extra=[("X-PyQuarantine", "1")]))


@scenario("real", chain="clamav")
def real_clamav(x):
    """clamav-milter + clamd with one signature of our own: clean, infected"""
    x.one(src="127.1.0.10")
    x.one(x.msg(body="FIELD-TEST-VIRUS-SIGNATURE\r\n"), src="127.1.0.10")


@scenario("real", chain="site")
def real_site(x):
    """five milters as a site runs them: spf, dkim verify, dmarc, clamav, spamass"""
    x.one(x.msg(frm="joe@field.test"), frm="joe@field.test", src="127.1.0.21")
    x.one(x.msg(frm="joe@field.test", body="FIELD-TEST-VIRUS-SIGNATURE\r\n"), frm="joe@field.test", src="127.1.0.21")
    x.one(
        x.msg(frm="joe@field.test", body=GTUBE + "\r\n"),
        frm="joe@field.test",
        src="127.1.0.21",
        to=["bob@field.test", "carol@field.test"],
    )
    x.one(x.msg(frm="eve@strict.test"), frm="eve@strict.test", src="127.1.0.20")


@scenario("real", chain="sign_abc", also=["dkim_verify"])
def real_sign_after_change(x):
    """a changes body and Subject, opendkim signs what a made, b adds; the signature is over a's version"""
    x.one(
        x.msg(
            mods=["a; replacebody; body by a\\r\\n", "a; chgheader; 1; Subject; by a", "b; addheader; X-B; 1"] + TRACE
        )
    )
    x.one(x.last_delivered(), port=x.port_of("dkim_verify"))
