// SPDX-License-Identifier: BSL-1.0
// tests/manager/single_milter.cpp - with one milter the manager is not to be seen: packets pass as they are, both ways
//
// What is different on purpose: macros of single headers and chunks are not passed on, a verdict on content waits for the end
// of the message, ACCEPT before it is never passed on, and edits go out by kinds. Source: protocol.md 9.4-9.7; statement 273.

#include <boost/test/unit_test.hpp>

#include <support/manager_rig.hpp>

using namespace support;

namespace {

using list = std::vector<std::string>;
using code = wire::command_code;
constexpr auto per_element = boost::test_tools::per_element();

template <class Command> std::string line_of(Command const& command) {
    std::string packet;
    wire::encode(packet, command);
    milter::error_code ec;
    return wire::describe_command(*wire::first_frame(packet, packet.size(), ec));
}

/// Notes what the MTA says, as a milter would be told it without a manager.
struct noted : manager_rig {
    noted() : manager_rig(1) {}
    list said;

    template <class Command> void tell(Command const& command) {
        constexpr auto what = Command::code;
        bool const carries_macros = what != code::header && what != code::body &&
                                    what != code::unknown; // as the manager passes them on
        auto const set = mta.macros.find(what);
        if (set != mta.macros.end() && carries_macros) {
            auto const raw_macros = pack(set->second);
            said.push_back(line_of(wire::macros{what, wire::zstr_list(raw_macros)}));
        }
        said.push_back(line_of(command));
        heard.push_back(send(command));
    }
    list heard;
};

void tell_whole_message(noted& rig) {
    auto const size = wire::pack_zstr(std::vector<std::string_view>{"SIZE=100", "BODY=8BITMIME"});
    auto const notify = wire::pack_zstr(std::vector<std::string_view>{"NOTIFY=NEVER"});
    rig.tell(wire::mail{"<a@client.test>", wire::zstr_list(size)});
    rig.tell(wire::rcpt{"b@mx.test", wire::zstr_list(notify)});
    rig.mta.macros[code::rcpt] = {{"i", "4711"}, {"{rcpt_addr}", "c"}};
    rig.tell(wire::rcpt{"<c@mx.test>", {}});
    rig.tell(wire::data{});
    for (auto const& [name, value] : manager_rig::header_list{{"X-Tab", "\ttab"},
                                                              {"x-tab", " two"},
                                                              {"X-Empty", ""},
                                                              {"Subject", " folded\n\tline"}})
        rig.tell(wire::header{name, value});
    rig.tell(wire::end_of_headers{});
    for (auto const size_of_piece : {wire::default_data_limit, wire::default_data_limit, 10UL})
        rig.tell(wire::body{std::string(size_of_piece, 'b')});
    rig.tell(wire::end_of_message{});
}

/// Says one reply at a stage. @return what the MTA heard in the end, and of which command
std::string heard_at(std::string const& stage, reaction const& says) {
    manager_rig rig(1);
    rig.filter(0).on(stage, says, once);
    rig.negotiate();
    auto heard = rig.send(wire::connect{"client.test", wire::family::inet, 1025, "192.0.2.1"});
    if (stage == "connect") return heard;
    heard = rig.send(wire::helo{"client.test"});
    if (stage == "helo") return heard;
    heard = rig.send(wire::mail{"<a@client.test>", {}});
    if (stage == "mail") return heard;
    heard = rig.send(wire::rcpt{"<b@mx.test>", {}});
    if (stage == "rcpt") return heard;
    heard = rig.send(wire::data{});
    if (stage == "data") return heard;
    rig.content();
    return rig.end();
}

template <class... Edits> list packets_of(Edits const&... edits) {
    list packets(sizeof...(edits));
    std::size_t i = 0;
    (wire::encode(packets[i++], edits), ...);
    return packets;
}

} // namespace

BOOST_AUTO_TEST_SUITE(single_milter)

