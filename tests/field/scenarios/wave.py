# SPDX-License-Identifier: BSL-1.0
"""Milters that only judge, alone and among editors: whom a manager shows a message at the same time (group wave).

Whoever refuses does so a second after the milters after it may have been shown the message, or a
milter before it delays its last word that long. So how far the others have come by then is always the same.
"""
import time

from .registry import SCENARIOS, scenario

LARGE = ("0123456789" * 7 + "\r\n") * 2800  # 200 kB
TRACE = ["a; trace", "b; trace"]


def _wave(name, doc, act=None, mods=(), chain="rabc", **kw):
    """One session: the message in question, then a second one on the same connection."""

    def f(x):
        c = x.client()
        c.hello()
        body = {"body": kw["body"]} if "body" in kw else {}
        c.txn(x.msg(mods=list(mods), act=act, **body), to=kw.get("to", ("bob@field.test", "carol@field.test")))
        c.txn(x.msg(subject="second", mods=TRACE if chain in ("mixed", "five") else ()), to="second@field.test")
        c.quit()
        time.sleep(kw.get("linger", 0))  # until a milter that was left behind has woken up

    f.__name__, f.__doc__ = "wave_" + name, doc
    scenario("wave", chain=chain)(f)


# -- ra, rb, rc: nobody refuses
_wave("plain", "three judges have nothing to say")
_wave("body_200k", "200 kB body to three judges", body=LARGE)
_wave("delays", "each delays its last word", mods=["ra; sleep; 400", "rb; sleep; 300", "rc; sleep; 200"])
_wave("accept_first_header", "the first accepts at a header, the others judge on", "ra-header-accept")
_wave("accept_second_eoh", "the second accepts at end of headers", "rb-eoh-accept")
_wave("accept_third_body", "the third accepts at body", "rc-body-accept", body=LARGE)
_wave("accept_second_eom", "the second accepts at end of message", "rb-eom-accept")
_wave("skip_second_body", "the second skips the rest of a 200 kB body", "rb-body-skip", body=LARGE)
_wave("progress", "the first and the third send progress", mods=["ra; progress; 3; 200", "rc; progress; 3; 100"])

# -- one refuses
_wave("reject_first_header", "the first rejects at a header", "ra-header-sleep1 ra-header-reject")
_wave("reply_first_eoh", "the first refuses with 451 at end of headers", "ra-eoh-sleep1 ra-eoh-reply451")
_wave("discard_first_body", "the first discards at body", "ra-body-sleep1 ra-body-discard")
_wave(
    "lines_first_eom",
    "the first refuses with three lines at end of message",
    mods=["ra; sleep; 1000", "ra; reply; 554; 5.7.1; one|two|three"],
)
_wave("reply_second_header", "the second refuses with 550 at a header", "ra-eom-sleep1 rb-header-reply550")
_wave("tempfail_second_eoh", "the second tempfails at end of headers", "ra-eom-sleep1 rb-eoh-tempfail")
_wave("reject_second_body", "the second rejects at body", "ra-eom-sleep1 rb-body-reject")
_wave("discard_second_eom", "the second discards at end of message", "rb-eom-sleep1 rb-eom-discard")
_wave("tempfail_third_header", "the third tempfails at a header, before the first", "ra-eom-sleep1 rc-header-tempfail")
_wave("discard_third_eoh", "the third discards at end of headers", "ra-eom-sleep1 rc-eoh-discard")
_wave("reply_third_body", "the third refuses with 550 at body", "rc-body-reply550", body=LARGE)
_wave("reject_third_eom", "the third rejects at end of message, the first is slower", "ra-eom-sleep1 rc-eom-reject")
_wave(
    "rcpt_second_rejects_one",
    "the second refuses one of two recipients and says nothing of the message",
    to=("rb-rcpt-reply550@field.test", "carol@field.test"),
)

# -- several refuse: the first in order decides, whoever spoke first
_wave(
    "all_refuse",
    "each refuses with a reply of its own, the last one first",
    "ra-eom-sleep1 ra-eom-reply550 rb-body-reply551 rc-header-reply452",
)
_wave(
    "discard_before_reject",
    "the second discards late, the third has rejected early",
    "ra-eom-sleep1 rb-eom-discard rc-header-reject",
)
_wave(
    "first_refuses_others_read",
    "the first rejects at end of headers while the others have not answered",
    "ra-eoh-sleep1 ra-eoh-reject rb-eoh-sleep2 rc-body-sleep2",
    linger=1.5,
)

