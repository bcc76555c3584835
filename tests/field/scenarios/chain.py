# SPDX-License-Identifier: BSL-1.0
"""a, b and c one after another: what a manager must be indistinguishable from (group chain)."""
import base64

from .registry import SCENARIOS, scenario


TRACE = ["*; trace"]


def _chain(name, doc, mods=(), to=("bob@field.test", "carol@field.test"), **kw):
    """One session: the message in question, then a second one on the same connection."""
    extra = [("X-Dup", "1"), ("X-Dup", "2"), ("X-Last", "end")]
    body = {"body": kw["body"]} if "body" in kw else {}

    def f(x):
        c = x.client(src=kw.get("src"))
        if c.code // 100 == 2 and c.hello(kw.get("helo", "client.sender.test")) // 100 == 2:
            if kw.get("unknown"):
                c.cmd("FOO bar")
            m = x.msg(mods=list(mods), extra=extra, act=kw.get("act"), **body)
            c.txn(m, frm=kw.get("frm", "alice@sender.test"), to=list(to))
            if c.code and c.code != 421:
                c.txn(x.msg(subject="second", mods=TRACE), to="second@field.test")
        c.quit()

    f.__name__, f.__doc__ = "chain_" + name, doc
    scenario("chain", chain="abc")(f)


_chain("plain", "no changes, each milter's trace", TRACE)
_chain(
    "add_each",
    "each adds a header; who sees whose",
    ["a; addheader; X-A; 1", "b; addheader; X-B; 2", "c; addheader; X-C; 3"] + TRACE,
)
_chain(
    "ins0_each",
    "each inserts at 0",
    ["a; insheader; 0; X-A; 1", "b; insheader; 0; X-B; 2", "c; insheader; 0; X-C; 3"] + TRACE,
)
_chain(
    "ins1_each",
    "each inserts at 1",
    ["a; insheader; 1; X-A; 1", "b; insheader; 1; X-B; 2", "c; insheader; 1; X-C; 3"] + TRACE,
)
_chain(
    "ins_each",
    "a inserts at 8 and 10, b at 9 twice, c at 20 and 12",
    ["a; insheader; 8; X-A; 8", "a; insheader; 10; X-A; 10", "b; insheader; 9; X-B; 9", "b; insheader; 9; X-B; again"]
    + ["c; insheader; 20; X-C; 20", "c; insheader; 12; X-C; 12"]
    + TRACE,
)
_chain(
    "received_each",
    "a adds Received, b changes the first Received it sees and adds one, c deletes the first and adds one",
    ["a; addheader; Received; from a", "b; chgheader; 1; Received; from b", "b; addheader; Received; from b too"]
    + ["c; delheader; 1; Received", "c; addheader; Received; from c"]
    + TRACE,
)
_chain(
    "received_ins0",
    "a inserts Received and X-Top at 0, b changes the first of each, c deletes Received 1 and changes X-Top",
    ["a; insheader; 0; Received; from a", "a; insheader; 0; X-Top; by a", "b; chgheader; 1; Received; from b"]
    + ["b; chgheader; 1; X-Top; by b", "c; delheader; 1; Received", "c; chgheader; 1; X-Top; by c"]
    + TRACE,
)
_chain(
    "chg_deleted",
    "a deletes X-Dup 1 and changes X-Dup 1, b changes X-Dup 1, c deletes X-Last and changes it",
    ["a; delheader; 1; X-Dup", "a; chgheader; 1; X-Dup; by a", "b; chgheader; 1; X-Dup; by b"]
    + ["c; delheader; 1; X-Last", "c; chgheader; 1; X-Last; by c"]
    + TRACE,
)
_chain(
    "chg_each",
    "each changes Subject in turn",
    ["a; chgheader; 1; Subject; by a", "b; chgheader; 1; Subject; by b", "c; chgheader; 1; Subject; by c"] + TRACE,
)
_chain(
    "del_then_chg",
    "a deletes X-Dup 1, b changes X-Dup 1, c deletes X-Dup 1",
    ["a; delheader; 1; X-Dup", "b; chgheader; 1; X-Dup; by b", "c; delheader; 1; X-Dup"] + TRACE,
)
_chain(
    "add_then_chg",
    "a adds X-New, b changes it, c deletes it by index 1",
    ["a; addheader; X-New; by a", "b; chgheader; 1; X-New; by b", "c; delheader; 1; X-New"] + TRACE,
)
_chain(
    "add_folded",
    "a adds a folded header and one with leading blanks; b and c see them",
    ["a; addheader; X-F; one\\n\\ttwo", "a; addheader; X-L; \\s\\sblanks"] + TRACE,
)
_chain(
    "rcpt_each",
    "a adds a recipient, b deletes it, c adds another",
    ["a; addrcpt; <by-a@field.test>", "b; delrcpt; <by-a@field.test>", "c; addrcpt; <by-c@field.test>"] + TRACE,
)
_chain(
    "rcpt_del_all",
    "a deletes all recipients; do b and c go on",
    ["a; delrcpt; <bob@field.test>", "a; delrcpt; <carol@field.test>", "b; addrcpt; <saved@field.test>"] + TRACE,
)
_chain(
    "chgfrom_each",
    "each changes the sender",
    ["a; chgfrom; <by-a@sender.test>", "b; chgfrom; <by-b@sender.test>", "c; chgfrom; <by-c@sender.test>"] + TRACE,
)
_chain(
    "body_each",
    "each replaces the body; b sees a's",
    ["a; replacebody; body by a\\r\\n", "b; replacebody; body by b\\r\\n", "c; replacebody; body by c\\r\\n"] + TRACE,
)
_chain("body_a_only", "a replaces the body by 200 kB, b and c look at it", ["a; replacebodygen; 200000; 72"] + TRACE)
_chain("body_c_only", "c replaces the body", ["c; replacebody; by c\\r\\n"] + TRACE)
_chain("body_200k", "200 kB body through three milters", TRACE, body=("0123456789" * 7 + "\r\n") * 2800)
_chain("quar_a", "a quarantines, b and c go on", ["a; quarantine; by a"] + TRACE)
_chain("quar_b_reject_c", "b quarantines, c rejects", ["b; quarantine; by b", "c; reply; 554; 5.7.1; by c"] + TRACE)
_chain(
    "reject_b_eom",
    "a modifies, b rejects at eom; does c see the message",
    ["a; addheader; X-A; 1", "b; reply; 550; 5.7.1; by b"] + TRACE,
)
_chain("reject_ml_b_eom", "b rejects with three lines", ["b; reply; 554; 5.7.1; one|two|three"] + TRACE)
_chain("tempfail_a_reject_b", "a tempfails and b rejects at eom", ["a; return; tempfail", "b; return; reject"] + TRACE)
_chain("discard_b_eom", "b discards at eom", ["b; return; discard"] + TRACE)
_chain(
    "accept_a_eom",
    "a modifies and accepts at eom: b and c still see it",
    ["a; addheader; X-A; 1", "a; return; accept", "b; addheader; X-B; 2"] + TRACE,
)
for _s in ("helo", "mail", "header", "eoh", "body", "data"):
    _kw = {
        "helo": {"helo": "a-helo-accept.act.test"},
        "mail": {"frm": "a-mail-accept@sender.test"},
        "data": {"to": ("a-data-accept@field.test",)},
    }.get(_s, {"act": "a-%s-accept" % _s})
    _chain(
        "accept_a_%s" % _s, "a accepts early at %s; b and c go on; second message on the connection" % _s, TRACE, **_kw
    )
