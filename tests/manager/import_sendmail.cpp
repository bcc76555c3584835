// SPDX-License-Identifier: BSL-1.0
// tests/manager/import_sendmail.cpp - sendmail.mc, and the sendmail.cf that is made of it

#include "import_fixture.hpp"
#include "manager/import/m4_text.hpp"

#include <chrono>

using namespace import_test;
using namespace milter::manager;
using namespace std::chrono_literals;

namespace {

import_result sendmail(std::string_view text) { return imported(text, import_source::sendmail); }

constexpr std::string_view mc = R"(divert(-1)dnl
#
# This isn't read: INPUT_MAIL_FILTER(`no', `S=local:/no')
#
divert(0)dnl
VERSIONID(`$Id: sendmail.mc $')dnl
OSTYPE(`debian')dnl
DOMAIN(`debian-mta')dnl
dnl INPUT_MAIL_FILTER(`off', `S=local:/off')
INPUT_MAIL_FILTER(`greylist', `S=local:/run/milter-greylist/milter-greylist.sock, F=T, T=C:1m;S:10s;R:15s;E:2m')dnl
INPUT_MAIL_FILTER(`ClamAV', `S=inet:7357@[127.0.0.1], F=, T=S:4m;R:4m')dnl
MAIL_FILTER(`spare', `S=inet:1@192.0.2.1, F=4')dnl
define(`confMILTER_MACROS_CONNECT', `confMILTER_MACROS_CONNECT, {client_resolve}')dnl
define(`confMILTER_MACROS_ENVRCPT', `r, v, Z')dnl
MAILER(`smtp')dnl
)";

constexpr std::string_view mc_toml = R"(# Made by milter-manager import --from sendmail, from F
# Look through it, then: milter-manager check -c FILE

# In sendmail.mc, in place of all the other filters:
#   INPUT_MAIL_FILTER(`manager', `S=inet:10025@127.0.0.1, F=T, T=S:30s;R:30s;E:5m')
# With another R: than that, command_budget below has to be less, too.
[[listen]]
socket = "inet:10025@[127.0.0.1]"

# F:10: note: T=S: and T=R: became timeout.command and timeout.content; each is for the answer, and both got the longer one
[[milter]]
name = "greylist"
socket = "unix:/run/milter-greylist/milter-greylist.sock"
on_error = "tempfail"
timeout = { connect = "1m", command = "15s", content = "15s", end_of_message = "2m" }

# F:11: note: name "ClamAV" became "clamav"; names have lower-case letters, digits and "_.-", and each is there once
# F:11: note: T=S: and T=R: became timeout.command and timeout.content; each is for the answer; a command has at most command_budget
[[milter]]
name = "clamav"
socket = "inet:7357@[127.0.0.1]"
on_error = "accept"
timeout = { command = "25s", content = "4m" }

# F:12: note: filter "spare" is not in the list of those asked; it is not enabled here either
[[milter]]
name = "spare"
socket = "inet:1@[192.0.2.1]"
on_error = "shutdown"
enabled = false

[manager]
command_budget = "25s"

[macros]
connect = "j _ {daemon_name} {if_name} {if_addr} {client_resolve}"
rcpt = "r v Z"
)";

constexpr std::string_view cf = R"(#####	$Id: proto.m4 $
V10/Berkeley
# MAIL_FILTER( and the like are in comments alone
O InputMailFilters=b, a
O Milter.LogLevel=14
O Milter.macros.connect=j, _, {daemon_name}, {if_name}, {if_addr}
O Milter.macros.eom={msg_id}, {x}
Xa, S=local:/run/a.sock, F=R
Xb, S=inet:8891@localhost,
	T=C:5m;S:10s;R:10s;E:5m
Mlocal, P=/usr/bin/procmail
)";

} // namespace

BOOST_AUTO_TEST_SUITE(import_sendmail)

BOOST_AUTO_TEST_CASE(sendmail_mc_becomes_a_configuration) {
    auto const made = sendmail(mc);
    BOOST_TEST(made.toml == mc_toml);
    BOOST_TEST(made.complete);
    auto const read = loaded(made.toml);
    BOOST_TEST_REQUIRE(read->milters.size() == 3u);
    BOOST_TEST((read->milters[0].timeouts.connect == 1min));
    BOOST_TEST((read->command_budget == 25s));
}

BOOST_AUTO_TEST_CASE(time_that_is_not_set_is_that_of_sendmail_and_may_be_the_longer_one) {
    auto const command = [](std::string const& times) {
        auto const made = sendmail("INPUT_MAIL_FILTER(`a', `S=local:/a, T=" + times + "')\n");
        return loaded(made.toml)->milters[0].timeouts.command;
    };
    BOOST_TEST((command("S:1s") == 10s));
    BOOST_TEST((command("R:4s") == 10s));
    BOOST_TEST((command("S:1s;R:4s") == 4s));
    BOOST_TEST((command("R:15s") == 15s));
}

BOOST_AUTO_TEST_CASE(sendmail_cf_has_the_order_in_an_option) {
    auto const made = sendmail(cf);
    BOOST_TEST(made.complete, joined(made.remarks));
    BOOST_TEST(made.remarks.empty(), joined(made.remarks));
    auto const read = loaded(made.toml);
    BOOST_TEST_REQUIRE(read->milters.size() == 2u);
    BOOST_TEST(read->milters[0].name == "b");
    BOOST_TEST((read->milters[0].on_error == on_error::accept));
    BOOST_TEST((read->milters[0].timeouts.connect == milter_timeouts{}.connect));
    BOOST_TEST((read->milters[1].on_error == on_error::reject));
    BOOST_TEST(contains(made.toml, "[macros]\nend_of_message = \"{msg_id} {x}\"\n"), made.toml);
}

BOOST_AUTO_TEST_CASE(order_of_sendmail_mc_is_that_of_the_list_where_there_is_one) {
    auto const made = sendmail("MAIL_FILTER(`a', `S=local:/a')\nMAIL_FILTER(`b', `S=local:/b')\n"
                               "define(`confINPUT_MAIL_FILTERS', `b, a')\n");
    auto const read = loaded(made.toml);
    BOOST_TEST_REQUIRE(read->milters.size() == 2u);
    BOOST_TEST(read->milters[0].name == "b");
    BOOST_TEST(made.complete);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_translated_is_told) {
    struct {
        char const* text;
        char const* says;
    } const rows[] = {
        {"INPUT_MAIL_FILTER(`a', `S=local:/a, F=X')", "F:1: F=\"X\" is not known; "},
        {"INPUT_MAIL_FILTER(`a', `S=local:/a, Q=1')", "F:1: no setting of a filter: \"Q=1\"; "},
        {"INPUT_MAIL_FILTER(`a', `S=local:/a, T=R:x')", "F:1: T=: no time: \"R:x\"; "},
        {"INPUT_MAIL_FILTER(`a', `S=local:/a, T=C:0')", "F:1: T=C:: no time; "},
        {"INPUT_MAIL_FILTER(`a', `F=T')", "F:1: filter \"a\" has no socket (S=); "},
        {"INPUT_MAIL_FILTER(`a', `S=inet:8891')", "F:1: socket \"inet:8891\" has no host; "},
        {"INPUT_MAIL_FILTER(`a', `S=local:/a'", "F:1: INPUT_MAIL_FILTER( is not closed; "},
        {"MAILER(`x')\n`open", "F:2: a quote is not closed; "},
        {"MAILER(`x')", "F: no filter is defined; "},
        {"MAILER(`x')\nifdef(`y', `INPUT_MAIL_FILTER(`a', `S=/a')')",
         "F:2: filters inside of ifdef() are not read; "},
        {"DAEMON_OPTIONS(`Port=smtp, InputMailFilters=a;b')\nOSTYPE(`x')",
         "F:1: filters of one port"},
        {"define(`confINPUT_MAIL_FILTERS', `x')", "F:1: filter \"x\" is not defined; "},
        {"define(`confMILTER_MACROS_WHAT', `x')",
         "F:1: macros of a stage that is not known: \"WHAT\""},
        {"O InputMailFilters=x\nO DaemonPortOptions=Port=25, InputMailFilters=x",
         "F:2: filters of one"},
    };
    for (auto const& row : rows) {
        BOOST_TEST_CONTEXT(row.text) {
            auto const made = sendmail(row.text);
            auto const said = joined(made.remarks);
            BOOST_TEST(contains(said, row.says), said);
            BOOST_TEST(!made.complete);
            loaded(made.toml);
        }
    }
}

BOOST_AUTO_TEST_CASE(macros_of_m4_are_found_outside_of_quotes_and_comments) {
    m4_reader read("a(1)# b(2)\n`c(3)' dnl d(4)\n e( `x, (y)' , z(1,2),\n  w`q'w)f (g)");
    auto const a = read.next();
    BOOST_TEST_REQUIRE(a.has_value());
    BOOST_TEST(a->name == "a");
    auto const e = read.next();
    BOOST_TEST_REQUIRE(e.has_value());
    BOOST_TEST(e->name == "e");
    BOOST_TEST(e->line == 3u);
    BOOST_TEST((e->arguments == std::vector<std::string>{"x, (y) ", "z(1,2)", "wqw"}));
    BOOST_TEST(!read.next().has_value());
    BOOST_TEST(read.open_quote() == 0u);
}

BOOST_AUTO_TEST_CASE(what_grows_by_itself_is_bounded) {
    std::string text;
    for (int i = 0; i < 10'000; ++i)
        text += "define(`confMILTER_MACROS_EOM', `confMILTER_MACROS_EOM, {x}')\n";
    BOOST_TEST(import_setup(text, "F", import_source::sendmail).toml.size() < 100'000u);
}

BOOST_AUTO_TEST_CASE(text_of_something_else_is_not_understood) {
    for (std::string_view const text : {"", "x\n", "smtpd_milters = unix:x\n"})
        BOOST_TEST(!import_setup(text, "F", import_source::sendmail).understood, text);
}

BOOST_AUTO_TEST_CASE(programs_are_told_apart_by_what_only_one_of_them_has) {
    using from = import_source;
    struct {
        std::string_view text;
        std::optional<from> is;
    } const rows[] = {
        {mc, from::sendmail},
        {cf, from::sendmail},
        {"# x\nmyhostname = a\n", from::postfix},
        {"alias_maps =\nsmtpd_milters = unix:x\n", from::postfix},
        {"# default\npackage.platform = \"debian\"\nsecurity.privilege_mode = true\n",
         from::milter_manager},
        {"define_milter('a') do |m|\nend\n", from::milter_manager},
        {"", {}},
        {"[[listen]]\nsocket = \"x\"\n", {}},
    };
    for (auto const& row : rows) BOOST_TEST((guess_source(row.text) == row.is), row.text);
}

BOOST_AUTO_TEST_SUITE_END()
