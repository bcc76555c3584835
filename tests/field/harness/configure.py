# SPDX-License-Identifier: BSL-1.0
"""Make the field's configuration under a work directory.

usage: python3 -m harness.configure --work DIR [--base N] [--via CHAIN[=SOCK,...]]...
           [--extra NAME[@C/C/C]=SOCK,...]... [--delay-reject yes|no] [--non-smtpd CHAIN]

Reads the tables and templates in etc/.  Writes DIR/postfix/etc/{main,master}.cf,
DIR/sendmail/sendmail.mc and DIR/field.json (ports and sockets, for everybody
else).  Without --base the ports are those of a field.json that is there
already, else free ones.

SOCK is inet:PORT@HOST, inet6:PORT@HOST or unix:PATH, as in libmilter.  --via
CHAIN alone means the port that is set aside for a manager of that chain.
An --extra chain has the timeouts (connect, command, content; s) that follow its
name, else those with which an MTA waits for a manager.
"""
import argparse
import json
import os
import re

from . import ports, tables

# An MTA waits this long at least for a manager (connect, command, content; s): what is short in a
# chain is the manager's patience with its milters, and the MTA must not give up before the manager.
PATIENCE = (10, 30, 60)
CHAINS_ON_IPV6 = 13  # the first ones: Sendmail allows 64 daemons


def postfix_socket(sock):
    """libmilter's notation -> Postfix's."""
    kind, rest = sock.split(":", 1)
    if kind in ("unix", "local"):
        return "unix:" + rest
    port, _, host = rest.partition("@")
    return "inet:%s:%s" % (host or "127.0.0.1", port)


def sendmail_socket(sock):
    kind, rest = sock.split(":", 1)
    if kind in ("unix", "local"):
        return "unix:" + rest
    port, _, host = rest.partition("@")
    if kind == "inet6":
        return "inet6:%s@%s" % (port, host.strip("[]"))
    return "inet:%s@%s" % (port, host or "127.0.0.1")


def fill(template, values):
    with open(os.path.join(tables.ETC, template)) as f:
        text = f.read()
    return re.sub(r"@([A-Z_]+)@", lambda m: str(values[m.group(1)]) if m.group(1) in values else m.group(0), text)


def place(chains, milters, base, via, extra):
    """Give every chain its sockets and ports."""
    for n, c in enumerate(chains):
        c["manager_socket"] = "inet:%d@127.0.0.1" % (base + tables.MANAGER + n)
        c["via"] = c["name"] in via
        if c["via"]:
            c["sockets"] = [c["manager_socket"]] if via[c["name"]] is None else via[c["name"]].split(",")
        else:
            c["sockets"] = [milters[m]["socket"] for m in c["milters"]]
    for item in extra:
        name, socks = item.split("=", 1)
        name, _, timeouts = name.partition("@")
        chains.append(
            {
                "name": name,
                "milters": [],
                "sockets": socks.split(","),
                "action": "tempfail",
                "timeouts": [int(x) for x in timeouts.split("/")] if timeouts else list(PATIENCE),
                "via": False,
            }
        )
    for n, c in enumerate(chains):
        c["postfix_port"], c["sendmail_port"] = base + tables.POSTFIX + n, base + tables.SENDMAIL + n


def policy(chain):
    """(default action, timeouts) of an MTA for this chain's sockets.

    For a manager it is always tempfail: what a milter's failure means is the manager's business there,
    and a manager that fails itself must show.
    """
    if chain["via"]:
        return "tempfail", [max(a, b) for a, b in zip(chain["timeouts"], PATIENCE)]
    return chain["action"], chain["timeouts"]


def postfix_lines(chains):
    services = []
    for n, c in enumerate(chains):
        action, (con, cmd, content) = policy(c)
        c["postfix_milters"] = ", ".join(
            "{ %s, default_action=%s, connect_timeout=%ds, command_timeout=%ds, content_timeout=%ds }"
            % (postfix_socket(s), action, con, cmd, content)
            for s in c["sockets"]
        )
        for host in ("127.0.0.1",) + (("[::1]",) if n < CHAINS_ON_IPV6 else ()):
            services.append(
                "%s:%d inet n - n - - smtpd\n  -o syslog_name=postfix/%s\n  -o { smtpd_milters = %s }"
                % (host, c["postfix_port"], c["name"], c["postfix_milters"])
            )
    return "\n".join(services)


