# SPDX-License-Identifier: BSL-1.0
"""The scenarios."""
import contextlib
import ipaddress
import os
import re
import socket
import threading
import time

from .rig import WHOLE

CASES = {}  # name -> function


def case(func):
    CASES[func.__name__] = func
    return func


# ---- who is asked

# name and address as XCLIENT has them; a loopback address of that kind (etc/zone); whether it logs in; whether the
# greylist is asked
SUSPECTS = (
    ("dial-up", "dhcp-203-0-113-9.dynamic.example.net", "203.0.113.9", "127.1.0.20", False, True),
    ("dial-up-short", "ppp5.example.net", "203.0.113.10", "127.1.0.23", False, True),
    ("two-numbers", "adsl-1-2.example.net", "203.0.113.11", "127.1.0.25", False, True),
    ("good", "mail.example.com", "203.0.113.12", "127.1.0.10", False, False),
    ("unknown", "[UNAVAILABLE]", "203.0.113.13", "127.1.0.77", False, True),
    ("no-answer", "[TEMPUNAVAIL]", "203.0.113.14", "127.1.0.24", False, True),
    ("ipv6-dial-up", "host12345.example.net", "IPV6:2001:db8::9", None, False, True),
    ("ipv6-good", "mx.example.org", "IPV6:2001:db8::10", "::1", False, False),
    ("ipv6-unknown", "[UNAVAILABLE]", "IPV6:2001:db8::11", None, False, True),
    ("private", "dhcp-10-0-0-9.dynamic.example.net", "10.0.0.9", "127.2.0.20", False, False),
    ("shared", "dhcp-100-64-0-9.dynamic.example.net", "100.64.0.9", None, False, False),
    ("ipv6-private", "host12345.example.net", "IPV6:fd00::9", None, False, False),
    ("login", "dhcp-203-0-113-9.dynamic.example.net", "203.0.113.9", "127.1.0.20", True, False),
    ("login-unknown", "[UNAVAILABLE]", "203.0.113.13", "127.1.0.22", True, False),  # the loopback one: a forged name
    ("localhost", None, None, "127.0.0.1", False, False),
)


@case
def greylist(x):
    """only suspicious, remote clients without a login are greylisted: fifteen of them, with Sendmail eleven"""
    near = "private(client.address)" if x.xclient else 'client.address in "127.2.0.0/16"'  # all loopback is private
    x.start(
        {"greylist": 'when = "suspicious and not auth.present"', "always": ""},
        "[condition.suspicious]\nwhen = 's25r(client.name) and not (%s)'\n" % near
        + '[condition.resolved]\nwhen = "client.resolved"\n',
    )
    suspects = [s for s in SUSPECTS if x.xclient or s[3]]
    lacking = [s[0] for s in SUSPECTS if s not in suspects]
    x.leave_out(lacking, "no XCLIENT; of IPv6 there is only ::1 on loopback, and no shared network")
    for name, host, address, src, login, _ in suspects:
        c = x.client_from(host, address, src, login)
        x.expect("reply to " + name, 250, c.txn(x.msg(), frm=name + "@sender.test"))
        c.quit()
    x.settle()
    x.expect_messages("always", {s[0] + "@sender.test": WHOLE for s in suspects})
    asked = {s[0] + "@sender.test": WHOLE for s in suspects if s[-1]}
    connections, _ = x.expect_messages("greylist", asked)
    x.expect("connections to greylist", len(asked), connections)
    records = {r["sender"]: r for r in x.records(len(suspects))}
    for name, host, address, src, login, is_asked in suspects:
        r = records.get("<%s@sender.test>" % name, {})
        verdicts = {m["name"]: (m["verdict"], m.get("reason")) for m in r.get("milters", [])}
        expected = ("continue", None) if is_asked else ("not asked", "its rules say no")
        x.expect("record of " + name, {"greylist": expected, "always": ("continue", None)}, verdicts)
        x.expect("login of " + name, x.user if login else None, r.get("authenticated"))
        conditions = ["suspicious"] if is_asked or login else []
        conditions += [] if host and host.startswith("[") else ["resolved"]
        x.expect("conditions of " + name, conditions, r.get("conditions", []))
        seen = ipaddress.ip_address(r.get("client_address", "0.0.0.0"))  # Sendmail writes all of ::1
        x.expect("address of " + name, ipaddress.ip_address(x.address(address, src)), seen)


