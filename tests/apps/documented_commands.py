#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Runs the commands that the documents about the manager and its rules show, and compares the output that stands with them.

usage: documented_commands.py SOURCE_DIR BIN_DIR

Each indented block, each block without a language, and each command within the text is used by the function of its section, or
stands in LEFT_OUT with a reason; one that is neither is a finding. Paths of the system are moved below a folder, as in
first_start.py, and back in output. Of output, notes are not compared, as they tell of this machine and this user; a shown line
"..." leaves lines out. Each finding begins with "file:line: ", so that an editor can jump to it.
"""

import grp
import json
import os
import pwd
import re
import shutil
import socket
import sys
import tempfile

from document import Finding, expect, expect_is, parts_of, without_remarks
from first_start import PATIENCE, Machine, read, until
from guide import CONTROL, FOLDER, LOG, MAIN, MTA, Guide, milter, socket_of

LISTEN = '[[listen]]\nsocket = "inet:10025@127.0.0.1"\n'
CONTROLLED = '[control]\nsocket = "unix:%s"\n[manager]\ndecision_log = "%s"\n' % (CONTROL, LOG)
SERVING = '[[listen]]\nsocket = "unix:%s"\n' % MTA + CONTROLLED

# Begins of blocks that are not run, and why.
LEFT_OUT = {
    "README.md": {
        "+--> opendkim": "a picture",
        "postconf -e ": "needs Postfix: first_start plays it",
        "scripts/demo ": "installs packages and builds",
        "cmake --preset release": "builds",
        "scripts/deps ": "installs packages and builds",
    },
    "rules/README.md": {},
    "docs/rules.md": {},
    "docs/configuration.md": {},
    "docs/operations.md": {
        "docs=/usr/local/share": "needs root and systemd: first_start plays them",
        "install -d -o milter-manager": "needs root: first_start plays it",
        "# /etc/postfix/main.cf": "settings of Postfix",
        "INPUT_MAIL_FILTER(`manager'": "a setting of Sendmail",
        "session 12: rspamd: ": "lines of a log: a milter on another machine is down, and is back after a while",
        "milter-manager --show-config": "the older program; the command below it stands above, too",
    },
}
# Commands within the text that are not run, and why.
NOT_RUN = {
    "milter-manager rules": "a name",
    "milter-manager import": "a name",
    "milter-manager run -c $conf": "first_start runs it",
    "milter-test-server run --start './my-milter {socket}' tests --junit report.xml": "the reader's own milter",
}


def expect_no_problems(guide, check="milter-manager check", test="milter-manager rules test"):
    guide.done |= {check, test}
    said = guide.run(check + "\n" + test)
    if not re.fullmatch(r"\S+: .*, no errors\n(1 test, it passes|\d+ tests, all pass|no tests)\n", said):
        raise Finding("there is something to say:\n" + said)


# ---- README.md


def configuration_of_the_readme(guide, part):
    guide.configure(part.take("toml").text + part.take("toml").text)
    expect_no_problems(guide)


def milter_of_the_readme(guide, part):
    """It is played: tests/apps/example_milters.cpp builds and tries the one that stands there."""
    guide.serve("tiny", "--reject-rcpt", "nobody@example.org")
    for command in part.commands:
        if command not in NOT_RUN:
            guide.run(command, SOCKET="unix:/run/tiny/tiny.sock")


# ---- rules/README.md


def rule_sets(guide, part):
    """Each alone, and all but the recipes together."""
    check, test = part.take("").lines
    sets = {title: [row for row in guide.part(part.page, title).rows if ".toml" in row[0]]
            for title in ("Conditions", "Rules", "Recipes")}
    together = sets["Conditions"] + sets["Rules"]
    for rows in [*([row] for row in together + sets["Recipes"]), together]:
        names = ", ".join(row[2] for row in rows if row not in sets["Conditions"] and row[2] != "none")
        milters = "".join(milter(name) for name in dict.fromkeys((names or "any").split(", ")))
        guide.configure(LISTEN + milters, *(re.search(r"\((\S+)\)", row[0])[1] for row in rows))
        expect_no_problems(guide, check, test)


# ---- docs/rules.md


def rules(guide, part):
    guide.configure(part.take("toml").text)
    expect_no_problems(guide)
    for command in part.commands:
        guide.run(command)


def facts(guide, part):
    """The first three columns of the table; in the output, functions follow behind an empty line."""
    shown = [[row[0].strip("`"), *row[1:3]] for row in part.rows if row[0].startswith("`")]
    said = [line.split()[:3] for line in guide.run(part.commands[0]).split("\n\n")[0].splitlines()]
    expect(*("".join(" ".join(row) + "\n" for row in rows) for rows in (shown, said)))


def tests_of_rules(guide, part):
    first = guide.part(part.page, "Rules").blocks[0].text
    guide.configure(first + part.take("toml").text + part.take("toml").text, "dnsbl.toml")
    expect_no_problems(guide, test=part.commands[0])


def errors(guide, part):
    guide.configure(guide.part(part.page, "Rules").blocks[0].text)
    expect_error(guide, part.take(""), '[[rule]]\nname = "a"\ntag = "a"\n')


def expect_error(guide, shown, begin, command="milter-manager check -c FILE"):
    """Of a file that begins so, and has the shown line where the output says."""
    name, number = re.match(r"(\S+?):(\d+):", shown.lines[0]).groups()
    between = "\n" * (int(number) - 1 - begin.count("\n"))
    guide.write(FOLDER + "/" + name, begin + between + shown.lines[1].strip() + "\n")
    expect(shown.text, guide.run(command, status=78, FILE="milter-manager.toml"))


# ---- docs/configuration.md


def configuration(guide, part):
    guide.configure(part.take("toml").text)
    check = part.commands[0]
    expect("milter-manager.toml: 1 listener, 1 milter, no errors\n", guide.run(check, FILE="milter-manager.toml"))
    expect_error(guide, part.take(""), guide.read(MAIN), check)


def evaluation(guide, part):
    """On unix sockets, and of all mail."""
    text = re.sub(r'^name = "(.*)"\nsocket = "inet:.*"', r'name = "\1"\nsocket = "unix:/run/\1/\1.sock"', part.take("toml").text,
                  flags=re.MULTILINE)
    guide.configure(text.replace("10%", "100%") + CONTROLLED)
    guide.serve("rspamd")
    guide.serve("rspamd-next", "--verdict", "reject")
    guide.start("milter-manager run")
    guide.run("milter-test-server -s unix:/run/milter-manager/mta.sock --expect pass")
    until(lambda: '"event":"evaluation","milter":"rspamd-next","agrees":false' in guide.read(LOG))
    said = guide.run("milter-manager status", " --json")
    counted = {one["name"]: one.get("evaluation") for one in json.loads(said)["milters"]}
    expect_is("evaluation", counted["rspamd-next"], {"messages": 1, "compared": 1, "differing": 1, "failed": 0, "dropped": 0})


# ---- docs/operations.md


def start_reload_stop(guide, part):
    check, run = part.take().lines
    guide.configure(SERVING + milter("opendkim"))
    guide.serve("opendkim")
    guide.run("milter-manager reload", status=69)
    guide.start(run)
    expect(MAIN + ": 1 listener, 1 milter, no errors\n", guide.run(check))
    guide.run("milter-manager status")
    guide.run("milter-manager status", " --json")
    guide.run("milter-manager reload")
    guide.write(MAIN, guide.read(MAIN) + "[[milter]]\n")
    guide.run("milter-manager reload", status=78)
    guide.run(check, status=78)
    guide.run("milter-manager drain", " --wait --timeout 1m")
    guide.wait()


def working_with_rules(guide, part):
    """The editor puts the milters and the rule of the document in place of the one milter, and what stands in rules.d counts."""
    guide.configure(SERVING + milter("opendkim"), "remote-network.toml")
    more = '[condition.outside]\nwhen = "remote_network"\n'
    guide.write("/root/edited.toml", SERVING + more + part.take("toml").text)
    guide.environment["EDITOR"] = "cp " + guide.path("/root/edited.toml")
    corpus = guide.path(FOLDER + "/yesterday.jsonl")
    guide.run("milter-replay import", " %s/tests/replay/captures/ethernet.pcap -o %s" % (guide.machine.source, corpus))
    guide.start("milter-manager run")
    # Messages change, and the exit status says so.
    guide.run(re.sub(r"(.* simulate .*)", r"if \1; then false; else [ $? = 1 ]; fi", part.take().text), folder="/root")
    expect(part.take().text, guide.run("milter-manager rules check"))
    guide.serve("spf")
    guide.serve("scan")
    guide.run("milter-test-server -s unix:" + MTA)
    more = {
        "milter-manager rules fmt": " sender.null",
        "milter-manager rules fmt --check": " new.toml",
        "milter-manager rules explain": " --milter scan --given client=192.0.2.1",
        "milter-manager rules simulate": " --with new.toml --corpus yesterday.jsonl",
        "milter-manager rules coverage": " --corpus yesterday.jsonl",
    }
    until(lambda: guide.read(LOG).endswith("\n"))
    (message,) = [json.loads(line)["queue_id"] for line in guide.read(LOG).splitlines()]
    for command in part.commands:
        if command.startswith("milter-manager rules "):
            file = LOG if "--log" in command else "yesterday.jsonl"
            guide.run(command, more.get(command, ""), FILE=file, ID=message, NEW="new.toml")


def control_socket(guide, part):
    """The manager of the section before hears the requests; the last one ends it."""
    status, reload, drain = part.take().lines
    with socket.socket(socket.AF_UNIX) as asked:
        asked.settimeout(PATIENCE)
        asked.connect(guide.path(CONTROL))
        answers = asked.makefile("rw", encoding="utf-8")

        def ask(line):
            answers.write(line + "\n")
            answers.flush()
            answer = json.loads(answers.readline())
            expect_is(line, answer.pop("ok"), True)
            return answer

        documented = re.findall(r"`(\w+)`", " ".join(row[0] for row in part.rows))
        expect_is("keys of status that are not documented", [key for key in ask(status) if key not in documented], [])
        expect_is(reload, set(ask(reload)), {"configuration", "problems"})
        expect_is(drain, set(ask(drain)), {"sessions", "timeout"})
        expect_is("second line of drain", "`%s`" % answers.readline().strip() in part.text, True)
    guide.wait()


def what_the_configuration_is(guide, part):
    shown = part.take("toml").text
    guide.configure(re.sub(r"  # .*", "", shown))
    (command,) = part.commands
    expect(shown, guide.run(command, " --origin"))
    guide.run(command, " --effective --origin")
    key, value = re.search(r'`"(\S+)": (\{.*?\})`', part.text).groups()
    expect_is(key, json.loads(guide.run(command, " --effective --json"))[key], json.loads(value))


def doctor(guide, part):
    """Of a folder that one may not pass, though it is one's own. As root it looks for the owner of the control socket."""
    command, shown = part.take().lines[0], part.take().text
    nobody = pwd.getpwnam("nobody")
    uid, gid = (os.geteuid(), os.getegid()) if os.geteuid() else (nobody.pw_uid, nobody.pw_gid)
    user, group = name_of(pwd.getpwuid, uid), name_of(grp.getgrgid, gid)
    names = ("opendkim", "rspamd")
    guide.configure('[[listen]]\nsocket = "inet:10025@192.0.2.1"\n' + CONTROLLED +
                    "".join(milter(name) + 'on_error = "accept"\n' for name in names))
    for name in names:
        guide.serve(name, "--actions", "add_header,change_header")
    guide.write(CONTROL, "")
    os.makedirs(guide.path("/etc/postfix"))
    folder = guide.path("/run/opendkim")
    if os.geteuid() == 0:
        os.chmod(guide.path("/"), 0o755)
        for name in (folder, guide.path(socket_of("rspamd")), guide.path(CONTROL)):
            os.chown(name, uid, gid)
    os.chmod(folder, 0o050)
    try:
        said = guide.run(command, " --postfix-config " + guide.path("/etc/postfix"), status=1)
    finally:
        os.chmod(folder, 0o750)
    for true, documented in (("user %s " % user, "user milter-manager "),
                             ("(%s:%s, 0050)" % (user, group), "(opendkim:opendkim, 0750)"),
                             ("-G %s %s\n" % (group, user), "-G opendkim milter-manager\n")):
        said = said.replace(true, documented)
    expect(shown, said)


