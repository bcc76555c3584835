// SPDX-License-Identifier: BSL-1.0
// tests/manager/late_join.cpp - milters whose rule comes true in the course of a message: who is started, what it is told
//
// Of two milters or three the second joins late. Source: protocol.md 9.8; statements 258, 259.

#include "late_join_fixture.hpp"

using namespace late_join_test;

namespace {

list without_offer(scripted_filter const& filter) {
    list lines = filter.lines();
    std::erase_if(lines, [](auto const& line) { return line.starts_with("negotiate"); });
    return lines;
}

} // namespace

BOOST_AUTO_TEST_SUITE(late_join)

// ---- who is started, and when

BOOST_AUTO_TEST_CASE(undecided_milter_is_not_connected_before_its_stage) {
    for (auto const stage : staged_selection::stages) BOOST_TEST_CONTEXT(wire::name_of(stage)) {
            joining rig(stage);
            std::vector<std::pair<code, std::size_t>> connected;
            auto const note = [&](code at) {
                connected.emplace_back(at, rig.second().connections());
            };
            rig.negotiate();
            note(code::negotiate);
            rig.send(wire::connect{"client.test", wire::family::inet, 1025, "192.0.2.1"});
            note(code::connect);
            rig.send(wire::helo{"client.test"});
            note(code::helo);
            rig.mail();
            note(code::mail);
            rig.rcpt("<one@mx.test>");
            note(code::rcpt);
            rig.send(wire::data{});
            note(code::data);
            rig.content();
            note(code::end_of_headers);
            BOOST_TEST(rig.end() == "continue");
            note(code::end_of_message);
            bool reached = false;
            for (auto const& [at, connections] : connected) {
                reached = reached || at == stage;
                BOOST_TEST_CONTEXT("at " << wire::name_of(at))
                BOOST_TEST(connections == (reached ? 1U : 0U));
            }
            BOOST_TEST(rig.second().judged().size() == 1U);
        }
}

BOOST_AUTO_TEST_CASE(milter_that_does_not_apply_is_never_connected) {
    for (auto const stage : staged_selection::stages) BOOST_TEST_CONTEXT(wire::name_of(stage)) {
            joining rig(stage, no);
            rig.begin();
            for (int i = 0; i < 2; ++i)
                BOOST_TEST(rig.whole_message() == list(5, "continue"), per_element);
            BOOST_TEST(rig.second().connections() == 0U);
            BOOST_TEST(rig.filter(2).judged().size() == 2U);
            BOOST_TEST(rig.decisions().back().milters[1].verdict == "not asked");
        }
}

BOOST_AUTO_TEST_CASE(who_is_undecided_to_the_end_runs) {
    joining rig(code::connect);
    rig.choose([](std::size_t milter, manager::facts const&) {
        return milter == 1 ? applicability::undecided : yes;
    });
    rig.second().on("end_of_message", say(wire::reject{}));
    rig.begin();
    BOOST_TEST(rig.whole_message() == refused_from(code::end_of_message, "reject"), per_element);
    BOOST_TEST(rig.second().story() == "connect helo mail rcpt rcpt data header header header "
                                       "end_of_headers body end_of_message");
}

BOOST_AUTO_TEST_CASE(recipient_that_one_before_refuses_starts_nobody) {
    joining rig(code::rcpt);
    rig.choose([](std::size_t milter, manager::facts const& known) {
        auto const is_two = [](auto const& one) { return one.address == "<two@mx.test>"; };
        bool const two = known.recipient && is_two(*known.recipient);
        bool const over = known.stage == code::data;
        return milter != 1 || two ? yes : over ? no : applicability::undecided;
    });
    rig.filter(0).on("rcpt \"<two", say(wire::reject{}), once);
    rig.begin();
    rig.whole_message();
    BOOST_TEST(rig.second().connections() == 0U);
    rig.whole_message();
    BOOST_TEST(rig.second().message().recipients == (list{"<one@mx.test>", "<two@mx.test>"}),
               per_element);
}