@case
def virus_scan(x):
    """scanned once, for all recipients, when one of them is of a paying domain"""
    x.write("paid.txt", "# who pays\npaid.test\n.gold.test\n")
    x.start(
        {"av": "when = 'any(recipient.domain in @paid)'", "always": ""},
        '[set.paid]\nfile = "%s/paid.txt"\nkind = "domains"\n' % x.folder,
    )
    rows = {
        "paid-first": (["a@paid.test", "b@free.test"], True),
        "paid-last": (["b@free.test", "a@paid.test"], True),
        "paid-middle": (["b@free.test", "a@paid.test", "c@free.test"], True),
        "under-paid": (["a@x.gold.test", "b@free.test"], True),
        "upper-case": (["a@PAID.Test", "b@free.test"], True),
        "two-paid": (["a@paid.test", "b@paid.test"], True),
        "alike": (["a@unpaid.test", "b@paid.test.free.test"], False),
        "none": (["a@free.test", "b@free.test"], False),
    }
    for name, (to, _) in rows.items():
        x.expect("reply to " + name, 250, x.send(name + "@sender.test", to))
    x.settle()

    def stories(chosen):
        return {
            n + "@sender.test": WHOLE.replace("rcpt", " ".join(["rcpt"] * len(to))) for n, (to, paid) in rows.items()
            if paid or not chosen
        }

    x.expect_messages("always", stories(False))
    connections, scanned = x.expect_messages("av", stories(True))
    x.expect("connections to av", len(stories(True)), connections)
    for sender, message in scanned.items():
        x.expect("recipients of " + sender, rows[sender.split("@")[0]][0], message.recipients)
    for r in x.records(len(rows)):
        name = r["sender"].strip("<>").split("@")[0]
        av = next(m for m in r["milters"] if m["name"] == "av")
        expected = ("continue", None) if rows[name][1] else ("not asked", "its rules say no")
        x.expect("av in the record of " + name, expected, (av["verdict"], av.get("reason")))


@case
def dropped_early(x):
    """a milter that is ruled out at connect or helo is never connected"""
    x.start({
        "by-connect": "when = 'not (client.address in \"127.1.0.0/16\")'",
        "by-helo": "when = 'helo != \"quiet.test\"'",
        "always": "",
    })
    for name, src, helo in (("one", "127.1.0.10", "quiet.test"), ("two", "127.1.0.10", "QUIET.test.")):
        x.expect("reply to " + name, 250, x.send(name + "@sender.test", src=src, helo=helo))
    x.settle()
    x.expect_never_connected("by-connect")
    x.expect_never_connected("by-helo")
    x.expect("reply to loud", 250, x.send("loud@sender.test", src="127.1.0.10", helo="loud.test"))
    x.expect("reply to local", 250, x.send("local@sender.test", src="127.0.0.1", helo="quiet.test"))
    x.settle()
    x.expect_messages("by-connect", {"local@sender.test": WHOLE})
    x.expect_messages("by-helo", {"loud@sender.test": WHOLE})
    x.expect_messages("always", {n + "@sender.test": WHOLE for n in ("one", "two", "loud", "local")})
    for r in x.records(4)[:2]:
        verdicts = [(m["verdict"], m.get("reason")) for m in r["milters"]]
        x.expect("record", [("not asked", "its rules say no")] * 2 + [("continue", None)], verdicts)


