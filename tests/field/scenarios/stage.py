# SPDX-License-Identifier: BSL-1.0
"""Every verdict at every stage, one session each (group stage)."""
from .registry import scenario

ACTIONS = [
    "reject",
    "tempfail",
    "reply550",
    "reply450",
    "ml554",
    "ml452",
    "reply421",
    "accept",
    "discard",
    "badreply550",
    "addheader",
    "quarantine",
]


def _stage(stage):
    def f(x):
        for act in ACTIONS:
            tok = "a-%s-%s" % (stage, act)
            c = x.client()
            if c.hello(("%s.act.test" % tok) if stage in ("helo", "unknown") else "client.sender.test") // 100 == 2:
                if stage == "unknown":
                    c.cmd("FOO bar")
                frm = "alice@sender.test"
                if stage == "mail":
                    frm = tok + "@sender.test"
                if c.mail(frm) // 100 == 2:
                    tos = (
                        ["carol@field.test", tok + "@field.test"]
                        if stage == "rcpt"
                        else [tok + "@field.test"]
                        if stage == "data"
                        else ["bob@field.test"]
                    )
                    if [t for t in tos if c.rcpt(t) // 100 == 2]:
                        c.data(x.msg(subject=tok, act=tok if stage in ("header", "eoh", "body", "eom") else None))
                if c.code and c.code != 421:  # is the session still of use?
                    c.txn(x.msg(subject="after " + tok), to="second@field.test")
            c.quit()

    f.__name__ = "stage_" + stage
    f.__doc__ = "each verdict at %s: %s; then a second message on the same connection" % (stage, ", ".join(ACTIONS))
    scenario("stage")(f)


for _s in ("helo", "mail", "rcpt", "data", "header", "eoh", "body", "eom", "unknown"):
    _stage(_s)


@scenario("stage")
def stage_connect(x):
    """verdicts at connect, chosen by the client's address 127.9.1.N"""
    for n in (1, 2, 3, 4, 5, 7, 8):
        c = x.client(src="127.9.1.%d" % n)
        c.hello()
        c.txn(x.msg(subject="connect %d" % n))
        c.quit()


@scenario("stage")
def stage_rcpt_from_mail(x):
    """an rcpt verdict for every recipient"""
    for act in ("reject", "tempfail", "discard", "accept"):
        x.one(x.msg(subject=act), frm="a-rcpt-%s@sender.test" % act, to=["bob@field.test", "carol@field.test"])
