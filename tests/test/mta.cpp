// SPDX-License-Identifier: BSL-1.0
// tests/test/mta.cpp - the unit-test kit for milters: an MTA in process
#include <milter/filter/session.hpp>
#include <milter/test/handler.hpp>
#include <milter/test/mta.hpp>
#include <milter/test/scripted_filter.hpp>

#include <boost/test/unit_test.hpp>

#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace test = milter::test;
namespace wire = milter::wire;
namespace proto = milter::proto;
using code = wire::command_code;
using lines = std::vector<std::string>;

namespace {

struct fixture {
    test::scripted_filter filter;
    test::mta<test::scripted_filter> mta{filter};

    lines letters() const { // the first word of what was heard
        lines all;
        for (auto const& one : filter.heard()) all.push_back(one.substr(0, one.find(' ')));
        return all;
    }
};

/// Sets a header without the action that it takes when the header is there.
struct undeclared {
    static constexpr auto actions = milter::filter::action::add_header;
    void end_of_message(milter::filter::named_edits& edits) { edits.set_header("X-Mark", "yes"); }
};

template <class Value> std::string printed(Value const& one) {
    std::ostringstream out;
    out << one;
    return out.str();
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(test_mta, fixture)

BOOST_AUTO_TEST_CASE(what_a_test_leaves_out_is_said_for_it) {
    BOOST_TEST(mta.end_of_message() == test::proceeds);
    BOOST_TEST(letters() == (lines{"negotiate", "connect", "helo", "mail", "rcpt", "data",
                                   "end_of_headers", "end_of_message"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(each_command_gives_its_answer) {
    filter.on(code::connect, wire::discard{}).on(code::rcpt, wire::reply_text{"550 5.1.1 no"});
    filter.on(code::body, wire::tempfail{});
    BOOST_TEST(mta.connect({"mx.test", "2001:db8::1", 25}) == test::discards);
    BOOST_TEST(filter.heard().back() == "connect \"mx.test\" 6 \"2001:db8::1\" port 25");
    BOOST_TEST(mta.helo("mx.test") == test::proceeds);
    BOOST_TEST(mta.mail("<a@test>", {"SIZE=9"}) == test::proceeds);
    BOOST_TEST(filter.heard().back() == "mail \"<a@test>\" \"SIZE=9\"");
    BOOST_TEST(mta.rcpt("<b@test>") == test::replies("550 5.1.1 no"));
    filter.on(code::rcpt);
    BOOST_TEST(mta.rcpt("<c@test>") == test::proceeds);
    BOOST_TEST(mta.header("Subject", "hi") == test::proceeds);
    BOOST_TEST(filter.heard().back() == "header \"Subject\" \"hi\"");
    BOOST_TEST(mta.body("text\r\n") == test::tempfails);
    mta.abort();
    BOOST_TEST(mta.unknown("XYZ") == test::proceeds);
    BOOST_TEST(mta.mail("<c@test>") == test::proceeds);
}

BOOST_AUTO_TEST_CASE(delivered_message_has_the_edits_of_the_filter) {
    filter.on(code::end_of_message, wire::add_header{"X-Seen", "yes"},
              wire::change_header{1, "Subject", "[x] hi"}, wire::change_header{1, "X-Old", ""},
              wire::add_rcpt{"<c@test>"}, wire::delete_rcpt{"<b@test>"},
              wire::change_from{"<new@test>", {}}, wire::replace_body{"new"},
              wire::replace_body{" body\r\n"}, wire::progress{}, wire::accept{});
    auto one = test::mail::parse("Subject: hi\nX-Old: 1\n\ntext\n");
    one.recipients = {"<b@test>"};
    auto const done = mta.deliver(one);
    BOOST_TEST(done.verdict == test::accepts);
    BOOST_TEST((done.stage == code::end_of_message));
    BOOST_TEST(done.accepted());
    BOOST_TEST(done.keepalives == 1u);
    BOOST_TEST(done.edits ==
                   (lines{"add_header X-Seen: yes", "change_header 1 Subject: [x] hi",
                          "delete_header 1 X-Old", "add_rcpt <c@test>", "delete_rcpt <b@test>",
                          "change_from <new@test>", "replace_body"}),
               boost::test_tools::per_element());
    test::mail const expected{
        "<new@test>", {"<c@test>"}, {{"Subject", "[x] hi"}, {"X-Seen", "yes"}}, "new body\r\n"};
    BOOST_TEST(done.result == expected);
    BOOST_TEST(done.result.header("x-seen").value() == "yes");
    BOOST_TEST(done.result.count("X-Old") == 0u);
}

BOOST_AUTO_TEST_CASE(refused_message_keeps_what_it_was) {
    filter.on(code::end_of_message, wire::add_header{"X-Seen", "yes"}, wire::reject{});
    auto const done = mta.deliver();
    BOOST_TEST(done.verdict == test::rejects);
    BOOST_TEST(!done.accepted());
    BOOST_TEST(done.result == test::mail{});
    BOOST_TEST(done.edits.size() == 1u); // what it asked for all the same
}

BOOST_AUTO_TEST_CASE(recipients_are_refused_one_by_one_and_none_left_ends_the_message) {
    filter.on(code::rcpt, wire::reply_text{"550 5.1.1 no"});
    test::mail one;
    one.recipients = {"<a@test>", "<b@test>"};
    auto const done = mta.deliver(one);
    BOOST_TEST_REQUIRE(done.refused.size() == 2u);
    BOOST_TEST(done.refused[1].address == "<b@test>");
    BOOST_TEST(done.refused[1].given == test::replies("550 5.1.1 no"));
    BOOST_TEST((done.stage == code::rcpt));
    BOOST_TEST(letters().back() == "abort");
    filter.on(code::rcpt);
    BOOST_TEST(mta.deliver(one).accepted()); // the next one on the same connection
}

BOOST_AUTO_TEST_CASE(message_ends_at_the_first_verdict_that_settles_it) {
    filter.on(code::header, wire::accept{});
    auto const done = mta.deliver();
    BOOST_TEST(done.verdict == test::accepts);
    BOOST_TEST((done.stage == code::header));
    BOOST_TEST(letters().back() == "abort");
}

BOOST_AUTO_TEST_CASE(client_that_is_refused_or_accepted_hands_in_nothing) {
    filter.on(code::connect, wire::reply_text{"554 5.7.1 not you"});
    auto const refused = mta.deliver();
    BOOST_TEST(!refused.accepted());
    BOOST_TEST(refused.verdict == test::replies("554 5.7.1 not you"));
    BOOST_TEST((refused.stage == code::connect));
    BOOST_TEST(letters().back() == "connect");
    BOOST_CHECK_EXCEPTION(mta.rcpt("<a@test>"), test::protocol_error, [](auto const& why) {
        return std::string(why.what()) == "at connect the filter said reply: an MTA says no more";
    });
    test::scripted_filter trusting;
    trusting.on(code::helo, wire::accept{});
    test::mta by(trusting);
    auto const accepted = by.deliver();
    BOOST_TEST(accepted.accepted());
    BOOST_TEST((accepted.stage == code::helo));
    BOOST_TEST(accepted.result == test::mail{});
}

BOOST_AUTO_TEST_CASE(what_is_said_for_a_test_is_to_be_answered_with_continue) {
    filter.on(code::mail, wire::tempfail{});
    BOOST_CHECK_EXCEPTION(mta.rcpt("<a@test>"), test::protocol_error, [](auto const& why) {
        return std::string(why.what()) == "at mail the filter said tempfail: an MTA says no more";
    });
}

BOOST_AUTO_TEST_CASE(without_a_recipient_there_is_no_data_and_no_content) {
    filter.on(code::rcpt, wire::reject{});
    auto const no_more = [](auto const& why) {
        return std::string(why.what()) ==
               "at rcpt the filter refused each recipient: an MTA says no more";
    };
    mta.rcpt("<a@test>");
    BOOST_TEST(mta.rcpt("<b@test>") == test::rejects);
    BOOST_CHECK_EXCEPTION(mta.data(), test::protocol_error, no_more);
    BOOST_CHECK_EXCEPTION(mta.header("A", "b"), test::protocol_error, no_more);
    BOOST_CHECK_EXCEPTION(mta.end_of_message(), test::protocol_error, no_more);
    BOOST_TEST(letters().back() == "rcpt");
    mta.mail("<next@test>");
    BOOST_CHECK_THROW(mta.body("text\r\n"), test::protocol_error); // its recipient is said for it
    filter.on(code::rcpt);
    mta.rcpt("<c@test>");
    BOOST_TEST(mta.body("text\r\n") == test::proceeds);
}

BOOST_AUTO_TEST_CASE(nothing_of_a_message_comes_after_what_ends_it) {
    struct row {
        code at;
        void (*reach)(test::mta<test::scripted_filter>&);
        char const* says;
    };
    row const rows[] = {
        {code::mail, [](auto& by) { by.mail("<a@test>"); }, "mail"},
        {code::rcpt, [](auto& by) { by.rcpt("<b@test>"); }, "rcpt"},
        {code::data, [](auto& by) { by.data(); }, "data"},
        {code::header, [](auto& by) { by.header("A", "b"); }, "header"},
        {code::end_of_headers, [](auto& by) { by.end_of_headers(); }, "end_of_headers"},
        {code::body, [](auto& by) { by.body("text\r\n"); }, "body"},
    };
    for (auto const& one : rows) {
        test::scripted_filter ends;
        test::mta by(ends);
        ends.on(one.at, wire::accept{});
        one.reach(by);
        auto const why =
            "at " + std::string(one.says) + " the filter said accept: an MTA says no more";
        auto const no_more = [&](auto const& error) { return error.what() == why; };
        BOOST_CHECK_EXCEPTION(by.rcpt("<b@test>"), test::protocol_error, no_more);
        BOOST_CHECK_EXCEPTION(by.end_of_message(), test::protocol_error, no_more);
        ends.on(one.at);
        by.abort();
        BOOST_TEST(by.end_of_message() == test::proceeds, one.says);
    }
}

BOOST_AUTO_TEST_CASE(accept_at_a_recipient_is_of_the_whole_message) {
    filter.on(code::rcpt, wire::accept{});
    test::mail one;
    one.recipients = {"<a@test>", "<b@test>"};
    auto const done = mta.deliver(one);
    BOOST_TEST(done.accepted());
    BOOST_TEST((done.stage == code::rcpt));
    BOOST_TEST(done.result.recipients == one.recipients, boost::test_tools::per_element());
    auto const said = letters();
    BOOST_TEST(std::count(said.begin(), said.end(), "rcpt") == 1);
}

BOOST_AUTO_TEST_CASE(macros_are_those_that_the_filter_asked_for) {
    proto::filter_options wants;
    wants.wants.lists[wire::macro_stage_index(code::mail)] = "{auth_authen} i";
    test::scripted_filter picky(wants);
    test::mta by(picky);
    by.macros(code::connect, {{"j", "mx.test"}, {"v", "x"}});
    by.macros(code::mail, {{"{auth_authen}", "al"}, {"{auth_type}", "PLAIN"}});
    by.mail("<a@test>");
    BOOST_TEST(picky.macro("j").value() == "mx.test");
    BOOST_TEST(picky.macro("{auth_authen}").value() == "al");
    BOOST_TEST(!picky.macro("{auth_type}").has_value());
}

BOOST_AUTO_TEST_CASE(names_of_macros_may_lack_their_braces) {
    proto::filter_options wants;
    wants.wants.lists[wire::macro_stage_index(code::mail)] = "{auth_authen} {i}";
    test::scripted_filter picky(wants);
    test::mta by(picky);
    by.macros(code::connect, {{"daemon_name", "mx"}, {"{j}", "mx.test"}});
    by.macros(code::mail, {{"auth_authen", "al"}, {"i", "4X"}});
    by.mail("<a@test>");
    BOOST_TEST(picky.macro("{daemon_name}").value_or("") == "mx");
    BOOST_TEST(picky.macro("j").value_or("") == "mx.test");
    BOOST_TEST(picky.macro("{auth_authen}").value_or("") == "al");
    BOOST_TEST(picky.macro("i").value_or("") == "4X");
}

BOOST_AUTO_TEST_CASE(what_was_negotiated_away_is_not_said) {
    proto::filter_options wants;
    wants.wants.steps = wire::step::no_body | wire::step::nr_header | wire::step::leading_space;
    test::scripted_filter deaf(wants);
    test::mta by(deaf);
    BOOST_TEST(!by.sends(code::body));
    BOOST_TEST(by.header("A", "b") == test::proceeds);
    BOOST_TEST(deaf.heard().back() == "header \"A\" \" b\"");
    BOOST_TEST(by.deliver().accepted());
}

BOOST_AUTO_TEST_CASE(command_that_no_mta_would_say_here_is_named) {
    auto const says = [](std::string text) {
        return [text = std::move(text)](test::protocol_error const& why) {
            BOOST_TEST(why.what() == text);
            return true;
        };
    };
    mta.rcpt("<a@test>");
    BOOST_CHECK_EXCEPTION(mta.connect(), test::protocol_error,
                          says("connect() after rcpt: no MTA says that: command out of sequence"));
    test::scripted_filter other;
    test::mta by(other);
    BOOST_TEST(by.deliver().accepted());
    BOOST_CHECK_EXCEPTION(by.connect(), test::protocol_error,
                          says("connect() after abort: no MTA says that: command out of sequence"));
    test::scripted_filter third;
    test::mta left(third);
    left.helo();
    left.quit();
    BOOST_CHECK_EXCEPTION(
        left.mail("<a@test>"), test::protocol_error,
        says("mail() after quit: no MTA says that: call not allowed in this state"));
}

BOOST_AUTO_TEST_CASE(edit_that_the_milter_does_not_declare_is_named) {
    milter::filter::session<undeclared> milter;
    test::mta by(milter);
    BOOST_TEST(by.deliver(test::mail::parse("From: a@b\n\ntext\n")).accepted());
    BOOST_CHECK_EXCEPTION(by.deliver(test::mail::parse("X-Mark: no\n\ntext\n")),
                          test::protocol_error, [](auto const& why) {
                              return std::string(why.what()) ==
                                     "change_header: `actions` of the milter lack change_header";
                          });
}

BOOST_AUTO_TEST_CASE(filter_that_breaks_the_protocol_is_told) {
    auto const silent = [](wire::any_command const&, proto::filter_session&) {};
    test::handler mute({}, silent);
    test::mta by(mute);
    BOOST_CHECK_EXCEPTION(by.connect(), test::protocol_error, [](auto const& why) {
        return std::string(why.what()).find("the filter gave up: ") == 0;
    });
    filter.on(code::rcpt, wire::add_header{"A", "b"});
    BOOST_CHECK_THROW(mta.rcpt("<a@test>"), test::protocol_error);
}

BOOST_AUTO_TEST_CASE(handlers_of_sessions_can_be_tried) {
    auto const marks = [](wire::any_command const& command, proto::filter_session& session) {
        milter::error_code ec;
        if (std::holds_alternative<wire::end_of_message>(command))
            session.reply(wire::add_header{"X-Tiny", "was here"}, ec);
        session.reply(wire::proceed{}, ec);
    };
    proto::filter_options wants;
    wants.wants.actions = wire::action::add_header;
    test::handler milter(wants, marks);
    test::mta by(milter);
    BOOST_TEST(by.deliver().result.header("X-Tiny").value() == "was here");
}

BOOST_AUTO_TEST_CASE(texts_of_mail_are_read_as_an_mta_does) {
    auto const one = test::mail::parse("A: b\r\nB:c\n\td\nC:\n\n\nbody\nlast");
    BOOST_TEST(one.headers == (std::vector<test::header>{{"A", "b"}, {"B", "c\n\td"}, {"C", ""}}),
               boost::test_tools::per_element());
    BOOST_TEST(one.body == "\r\nbody\r\nlast\r\n");
    BOOST_TEST(test::mail::parse("").headers.empty());
}

BOOST_AUTO_TEST_CASE(percent_signs_of_replies_may_be_written_once) {
    filter.on(code::rcpt, wire::reply_text{"550 5.1.1 100%% no"});
    BOOST_TEST(mta.rcpt("<a@test>") == test::replies("550 5.1.1 100% no"));
    BOOST_TEST(mta.rcpt("<a@test>") == test::replies("550 5.1.1 100%% no"));
    filter.on(code::rcpt, wire::reply_text{"550 5.1.1 100% no"}); // the client would see "100 no"
    BOOST_TEST(mta.rcpt("<a@test>") != test::replies("550 5.1.1 100% no"));
}

BOOST_AUTO_TEST_CASE(header_that_may_not_be_there_compares_and_prints) {
    auto const one = test::mail::parse("Subject: hi\n\ntext\n");
    BOOST_TEST(one.header("subject") == "hi");
    BOOST_TEST(one.header("Subject") == std::string("hi"));
    BOOST_TEST((one.header("Subject") == std::optional<std::string>("hi")));
    BOOST_TEST(one.header("Subject") != "ho");
    BOOST_TEST(one.header("X-Spam") != "");
    BOOST_TEST((one.header("X-Spam") == std::optional<std::string>()));
    BOOST_TEST(one.header("X-Spam") == one.header("X-Ham"));
    BOOST_TEST(one.header("Subject") != one.header("X-Ham"));
    BOOST_TEST((one.header("X-Spam") == std::nullopt));
    BOOST_TEST(one.header("Subject")->size() == 2u);
    std::optional<std::string> const plain = one.header("Subject");
    BOOST_TEST(plain.value_or("") == "hi");
    BOOST_TEST(printed(one.header("Subject")) == "hi");
    BOOST_TEST(printed(one.header("X-Spam")) == "(none)");
    BOOST_TEST(test::delivery().quarantine == test::optional_text());
}

BOOST_AUTO_TEST_CASE(everything_prints_for_test_frameworks) {
    BOOST_TEST(printed(test::replies("550 no")) == "reply \"550 no\"");
    BOOST_TEST(printed(test::proceeds) == "continue");
    BOOST_TEST(printed(test::mail{"<a@t>", {"<b@t>"}, {{"S", "hi"}}, "x\r\n"}) ==
               "MAIL FROM:<a@t>\nRCPT TO:<b@t>\nS: hi\n\nx\r\n");
}

BOOST_AUTO_TEST_SUITE_END()