@case
def joined_late(x):
    """a milter that joins at rcpt, at the headers, by the size, sees what one saw that was there from the start"""
    x.start({
        "first": "",
        "at-rcpt": "when = 'any(recipient.domain == \"paid.test\")'",
        "at-data": "when = 'recipients.count == 3'",
        "at-headers": "when = 'has_header(\"X-Late\")'",
        "at-size": "when = 'body.size > 100KiB'",
    })
    sent = {}
    esmtp = " BODY=8BITMIME" + (" RET=HDRS ENVID=late" if x.mta == "postfix" else "")
    bodies = {
        "short": b"one line\r\n",
        "dots": b".\r\n..\r\n.a\r\n",
        "empty": b"",
        "bytes": bytes(b for b in range(1, 256) if b not in (10, 13)) * 3 + b"\r\n",
        "long": b"".join(b"%08d %s\r\n" % (n, b"x" * 60) for n in range(4000)),
    }
    for name, body in bodies.items():
        c = x.client()
        c.hello("late.test")
        c.mail(name + "@sender.test", "SIZE=%d%s" % (len(body) + 500, esmtp))
        c.rcpt("a@free.test", "NOTIFY=NEVER")
        c.rcpt("b@paid.test")
        c.rcpt("c@free.test", "NOTIFY=SUCCESS,DELAY ORCPT=rfc822;c@free.test")
        extra = [("X-Late", "yes"), ("X-Folded", "one\r\n two\r\n\tthree"), ("X-Empty", ""), ("X-Bytes", b"\xe4\xff"),
                 ("X-Blanks", "  a  ")]
        sent[name + "@sender.test"] = len(body)
        x.expect("reply to " + name, 250, c.data(x.msg(body, extra)))
        c.quit()
    x.settle()
    _, first = x.seen("first")
    x.expect("messages that the first saw", sorted(sent), sorted(m.sender.strip("<>") for m in first))
    for name in ("at-rcpt", "at-data", "at-headers", "at-size"):
        _, messages = x.seen(name)
        theirs = {m.sender.strip("<>"): m.told() for m in messages}
        ours = {m.sender.strip("<>"): m.told() for m in first}
        if name == "at-size":
            ours = {k: v for k, v in ours.items() if sent[k] > 100 * 1024}
        x.expect("messages that %s saw" % name, sorted(ours), sorted(theirs))
        for sender, told in ours.items():
            for n, (a, b) in enumerate(zip(told, theirs.get(sender, []))):
                if not x.expect("callback %d of %s, %s" % (n, sender, name), a, b):
                    break
            x.expect("callbacks of %s, %s" % (sender, name), len(told), len(theirs.get(sender, [])))
    x.records(len(bodies))


@case
def one_session(x):
    """eight messages of one session: each is judged by itself, also after RSET and AUTH"""
    x.start({
        "av": "when = 'any(recipient.domain == \"paid.test\")'",
        "outgoing": "when = 'auth.present'",
        "always": "",
    })
    c = x.client()
    c.hello()
    rows = [("one", "a@paid.test"), ("two", "a@free.test"), ("three", "a@paid.test"), ("four", "a@free.test")]
    for name, to in rows[:2]:
        x.expect("reply to " + name, 250, c.txn(x.msg(), frm=name + "@sender.test", to=to))
    c.mail("given-up@sender.test")
    c.rcpt("a@paid.test")
    c.cmd("RSET")
    for name, to in rows[2:]:
        x.expect("reply to " + name, 250, c.txn(x.msg(), frm=name + "@sender.test", to=to))
    x.log_in(c)
    late = [("five", "a@free.test"), ("six", "a@paid.test")]
    for name, to in late:
        x.expect("reply to " + name, 250, c.txn(x.msg(), frm=name + "@sender.test", to=to))
    c.quit()
    x.settle()
    given_up = {"given-up@sender.test": "connect helo mail rcpt"}
    x.expect_messages("always", {n + "@sender.test": WHOLE for n, _ in rows + late} | given_up)
    x.expect_messages("av", {n + "@sender.test": WHOLE for n, to in rows + late if "paid" in to} | given_up)
    x.expect_messages("outgoing", {n + "@sender.test": WHOLE for n, _ in late})
    x.expect("verdict of what was given up", ["aborted"],
             [r["verdict"] for r in x.records(7) if r["sender"] == "<given-up@sender.test>"])