_chain("accept_a_rcpt", "a accepts at the first RCPT", TRACE, to=("a-rcpt-accept@field.test", "carol@field.test"))
for _s in ("helo", "mail", "header", "eoh", "body", "data"):
    for _act in ("reject", "discard"):
        _kw = {
            "helo": {"helo": "b-helo-%s.act.test" % _act},
            "mail": {"frm": "b-mail-%s@sender.test" % _act},
            "data": {"to": ("b-data-%s@field.test" % _act,)},
        }.get(_s, {"act": "b-%s-%s" % (_s, _act)})
        _chain("%s_b_%s" % (_act, _s), "b says %s at %s: what do a and c see" % (_act, _s), TRACE, **_kw)
_chain(
    "rcpt_b_rejects_one",
    "b refuses one of three recipients, c another, a tempfails a fourth; MTA refuses a fifth",
    TRACE,
    to=(
        "bob@field.test",
        "b-rcpt-reply550@field.test",
        "c-rcpt-ml554@field.test",
        "a-rcpt-tempfail@field.test",
        "mta-reject@field.test",
        "carol@field.test",
    ),
)
_chain(
    "rcpt_all_rejected",
    "every recipient refused by one of them",
    TRACE,
    to=("a-rcpt-reject@field.test", "b-rcpt-reject@field.test"),
)
_chain("discard_b_rcpt", "b discards at RCPT", TRACE, to=("bob@field.test", "b-rcpt-discard@field.test"))
_chain(
    "skip_a_body",
    "a skips the rest of a 200 kB body",
    TRACE,
    body=("0123456789" * 7 + "\r\n") * 2800,
    act="a-body-skip",
)
_chain("progress_b", "b sends progress", ["b; progress; 3; 200"] + TRACE)
_chain("unknown", "unknown command, b refuses it", TRACE, helo="b-unknown-reply550.act.test", unknown=True)
_chain("connect_b_reject", "b refuses at connect (127.9.2.4)", TRACE, src="127.9.2.4")
_chain("connect_a_accept", "a accepts at connect (127.9.1.3)", TRACE, src="127.9.1.3")
_chain("connect_b_discard", "b discards at connect (127.9.2.7)", TRACE, src="127.9.2.7")
_chain(
    "everything",
    "all three change header, body, sender and recipients",
    [
        "a; insheader; 0; X-A0; a",
        "a; chgheader; 1; Subject; sa",
        "a; addrcpt; <ra@field.test>",
        "a; replacebody; ba\\r\\n",
        "a; chgfrom; <fa@sender.test>",
        "b; insheader; 1; X-B1; b",
        "b; chgheader; 1; Subject; sb",
        "b; delrcpt; <bob@field.test>",
        "b; replacebody; bb\\r\\n",
        "b; delheader; 1; X-Dup",
        "c; addheader; X-C; c",
        "c; chgheader; 1; X-A0; changed by c",
        "c; addrcpt_par; <rc@field.test>; NOTIFY=NEVER",
        "c; chgheader; 1; X-Dup; dup by c",
    ]
    + TRACE,
)


