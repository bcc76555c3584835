// SPDX-License-Identifier: BSL-1.0
// tests/manager/import_postfix.cpp - main.cf and what postconf prints of it

#include "import_fixture.hpp"
#include "manager/import/main_cf.hpp"

#include <chrono>

using namespace import_test;
using namespace milter::manager;
using namespace std::chrono_literals;

namespace {

import_result postfix(std::string_view text) { return imported(text, import_source::postfix); }

constexpr std::string_view example = R"(# See /usr/share/postfix/main.cf.dist
myhostname = mx.example.com
queue_directory = /var/spool/postfix

# signs, and then asks about spam
signing = inet:localhost:8891
smtpd_milters = $signing,
   { inet:[127.0.0.1]:11332, connect_timeout=10s, default_action=accept,
     command_timeout=1m }
# in the middle
   unix:clamav/clamav-milter.ctl
non_smtpd_milters = $signing
milter_default_action = quarantine
milter_content_timeout = 100s
milter_connect_macros = j {daemon_name} {daemon_addr} v _ {client_connections}
)";

constexpr std::string_view example_toml = R"(# Made by milter-manager import --from postfix, from F
# Look through it, then: milter-manager check -c FILE
#
# F: note: master.cf is not read, where -o smtpd_milters=... may name other milters; give each such service a [[listen]] with a [profile.NAME]

# The directory has to be made first, see docs/operations.md. Then, in main.cf:
#   milter_default_action = tempfail
#   smtpd_milters = unix:milter-manager/mta.sock
[[listen]]
socket = "unix:/var/spool/postfix/milter-manager/mta.sock"
mode = "0660"
group = "postfix"
profile = "smtp"

# For mail of local programs, which went through other milters. In main.cf:
#   non_smtpd_milters = unix:milter-manager/local.sock
[[listen]]
socket = "unix:/var/spool/postfix/milter-manager/local.sock"
mode = "0660"
group = "postfix"
profile = "local"

# F:7: note: "opendkim" is asked before "rspamd"; if it signs, what is changed behind it breaks the signature: a signer belongs to the end
# The name is a guess: port 8891 is usual for it. Change it as you like.
[[milter]]
name = "opendkim"
socket = "inet:8891@localhost"
on_error = "quarantine"
timeout = { content = "100s", end_of_message = "100s" }

# The name is a guess: port 11332 is usual for it. Change it as you like.
[[milter]]
name = "rspamd"
socket = "inet:11332@[127.0.0.1]"
on_error = "accept"
timeout = { connect = "10s", command = "1m", content = "100s", end_of_message = "100s" }

# F:7: note: relative path "clamav/clamav-milter.ctl" is taken from /var/spool/postfix; see that it is right
# The name is from its socket.
[[milter]]
name = "clamav-milter"
socket = "unix:/var/spool/postfix/clamav/clamav-milter.ctl"
on_error = "quarantine"
timeout = { content = "100s", end_of_message = "100s" }

[profile.smtp]
milters = ["opendkim", "rspamd", "clamav-milter"]

[profile.local]
milters = ["opendkim"]

[macros]
connect = "j {daemon_name} {daemon_addr} v _ {client_connections}"
)";

} // namespace

BOOST_AUTO_TEST_SUITE(import_postfix)

BOOST_AUTO_TEST_CASE(main_cf_becomes_a_configuration) {
    auto const made = postfix(example);
    BOOST_TEST(made.toml == example_toml);
    BOOST_TEST(made.complete);
    auto const read = loaded(made.toml);
    BOOST_TEST(read->listens.size() == 2u);
    BOOST_TEST(read->profiles.size() == 2u);
    BOOST_TEST_REQUIRE(read->milters.size() == 3u);
    BOOST_TEST((read->milters[0].on_error == on_error::quarantine));
    BOOST_TEST((read->milters[1].timeouts.command == 1min));
}