@case
def after_others(x):
    """who asks what another milter said or added is shown the message as that one has changed it"""
    x.start({
        "last": "when = 'milter(\"editor\").verdict == \"accept\"'",
        "flagged": "when = 'any(added_header(\"editor\", \"X-Flag\") == \"high\")'",
        "editor": "",
    })
    editor = x.names["editor"]
    rows = {
        "low": (["addheader; X-Flag; low"], set()),
        "high": (["addheader; X-Flag; high"], {"flagged"}),
        "accepted": (["return; accept"], {"last"}),
        "both": (["addheader; X-Flag; high", "chgheader; 1; Subject; changed", "return; accept"], {"flagged", "last"}),
    }
    for name, (mods, _) in rows.items():
        x.expect("reply to " + name, 250,
                 x.send(name + "@sender.test", msg=x.msg(mods=["%s; %s" % (editor, m) for m in mods])))
    x.settle()
    x.expect_messages("editor", {n + "@sender.test": WHOLE for n in rows})
    for milter in ("flagged", "last"):
        chosen = {n + "@sender.test": WHOLE for n, row in rows.items() if milter in row[1]}
        _, messages = x.expect_messages(milter, chosen)
        for sender, m in messages.items():
            shown = {e["name"]: e["value"] for e in m.entries if e["cb"] == "header"}
            flag = "high" if sender.startswith(("high", "both")) else None
            x.expect("X-Flag for %s, %s" % (milter, sender), flag, shown.get("X-Flag"))
            subject = "changed" if sender.startswith("both") else "field test"
            x.expect("Subject for %s, %s" % (milter, sender), subject, shown.get("Subject"))
    x.records(len(rows))


@case
def refused_recipients(x):
    """recipients that the MTA or a milter refuses are no fact"""
    x.start({
        "first": "",
        "trap": "when = 'any(recipient.local in [\"mta-reject\", \"spamtrap+a-rcpt-reject\"])'",
        "many": "when = 'recipients.count > 1'",
    })
    for name, to in (("one", ["mta-reject@field.test", "bob@field.test"]),
                     ("two", ["bob@field.test", "spamtrap+a-rcpt-reject@field.test"]),
                     ("three", ["bob@field.test", "carol@field.test", "mta-tempfail@field.test"])):
        x.expect("reply to " + name, 250, x.send(name + "@sender.test", to))
    x.settle()
    x.expect_never_connected("trap")
    x.expect_messages("many", {"three@sender.test": WHOLE.replace("rcpt", "rcpt rcpt")})
    x.records(3)


# ---- what rules refuse


def replies(c):
    """The texts of all replies of a session."""
    return [line for d in c.log for line in d.get("s", [])]


@case
def verdicts(x):
    """a rule refuses at rcpt with its text, for now by a header at the end, and accepts without any milter"""
    x.start(
        {"first": "", "second": ""},
        """
[[rule]]
name = "friends"
when = 'helo == "friend.test"'
accept = true
[[rule]]
name = "traps"
when = 'any(recipient.local == "trap")'
reject = "550 5.7.9 no traps here"
[[rule]]
name = "bulk"
when = 'any(header("Precedence") == "bulk")'
tempfail = "451 4.7.8 bulk comes later"
""",
    )
    c = x.client_from()
    x.expect("MAIL", 250, c.mail("trap@sender.test"))
    x.expect("RCPT before", 250, c.rcpt("bob@field.test"))
    x.expect("RCPT of the trap", 550, c.rcpt("trap@field.test"))
    x.expect_that("text of the rule", "no traps here" in replies(c)[-1], replies(c)[-1])
    x.expect_that("code of the rule", "5.7.9" in replies(c)[-1], replies(c)[-1])
    c.cmd("RSET")
    x.expect("the next message of the session", 250, c.txn(x.msg(), frm="next@sender.test"))
    c.quit()
    c = x.client_from()
    late = x.msg(extra=[("Precedence", "bulk")])
    x.expect("bulk", 451, c.txn(late, frm="bulk@sender.test"))
    x.expect_that("text of bulk", replies(c)[-1] == "451 4.7.8 bulk comes later", replies(c)[-1])
    c.quit()
    friend = x.msg(extra=[("Precedence", "bulk")])
    x.expect("friend", 250, x.send("friend@sender.test", ["trap@field.test"], friend, helo="friend.test"))
    x.settle()
    for name in ("first", "second"):
        _, messages = x.seen(name)
        told = {m.sender.strip("<>"): m.story for m in messages}
        x.expect("what %s saw of the friend" % name, None, told.get("friend@sender.test"))
        x.expect("what %s saw of the next message" % name, WHOLE, told.get("next@sender.test"))
        x.expect_that("no end of message of bulk for " + name, "eom" not in told.get("bulk@sender.test", ""), told)
        trap = next((m for m in messages if "trap@sender" in m.sender), None)
        x.expect_that("recipients of the trap, " + name, not trap or "trap@field.test" not in trap.recipients)
    found = {r["sender"].strip("<>"): r for r in x.records(4)}
    rows = {
        "trap@sender.test": ("reject", "rule traps", "rcpt", "550 5.7.9 no traps here"),
        "next@sender.test": ("accept", None, None, None),
        "bulk@sender.test": ("tempfail", "rule bulk", "content", "451 4.7.8 bulk comes later"),
        "friend@sender.test": ("accept", None, None, None),
    }
    for sender, row in rows.items():
        r = found.get(sender, {})
        seen = tuple(r.get(k) for k in ("verdict", "decided_by", "stage", "text"))
        x.expect("record of " + sender, row, seen if row[1] else seen[:1] + (None,) * 3)
    friend = found.get("friend@sender.test", {}).get("milters", [])
    x.expect("milters of the friend", [("not asked", "its rules say no")] * 2,
             [(m["verdict"], m.get("reason")) for m in friend])
    x.expect("delivered to the friend's trap", True, "friends" in found.get("friend@sender.test", {}).get("rules", []))