@scenario("chain", chain="abc")
def chain_rset(x):
    """RSET and EHLO in mid transaction, then a message"""
    c = x.client()
    c.hello()
    c.mail()
    c.rcpt()
    c.cmd("RSET")
    c.mail()
    c.hello("again.sender.test")
    c.txn(x.msg(mods=TRACE))
    c.quit()


@scenario("chain", chain="abc")
def chain_starttls_auth(x):
    """STARTTLS and AUTH PLAIN through the chain: macros"""
    c = x.client()
    c.hello()
    if c.starttls():
        c.hello()
        realm = "field.test" if x.mta == "postfix" else "mx.field.test"
        c.cmd("AUTH PLAIN " + base64.b64encode(b"\0user@" + realm.encode() + b"\0secret").decode())
        c.txn(x.msg(mods=TRACE))
    c.quit()


@scenario("chain", chain="abc")
def chain_folded(x):
    """folded_headers through three milters"""
    SCENARIOS["folded_headers"]["func"](x)


@scenario("chain", chain="abc")
def chain_drop_mid_data(x):
    """the client drops in mid DATA"""
    SCENARIOS["drop_mid_data"]["func"](x)


@scenario("chain", chain="abc")
def chain_concurrent(x):
    """8 interleaved connections through three milters"""
    SCENARIOS["concurrent"]["func"](x)
