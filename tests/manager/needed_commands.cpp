// SPDX-License-Identifier: BSL-1.0
// tests/manager/needed_commands.cpp - the MTA sends what a milter, a rule or the manager itself can have use for
//
// Source: protocol.md 9.2; statements 56, 57, 219.

#include "ruled_fixture.hpp"

#include <algorithm>

using namespace ruled_test;
using wire::step;

namespace {

constexpr auto dispensable =
    step::no_data | step::no_end_of_headers | step::no_body | step::no_unknown;

/// All milters say that they want nothing but the end of the message.
void want_nothing(manager_rig& rig, std::size_t filters) {
    for (std::size_t k = 0; k < filters; ++k) rig.filter(k).wants.steps = step::all_no;
}

/// What the MTA was told not to send. The session begins.
step left_out(manager_rig& rig) {
    rig.negotiate();
    return rig.mta.agreed().steps & step::all_no;
}

std::string words(step bits) { return wire::to_string(bits); }

/// One milter that wants nothing, and rules.
struct idle_with_rules : ruled {
    idle_with_rules() : ruled(1) { want_nothing(*this, 1); }
};

} // namespace

BOOST_AUTO_TEST_SUITE(needed_commands)

BOOST_AUTO_TEST_CASE(what_no_milter_wants_is_not_asked_for_but_what_the_manager_needs_is_219) {
    for (std::size_t const filters : {0U, 1U, 3U}) BOOST_TEST_CONTEXT(filters << " milters") {
            manager_rig rig(filters);
            want_nothing(rig, filters);
            BOOST_TEST(words(left_out(rig)) == words(dispensable));
        }
}

BOOST_AUTO_TEST_CASE(what_one_of_the_milters_wants_is_asked_for_219) {
    for (auto const wanted : {step::no_end_of_headers, step::no_body, step::no_data})
        for (std::size_t const who : {0U, 1U, 2U})
            BOOST_TEST_CONTEXT(words(wanted) << " by milter " << who) {
                manager_rig rig(3);
                want_nothing(rig, 3);
                rig.filter(who).wants.steps &= ~wanted;
                BOOST_TEST(words(left_out(rig)) == words(dispensable & ~wanted));
            }
}

BOOST_AUTO_TEST_CASE(milter_of_an_old_version_wants_no_command_that_its_version_lacks_219) {
    manager_rig rig(1);
    rig.filter(0).wants.version = 2;
    rig.filter(0).wants.steps = step::no_unknown | step::no_data;
    rig.filter(0).on("negotiate", say(wire::negotiate_reply{2, {}, step::none, {}}));
    BOOST_TEST(words(left_out(rig)) == words(step::no_unknown | step::no_data));
}

/// It is the command by which the manager sees that a milter in the message can take no UNKNOWN any more.
BOOST_AUTO_TEST_CASE(data_is_asked_for_where_a_milter_wants_unknown_commands) {
    manager_rig rig(2);
    want_nothing(rig, 2);
    rig.filter(1).wants.steps &= ~step::no_unknown;
    BOOST_TEST(words(left_out(rig)) == words(step::no_end_of_headers | step::no_body));
}

BOOST_AUTO_TEST_CASE(no_command_is_left_out_that_the_mta_does_not_offer_to_leave_out_219) {
    for (auto const missing : {step::no_data, step::no_end_of_headers, step::no_body}) {
        manager_rig rig(1);
        want_nothing(rig, 1);
        rig.mta.offer.steps &= ~missing;
        BOOST_TEST(words(left_out(rig)) == words(dispensable & ~missing));
    }
    manager_rig old(1);
    want_nothing(old, 1);
    old.mta.offer = {2, static_cast<wire::action>(0x1f), step::all_v2};
    BOOST_TEST(words(left_out(old)) == words(dispensable)); // two of them by its version
}

BOOST_AUTO_TEST_CASE(milter_that_has_not_negotiated_may_want_everything_219) {
    for (std::string const milter : {"down", "silent", "slow"}) BOOST_TEST_CONTEXT(milter) {
            manager_rig rig(2);
            want_nothing(rig, 2);
            using arrival = scripted_filter::arrival;
            if (milter == "down") rig.filter(1).arrivals = {arrival::refused};
            if (milter == "silent") rig.filter(1).arrivals = {arrival::silent};
            if (milter == "slow")
                rig.filter(1).on("negotiate", say(proto::to_reply(rig.filter(1).wants)).after(3s),
                                 once);
            BOOST_TEST(words(left_out(rig)) == "none");
        }
}