def name_of(find, number):
    try:
        return find(number)[0]
    except KeyError:
        return str(number)


def with_postfix(guide, part):
    guide.configure(part.take("toml").text)
    guide.serve("opendkim")
    guide.start("milter-manager run")
    expect("status: pass\n...\n", guide.run(part.take().lines[0]))


def moving(guide, part):
    """Each command of the section in a folder of its own, with what the section about its program shows."""
    postfix, sendmail, older = (guide.part(part.page, "From " + name) for name in ("Postfix", "Sendmail", "milter manager"))
    guide.write("/etc/postfix/main.cf", postfix.take().text)
    guide.write("/etc/mail/sendmail.mc", sendmail.take().text)
    guide.write("/import4/show-config.txt", older.take().text)
    whole, old = postfix.take("toml").text, "...\n" + older.take().text
    main_cf = guide.path("/etc/postfix/main.cf")
    commands = part.take().lines
    shown = [whole, whole, sendmail.take("toml").text, old]
    for number, (command, wanted) in enumerate(zip(commands, shown, strict=True), 1):
        folder = "/import%d" % number
        guide.done.add(command)
        command = command.replace("--from postfix >", "--from postfix %s >" % main_cf)  # what it reads by itself
        guide.run(re.sub(r"^postconf -n", "cat " + main_cf, command), folder=folder)
        made = guide.read(folder + "/milter-manager.toml")
        expect(wanted, without_remarks(made))
        guide.write(folder + "/milter-manager.toml", made)
        for name in re.findall(r"^#   (\S+\.toml) ", made, re.MULTILINE):
            os.makedirs(guide.path(folder + "/rules.d"), exist_ok=True)
            shutil.copy(guide.machine.source + "/rules/" + name, guide.path(folder + "/rules.d"))
        guide.run("milter-manager check -c", " milter-manager.toml", folder=folder)