BOOST_AUTO_TEST_CASE(started_milter_is_not_asked_about_again_in_the_message) {
    joining rig(code::mail);
    std::vector<code> asked;
    rig.choose([&](std::size_t milter, manager::facts const& known) {
        if (milter != 1) return yes;
        asked.push_back(known.stage);
        return known.stage == code::mail ? yes : applicability::undecided;
    });
    rig.begin();
    rig.whole_message();
    rig.whole_message();
    BOOST_TEST(
        (asked == std::vector{code::negotiate, code::connect, code::helo, code::mail, code::mail}));
    BOOST_TEST(rig.second().judged().size() == 2U);
}

BOOST_AUTO_TEST_CASE(facts_are_what_the_mta_said_so_far) {
    joining rig(code::mail, yes, 2);
    list seen;
    rig.choose([&](std::size_t milter, manager::facts const& known) {
        if (milter != 1) return yes;
        std::string line(wire::name_of(known.stage));
        if (known.client) line += " " + std::string(known.client->address);
        if (known.helo) line += " " + std::string(known.helo->name);
        if (known.sender) line += " " + std::string(known.sender->address);
        for (auto const& one : known.recipients) line += " " + one.payload.substr(0, 5);
        if (known.recipient) line += " +" + std::string(known.recipient->address);
        if (known.headers) line += " headers " + std::to_string(known.headers->size());
        if (known.body_bytes != 0) line += " body " + std::to_string(known.body_bytes);
        seen.push_back(line);
        return applicability::undecided;
    });
    rig.begin();
    rig.whole_message();
    std::string const session = " 192.0.2.1 client.test";
    std::string const mail = session + " <a@client.test>";
    std::string const both = mail + " <one@ <two@";
    std::string const end = "end_of_message" + both + " headers 3 body 7";
    BOOST_TEST(seen ==
                   (list{"negotiate", "connect 192.0.2.1", "helo" + session, "mail" + mail,
                         "rcpt" + mail + " +<one@mx.test>", "rcpt" + mail + " <one@ +<two@mx.test>",
                         "data" + both, "end_of_headers" + both + " headers 3", end, end}),
               per_element);
}

// ---- what it is told

BOOST_AUTO_TEST_CASE(it_is_told_what_it_would_have_been_told_from_the_beginning_258) {
    for (bool const own_list : {false, true})
        for (auto const stage : staged_selection::stages) BOOST_TEST_CONTEXT(wire::name_of(stage)) {
                joining rig(stage);
                for (std::size_t k = 0; own_list && k < 3; ++k) {
                    rig.filter(k).wants.actions |= wire::action::set_macro_list;
                    rig.filter(k).wants.lists[3] = "{rcpt_addr} {auth_authen} j";
                }
                rig.begin();
                rig.whole_message();
                BOOST_TEST(without_offer(rig.second()) == without_offer(rig.filter(0)),
                           per_element);
                auto const macros = rig.second().macros("rcpt");
                BOOST_TEST_REQUIRE(macros.size() == 2U);
                BOOST_TEST(macros[0].find("one@mx.test") != macros[0].npos);
                BOOST_TEST(macros[1].find("two@mx.test") != macros[1].npos);
            }
}

BOOST_AUTO_TEST_CASE(it_is_not_told_or_asked_what_it_negotiated_away) {
    for (auto const stage : late_stages) BOOST_TEST_CONTEXT(wire::name_of(stage)) {
            joining rig(stage);
            rig.second().wants.steps = wire::step::no_helo | wire::step::no_rcpt |
                                       wire::step::nr_connect | wire::step::nr_mail |
                                       wire::step::nr_data;
            rig.begin();
            BOOST_TEST(rig.whole_message() == list(5, "continue"), per_element);
            BOOST_TEST(rig.second().story() == "connect mail data header header header "
                                               "end_of_headers body end_of_message");
            BOOST_TEST(rig.second().macros("rcpt").size() == 2U);
        }
}