BOOST_AUTO_TEST_CASE(milter_that_joins_late_may_want_everything_whatever_it_wanted_before_219) {
    ruled first;
    want_nothing(first, 2);
    first.when(1, "helo == \"client.test\"");
    first.make();
    first.settings = manager::with_endpoints(first.config);
    first.connect("client.test", "192.0.2.1");
    first.helo();
    BOOST_TEST(words(first.mta.agreed().steps & step::all_no) == "none");
    BOOST_TEST(first.filter(1).connections() == 1U); // now it is known what it wants
    ruled second;
    want_nothing(second, 2);
    second.settings = first.settings;
    BOOST_TEST(words(left_out(second)) == "none");
}

BOOST_AUTO_TEST_CASE(milter_for_a_share_of_the_mail_may_want_everything) {
    manager_rig rig(2);
    want_nothing(rig, 2);
    rig.config.milters[1].sample.share = 500;
    BOOST_TEST(words(left_out(rig)) == "none");
}

BOOST_AUTO_TEST_CASE(milter_that_is_evaluated_may_want_everything) {
    for (bool const by_rule : {false, true}) BOOST_TEST_CONTEXT(by_rule) {
            ruled rig;
            want_nothing(rig, 2);
            if (by_rule)
                rig.rule("try", "listener == \"in\"").evaluate = {"b"};
            else
                rig.config.milters[1].mode = manager::milter_mode::evaluate;
            rig.make();
            BOOST_TEST(words(left_out(rig)) == "none");
        }
}

BOOST_AUTO_TEST_CASE(milter_that_certainly_does_not_apply_has_no_say) {
    ruled rig;
    rig.when(0, "listener == \"other\""); // wants everything
    rig.filter(1).wants.steps = step::all_no;
    rig.make();
    BOOST_TEST(words(left_out(rig)) == words(dispensable));
    BOOST_TEST(rig.filter(0).connections() == 0U);
}

BOOST_AUTO_TEST_CASE(session_without_room_asks_for_everything) {
    manager_rig rig(0);
    rig.session().overloaded("full");
    BOOST_TEST(words(left_out(rig)) == "none");
}

// ---- rules

BOOST_AUTO_TEST_CASE(facts_of_rules_are_asked_for) {
    std::pair<std::string, step> const rows[] = {
        {"client.port > 8 and helo == \"x\" and sender.null and auth.present", step::none},
        {"load.sessions > 8", step::none},
        {"macro(\"j\") == \"x\"", step::none},
        {"any(recipient.local == \"x\")", step::no_data},
        {"count(recipient) > 2", step::no_data},
        {"recipients.count > 2", step::no_data},
        {"dnsbl(\"zone.test\")", step::no_data},
        {"any(header(\"A\") == \"x\")", step::no_end_of_headers},
        {"has_header(\"A\")", step::no_end_of_headers},
        {"headers.count > 2", step::no_end_of_headers},
        {"content_type == \"text/html\"", step::no_end_of_headers},
        {"macro(\"{its_own}\") == \"x\"", step::no_end_of_headers},
        {"body.size > 8B", step::no_body},
        {"message.size > 8B", step::no_body},
        {"milter(\"a\").ran", step::none},
        {"any(added_header(\"a\", \"A\") == \"x\")", step::none},
        {"client.port > 8 and (has_header(\"A\") or not (body.size > 8B))",
         step::no_end_of_headers | step::no_body},
    };
    for (auto const& [expression, needed] : rows)
        for (std::string const place : {"a condition", "a tag", "a refusal"})
            BOOST_TEST_CONTEXT(expression << " in " << place) {
                idle_with_rules rig;
                rig.block_list("zone.test");
                if (place == "a condition") rig.condition("it", expression);
                if (place == "a tag") rig.rule("it", expression).tag = "it";
                if (place == "a refusal") rig.refusal("it", expression, "550 5.7.1 no");
                rig.make();
                BOOST_TEST(words(left_out(rig)) == words(dispensable & ~needed));
            }
}

BOOST_AUTO_TEST_CASE(rule_about_a_size_knows_it_though_no_milter_wants_the_body) {
    for (std::size_t const size : {8U, 9U}) {
        idle_with_rules rig;
        rig.refusal("large", "body.size > 8B", "550 5.7.1 too large");
        rig.make();
        rig.connect("client.test", "192.0.2.1");
        rig.helo();
        rig.mail();
        rig.rcpt("<b@mx.test>");
        BOOST_TEST(rig.message(manager_rig::usual_headers(), std::string(size, 'x')) ==
                   (size > 8 ? "reply \"550 5.7.1 too large\"" : "continue"));
        BOOST_TEST(rig.decisions().at(0).size.value_or(0) == 54U + size);
    }
}