SECTIONS = {
    "README.md": {"Milter Toolkit": configuration_of_the_readme, "Use the library": milter_of_the_readme},
    "rules/README.md": {"Rule sets": rule_sets},
    "docs/rules.md": {"Rules": rules, "Facts": facts, "Tests": tests_of_rules, "Errors": errors},
    "docs/configuration.md": {"Configuration of milter-manager": configuration, "Evaluation": evaluation},
    "docs/operations.md": {
        "Start, reload, stop": start_reload_stop,
        "Working with rules": working_with_rules,
        "The control socket": control_socket,
        "What the configuration is": what_the_configuration_is,
        "Doctor": doctor,
        "With Postfix": with_postfix,
        "Moving from another setup": moving,
    },
}


def leave_out(part):
    """Marks the blocks that are left out, and gives the entries that say so."""
    entries = set()
    for block in part.blocks:
        said = {begin for begin in LEFT_OUT[part.page] if block.lines[0].strip().startswith(begin)}
        block.used = bool(said)
        entries |= said
    return entries


def examine(guide, part):
    section = SECTIONS[part.page].get(part.title)
    if section:
        section(guide, part)
    for block in part.blocks:
        if block.kind in ("", "indented") and not block.used:
            raise Finding("neither run nor left out: " + block.lines[0])


