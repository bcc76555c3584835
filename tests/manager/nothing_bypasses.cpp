// SPDX-License-Identifier: BSL-1.0
// tests/manager/nothing_bypasses.cpp - no message passes a milter because of what became of another one, or of another message
//
// Ends of names: the defect of milter manager 2.3.2 that let mail pass there (docs/operations.md, "Moving from milter
// manager").

#include <boost/test/unit_test.hpp>

#include <support/manager_rig.hpp>

using namespace support;
using manager::on_error;

namespace {

constexpr auto per_element = boost::test_tools::per_element();

std::string const tempfail = "reply \"451 4.7.1 Service unavailable - try again later\"";

struct failure {
    char const* name;
    reaction what;
};

std::vector<failure> failures() {
    return {{"closes", then_close()},
            {"says nothing", silence()},
            {"says garbage", raw("HTTP/1.1 400 Bad Request\r\n")},
            {"quarantine without its end", raw(std::string("\0\0\0\x4qodd", 8))}};
}

std::string const content_stages[] = {"header", "end_of_headers", "body", "end_of_message"};

/// One whole message of a session that goes on.
std::string next_message(manager_rig& rig) {
    auto const answers = rig.envelope();
    BOOST_TEST(answers == "continue, continue, continue");
    rig.content();
    return rig.end();
}

} // namespace

BOOST_AUTO_TEST_SUITE(nothing_bypasses)

BOOST_AUTO_TEST_CASE(message_after_a_refused_one_is_judged_by_itself_E2) {
    for (auto const& stage : content_stages)
        for (bool const abort : {false, true}) BOOST_TEST_CONTEXT(stage << abort) {
                manager_rig rig(2);
                rig.filter(0).on(stage, say(wire::reject{}), once);
                rig.begin();
                BOOST_TEST(next_message(rig) == "reject");
                if (abort) rig.send(wire::abort{});
                BOOST_TEST(next_message(rig) == "continue"); // not refused along with the first
                if (abort) rig.send(wire::abort{});
                rig.filter(1).on("end_of_message", say(wire::reject{}));
                BOOST_TEST(next_message(rig) == "reject"); // nor accepted unseen
                for (std::size_t k = 0; k < 2; ++k) {
                    auto const& judged = rig.filter(k).judged();
                    BOOST_REQUIRE(judged.size() >= 2U);
                    BOOST_TEST(judged.back().headers.size() == 3U);
                    BOOST_TEST(judged.back().body == "hello\r\n");
                }
            }
}

BOOST_AUTO_TEST_CASE(message_after_one_refused_in_its_envelope_is_judged_by_itself_E2) {
    for (std::string const stage : {"mail", "rcpt", "data"}) BOOST_TEST_CONTEXT(stage) {
            manager_rig rig(2);
            rig.filter(1).on(stage, say(wire::tempfail{}), once);
            rig.begin();
            rig.envelope();
            rig.send(wire::abort{});
            BOOST_TEST(next_message(rig) == "continue");
            for (std::size_t k = 0; k < 2; ++k) BOOST_TEST(rig.filter(k).judged().size() == 1U);
        }
}

BOOST_AUTO_TEST_CASE(failure_of_a_milter_that_may_be_left_out_leaves_the_others_in_E4_E23) {
    for (auto const& stage : content_stages)
        for (auto const& [name, what] : failures())
            for (std::size_t const failing : {0U, 1U})
                BOOST_TEST_CONTEXT(name << " at " << stage << ", milter " << failing) {
                    manager_rig rig(3);
                    rig.config.milters[failing].on_error = on_error::accept;
                    rig.config.milters[failing].timeouts = {1s, 1s, 1s, 1s, 1s};
                    rig.filter(failing).on(stage, what);
                    rig.filter(2).on("end_of_message", say(wire::reject{}));
                    rig.begin();
                    BOOST_TEST(next_message(rig) == "reject");
                    BOOST_TEST(rig.filter(1 - failing).judged().size() == 1U);
                    BOOST_TEST(rig.filter(2).message().body == "hello\r\n");
                }
}

BOOST_AUTO_TEST_CASE(failure_of_a_milter_that_may_not_be_left_out_is_no_acceptance_E4_E23) {
    for (auto const& stage : content_stages)
        for (auto const& [name, what] : failures()) BOOST_TEST_CONTEXT(name << " at " << stage) {
                manager_rig rig(2);
                rig.config.milters[0].timeouts = {1s, 1s, 1s, 1s, 1s};
                rig.filter(0).on(stage, what);
                rig.begin();
                BOOST_TEST(next_message(rig) == tempfail);
            }
}