BOOST_AUTO_TEST_CASE(rule_about_all_recipients_refuses_before_the_content) {
    idle_with_rules rig;
    rig.refusal("others", "none(recipient.local == \"b\")", "550 5.7.1 nobody");
    rig.make();
    rig.connect("client.test", "192.0.2.1");
    rig.helo();
    rig.mail();
    BOOST_TEST(rig.rcpt("<c@mx.test>") == "continue");
    BOOST_TEST(rig.data() == "reply \"550 5.7.1 nobody\"");
}

// ---- messages

BOOST_AUTO_TEST_CASE(message_whose_content_nobody_wants_is_judged_and_edited_by_its_headers) {
    manager_rig rig(2);
    want_nothing(rig, 2);
    rig.filter(0).wants.steps = dispensable;
    rig.filter(0).on("end_of_message",
                     say(wire::change_header{1, "Subject", "new"}, wire::proceed{}));
    rig.filter(1).on("end_of_message", say(wire::add_header{"X-B", "1"}, wire::proceed{}));
    rig.begin();
    for (int i = 0; i < 2; ++i)
        BOOST_TEST(rig.message() == "change_header 1 \"Subject\" \" new\"; "
                                    "insert_header 2147483647 \"X-B\" \" 1\"; continue");
    BOOST_TEST(rig.filter(0).story() ==
               "connect helo mail rcpt header header header end_of_message "
               "mail rcpt header header header end_of_message");
    BOOST_TEST(rig.filter(1).story() == "end_of_message end_of_message");
    auto const& record = rig.decisions().at(1);
    BOOST_TEST(record.verdict == "accept");
    BOOST_TEST(record.sender == "<a@client.test>");
    BOOST_TEST(record.recipient_count == 1U);
    BOOST_TEST(!record.size.has_value()); // of the body nothing is known
}

BOOST_AUTO_TEST_CASE(verdicts_come_where_they_are_given) {
    std::string const no = "reply \"550 5.7.1 no\"", go = "continue";
    struct {
        char const* stage;
        std::string answers; ///< to CONNECT and HELO; MAIL; RCPT, if the MTA comes so far
        std::string last;    ///< to the message; empty: the same
    } const rows[] = {
        {"connect", no + ", " + go + "; " + no, ""},
        {"mail", go + ", " + go + "; " + no, ""},
        {"rcpt", go + ", " + go + "; " + go + "; " + no, ""},
        {"header", go + ", " + go + "; " + go + "; " + go, no},
        {"end_of_message", go + ", " + go + "; " + go + "; " + go, no},
    };
    for (auto const& row : rows) BOOST_TEST_CONTEXT(row.stage) {
            manager_rig rig(2);
            for (std::size_t k = 0; k < 2; ++k) rig.filter(k).wants.steps = dispensable;
            rig.filter(1).on(row.stage, say_text("550 5.7.1 no"));
            auto heard = rig.begin();
            heard += "; " + rig.send(wire::mail{"<a@client.test>", {}});
            if (heard.ends_with(go)) heard += "; " + rig.send(wire::rcpt{"<b@mx.test>", {}});
            BOOST_TEST(heard == row.answers);
            if (row.last.empty()) continue;
            BOOST_TEST(rig.send(wire::data{}) == "");
            rig.content();
            BOOST_TEST(rig.end() == row.last);
        }
}

BOOST_AUTO_TEST_CASE(failure_in_the_content_is_judged_at_its_end) {
    manager_rig rig(1);
    rig.filter(0).wants.steps = dispensable;
    rig.filter(0).on("header", then_close());
    rig.begin();
    BOOST_TEST(rig.message() == "reply \"451 4.7.1 Service unavailable - try again later\"");
}

BOOST_AUTO_TEST_CASE(macros_of_data_come_without_the_command_and_before_the_content_57) {
    for (std::size_t const filters : {1U, 2U}) BOOST_TEST_CONTEXT(filters) {
            manager_rig rig(filters);
            rig.mta.like_postfix();
            rig.mta.macros[code::data] = {{"i", "4711"}, {"{of_data}", "x"}};
            for (std::size_t k = 0; k < filters; ++k) rig.filter(k).wants.steps = dispensable;
            rig.begin();
            rig.send(wire::mail{"<a@client.test>", {}});
            for (int i = 0; i < 2; ++i) rig.send(wire::rcpt{"<b@mx.test>", {}});
            BOOST_TEST(rig.filter(0).macros("data").empty());
            BOOST_TEST(rig.send(wire::data{}) == "");
            rig.content();
            BOOST_TEST(rig.end() == "continue");
            for (std::size_t k = 0; k < filters; ++k) {
                auto const& lines = rig.filter(k).lines();
                auto const found = std::find_if(lines.begin(), lines.end(), [](auto const& line) {
                    return line.starts_with("macros data");
                });
                BOOST_REQUIRE((found != lines.end()));
                BOOST_TEST(*found == "macros data \"i\"=\"4711\" \"{of_data}\"=\"x\"");
                BOOST_TEST((found - 1)->starts_with("rcpt"));
                BOOST_TEST((found + 1)->starts_with("header"));
                BOOST_TEST(rig.filter(k).macros("data").size() == 1U);
            }
        }
}

