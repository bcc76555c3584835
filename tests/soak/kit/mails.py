# SPDX-License-Identifier: BSL-1.0
"""Messages of mixed kinds, always the same ones, as bytes with CRLF."""
import collections
import email.utils
import random
import subprocess

GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
KINDS = ("plain", "multipart", "long_headers", "eight_bit", "several_recipients", "one_refused", "all_refused",
         "spam", "forged", "signed", "empty", "plain")
BIG_EACH, BIG = 50, 2 << 20

Mail = collections.namedtuple("Mail", "name kind sender recipients options data")


def text(chance, lines):
    letters = "abcdefghijklmnopqrstuvwxyz      .,"
    return "".join("".join(chance.choices(letters, k=chance.randrange(1, 76))).strip() + "\r\n" for _ in range(lines))


def content(kind, chance):
    """(more headers, body)"""
    if kind == "multipart":
        part = "--edge\r\nContent-Type: %s\r\n\r\n%s\r\n"
        return (
            ['MIME-Version: 1.0', 'Content-Type: multipart/mixed;\r\n\tboundary="edge"'],
            part % ("text/plain", text(chance, 8)) + part % ("text/html", "<p>" + text(chance, 8) + "</p>")
            + part % ("application/octet-stream", text(chance, 60)) + "--edge--\r\n",
        )
    if kind == "long_headers":
        references = "\r\n".join("\t<%d@mail.sender.test>" % chance.randrange(10**12) for _ in range(80))
        return ["References:\r\n" + references] + [
            "X-Long-%d: %s" % (n, "word " * chance.randrange(1, 100)) for n in range(60)], text(chance, 5)
    if kind == "eight_bit":
        return ["MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit"], (
            "Grüße, naïve façade, 日本語\r\n" + text(chance, 5))
    if kind == "big":
        return [], text(chance, 50) * (BIG // 1900)
    if kind == "empty":
        return [], ""
    return [], ".a line with a dot\r\n" + text(chance, chance.randrange(1, 40)) + (
        GTUBE + "\r\n" if kind == "spam" else "")


def sign(data, key):
    """By opendkim's own tool, as another site would have done."""
    command = ["opendkim-testmsg", "-C", "-d", "sender.test", "-s", "sel", "-k", key]
    done = subprocess.run(command, input=data, capture_output=True, check=True)
    return done.stdout


def mails(count, key):
    for number in range(count):
        chance = random.Random(number)
        kind = "big" if number % BIG_EACH == BIG_EACH - 1 else KINDS[number % len(KINDS)]
        domain = {"forged": "strict.test", "signed": "sender.test"}.get(kind, "field.test")
        sender = "user%d@%s" % (number % 7, domain)
        recipients = {
            "several_recipients": ["r%d@field.test" % n for n in range(12)],
            "one_refused": ["bob@field.test", "mta-reject@field.test", "carol@field.test"],
            "all_refused": ["mta-reject@field.test"],
        }.get(kind, ["bob@field.test"])
        more, body = content(kind, chance)
        head = [
            "From: User <%s>" % sender,
            "To: bob@field.test",
            "Subject: %s number %d" % (kind, number),
            "Date: " + email.utils.formatdate(),
            "Message-Id: <soak.%d@mail.sender.test>" % number,
            "X-Soak-Id: %d" % number,
        ]
        data = ("\r\n".join(head + more) + "\r\n\r\n" + body).encode()
        if kind == "signed":
            data = sign(data, key)
        options = ["BODY=8BITMIME"] if kind == "eight_bit" else []
        yield Mail(str(number), kind, sender, recipients, options, data)