BOOST_AUTO_TEST_CASE(milter_that_is_down_gives_its_own_strict_answer_and_takes_no_other_out_E6) {
    struct row {
        on_error policy;
        std::string answer; ///< to MAIL
    };
    row const rows[] = {{on_error::tempfail, tempfail},
                        {on_error::reject, "reply \"550 5.5.0 Service unavailable\""},
                        {on_error::accept, "continue"}};
    for (auto const& [policy, answer] : rows) BOOST_TEST_CONTEXT(manager::to_string(policy)) {
            manager_rig rig(3);
            rig.config.milters[0].on_error = policy;
            rig.filter(0).arrivals.assign(20, scripted_filter::arrival::refused);
            rig.filter(1).on("end_of_message", say(wire::reject{}));
            BOOST_TEST(rig.begin() == "continue, continue");
            BOOST_TEST(rig.filter(2).story() == "connect helo"); // the others are there
            auto const heard = rig.envelope();
            auto thrice = answer;
            for (int i = 0; i < 2; ++i) thrice.append(", ").append(answer);
            BOOST_TEST(heard == thrice);
            if (answer != "continue") continue;
            rig.content();
            BOOST_TEST(rig.end() == "reject");
        }
}

BOOST_AUTO_TEST_CASE(
    message_is_held_when_the_milter_that_is_down_says_so_and_the_others_judge_it_E6) {
    manager_rig rig(2);
    rig.config.milters[0].on_error = on_error::quarantine;
    rig.filter(0).arrivals.assign(20, scripted_filter::arrival::refused);
    rig.filter(1).on("end_of_message", say(wire::reject{}), once);
    rig.begin();
    BOOST_TEST(next_message(rig) == "reject");
    BOOST_TEST(next_message(rig) == "quarantine \"milter a failed\"; continue");
}

BOOST_AUTO_TEST_CASE(milter_that_wants_no_more_at_data_leaves_the_others_in_E20_issue54) {
    for (std::string const stage : {"mail", "rcpt", "data"})
        for (std::size_t const content : {0U, 1U, 2U}) BOOST_TEST_CONTEXT(stage << content) {
                manager_rig rig(3);
                rig.filter(content).on(stage, say(wire::accept{}));
                auto const last = content == 2 ? 1U : 2U;
                rig.filter(last).on("end_of_message", say(wire::reject{}));
                rig.begin();
                BOOST_TEST(rig.envelope() == "continue, continue, continue"); // never ACCEPT
                rig.content();
                BOOST_TEST(rig.end() == "reject");
                BOOST_TEST(rig.filter(content).judged().empty());
                for (std::size_t k = 0; k < 3; ++k)
                    if (k != content) BOOST_TEST(rig.filter(k).judged().size() == 1U);
            }
}

BOOST_AUTO_TEST_CASE(recipients_that_one_milter_refuses_do_not_let_it_or_others_off_issue54) {
    manager_rig rig(2);
    rig.filter(0).on("rcpt \"<listed", say(wire::proceed{}));
    rig.filter(0).on("rcpt \"<other", say(wire::reject{}));
    rig.filter(1).on("end_of_message", say(wire::add_header{"X-Seen", "1"}, wire::proceed{}));
    for (bool const listed_first : {true, false}) {
        if (listed_first) rig.begin();
        rig.send(wire::mail{"<a@client.test>", {}});
        std::string const listed = "<listed@mx.test>", other = "<other@mx.test>";
        auto const first = rig.send(wire::rcpt{listed_first ? listed : other, {}});
        auto const second = rig.send(wire::rcpt{listed_first ? other : listed, {}});
        BOOST_TEST((listed_first ? first : second) == "continue");
        BOOST_TEST((listed_first ? second : first) == "reject");
        BOOST_TEST(rig.send(wire::data{}) == "continue");
        rig.content();
        BOOST_TEST(rig.end() == "add_header \"X-Seen\" \" 1\"; continue");
        for (std::size_t k = 0; k < 2; ++k)
            BOOST_TEST(rig.filter(k).judged().size() == (listed_first ? 1U : 2U));
        BOOST_TEST(rig.filter(1).message().recipients == std::vector<std::string>{listed},
                   per_element);
    }
}

BOOST_AUTO_TEST_CASE(milter_that_answers_nothing_before_the_end_is_heard_there_issue134) {
    for (std::size_t const silent : {0U, 1U}) BOOST_TEST_CONTEXT(silent) {
            manager_rig rig(2);
            rig.mta.like_postfix();
            rig.filter(silent).wants.steps = wire::step::all_nr; // as rspamd's proxy has it
            rig.filter(silent).on("end_of_message", say_text("554 5.7.1 spam"), once);
            rig.begin();
            BOOST_TEST(next_message(rig) == "reply \"554 5.7.1 spam\"");
            rig.filter(silent).on("end_of_message",
                                  say(wire::add_header{"X-Spam", "no"}, wire::proceed{}));
            BOOST_TEST(next_message(rig) == "add_header \"X-Spam\" \" no\"; continue");
            for (std::size_t k = 0; k < 2; ++k) BOOST_TEST(rig.filter(k).judged().size() >= 1U);
        }
}

BOOST_AUTO_TEST_SUITE_END()