def findings_in(guide, page, parts):
    entries = set().union(*(leave_out(part) for part in parts))
    for what in sorted((LEFT_OUT[page].keys() - entries) | (SECTIONS[page].keys() - {part.title for part in parts})):
        yield page, 1, "is not there any more: " + what
    for part in parts:
        try:
            examine(guide, part)
        except Exception as found:  # another one where a section is of another shape than its function thinks
            yield page, part.line, "%s: %s" % (part.title, found if isinstance(found, Finding) else repr(found))


def not_run(guide, page, parts):
    for part in parts:
        for command in part.commands:
            if command not in guide.done and command not in NOT_RUN:
                yield page, part.line, "%s: neither run nor left out: %s" % (part.title, command)


def main(source, programs):
    pages = {page: parts_of(page, read(os.path.join(source, page))) for page in SECTIONS}
    folder = tempfile.mkdtemp(prefix="documented-")
    guide = Guide(Machine(source, programs, folder), pages)
    try:
        findings = [found for page, parts in pages.items() for found in findings_in(guide, page, parts)]
    finally:
        guide.close()
        shutil.rmtree(folder)
    findings = findings or [found for page, parts in pages.items() for found in not_run(guide, page, parts)]
    for found in findings:
        print("%s:%d: %s" % found)
    print("documented_commands: %d findings, %d commands" % (len(findings), len(guide.done)))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(*(os.path.abspath(one) for one in sys.argv[1:])))
