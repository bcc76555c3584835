// SPDX-License-Identifier: BSL-1.0
// tests/apps/options.cpp - command lines of both test tools

#include "test-filter/options.hpp"

#include "test-server/options.hpp"

#include <boost/test/unit_test.hpp>

#include <support/command_line.hpp>
#include <support/print_packet.hpp>
#include <support/temp_dir.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

using namespace std::chrono_literals;
namespace test_filter = milter::test_filter;
namespace test_server = milter::test_server;
namespace wire = milter::wire;
using code = wire::command_code;
using words = std::vector<std::string>;

namespace {

auto filter(words const& args) { return support::parse_words(test_filter::parse_options, args); }
auto server(words const& args) { return support::parse_words(test_server::parse_options, args); }

auto filter_with(words args) {
    args.insert(args.begin(), {"-s", "unix:/x"});
    return filter(args);
}
auto server_with(words args) {
    args.insert(args.begin(), {"-s", "unix:/x"});
    return server(args);
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

} // namespace

BOOST_AUTO_TEST_SUITE(apps_options)

// ---- milter-test-filter

BOOST_AUTO_TEST_CASE(filter_needs_a_socket) {
    auto const none = filter({});
    BOOST_TEST(none.exit_code() == 2);
    BOOST_TEST(contains(none.err, "--socket"));
    auto const bad = filter({"-s", "tcp:1"});
    BOOST_TEST(bad.exit_code() == 2);
    BOOST_TEST(contains(bad.err, "\"tcp:1\" is no socket; examples: unix:"));
}

BOOST_AUTO_TEST_CASE(filter_takes_the_socket_in_all_spellings) {
    for (auto const* option : {"-s", "--socket", "--connection-spec"})
        for (auto const* spec :
             {"inet:8893@[127.0.0.1]", "inet:127.0.0.1:8893", "inet:[127.0.0.1]:8893"}) {
            auto const one = filter({option, spec});
            BOOST_TEST(!one.result.exit_code);
            BOOST_TEST(to_string(one.result.value.where) == "inet:8893@[127.0.0.1]");
        }
}

BOOST_AUTO_TEST_CASE(filter_rules_keep_the_order_of_the_command_line) {
    auto const one = filter_with({"--add-header", "X-A: 1", "--on", "mail=reject", "--when",
                                  "sender=a@test", "--when", "helo=x", "--reject-rcpt", "b@test",
                                  "--then", "delay 1s", "--quarantine", "bad"});
    BOOST_TEST(!one.result.exit_code, one.err);
    auto const& rules = one.result.value.plan.rules;
    BOOST_REQUIRE(rules.size() == 4U);
    BOOST_TEST((rules[0].stage == code::end_of_message));
    BOOST_TEST((rules[1].stage == code::mail));
    BOOST_TEST(rules[1].when.size() == 2U);
    BOOST_TEST((rules[2].stage == code::rcpt));
    BOOST_TEST(rules[2].when.size() == 1U);
    BOOST_TEST(rules[2].actions.size() == 2U);
    BOOST_TEST((rules[3].stage == code::end_of_message));
}

BOOST_AUTO_TEST_CASE(filter_rules_of_the_command_line_come_before_those_of_the_script) {
    support::temp_dir const dir;
    auto const file =
        dir.write("s.toml", "[negotiate]\nversion = 4\n[[rule]]\non = \"mail\"\ndo = \"accept\"\n");
    auto const one =
        filter_with({"--script", file, "--on", "mail=reject", "--negotiate-version", "2"});
    BOOST_REQUIRE(one.result.value.plan.rules.size() == 2U);
    auto const& first = one.result.value.plan.rules[0].actions[0];
    BOOST_TEST((std::get<test_filter::send_reply>(first).code() == wire::reply_code::reject));
    BOOST_TEST(one.result.value.plan.negotiation.version.value() == 2U);
}

BOOST_AUTO_TEST_CASE(filter_negotiates_as_told) {
    auto const one = filter_with({"--actions", "add_header", "--steps", "skip,nr_header",
                                  "--macros", "connect=j", "--macros", "helo="});
    auto const& wanted = one.result.value.plan.negotiation;
    BOOST_TEST((wanted.actions == wire::action::add_header));
    BOOST_TEST(wanted.steps == (wire::step::skip | wire::step::nr_header));
    BOOST_TEST(wanted.lists[0].value() == "j");
    BOOST_TEST(wanted.lists[1].value().empty());
}

BOOST_AUTO_TEST_CASE(filter_output_and_socket_options) {
    auto const one = filter_with({"--json", "-v", "--sessions", "3", "--unix-socket-mode", "0660",
                                  "--unix-socket-group", "postfix"});
    BOOST_TEST(one.result.value.json);
    BOOST_TEST((one.result.value.level == test_filter::detail_level::verbose));
    BOOST_TEST(one.result.value.sessions == 3U);
    BOOST_TEST(one.result.value.listening.mode.value() == 0660U);
    BOOST_TEST(one.result.value.listening.group == "postfix");
    for (auto const* option : {"-q", "--quiet", "--no-report-request"})
        BOOST_TEST((filter_with({option}).result.value.level == test_filter::detail_level::quiet));
}

BOOST_AUTO_TEST_CASE(filter_complains_with_exit_status_2_of_what_it_cannot_use) {
    struct row {
        words args;
        char const* says;
    };
    row const rows[] = {
        {{"--on", "mail"}, "--on 'mail': expected STAGE=ACTION"},
        {{"--on", "mial=reject"}, "unknown stage \"mial\""},
        {{"--on", "mail=rejct"}, "--on 'mail=rejct': unknown action \"rejct\""},
        {{"--when", "rcpt=x"},
         "--when 'rcpt=x': it belongs to a rule before it, and there is none"},
        {{"--then", "reject"}, "there is none"},
        {{"--on", "mail=reject", "--when", "x=y"}, "--when 'x=y': unknown condition"},
        {{"--add-header", "X-A"}, "--add-header 'X-A': add_header: expected a header"},
        {{"--verdict", "reply 250 ok"}, "4xx or 5xx"},
        {{"--steps", "skp"}, "--steps 'skp': unknown protocol step"},
        {{"--actions", "x"}, "--actions 'x': unknown action"},
        {{"--macros", "body=i"}, "--macros 'body=i': there are macro lists of connect"},
        {{"--macros", "foo=j"}, "end_of_headers and end_of_message, not of foo"},
        {{"--fault", "rejct"}, "--fault 'rejct': unknown action"},
        {{"--expect", "mial"}, "--expect 'mial': unknown stage"},
        {{"--expect-never", "mail=x=y"}, "--expect-never 'mail=x=y': unknown condition"},
        {{"--on", "rcpt=skip"}, "--on 'rcpt=skip': skip is an answer to body only"},
        {{"--sessions", "0"}, "--sessions"},
        {{"--negotiate-version", "1"}, "--negotiate-version"},
        {{"--negotiate-version", "7"}, "--negotiate-version"},
        {{"--unix-socket-mode", "0888"}, "an octal number"},
        {{"--script", "/no/such/file"}, "/no/such/file: No such file"},
        {{"--sessions", "x"}, "--sessions"},
        {{"--no-such-option"}, "--no-such-option"},
        {{"positional"}, "positional"},
    };
    for (auto const& one : rows) {
        auto const parsed = filter_with(one.args);
        BOOST_TEST(parsed.exit_code() == 2, one.says);
        BOOST_TEST(contains(parsed.err, one.says), parsed.err);
        BOOST_TEST(parsed.out.empty());
    }
}

BOOST_AUTO_TEST_CASE(help_and_version_are_no_errors) {
    for (auto const& one : {filter({"--help"}), filter({"-h"}), filter({"--version"})}) {
        BOOST_TEST(one.exit_code() == 0);
        BOOST_TEST(contains(one.out, "milter-test-filter"));
        BOOST_TEST(one.err.empty());
    }
    for (auto const& one : {server({"--help"}), server({"-?"}), server({"--version"})}) {
        BOOST_TEST(one.exit_code() == 0);
        BOOST_TEST(contains(one.out, "milter-test-server"));
        BOOST_TEST(one.err.empty());
    }
}

// ---- milter-test-server

BOOST_AUTO_TEST_CASE(server_has_the_defaults_of_the_older_one) {
    auto const one = server({"-s", "inet:8893@[127.0.0.1]"});
    BOOST_TEST(!one.result.exit_code, one.err);
    auto const& plan = one.result.value.plan;
    BOOST_TEST(plan.client.host == "mx.example.net");
    BOOST_TEST(plan.client.address == "192.168.123.123");
    BOOST_TEST(plan.client.port == 50443);
    BOOST_TEST(plan.helo == "delian");
    BOOST_TEST(plan.messages.at(0).sender.address == "<sender@example.com>");
    BOOST_TEST(plan.messages.at(0).recipients.at(0).address == "<receiver@example.org>");
    BOOST_TEST(plan.protocol.offer.version == 6U);
    BOOST_TEST((plan.connect_timeout == 300s));
    BOOST_TEST((plan.protocol.timeouts.command == 10s));
    BOOST_TEST((plan.protocol.timeouts.write == 10s));
    BOOST_TEST((plan.protocol.timeouts.end_of_message == 300s));
    BOOST_TEST(one.result.value.sessions == 1U);
}

BOOST_AUTO_TEST_CASE(server_takes_the_options_of_the_older_one) {
    auto const one = server({"--name",
                             "mine",
                             "--connection-spec",
                             "unix:/x",
                             "--negotiate-version",
                             "4",
                             "--connect-host",
                             "h.test",
                             "--connect-address",
                             "inet6:25@[::1]",
                             "--helo-fqdn",
                             "helo.test",
                             "--envelope-from",
                             "a@test",
                             "--envelope-recipient",
                             "b@test",
                             "--recipient",
                             "c@test",
                             "--header",
                             "A:1",
                             "-h",
                             "B: 2",
                             "--body",
                             "1",
                             "-b",
                             "2",
                             "--unknown",
                             "XYZ",
                             "--authenticated-name",
                             "n",
                             "--authenticated-type",
                             "t",
                             "--authenticated-author",
                             "au",
                             "--connect-macro",
                             "a1:1",
                             "--helo-macro",
                             "a2:1",
                             "--envelope-from-macro",
                             "a3:1",
                             "--envelope-recipient-macro",
                             "a4:1",
                             "--data-macro",
                             "a5:1",
                             "--end-of-header-macro",
                             "a6:1",
                             "--end-of-message-macro",
                             "a7:1",
                             "--output-message",
                             "--color=yes",
                             "--connection-timeout",
                             "1",
                             "--reading-timeout",
                             "2",
                             "--writing-timeout",
                             "3",
                             "--end-of-message-timeout",
                             "4",
                             "--threads",
                             "5",
                             "--verbose"});
    BOOST_TEST(!one.result.exit_code, one.err);
    auto const& value = one.result.value;
    auto const& plan = value.plan;
    BOOST_TEST(value.name == "mine");
    BOOST_TEST(plan.protocol.offer.version == 4U);
    BOOST_TEST((plan.client.family == wire::family::inet6));
    BOOST_TEST(plan.client.address == "::1");
    BOOST_TEST(plan.messages.at(0).recipients.size() == 2U);
    BOOST_TEST(plan.messages.at(0).headers.size() == 4U);
    BOOST_TEST(plan.messages.at(0).chunks.size() == 2U);
    BOOST_TEST(plan.macros.at(code::mail).size() == 4U);
    for (auto const stage : {code::connect, code::helo, code::rcpt, code::data,
                             code::end_of_headers, code::end_of_message})
        BOOST_TEST(plan.macros.at(stage).size() == 1U);
    BOOST_TEST(value.style.color);
    BOOST_TEST(value.style.with_message);
    BOOST_TEST((plan.connect_timeout == 1s));
    BOOST_TEST((plan.protocol.timeouts.negotiate == 2s));
    BOOST_TEST((plan.protocol.timeouts.content == 2s));
    BOOST_TEST((plan.protocol.timeouts.write == 3s));
    BOOST_TEST((plan.protocol.timeouts.end_of_message == 4s));
    BOOST_TEST(value.sessions == 5U);
}

BOOST_AUTO_TEST_CASE(all_timeouts_are_those_not_given_themselves_196) {
    auto const one = server_with(
        {"--all-timeouts", "7", "--end-of-message-timeout", "1m", "--content-timeout", "9ms"});
    auto const& plan = one.result.value.plan;
    BOOST_TEST((plan.connect_timeout == 7s));
    BOOST_TEST((plan.protocol.timeouts.negotiate == 7s));
    BOOST_TEST((plan.protocol.timeouts.command == 7s));
    BOOST_TEST((plan.protocol.timeouts.write == 7s));
    BOOST_TEST((plan.protocol.timeouts.content == 9ms));
    BOOST_TEST((plan.protocol.timeouts.end_of_message == 1min));
}

BOOST_AUTO_TEST_CASE(old_mtas_offer_less) {
    auto const steps = [](words const& args) {
        return server_with(args).result.value.plan.protocol.offer.steps;
    };
    BOOST_TEST(steps({}) == wire::step::all);
    BOOST_TEST(steps({"--negotiate-version", "2"}) == wire::step::all_v2);
    BOOST_TEST(steps({"--negotiate-version", "3"}) == wire::step::all_v3);
    BOOST_TEST(steps({"--no-offer", "skip, NR-BODY"}) ==
               (wire::step::all & ~(wire::step::skip | wire::step::nr_body)));
    BOOST_TEST(steps({"--offer", "data_size_1m"}) == (wire::step::all | wire::step::data_size_1m));
    auto const actions =
        server_with({"--no-offer", "quarantine"}).result.value.plan.protocol.offer.actions;
    BOOST_TEST(actions == (wire::action::all & ~wire::action::quarantine));
}

BOOST_AUTO_TEST_CASE(header_rules_follow_the_mta_unless_said) {
    using milter::message::header_rules;
    auto const rules = [](words const& args) { return server_with(args).result.value.plan.rules; };
    BOOST_TEST((rules({}) == header_rules::postfix));
    BOOST_TEST((rules({"--mta", "sendmail"}) == header_rules::sendmail));
    BOOST_TEST(
        (rules({"--mta", "sendmail", "--header-rules", "postfix"}) == header_rules::postfix));
}

BOOST_AUTO_TEST_CASE(rset_and_color_need_no_value) {
    BOOST_TEST((server_with({"--rset", "-v"}).result.value.plan.reset_after == code::rcpt));
    BOOST_TEST((server_with({"--rset=data"}).result.value.plan.reset_after == code::data));
    BOOST_TEST(!server_with({}).result.value.plan.reset_after);
    BOOST_TEST(server_with({"--color", "-v"}).result.value.style.color);
    BOOST_TEST(!server_with({"--color=never"}).result.value.style.color);
}

BOOST_AUTO_TEST_CASE(messages_are_repeated_in_order) {
    support::temp_dir const dir;
    auto const a = dir.write("a", "From: a@test\n\n"), b = dir.write("b", "From: b@test\n\n");
    auto const plan = server_with({"-m", a, "-m", b, "--messages", "2"}).result.value.plan;
    std::string senders;
    for (auto const& one : plan.messages) senders += one.sender.address;
    BOOST_TEST(senders == "<a@test><a@test><b@test><b@test>");
}

BOOST_AUTO_TEST_CASE(server_complains_with_exit_status_2_of_what_it_cannot_use) {
    struct row {
        words args;
        char const* says;
    };
    row const rows[] = {
        {{"--connect-address", "192.0.2.1"}, "\"192.0.2.1\" is no address; examples: inet:"},
        {{"--connect-address", "inet:smtp@192.0.2.1"}, "a port is a number"},
        {{"--header", "no colon"}, "--header: expected NAME:VALUE"},
        {{"--mail-file", "/no/such/file"}, "/no/such/file: No such file"},
        {{"--mail-file", "/"}, "/: Is a directory"},
        {{"--negotiate-version", "7"}, "--negotiate-version"},
        {{"--no-offer", "skp"}, "unknown protocol step \"skp\""},
        {{"--quit-after", "lunch"}, "unknown stage \"lunch\""},
        {{"--rset=lunch"}, "unknown stage"},
        {{"--expect", "rejct"}, "unknown verdict \"rejct\""},
        {{"--reading-timeout", "soon"}, "--reading-timeout: \"soon\" is no time"},
        {{"--connect-macro", "x"}, "expected NAME:VALUE"},
        {{"--color=blue"}, "none of auto, always, never"},
        {{"--threads", "0"}, "--threads"},
        {{"--mta", "exim"}, "--mta"},
        {{"--no-such-option"}, "--no-such-option"},
    };
    for (auto const& one : rows) {
        auto const parsed = server_with(one.args);
        BOOST_TEST(parsed.exit_code() == 2, one.says);
        BOOST_TEST(contains(parsed.err, one.says), parsed.err);
    }
}

BOOST_AUTO_TEST_SUITE_END()
