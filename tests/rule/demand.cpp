// SPDX-License-Identifier: BSL-1.0
// tests/rule/demand.cpp - what answers cost the MTA
#include "rule/demand.hpp"

#include "rule/compile.hpp"

#include <boost/test/unit_test.hpp>

using namespace milter::rule;

BOOST_AUTO_TEST_SUITE(rule_demand)

BOOST_AUTO_TEST_CASE(stages_and_macros_that_an_expression_needs) {
    struct {
        char const* text;
        char const* needs;
    } const rows[] = {
        {"true", "needs nothing"},
        {"load.sessions > 8", "needs nothing"},
        {"client.port > 8 and helo == \"x\"", "needs: connect, helo"},
        {"auth.type == \"x\"", "needs: mail; macros {auth_type}"},
        {"not auth.present", "needs: mail; macros {auth_authen} {auth_type}"},
        {"client.resolved", "needs: connect; macros {client_resolve}"},
        {"macro(\"j\") == \"x\"", "needs: macros j"},
        {"any(recipient.local == \"x\") or client.name == \"y\"", "needs: connect, rcpt"},
    };
    for (auto const& row : rows)
        BOOST_CHECK_EQUAL(describe(demand_of(*compile(row.text, {}, "test").value, {})), row.needs);
}

BOOST_AUTO_TEST_CASE(a_milter_needs_what_its_rules_and_their_conditions_need) {
    book_text from;
    from.conditions = {{"early", "", "helo == \"x\""}};
    from.milters = {{"a", "client.resolved", true}, {"b", {}, true}};
    rule_text use;
    use.name = "use";
    use.when = "early and auth.ssf > 1";
    use.use = {"a"};
    from.rules = {use};
    auto const built = build(from);
    BOOST_CHECK_EQUAL(describe(demand_of_milter(*built.value, 0)),
                      "needs: connect, helo, mail; macros {auth_ssf} {client_resolve}");
    BOOST_CHECK_EQUAL(describe(demand_of_milter(*built.value, 1)), "needs nothing");
}

BOOST_AUTO_TEST_CASE(milters_are_asked_about_where_something_changes) {
    struct {
        char const* when;
        char const* asked;
    } const rows[] = {
        {"true", "start"},
        {"client.port > 8", "connect"},
        {"client.port > 8 and macro(\"auth_type\") == \"x\"", "connect helo mail"},
        {"client.port > 8 and sender.null", "connect mail"},
        {"any(recipient.local == \"x\")", "rcpt data"},
        {"count(recipient) > 2", "data"},
        {"load.sessions > 8 and now in \"Sat\"", "start mail"},
        {"any(header(\"A\") == \"x\") or body.size > 8B", "headers message"},
    };
    for (auto const& row : rows) {
        book_text from;
        from.milters = {{"a", row.when, true}};
        auto const built = build(from);
        auto const asked = when_to_ask(*built.value, 0);
        std::string found;
        for (std::size_t i = 0; i < stage_count; ++i)
            if (asked.has(static_cast<stage>(i)))
                (found += found.empty() ? "" : " ") += stage_names[i];
        BOOST_CHECK_MESSAGE(found == row.asked, row.when << ": " << found);
    }
}

BOOST_AUTO_TEST_CASE(commands_that_an_mta_could_leave_out_are_needed_by_facts) {
    struct {
        char const* when;
        char const* needed;
    } const rows[] = {
        {"client.port > 8 and helo == \"x\" and sender.null and auth.present", ""},
        {"macro(\"j\") == \"x\" or milter(\"b\").ran", ""},
        {"any(recipient.local == \"x\")", "data"},
        {"recipients.count > 2", "data"},
        {"dnsbl(\"zone.test\")", "data"},
        {"dnswl(\"good.test\")", "data"},
        {"has_header(\"A\")", "headers"},
        {"macro(\"{its_own}\") == \"x\"", "headers"},
        {"body.size > 8B", "message"},
        {"message.size > 8B and count(recipient) > 2", "data message"},
    };
    for (auto const& row : rows)
        for (bool const in_a_condition : {false, true}) {
            book_text from;
            from.milters = {{"a", {}, true}, {"b", {}, true}};
            from.block_lists = {"zone.test"};
            from.allow_lists = {"good.test"};
            if (in_a_condition)
                from.conditions = {{"it", "", row.when}};
            else
                from.milters[0].when = row.when;
            auto const built = build(from);
            BOOST_REQUIRE(built.value);
            auto const needed = commands_needed(*built.value);
            std::string found;
            for (std::size_t i = 0; i < stage_count; ++i)
                if (needed.has(static_cast<stage>(i)))
                    (found += found.empty() ? "" : " ") += stage_names[i];
            BOOST_CHECK_MESSAGE(found == row.needed, row.when << ": " << found);
        }
}

BOOST_AUTO_TEST_SUITE_END()
