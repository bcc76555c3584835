// SPDX-License-Identifier: BSL-1.0
// tests/manager/late_join_failure.cpp - milters that join late and fail, or take long
//
// Of two milters or three the second joins late. Source: protocol.md 9.8; statements 207-212, 267.

#include "late_join_fixture.hpp"

using namespace late_join_test;

namespace {

constexpr on_error policies[] = {on_error::tempfail, on_error::accept, on_error::reject,
                                 on_error::quarantine, on_error::shutdown};

/// Answers of whole_message() to which a milter failed that joined at `stage`.
list failed_from(code stage, on_error policy) {
    list heard(5, "continue");
    if (policy == on_error::quarantine) {
        heard.back() = "quarantine \"milter b failed\"; continue";
        return heard;
    }
    std::size_t const first = stage == code::rcpt ? 1 : stage == code::data ? 3 : 4;
    for (auto i = first; i < heard.size(); ++i) heard[i] = verdict_of(policy);
    return heard;
}

} // namespace

BOOST_AUTO_TEST_SUITE(late_join_failure)

// ---- failures

BOOST_AUTO_TEST_CASE(failure_while_it_joins_is_judged_by_on_error_at_the_command_of_the_mta) {
    struct failure {
        char const* at = nullptr;
        reaction what;
    };
    failure const failures[] = {{"negotiate", then_close()}, {"connect", silence()},
                                {"helo", then_close()},      {"mail", raw("HTTP/1.1 400\r\n")},
                                {"rcpt", then_close()},      {"data", then_close()}};
    for (auto const policy : policies)
        for (auto const stage : late_stages)
            for (auto const& one : failures)
                BOOST_TEST_CONTEXT(manager::to_string(policy)
                                   << ", joins at " << wire::name_of(stage) << ", fails at "
                                   << one.at) {
                    joining rig(stage);
                    rig.settings_of_second().on_error = policy;
                    rig.settings_of_second().timeouts = {1s, 1s, 1s, 1s, 1s};
                    rig.second().on(one.at, one.what, once);
                    rig.begin();
                    bool const later = stage == code::rcpt && std::string_view(one.at) == "data";
                    BOOST_TEST(rig.whole_message() ==
                                   failed_from(later ? code::data : stage, policy),
                               per_element);
                    BOOST_TEST(rig.blamed("b"));
                    BOOST_TEST(!rig.blamed("a"));
                    if (policy == on_error::shutdown) continue;
                    rig.send(wire::abort{});
                    BOOST_TEST(rig.whole_message() == list(5, "continue"), per_element);
                    BOOST_TEST(rig.second().connections() == 2U);
                    BOOST_TEST(rig.second().judged().size() == 1U);
                }
}

BOOST_AUTO_TEST_CASE(milter_that_cannot_be_reached_has_failed_where_it_would_have_joined) {
    for (auto const policy : policies)
        for (auto const stage : late_stages)
            for (auto const how :
                 {scripted_filter::arrival::refused, scripted_filter::arrival::silent}) {
                joining rig(stage);
                rig.settings_of_second().on_error = policy;
                rig.second().arrivals.assign(20, how);
                rig.begin();
                BOOST_TEST(rig.whole_message() == failed_from(stage, policy), per_element);
            }
}

BOOST_AUTO_TEST_CASE(shortage_of_our_own_lets_no_message_pass_that_it_should_join) {
    for (auto const stage : late_stages) BOOST_TEST_CONTEXT(wire::name_of(stage)) {
            joining rig(stage);
            rig.settings_of_second().on_error = on_error::accept;
            rig.second().arrivals.assign(20, scripted_filter::arrival::refused);
            rig.connect_error = EMFILE;
            rig.begin();
            BOOST_TEST(rig.whole_message().back() ==
                       "reply \"451 4.3.0 Mail filtering failed - try again later\"");
        }
}

BOOST_AUTO_TEST_CASE(it_fails_over_to_another_socket_while_it_joins) {
    for (auto const stage : late_stages) BOOST_TEST_CONTEXT(wire::name_of(stage)) {
            joining rig(stage);
            rig.config.milters.resize(2);
            rig.settings_of_second().sockets = {manager_rig::socket_of(1),
                                                manager_rig::socket_of(2)};
            rig.second().on("negotiate", then_close());
            rig.begin();
            BOOST_TEST(rig.whole_message() == list(5, "continue"), per_element);
            BOOST_TEST(rig.second().connections() == 1U);
            BOOST_TEST(rig.filter(2).judged().size() == 1U);
        }
}

// ---- time

BOOST_AUTO_TEST_CASE(what_it_is_told_again_counts_against_the_budget_of_the_command) {
    for (auto const stage : {code::rcpt, code::data}) BOOST_TEST_CONTEXT(wire::name_of(stage)) {
            joining rig(stage);
            rig.mta.macros.clear(); // it is not Postfix
            for (auto const* told : {"connect", "helo", "mail", "rcpt"})
                rig.second().on(told, say(wire::proceed{}).after(3s));
            rig.begin();
            rig.send(wire::mail{"<a@client.test>", {}});
            auto before = rig.now();
            auto heard = rig.rcpt("<one@mx.test>");
            if (stage == code::data) {
                BOOST_TEST(heard == "continue");
                before = rig.now();
                heard = rig.send(wire::data{});
            }
            BOOST_TEST(heard == verdict_of(on_error::tempfail));
            BOOST_TEST((rig.now() - before == manager::sendmail_command_budget));
            BOOST_TEST(rig.logged("within [manager] command_budget = \"auto\": 8s"));
        }
}

BOOST_AUTO_TEST_CASE(at_the_end_of_the_message_there_is_time_and_the_mta_hears_of_progress) {
    for (auto const stage : {code::end_of_headers, code::end_of_message}) {
        joining rig(stage);
        for (auto const* told : {"connect", "helo", "mail", "rcpt", "data"})
            rig.second().on(told, say(wire::proceed{}).after(15s));
        rig.begin();
        auto const before = rig.now();
        auto const heard = rig.whole_message().back();
        BOOST_TEST((rig.now() - before == 90s));
        BOOST_TEST(heard.starts_with("progress; progress; "));
        BOOST_TEST(heard.ends_with("; continue"));
    }
    joining slow(code::end_of_message);
    slow.config.end_of_message_budget = 80s;
    for (auto const* told : {"connect", "helo", "mail", "rcpt", "data"})
        slow.second().on(told, say(wire::proceed{}).after(15s));
    slow.begin();
    auto const before = slow.now();
    BOOST_TEST(slow.whole_message().back().ends_with(verdict_of(on_error::tempfail)));
    BOOST_TEST((slow.now() - before == 80s));
}

BOOST_AUTO_TEST_CASE(who_was_undecided_when_the_time_was_over_has_not_failed) {
    joining rig(code::end_of_message);
    struct never : manager::selection {
        applicability of(std::size_t milter, manager::facts const&) const noexcept override {
            return milter == 1 ? undecided : yes;
        }
    };
    rig.config.selection = std::make_shared<never>();
    rig.config.milters[0].on_error = rig.settings_of_second().on_error = on_error::accept;
    rig.filter(0).on("end_of_message", silence());
    rig.config.milters[0].timeouts.end_of_message = 10min;
    rig.begin();
    BOOST_TEST(rig.whole_message().back().ends_with(
        "reply \"451 4.3.2 Mail filtering takes too long - try again later\""));
    BOOST_TEST(!rig.blamed("b"));
}

BOOST_AUTO_TEST_SUITE_END()
