# SPDX-License-Identifier: BSL-1.0
"""Milters that die, hang, are not there (group fail)."""
import time

from .registry import scenario

TRACE = ["*; trace"]
BACK = 0.6  # seconds after which a filter that died is back


def _fail(name, doc, chain, slow=False, **kw):
    def f(x):
        c = x.client()
        if c.code // 100 == 2 and c.hello(kw.get("helo", "client.sender.test")) // 100 == 2:
            if "helo" in kw:
                time.sleep(BACK)
            c.txn(
                x.msg(act=kw.get("act"), mods=list(kw.get("mods", ())) + TRACE),
                frm=kw.get("frm", "alice@sender.test"),
                to=list(kw.get("to", ("bob@field.test",))),
            )
        c.quit()
        time.sleep(kw.get("linger", BACK))
        x.one(x.msg(subject="next connection", mods=TRACE))

    f.__name__, f.__doc__ = "fail_" + name, doc
    scenario("fail", chain=chain, slow=slow)(f)


for _a in ("accept", "tempfail", "reject", "quar"):
    _fail("down_" + _a, "nothing listens, default_action=" + _a, "down_" + _a)
_fail("down_then_b", "the first milter is down (accept), b is there", "down_then_b")
for _s, _kw in (
    ("helo", {"helo": "a-helo-die.act.test"}),
    ("mail", {"frm": "a-mail-die@sender.test"}),
    ("rcpt", {"to": ("a-rcpt-die@field.test", "carol@field.test")}),
    ("data", {"to": ("a-data-die@field.test",)}),
    ("header", {"act": "a-header-die"}),
    ("body", {"act": "a-body-die"}),
    ("eom", {"act": "a-eom-die"}),
):
    _fail("die_tempfail_" + _s, "the milter's process dies at %s, default_action=tempfail" % _s, "slow_tempfail", **_kw)
    _fail("die_accept_" + _s, "the milter's process dies at %s, default_action=accept" % _s, "slow_accept", **_kw)
_fail(
    "die_after_mods",
    "modifies, then dies at eom: are the changes kept? (accept)",
    "slow_accept",
    mods=["a; addheader; X-Half; 1", "a; addrcpt; <half@field.test>", "a; return; die"],
)
_fail("die_b_of_abc", "b of three dies at body, default accept", "slow_abc", act="b-body-die")
for _s, _kw in (
    ("helo", {"helo": "a-helo-hang.act.test"}),
    ("mail", {"frm": "a-mail-hang@sender.test"}),
    ("header", {"act": "a-header-hang"}),
    ("eom", {"act": "a-eom-hang"}),
):
    _fail("hang_tempfail_" + _s, "no reply at %s, 3 s timeouts, tempfail" % _s, "slow_tempfail", slow=True, **_kw)
    _fail("hang_accept_" + _s, "no reply at %s, 3 s timeouts, accept" % _s, "slow_accept", slow=True, **_kw)
_fail(
    "progress_beats_timeout",
    "6 progress 1.5 s apart against a 3 s timeout",
    "slow_tempfail",
    slow=True,
    mods=["a; progress; 6; 1500"],
    linger=7,  # Sendmail has given up, the filter goes on
)
_fail("hang_b_of_abc", "b of three hangs at eoh, default accept", "slow_abc", slow=True, act="b-eoh-hang")