BOOST_AUTO_TEST_CASE(is_told_what_the_mta_says_packet_for_packet_273) {
    for (bool const postfix : {false, true}) BOOST_TEST_CONTEXT("Postfix " << postfix) {
            noted rig;
            if (postfix)
                rig.mta.like_postfix();
            else
                rig.mta.like_sendmail();
            rig.filter(0).wants.steps = wire::step::leading_space;
            rig.negotiate();
            rig.tell(wire::connect{"client.test", wire::family::inet6, 1025, "IPv6:2001:db8::1"});
            rig.tell(wire::helo{"client.test"});
            rig.tell(wire::unknown{"FOO bar"});
            tell_whole_message(rig);
            tell_whole_message(rig);
            rig.tell(wire::helo{"again.test"});
            rig.tell(wire::mail{"<>", {}});
            rig.tell(wire::rcpt{"<d@mx.test>", {}});
            rig.tell(wire::abort{});
            rig.tell(wire::quit{});
            auto seen = rig.filter(0).lines();
            seen.erase(seen.begin()); // the offer
            BOOST_TEST(seen == rig.said, per_element);
            std::string const body(2 * wire::default_data_limit + 10, 'b');
            for (auto const& one : rig.filter(0).judged()) BOOST_TEST((one.body == body));
            BOOST_TEST(rig.filter(0).judged().size() == 2U);
            for (auto const& answer : rig.heard)
                BOOST_TEST((answer.empty() || answer == "continue"));
        }
}

BOOST_AUTO_TEST_CASE(has_its_verdicts_reach_the_mta_as_they_are_273) {
    std::pair<reaction, std::string> const refusals[] = {
        {say(wire::proceed{}), "continue"},
        {say(wire::reject{}), "reject"},
        {say(wire::tempfail{}), "tempfail"},
        {say_text("450 4.2.1 busy"), "reply \"450 4.2.1 busy\""},
        {say_text("421 4.7.0 bye"), "reply \"421 4.7.0 bye\""},
        {say_text("554-5.7.1 one\r\n554 5.7.1 100%% two"),
         "reply \"554-5.7.1 one\\r\\n554 5.7.1 100%% two\""}};
    for (auto const& [says, expected] : refusals)
        for (auto const* stage : {"connect", "helo", "mail", "rcpt", "data", "header",
                                  "end_of_headers", "body", "end_of_message"})
            BOOST_TEST_CONTEXT(expected << " at " << stage)
    BOOST_TEST(heard_at(stage, says) == expected);
    for (auto const* stage :
         {"mail", "rcpt", "data", "header", "end_of_headers", "body", "end_of_message"})
        BOOST_TEST_CONTEXT(stage) BOOST_TEST(heard_at(stage, say(wire::discard{})) == "discard");
    BOOST_TEST(heard_at("end_of_message", say(wire::accept{})) == "accept");
}

BOOST_AUTO_TEST_CASE(has_its_edits_reach_the_mta_byte_for_byte_273) {
    auto const headers = packets_of(
        wire::insert_header{0, "X-Top", " t"}, wire::change_header{0, "x-SUBJECT", "\tnew"},
        wire::add_header{"X-Folded", " one\n\ttwo"}, wire::change_header{7, "From", ""},
        wire::insert_header{99'999, "Received", " by here"}, wire::add_header{"X-Empty", " "},
        wire::change_header{1, "X-Not-There", " value"}, wire::insert_header{1, "X-Top", " u"});
    auto const envelope = packets_of(
        wire::add_rcpt{"new@mx.test"}, wire::delete_rcpt{"<b@mx.test>"},
        wire::add_rcpt_with_args{"<c@mx.test>", "NOTIFY=NEVER"}, wire::change_from{"<>", {}},
        wire::change_from{"<x@client.test>", "RET=HDRS ENVID=1"}, wire::delete_rcpt{"<b@mx.test>"});
    auto const last = packets_of(wire::replace_body{"no line end"}, wire::quarantine{"odd one"});
    for (bool const leading_space : {false, true}) BOOST_TEST_CONTEXT(leading_space) {
            manager_rig rig(1);
            if (leading_space)
                rig.filter(0).wants.steps = wire::step::leading_space;
            else
                rig.mta.offer.steps &= ~wire::step::leading_space;
            std::string mixed; // kinds turn about; each kind keeps its order
            for (std::size_t i = 0; i < headers.size(); ++i) {
                mixed += headers[i];
                if (i < envelope.size()) mixed += envelope[i];
                if (i == 2) mixed += last[1];
                if (i == 5) mixed += last[0];
            }
            wire::encode(mixed, wire::proceed{});
            rig.filter(0).on("end_of_message", raw(mixed));
            rig.begin();
            rig.message();
            list expected = headers;
            expected.insert(expected.end(), envelope.begin(), envelope.end());
            expected.insert(expected.end(), last.begin(), last.end());
            BOOST_TEST(rig.mta.edits() == expected, per_element);
        }
}

BOOST_AUTO_TEST_SUITE_END()
