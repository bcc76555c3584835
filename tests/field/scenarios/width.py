# SPDX-License-Identifier: BSL-1.0
"""The same conversations with one, two, three and five milters: each refuses, discards, accepts in turn (group width).

Five of them are judges and editors mixed, which a manager shows a message in two waves, or five editors, one by one.
"""
import time

from .registry import SCENARIOS, scenario

# Suffix of the scenarios' names -> chain, its milters as a manager groups them.
WIDTHS = {
    "1": ("a", [["a"]]),
    "2": ("ab", [["a"], ["b"]]),
    "3": ("abc", [["a"], ["b"], ["c"]]),
    "5": ("five", [["ra", "rb", "a"], ["rc", "b"]]),
    "5e": ("abcsy", [["a"], ["b"], ["c"], ["s"], ["y"]]),
}
JUDGES = ("ra", "rb", "rc")
LARGE = ("0123456789" * 7 + "\r\n") * 2800  # 200 kB
REFUSALS = ("reject", "reply551", "tempfail", "reply554", "reply452")
# Whose PTR is an order to a milter (etc/zone).
CONNECT = {m: "127.1.1.%d" % n for n, m in enumerate(("a", "b", "c", "ra", "rb", "rc"), 1)}


class Width:
    """Who is in a chain, and orders to them."""

    def __init__(self, waves):
        self.waves = waves
        self.names = [name for wave in waves for name in wave]
        self.editors = [name for name in self.names if name not in JUDGES]
        self.traces = [name + "; trace" for name in self.editors]
        self.first, self.middle, self.last = self.names[0], self.names[len(self.names) // 2], self.names[-1]

    def order(self, name, stage, action):
        """An X-Act: of those in a wave the others have come as far as they can by the time the wave's word is known."""
        wave = next(w for w in self.waves if name in w)
        late = "" if len(wave) == 1 else "%s-%s-sleep1 " % (wave[0], stage if name == wave[0] else "eom")
        return "%s%s-%s-%s" % (late, name, stage, action)


def conversation(*suffixes, name=None):
    """Register the decorated function once for each width: its arguments are the context and the width."""

    def register(func):
        for suffix in suffixes or WIDTHS:
            chain, waves = WIDTHS[suffix]

            def f(x, width=Width(waves)):
                func(x, width)

            f.__name__ = "width_%s_%s" % (name or func.__name__, suffix)
            f.__doc__ = "%s (%s)" % (func.__doc__, ", ".join(n for wave in waves for n in wave))
            scenario("width", chain=chain)(f)
        return func

    return register


def good(x, c, w):
    c.txn(x.msg(subject="good", mods=w.traces), to=("bob@field.test", "carol@field.test"))


@conversation("1", "2", "5")
def connect(x, w):
    """each refuses at connect in turn"""
    for name in w.names:
        c = x.client(src=CONNECT[name])
        if c.code == 220:
            c.hello()
            c.txn(x.msg())
        c.quit()
        x.settle()


@conversation("1", "2", "5")
def helo(x, w):
    """each refuses at HELO in turn"""
    for name in w.names:
        x.one(helo=name + "-helo-reply550.act.test")
        x.settle()


@conversation()
def envelope(x, w):
    """each refuses a sender, one of three recipients, DATA, in one session"""
    c = x.client()
    c.hello()
    for name, action in zip(w.names, REFUSALS):
        c.mail("%s-mail-%s@sender.test" % (name, action))
        c.cmd("RSET")
    for name in w.names:
        c.mail()
        c.rcpt("%s-data-reply550@field.test" % name)
        c.cmd("DATA")
        c.cmd("RSET")
    refused = ["%s-rcpt-%s@field.test" % pair for pair in zip(w.names, REFUSALS)]
    c.txn(x.msg(mods=w.traces), to=["bob@field.test", *refused, "carol@field.test"])
    c.quit()


def _content(stage):
    def content(x, w):
        c = x.client()
        c.hello()
        for name, action in zip(w.names, REFUSALS):
            c.txn(x.msg(subject="refused by " + name, mods=w.traces, act=w.order(name, stage, action)))
        good(x, c, w)
        c.quit()

    content.__doc__ = "each refuses a message at %s in turn, in one session" % stage
    conversation(name=stage)(content)


for _s in ("header", "eoh", "body", "eom"):
    _content(_s)


@conversation()
def discard(x, w):
    """each discards a message, at a header or at end of message, in one session"""
    c = x.client()
    c.hello()
    for n, name in enumerate(w.names):
        stage = ("eom", "header")[n % 2]
        c.txn(x.msg(subject="discarded by " + name, mods=w.traces, act=w.order(name, stage, "discard")))
    good(x, c, w)
    c.quit()


@conversation()
def accept(x, w):
    """each accepts a message early: at MAIL, RCPT, a header, body, end of message; the others go on"""
    c = x.client()
    c.hello()
    for name, stage in zip(w.names, ("header", "body", "mail", "rcpt", "eom")):
        order = "%s-%s-accept" % (name, stage)
        c.txn(
            x.msg(subject=order, mods=w.traces, act=order),
            frm=(order if stage == "mail" else "alice") + "@sender.test",
            to=((order if stage == "rcpt" else "bob") + "@field.test", "carol@field.test"),
        )
    good(x, c, w)
    c.quit()


@conversation()
def edits(x, w):
    """each editor changes header, body, sender and recipients, and what the one before it has made"""
    mods, before = [], "carol"
    for n, name in enumerate(w.editors):
        mods += [
            "%s; insheader; %d; X-In-%s; 1" % (name, n, name),
            "%s; addheader; X-By; %s" % (name, name),
            "%s; chgheader; 1; Subject; by %s" % (name, name),
            "%s; chgheader; %d; X-By; changed by %s" % (name, max(n, 1), name),
            "%s; replacebody; body by %s\\r\\n" % (name, name),
            "%s; chgfrom; <by-%s@sender.test>" % (name, name),
            "%s; delrcpt; <%s@field.test>" % (name, before),
            "%s; addrcpt; <by-%s@field.test>" % (name, name),
        ]
        before = "by-" + name
    c = x.client()
    c.hello()
    c.txn(x.msg(mods=mods + w.traces), to=("bob@field.test", "carol@field.test"))
    good(x, c, w)
    c.quit()


@conversation("1", "2", "5")
def quarantine_first(x, w):
    """the first editor quarantines, the others edit"""
    x.one(x.msg(mods=[w.editors[0] + "; quarantine; by the first"] + w.traces))


@conversation("2", "3", "5", "5e")
def quarantine_last(x, w):
    """the last editor quarantines what the others have edited"""
    x.one(x.msg(mods=[w.editors[-1] + "; quarantine; by the last"] + w.traces))


@conversation()
def session(x, w):
    """eight transactions in one session: good, refused, RSET, no recipient, good again"""
    c = x.client()
    c.hello()
    good(x, c, w)
    c.txn(x.msg(subject="at end of message", mods=w.traces, act=w.order(w.first, "eom", "reply550")))
    c.mail()
    c.rcpt()
    c.cmd("RSET")
    to = "%s-rcpt-tempfail@field.test" % w.middle, "bob@field.test"
    c.txn(x.msg(subject="bounce", mods=w.traces), frm="", to=to)
    c.mail()
    c.rcpt("%s-rcpt-reject@field.test" % w.last)
    c.hello("again.sender.test")
    c.txn(x.msg(subject="discarded", act=w.order(w.middle, "body", "discard")))
    c.txn(x.msg(subject="accepted early", mods=w.traces, act="%s-eoh-accept" % w.last))
    good(x, c, w)
    c.quit()


@conversation()
def large(x, w):
    """200 kB of body; the first skips the rest of it, the others see all"""
    x.one(x.msg(body=LARGE, mods=w.traces, act=w.first + "-body-skip"))
    x.one(x.msg(body=LARGE, mods=w.traces))


@conversation("2", "5e")
def concurrent(x, w):
    """8 interleaved connections"""
    SCENARIOS["concurrent"]["func"](x)


@conversation("2", "5", "5e")
def drop_mid_data(x, w):
    """the client drops in mid DATA"""
    SCENARIOS["drop_mid_data"]["func"](x)


def _die(suffix, chain, action):
    w = Width(WIDTHS[suffix][1])

    def f(x):
        for name in (w.first, w.middle, w.last):
            x.one(x.msg(subject=name + " dies", mods=w.traces, act=w.order(name, "eom", "die")))
            x.settle()
            time.sleep(0.6)  # a filter that died is back by now
        x.one(x.msg(subject="next connection", mods=w.traces))

    f.__name__ = "width_die_%s_%s" % (action, suffix)
    f.__doc__ = "the first, the third, the last of five dies at end of message, default_action=" + action
    scenario("width", chain=chain)(f)


_die("5", "five", "tempfail")
_die("5", "five_accept", "accept")