BOOST_AUTO_TEST_CASE(recipients_that_somebody_refused_are_not_told_259) {
    joining rig(code::data);
    rig.filter(0).on("rcpt \"<by-first", say(wire::reject{}));
    rig.filter(2).on("rcpt \"<by-third", say_text("451 4.7.1 later"));
    rig.begin();
    rig.mail();
    BOOST_TEST(rig.rcpt("<by-first@mx.test>") == "reject");
    BOOST_TEST(rig.rcpt("<one@mx.test>") == "continue");
    BOOST_TEST(rig.rcpt("<by-third@mx.test>") == "reply \"451 4.7.1 later\"");
    rig.mta.macros[code::rcpt] = {{"{rcpt_mailer}", "error"}};
    BOOST_TEST(rig.send(wire::rcpt{"<by-mta@mx.test>", {}}) == "continue");
    BOOST_TEST(rig.rcpt("<two@mx.test>") == "continue");
    BOOST_TEST(rig.send(wire::data{}) == "continue");
    rig.content();
    BOOST_TEST(rig.end() == "continue");
    BOOST_TEST(rig.second().message().recipients == (list{"<one@mx.test>", "<two@mx.test>"}),
               per_element);
}

BOOST_AUTO_TEST_CASE(the_latest_helo_is_told_and_no_message_of_before) {
    joining rig(code::rcpt);
    rig.choose([](std::size_t milter, manager::facts const& known) {
        bool const again = known.helo && known.helo->name == "again.test";
        return milter != 1 || (again && known.stage == code::data) ? yes
               : known.stage == code::end_of_message               ? no
                                                                   : applicability::undecided;
    });
    rig.begin();
    rig.whole_message();
    rig.send(wire::helo{"again.test"});
    rig.mail("<second@client.test>");
    rig.rcpt("<three@mx.test>");
    rig.send(wire::data{});
    BOOST_TEST(rig.second().story() == "connect helo mail rcpt data");
    BOOST_TEST(rig.second().last("helo") == "helo \"again.test\"");
    BOOST_TEST(rig.second().last("mail") == "mail \"<second@client.test>\"");
    BOOST_TEST(rig.second().last("rcpt") == "rcpt \"<three@mx.test>\"");
}

BOOST_AUTO_TEST_CASE(
    it_sees_the_message_as_edited_by_those_before_and_those_after_as_edited_by_it) {
    for (auto const stage : late_stages) BOOST_TEST_CONTEXT(wire::name_of(stage)) {
            joining rig(stage);
            rig.filter(0).on("end_of_message", say(wire::add_header{"X-A", "1"}, wire::proceed{}));
            rig.second().on("end_of_message", say(wire::add_header{"X-B", "2"}, wire::proceed{}));
            rig.begin();
            rig.whole_message();
            BOOST_TEST(rig.second().message().headers.back() == "X-A:1");
            BOOST_TEST(rig.filter(2).message().headers.back() == "X-B:2");
            BOOST_TEST(rig.mta.edits().size() == 2U);
        }
}

BOOST_AUTO_TEST_CASE(those_after_one_that_is_undecided_are_not_shown_the_message) {
    joining rig(code::end_of_message, no);
    rig.filter(0).wants.actions = wire::action::none;
    rig.begin();
    rig.envelope();
    rig.content();
    rig.settle();
    BOOST_TEST(!rig.filter(0).message().headers.empty());
    BOOST_TEST(rig.filter(2).message().headers.empty());
    BOOST_TEST(rig.end() == "continue");
    BOOST_TEST(rig.filter(2).message().headers.size() == 3U);
}

BOOST_AUTO_TEST_CASE(unknown_command_is_not_told_to_who_does_not_take_part) {
    joining rig(code::data);
    rig.begin();
    rig.mail();
    rig.send(wire::unknown{"FOO"});
    rig.rcpt("<one@mx.test>");
    rig.send(wire::data{});
    BOOST_TEST(rig.second().story() == "connect helo mail rcpt data");
    rig.send(wire::abort{});
    rig.send(wire::unknown{"BAR"});
    BOOST_TEST(rig.second().story() == "connect helo mail rcpt data abort");
}

BOOST_AUTO_TEST_SUITE_END()