# ---- macros


@case
def macros(x):
    """a macro by rule reaches the milters that it is for, in the messages that it is for"""
    x.start(
        {"told": "", "untold": ""},
        """
[[rule]]
name = "trust"
when = 'sender.domain in ["trusted.test", "example.com"]'
milters = ["told"]
macros = { "{trusted_domain}" = "yes" }
[[rule]]
name = "compatible"
when = 'true'
milters = ["told"]
default_macros = { "{if_name}" = "mx.if.test", "{daemon_addr}" = "192.0.2.25", "j" = "never" }
""",
    )
    # what the MTA says itself at connect, where no default counts
    own = {"postfix": {"{daemon_addr}": "127.0.0.1"}, "sendmail": {"{if_name}": "localhost"}}[x.mta]
    own["j"] = "mx.field.test"
    for sender in ("a@trusted.test", "b@other.test", "c@Example.COM"):
        x.expect("reply to " + sender, 250, x.send(sender))
    x.settle()
    senders = {s: WHOLE for s in ("a@trusted.test", "b@other.test", "c@Example.COM")}
    for name in ("told", "untold"):
        _, messages = x.expect_messages(name, senders)
        for sender, m in messages.items():
            given = m.first("eom").get("macros", {}).get("{trusted_domain}")
            trusted = name == "told" and sender != "b@other.test"
            x.expect("{trusted_domain} for %s, %s" % (name, sender), "yes" if trusted else None, given)
            at_connect = m.first("connect").get("macros", {})
            for macro, default in (("{if_name}", "mx.if.test"), ("{daemon_addr}", "192.0.2.25"), ("j", "never")):
                expected = own.get(macro, default if name == "told" else None)
                x.expect("%s for %s" % (macro, name), expected, at_connect.get(macro))


# ---- DNS