def sendmail_lines(chains):
    """(MAIL_FILTERs, DAEMON_OPTIONS)"""
    filters, daemons = [], []
    for n, c in enumerate(chains):
        action, (con, cmd, content) = policy(c)
        flag = {"tempfail": ", F=T", "reject": ", F=R", "shutdown": ", F=4"}.get(action, "")
        names = []
        for i, s in enumerate(c["sockets"]):
            names.append("%s%d" % (c["name"].replace("_", ""), i))
            filters.append(
                "MAIL_FILTER(`%s', `S=%s%s, T=C:%ds;S:%ds;R:%ds;E:%ds')dnl"
                % (names[-1], sendmail_socket(s), flag, con, cmd, cmd, content)
            )
        for suffix, family, addr in (("", "inet", "127.0.0.1"), ("6", "inet6", "::1"))[
            : 2 if n < CHAINS_ON_IPV6 else 1
        ]:
            daemons.append(
                "DAEMON_OPTIONS(`Name=%s%s, Family=%s, Addr=%s, Port=%d, InputMailFilters=%s')dnl"
                % (c["name"], suffix, family, addr, c["sendmail_port"], ";".join(names))
            )
    return "\n".join(filters), "\n".join(daemons)


def remembered(work):
    """The field.json of an earlier call, or nothing."""
    try:
        with open(os.path.join(work, "field.json")) as f:
            return json.load(f)
    except FileNotFoundError:
        return {}


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)


def main():
    ap = argparse.ArgumentParser(prog="configure", description=__doc__.splitlines()[0])
    ap.add_argument("--work", required=True)
    ap.add_argument("--base", type=int)
    ap.add_argument("--via", action="append", default=[])
    ap.add_argument("--extra", action="append", default=[])
    ap.add_argument("--delay-reject", default="yes")
    ap.add_argument("--non-smtpd", default="a", help="chain for mail by sendmail(1) on Postfix")
    args = ap.parse_args()
    work = os.path.abspath(args.work)
    before = remembered(work)
    base = args.base or before.get("base") or ports.free_base()
    dns = before.get("dns") or ports.free_dns_address()

    milters, chains = tables.milters(work, base), tables.chains()
    via = {name: socks or None for name, _, socks in (v.partition("=") for v in args.via)}
    unknown = set(via) - {c["name"] for c in chains}
    if unknown:
        ap.error("--via: no such chain: " + ", ".join(sorted(unknown)))
    place(chains, milters, base, via, args.extra)

    values = {
        "WORK": work,
        "SINK_PORT": base + tables.SINK,
        "DELAY_REJECT": args.delay_reject,
        "CFROOT": os.path.join(work, "roots/sendmail/usr/share/sendmail/cf"),
    }
    values["SMTPD_SERVICES"] = postfix_lines(chains)
    values["MILTERS"], values["DAEMONS"] = sendmail_lines(chains)
    values["NON_SMTPD_MILTERS"] = next((c["postfix_milters"] for c in chains if c["name"] == args.non_smtpd), "")
    for template, to in (
        ("main.cf.in", "postfix/etc/main.cf"),
        ("master.cf.in", "postfix/etc/master.cf"),
        ("sendmail.mc.in", "sendmail/sendmail.mc"),
    ):
        write(os.path.join(work, to), fill(template, values))
    write(os.path.join(work, "sendmail/service.switch"), "hosts\tfiles dns\naliases\tfiles\npasswd\tfiles\n")
    field = {
        "work": work,
        "base": base,
        "dns": dns,
        "sink_port": base + tables.SINK,
        "spamd_port": base + tables.SPAMD,
        "sink_dir": os.path.join(work, "sink"),
        "milter_log_dir": os.path.join(work, "log"),
        "milters": milters,
        "chains": {c["name"]: c for c in chains},
    }
    write(os.path.join(work, "field.json"), json.dumps(field, indent=1) + "\n")


if __name__ == "__main__":
    main()