BOOST_AUTO_TEST_CASE(the_same_milters_for_all_mail_need_one_listener) {
    auto const made = postfix("smtpd_milters = unix:x\nnon_smtpd_milters = $smtpd_milters\n");
    BOOST_TEST(contains(made.toml, "#   non_smtpd_milters = unix:milter-manager/mta.sock\n"));
    auto const read = loaded(made.toml);
    BOOST_TEST(read->listens.size() == 1u);
    BOOST_TEST(read->profiles.empty());
    BOOST_TEST((read->milters.at(0).on_error == on_error::tempfail));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_translated_is_told) {
    struct {
        char const* text;
        char const* says;
        bool complete;
    } const rows[] = {
        {"smtpd_milters = unix:x\nsmtpd_milter_maps = cidr:/etc/x\n",
         "F:2: smtpd_milter_maps: ", false},
        {"smtpd_milters = unix:x\nmilter_protocol = 2\n", "F:2: note: milter_protocol \"2\"", true},
        {"smtpd_milters = unix:x\nmilter_command_timeout = 5s\n",
         "F:2: note: milter_command_timeout is less than 30s; ", true},
        {"smtpd_milters = unix:x\nmilter_default_action = drop\n",
         "F:2: default_action \"drop\" is not known; ", false},
        {"smtpd_milters = { unix:x, protocol=3 }\n", "F:1: note: protocol: ", true},
        {"smtpd_milters = { unix:x, wonder=3 }\n", "F:1: no setting of a milter: \"wonder=3\"",
         false},
        {"smtpd_milters = $nowhere\nnon_smtpd_milters = unix:x\n",
         "F:1: smtpd_milters: \"$nowhere\" has no value here; ", false},
        {"smtpd_milters = tcp:1\n", "F:1: no socket: \"tcp:1\"; ", false},
        {"smtpd_milters = /run/x\n", "F:1: no socket: \"/run/x\"; ", false},
        {"smtpd_milters = inet:x:y:z@\n", "F:1: no socket: \"inet:x:y:z@\"; ", false},
        {"smtpd_milters = inet:mx.example.com:1\n", "F:1: note: host \"mx.example.com\": its IPv4",
         true},
        {"smtpd_milters =\n", "F: neither smtpd_milters nor non_smtpd_milters names", false},
        {"smtpd_milters = unix:x\nmilter_unknown_command_macros = {x}\n",
         "F:2: milter_unknown_command_macros; ", false},
        {"smtpd_milters = unix:x unix:y/x\nthis is odd\n", "F:2: not a parameter: ", false},
        {"smtpd_milters = unix:milter-manager/mta.sock\n", "it would ask itself", false},
        {"smtpd_milters = unix:x unix:./x\n", "F:1: note: milter \"x\" has the same socket; ",
         true},
        {"queue_directory = relative\nsmtpd_milters = unix:/x\n", "F:1: queue_directory", false},
        {"smtpd_milters = unix:x\nmilter_content_timeout = 10m\n",
         "F:2: note: content_timeout: 10m is longer than", true},
    };
    for (auto const& row : rows) {
        BOOST_TEST_CONTEXT(row.text) {
            auto const made = postfix(row.text);
            auto const said = joined(made.remarks);
            BOOST_TEST(contains(said, row.says), said);
            BOOST_TEST(made.complete == row.complete, said);
            loaded(made.toml);
        }
    }
}

BOOST_AUTO_TEST_CASE(what_all_milters_have_is_told_once) {
    auto const made = postfix("smtpd_milters = unix:x unix:y\nmilter_content_timeout = 10m\n");
    BOOST_TEST(made.remarks.size() == 4u, joined(made.remarks)); // and master.cf, and two paths
}

BOOST_AUTO_TEST_CASE(names_are_put_in_as_postfix_does) {
    main_cf const file(
        "a = x\nb = $a ${a} $(a) $$a $\nempty =\nq = ${a?yes} ${a:no} ${empty?yes} "
        "${empty:no}\n"
        "t = ${a?{one}:{two}} ${empty?{one}:{two}}\nsmtpd_milters = $non_smtpd_milters\n");
    auto const value = [&](std::string_view name) { return file.value(name).text; };
    BOOST_TEST(value("b") == "x x x $a $");
    BOOST_TEST(value("q") == "yes   no");
    BOOST_TEST(value("t") == "one two");
    BOOST_TEST(value("smtpd_milters") == "");
    BOOST_TEST(value("milter_command_timeout") == "30s");
    BOOST_TEST(file.value("smtpd_milters").unknown.empty());
    BOOST_TEST(main_cf("a = ${b").value("a").unknown.size() == 1u);
    BOOST_TEST(main_cf("a = ${x}").value("a").unknown.size() == 1u);
}

BOOST_AUTO_TEST_CASE(last_of_several_lines_holds_and_lines_go_on) {
    main_cf const file("  a = 1\na = 2\nb = x\n\ty\n\n# no\n  z\nc\n-d.e-f_g = 3\n");
    BOOST_TEST(file.value("a").text == "2");
    BOOST_TEST(file.value("a").line == 2u);
    BOOST_TEST(file.value("b").text == "x y z");
    BOOST_TEST(file.value("-d.e-f_g").text == "3");
    BOOST_TEST_REQUIRE(file.odd_lines().size() == 1u);
    BOOST_TEST(file.odd_lines()[0].line == 8u);
}

BOOST_AUTO_TEST_CASE(names_in_names_are_bounded) {
    BOOST_TEST(main_cf("a = $a").value("a").is_cut);
    BOOST_TEST(main_cf("a = $b\nb = $a").value("a").is_cut);
    std::string bomb = "a0 = xxxxxxxxxx\n";
    for (int i = 1; i < 15; ++i) {
        auto const before = "$a" + std::to_string(i - 1) + ' ';
        bomb += "a" + std::to_string(i) + " = ";
        for (int k = 0; k < 10; ++k) bomb += before;
        bomb += '\n';
    }
    auto const big = main_cf(bomb).value("a14");
    BOOST_TEST(big.is_cut);
    BOOST_TEST(big.text.size() <= 64u << 10);
    BOOST_TEST(main_cf("a = " + std::string(1 << 20, 'x')).value("a").is_cut);
}

BOOST_AUTO_TEST_CASE(lists_have_commas_blanks_and_braces) {
    using texts = std::vector<std::string_view>;
    BOOST_TEST(
        (list_elements(" a, b\tc,,{ d, e { f } } g") == texts{"a", "b", "c", "d, e { f }", "g"}));
    BOOST_TEST((list_elements("{ open, x") == texts{"open, x"}));
    BOOST_TEST((list_elements("{") == texts{""}));
    BOOST_TEST(list_elements(" , ").empty());
}

BOOST_AUTO_TEST_CASE(text_of_something_else_is_not_understood) {
    for (std::string_view const text : {"", "\n# x\n", "what is it\nnobody knows\na = b\n"})
        BOOST_TEST(!import_setup(text, "F", import_source::postfix).understood, text);
}

BOOST_AUTO_TEST_SUITE_END()