@contextlib.contextmanager
def mute_server():
    """A name server that never answers: its address."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        yield "127.0.0.1:%d" % s.getsockname()[1]


SLACK = 4  # seconds that a busy machine may need for a message
LISTS = '[dnsbl."bl.test"]\n[dnswl."wl.test"]\n'


@case
def dns_lists(x):
    """a listed client is greylisted, one that is not, or is in the allow list, is not"""
    x.start(
        {"greylist": "when = 'dnsbl(\"bl.test\") and not dnswl(\"wl.test\")'", "always": ""},
        LISTS + '[[rule]]\nname = "bad"\nwhen = \'dnsbl("worse.test")\'\nreject = "554 5.7.1 listed"\n'
        '[dnsbl."worse.test"]\nanswers = ["127.0.0.4"]\n',
        '[dns]\nservers = ["%s"]\ndeadline = "2s"\n' % x.field["dns"],
    )
    clients = {
        "listed": ("203.0.113.50", "127.1.0.50", 250, True),
        "unlisted": ("203.0.113.51", "127.1.0.51", 250, False),
        "both": ("203.0.113.52", "127.1.0.52", 250, False),
        "ipv6": ("IPV6:2001:db8::50", "::1", 250, True),
        "not-served": ("203.0.113.53", "127.1.0.53", 250, True),  # so its condition stays unknown, and the milter runs
        "worse": ("203.0.113.54", "127.1.0.54", 554, False),
        "otherwise": ("203.0.113.55", "127.1.0.55", 250, False),
    }
    for name, (address, src, code, _) in clients.items():
        c = x.client_from("mail.example.com", address, src)
        x.expect("reply to " + name, code, c.txn(x.msg(), frm=name + "@sender.test"))
        c.quit()
    x.settle()
    x.expect_messages("greylist", {n + "@sender.test": WHOLE for n, row in clients.items() if row[3]})
    # the answer came before MAIL or after it, which is another kind of record
    worse = x.address(*clients["worse"][:2])
    refused = [r for e in ("decision", "refusal") for r in x.records(0, e) if r["client_address"] == worse]
    x.expect("who refused", ["rule bad"], [r.get("decided_by") for r in refused])


@case
def dns_silent(x):
    """a name server that says nothing holds a message up for its deadline at most, and the mail goes on"""
    with mute_server() as where:
        x.start(
            {
                "greylist": "when = 'or_else(dnsbl(\"bl.test\"), false)'",
                "careful": "when = 'or_else(dnsbl(\"bl.test\"), true)'",
                "always": "",
            },
            LISTS,
            '[dns]\nservers = ["%s"]\ndeadline = "1s"\n' % where,
        )
        for n in range(3):
            began = time.monotonic()
            c = x.client_from("mail.example.com", "203.0.113.%d" % (60 + n), "127.1.0.%d" % (60 + n))
            x.expect("reply", 250, c.txn(x.msg(), frm="silent%d@sender.test" % n))
            c.quit()
            took = time.monotonic() - began
            x.expect_that("message %d is held up for about the deadline" % n, took < 1 + SLACK, took)
        x.settle()
    senders = {"silent%d@sender.test" % n: WHOLE for n in range(3)}
    x.expect_messages("always", senders)
    x.expect_messages("careful", senders)
    x.expect_never_connected("greylist")
    x.records(3)


# ---- senders


@case
def senders(x):
    """the null sender, upper case, quoted local parts, SMTPUTF8"""
    x.start({
        "null": "when = 'sender.null'",
        "named": "when = 'sender.domain == \"sender.test\"'",
        "utf8": "when = 'sender.local == \"jörg\" or sender.domain == \"bücher.test\"'",
        "parameter": "when = 'sender.parameter(\"BODY\") == \"8BITMIME\"'",
        "always": "",
    })
    utf8 = "SMTPUTF8" if x.mta == "postfix" else ""  # Debian's Sendmail does not have it, and takes these bytes as any
    rows = {
        "": ("", {"null"}),
        "A@Sender.TEST": ("", {"named"}),
        '"odd@name"@sender.test': ("BODY=8BITMIME", {"named", "parameter"}),
        "jörg@example.test": (utf8, {"utf8"}),
        "a@bücher.test": (utf8, {"utf8"}),
        "a@xn--bcher-kva.test": ("", {"utf8"}),
        "jorg@example.test": ("body=8bitmime", {"parameter"}),  # texts are compared without regard to case
    }
    for sender, (par, _) in rows.items():
        x.expect("reply to <%s>" % sender, 250, x.send(sender, par=par))
    x.settle()
    for name in ("null", "named", "utf8", "parameter"):
        _, messages = x.seen(name)
        told = sorted(m.sender.encode("latin-1").decode("utf-8").strip("<>") for m in messages)
        x.expect("senders that %s saw" % name, sorted(s for s, row in rows.items() if name in row[1]), told)
    x.records(len(rows))


# ---- reload

BROKEN = '# a rule that is not finished\n[[rule]]\nname = "broken"\nwhen = "helo =="\ntag = "broken"\n'
CHANGED = '[[rule]]\nname = "unpaid"\nwhen = "true"\nskip = ["av"]\n'


def flow(x, name, count, at_once, at=None):
    """Messages, at_once at a time, every second one to a paying domain; at: called in mid flow, when a quarter has been
    sent; the last quarter waits for its end.  Codes that came."""
    codes, lock, numbers = [], threading.Lock(), iter(range(count))
    ended = threading.Event()

    def one():
        while True:
            with lock:
                n = next(numbers, None)
            if n is None:
                return
            if at and n >= count - count // 4:
                ended.wait()
            code = x.send("%s%d@sender.test" % (name, n), ["a@paid.test" if n % 2 else "a@free.test"])
            with lock:
                codes.append(code)

    threads = [threading.Thread(target=one) for _ in range(at_once)]
    for t in threads:
        t.start()
    while at and len(codes) < count // 4 and any(t.is_alive() for t in threads):
        time.sleep(0.01)
    try:
        if at:
            at()
            x.expect_that("the reload was in mid flow", len(codes) < count, len(codes))
    finally:
        ended.set()
    for t in threads:
        t.join()
    return codes


@case
def reload(x):
    """a broken rule changes nothing of the traffic, a good one holds for new sessions"""
    count, at_once = (40 if x.short else 200), 10
    x.start(
        {"av": "when = 'any(recipient.domain == \"paid.test\")'", "always": ""},
        '[[rule]]\nname = "mark"\nwhen = "true"\ntag = "marked"\n',
    )

    def stories(name, chosen=lambda n: True):
        return {"%s%d@sender.test" % (name, n): WHOLE for n in range(count) if chosen(n)}

    before = flow(x, "before", count, at_once)
    x.expect("replies before", [250] * count, before)

    def break_it():
        x.write("rules.d/20-new.toml", BROKEN)
        code, text = x.verb("reload")
        x.expect("exit status of the reload", 78, code)
        place = re.search(r"rules\.d/20-new\.toml:(\d+):(\d+): ", text)
        x.expect("place in what the reload says", ("4", "16"), place and place.groups())
        last = x.status().get("last_reload", {})
        x.expect("last_reload.ok", False, last.get("ok"))

    during = flow(x, "during", count, at_once, break_it)
    x.expect("replies during", [250] * count, during)
    x.expect("replies after the broken one", [250] * count, flow(x, "after", count, at_once))
    x.settle()
    both = {k: v for n in ("before", "during", "after") for k, v in stories(n).items()}
    odd = {k: v for n in ("before", "during", "after") for k, v in stories(n, lambda k: k % 2).items()}
    x.expect_messages("always", both)
    x.expect_messages("av", odd)
    x.expect("tags", {("marked",)}, {tuple(r.get("tags", [])) for r in x.records(3 * count)})

    old = x.client_from()  # has the old rules as long as it lives
    x.write("rules.d/20-new.toml", CHANGED)
    code, text = x.verb("reload")
    x.expect("the good reload: " + text, 0, code)
    x.expect("last_reload.ok", True, x.status().get("last_reload", {}).get("ok"))
    x.expect("reply to the old session", 250, old.txn(x.msg(), frm="old@sender.test", to=["a@paid.test"]))
    old.quit()
    x.expect("replies with the new rule", [250] * 10, flow(x, "new", 10, at_once))
    x.settle()
    odd["old@sender.test"] = WHOLE
    x.expect_messages("av", odd)
    new = [r for r in x.records(3 * count + 11) if r["sender"].startswith("<new")]
    x.expect("rules of the new sessions", {("mark", "unpaid")}, {tuple(r.get("rules", [])) for r in new})
    os.unlink(os.path.join(x.folder, "rules.d/20-new.toml"))
    x.expect("the reload without the file", 0, x.verb("reload")[0])
    x.expect("reply", 250, x.send("back@sender.test", ["a@paid.test"]))
    x.settle()
    odd["back@sender.test"] = WHOLE
    x.expect_messages("av", odd)