# -- ra, a, rb, rc: an editor between judges
EDITS = ["a; addheader; X-A; 1", "a; chgheader; 1; Subject; by a", "a; replacebody; body by a\\r\\n"]
_wave("mixed_edits", "judges after an editor see its changes, the one before does not", mods=EDITS, chain="mixed")
_wave(
    "mixed_envelope",
    "the editor changes sender and recipients",
    mods=["a; addrcpt; <by-a@field.test>", "a; delrcpt; <bob@field.test>", "a; chgfrom; <by-a@sender.test>"],
    chain="mixed",
)
_wave("mixed_quarantine", "the editor quarantines", mods=["a; quarantine; by a"] + EDITS[:1], chain="mixed")
_wave(
    "mixed_quarantine_reject_ra",
    "the editor quarantines and a slower judge before it rejects",
    "ra-eom-sleep1 ra-eom-reject",
    ["a; quarantine; by a"],
    "mixed",
)
_wave("mixed_reject_ra", "the judge before the editor rejects late", "ra-eom-sleep1 ra-eom-reject", EDITS, "mixed")
_wave(
    "mixed_reject_a",
    "the editor refuses: nobody after it is shown the message",
    "ra-eom-sleep1 a-eoh-reply550",
    EDITS,
    "mixed",
)
_wave("mixed_reject_rb", "a judge after the editor refuses", "rb-eom-sleep1 rb-eom-reply550", EDITS, "mixed")
_wave(
    "mixed_skip",
    "judges before and after the editor skip the body",
    "ra-body-skip rc-body-skip",
    EDITS,
    "mixed",
    body=LARGE,
)

# -- ra, rb, a, rc, b
FIVE = EDITS + ["b; chgheader; 1; X-A; by b", "b; insheader; 0; X-B; 1", "b; addrcpt; <by-b@field.test>"] + TRACE
_wave("five_edits", "two editors among three judges", mods=FIVE, chain="five")
_wave(
    "five_reject_rb",
    "the second judge rejects late: the editor beside it was asked in vain",
    "rb-eom-sleep1 rb-eom-reject",
    EDITS[:1],
    "five",
    to="bob@field.test",
)
_wave(
    "five_reject_rc",
    "the third judge refuses late: the first editor's changes and the second's are lost",
    "rc-eom-sleep1 rc-eom-reply550",
    FIVE,
    "five",
)
_wave(
    "five_delays",
    "four of five delay their last word; all changes stand",
    mods=FIVE + ["ra; sleep; 300", "rb; sleep; 100", "a; sleep; 200", "rc; sleep; 300"],
    chain="five",
)


@scenario("wave", chain="rabc")
def wave_refused_by_each(x):
    """four messages in one session, the first three refused by the first, the second, the third"""
    c = x.client()
    c.hello()
    for act in ("ra-eoh-sleep1 ra-eoh-reply550", "ra-eom-sleep1 rb-eoh-reply551", "ra-eom-sleep1 rc-eoh-reply552"):
        c.txn(x.msg(subject=act, act=act))
    c.txn(x.msg(subject="good"))
    c.quit()


@scenario("wave", chain="five")
def wave_rset(x):
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


@scenario("wave", chain="mixed")
def wave_drop_mid_data(x):
    """the client drops in mid DATA"""
    SCENARIOS["drop_mid_data"]["func"](x)


@scenario("wave", chain="five")
def wave_concurrent(x):
    """8 interleaved connections through five milters"""
    SCENARIOS["concurrent"]["func"](x)


def _die(name, chain):
    def f(x):
        x.one(x.msg(act="ra-eom-sleep1 rb-eom-die"))
        time.sleep(0.6)  # a filter that died is back by now
        x.one(x.msg(subject="next connection"))

    f.__name__ = "wave_die_" + name
    f.__doc__ = "the second judge dies at end of message, default_action=" + name
    scenario("wave", chain=chain)(f)


_die("tempfail", "rabc")
_die("accept", "rabc_accept")
