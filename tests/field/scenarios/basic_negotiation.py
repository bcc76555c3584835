# SPDX-License-Identifier: BSL-1.0
"""What milters negotiate, each kind on its own chain (group basic)."""
from .registry import scenario


def _variant(name, chain, doc):
    def f(x):
        x.one(
            x.msg(
                mods=["*; addheader; X-Neg; %s" % chain, "*; trace"],
                extra=[("X-Sp", "  two blanks"), ("X-Tab", "\ttab")],
                body="0123456789" * 7 + "\r\n" + ("abcdefghij" * 7 + "\r\n") * 4000,
            ),
            to=["bob@field.test", "mta-reject@field.test"],
        )
        c = x.client()
        c.hello()
        c.cmd("FOO bar")
        c.mail()
        c.rcpt()
        c.cmd("RSET")
        c.quit()

    f.__name__, f.__doc__ = name, doc
    scenario("basic", chain=chain)(f)


_variant("neg_plain", "a", "steps: SKIP only")
_variant("neg_noreply", "n", "NR_* for all stages")
_variant("neg_leadspc_skip_rcptrej", "s", "HDR_LEADSPC, SKIP, RCPT_REJ")
_variant("neg_symlist", "y", "own macro lists at all stages")
_variant("neg_static", "o", "no xxfi_negotiate: steps from the callbacks")
_variant("neg_nosteps", "nobody", "NOCONNECT NOHELO NOBODY NOEOH NOUNKNOWN NODATA")
_variant("neg_mds", "mds", "256K/1M data size asked for")


@scenario("basic", chain="s")
def skip_body(x):
    """SMFIS_SKIP after the first body chunk of 300 kB; only what came is in the milter's count"""
    x.one(x.msg(body=("0123456789" * 7 + "\r\n") * 4200, act="s-body-skip", mods=["s; trace"]))


@scenario("basic", chain="mix")
def mix_protocols(x):
    """three milters with different steps on one chain"""
    x.one(
        x.msg(
            mods=["a; addheader; X-A; from a", "n; insheader; 0; X-N; from n", "s; addheader; X-S; from s", "*; trace"],
            extra=[("X-Sp", "  two blanks"), ("X-Tab", "\ttab"), ("X-Fold", "a\r\n b")],
        ),
        to=["bob@field.test", "mta-reject@field.test"],
    )


@scenario("basic", chain="s", only="sendmail")
def rcpt_rej_mailer(x):
    """RCPT_REJ: recipients that a rule, a mailer or the MTA itself refuses, one that is good between"""
    c = x.client()
    c.hello()
    c.mail()
    c.rcpt("nosuchuser@local.field.test")  # no such user: the local mailer
    c.rcpt("error@local.field.test")  # the error mailer
    c.rcpt()
    c.rcpt("tempfail@local.field.test")
    c.rcpt("mta-reject@field.test")  # Local_check_rcpt
    c.cmd("RCPT TO:<@>")  # not an address
    c.data(x.msg(mods=["s; trace"]))
    c.quit()