// ---- a milter that comes back with other wishes

namespace {

/// A session of one milter that is lost at the first HELO, and wants `now_wanted` besides when it is back.
void lose_and_want(manager_rig& rig, step now_wanted) {
    rig.filter(0).wants.steps = dispensable;
    rig.filter(0).on("helo", then_close(), once);
    rig.begin();
    rig.filter(0).wants.steps &= ~now_wanted;
}

} // namespace

BOOST_AUTO_TEST_CASE(milter_back_with_a_wish_that_the_mta_does_not_serve_any_more_has_failed) {
    std::pair<manager::on_error, std::string> const rows[] = {
        {manager::on_error::tempfail, "reply \"451 4.7.1 Service unavailable - try again later\""},
        {manager::on_error::reject, "reply \"550 5.5.0 Service unavailable\""},
        {manager::on_error::accept, "continue"}};
    for (auto const wanted : {step::no_body, step::no_unknown})
        for (auto const& [policy, answer] : rows)
            BOOST_TEST_CONTEXT(words(wanted) << ' ' << manager::to_string(policy)) {
                manager_rig rig(1);
                rig.config.milters[0].on_error = policy;
                rig.settings = manager::with_endpoints(rig.config);
                lose_and_want(rig, wanted);
                for (int i = 0; i < 2; ++i) {
                    BOOST_TEST(rig.send(wire::mail{"<a@client.test>", {}}) == answer);
                    rig.send(wire::abort{});
                }
                BOOST_TEST(rig.filter(0).story() == "connect helo | |"); // it was told nothing
                BOOST_TEST(rig.logged("a: wants " +
                                      std::string(wanted == step::no_body ? "body" : "unknown") +
                                      ", which the MTA does not send in this session"));
                BOOST_TEST(rig.decisions().at(0).milters.at(0).verdict == "error");

                manager_rig next(1); // the socket is not blamed: other sessions use it at once
                next.settings = rig.settings;
                next.filter(0).wants.steps = dispensable & ~wanted;
                next.begin();
                BOOST_TEST(!wire::any(next.mta.agreed().steps, wanted));
                BOOST_TEST(next.message() == "continue");
                BOOST_TEST(next.filter(0).judged().size() == 1U);
                if (wanted == step::no_body)
                    BOOST_TEST(next.filter(0).message().body == "hello\r\n");
            }
}

BOOST_AUTO_TEST_CASE(milter_back_with_a_wish_that_can_be_made_up_for_gets_it) {
    manager_rig rig(1);
    rig.mta.like_postfix();
    lose_and_want(rig, step::no_data | step::no_end_of_headers);
    BOOST_TEST(rig.message() == "continue");
    BOOST_TEST(rig.filter(0).story() == "connect helo | connect helo mail rcpt data header header "
                                        "header end_of_headers end_of_message");
    BOOST_TEST(rig.filter(0).macros("data").back() == "\"i\"=\"4711\"");
}

BOOST_AUTO_TEST_CASE(verdict_on_data_that_is_made_up_for_is_the_answer_to_the_message) {
    std::pair<reaction, std::string> const rows[] = {
        {say_text("550 5.7.1 no"), "reply \"550 5.7.1 no\""},
        {say(wire::discard{}), "discard"},
        {say(wire::accept{}), "continue"},
        {then_close(), "reply \"451 4.7.1 Service unavailable - try again later\""}};
    for (auto const& [word, answer] : rows) BOOST_TEST_CONTEXT(answer) {
            manager_rig rig(1);
            lose_and_want(rig, step::no_data);
            rig.filter(0).on("data", word);
            BOOST_TEST(rig.message() == answer);
            BOOST_TEST(
                rig.filter(0).story().starts_with("connect helo | connect helo mail rcpt data"));
            BOOST_TEST(rig.filter(0).judged().empty());
        }
}

BOOST_AUTO_TEST_SUITE_END()
