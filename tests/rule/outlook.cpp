// SPDX-License-Identifier: BSL-1.0
// tests/rule/outlook.cpp - from when an expression may be decided, and by when it is
#include "rule/outlook.hpp"

#include "rule/compile.hpp"

#include <boost/test/unit_test.hpp>

using namespace milter::rule;

BOOST_AUTO_TEST_SUITE(rule_outlook)

namespace {

scope some_names() {
    scope names;
    names.sets = {{"local", {0, set_kind::addresses}}, {"customers", {1, set_kind::domains}}};
    names.milters = {{"dkim", 0}};
    names.block_lists = {{"bl.example", 0}};
    return names;
}

outlook ahead_of(std::string_view text) {
    return outlook_of(*compile(text, some_names(), "test").value, {});
}

/// "?" pending, "0" no, "1" yes, "-" unavailable: of each stage.
std::string shown(outlook const& of) {
    std::string out;
    for (std::size_t i = 0; i < stage_count; ++i) {
        if (i > 0) out += ' ';
        for (auto const one : all_truths)
            if (of.can_be(static_cast<stage>(i), one)) out += "01?-"[static_cast<std::size_t>(one)];
    }
    return out;
}

book_text some_book() {
    book_text from;
    from.conditions = {{"local", "", "client.address in \"10.0.0.0/8\""}};
    from.milters = {{"a", "helo == \"x\"", true}, {"b", {}, true}, {"c", {}, false}};
    rule_text use, accept;
    use.name = "use";
    use.when = "local";
    use.use = {"c"};
    accept.name = "accept";
    accept.when = "sender.null";
    accept.verdict = verdict_kind::accept;
    from.rules = {use, accept};
    return from;
}

} // namespace

BOOST_AUTO_TEST_CASE(answers_at_each_stage) {
    struct {
        char const* text;
        char const* answers; // start connect helo mail rcpt data headers message
        stage from, by;
    } const rows[] = {
        {"true", "1 1 1 1 1 1 1 1", stage::start, stage::start},
        {"load.sessions > 8", "01 01 01 01 01 01 01 01", stage::start, stage::start},
        {"client.port > 8", "? 01 01 01 01 01 01 01", stage::connect, stage::connect},
        {"client.address in @local", "? 01- 01- 01- 01- 01- 01- 01-", stage::connect,
         stage::connect},
        {"or_else(private(client.address), false)", "? 01 01 01 01 01 01 01", stage::connect,
         stage::connect},
        {"or_else(declared_size, 0B) > 1B", "? ? ? 01 01 01 01 01", stage::mail, stage::mail},
        {"declared_size > body.size", "? ? ? ? ? ? ? 01-", stage::message, stage::message},
        {"helo == client.name", "? ? 01 01 01 01 01 01", stage::helo, stage::helo},
        {"client.resolved and helo == \"x\"", "? 0? 01 01 01 01 01 01", stage::connect,
         stage::helo},
        {"client.resolved or body.size > 1B", "? 1? 1? 1? 1? 1? 1? 01", stage::connect,
         stage::message},
        {"not (client.resolved or helo == \"x\")", "? 0? 01 01 01 01 01 01", stage::connect,
         stage::helo},
        {"any(recipient.domain in @customers)", "? ? ? ? 1? 01 01 01", stage::rcpt, stage::data},
        {"all(recipient.domain in @customers)", "? ? ? ? 0? 01 01 01", stage::rcpt, stage::data},
        {"none(recipient.domain in @customers)", "? ? ? ? 0? 01 01 01", stage::rcpt, stage::data},
        {"count(recipient) > 2", "? ? ? ? ? 01 01 01", stage::data, stage::data},
        {"any(recipient.local == \"a\" and body.size > 1B)", "? ? ? ? ? 0? 0? 01", stage::data,
         stage::message},
        {"any(header(\"A\") == \"b\")", "? ? ? ? ? ? 01 01", stage::headers, stage::headers},
        {"count(header(\"A\")) > 2", "? ? ? ? ? ? 01 01", stage::headers, stage::headers},
        {"dnsbl(\"bl.example\")", "? 01?- 01?- 01?- 01?- 01?- 01?- 01-", stage::connect,
         stage::message},
        {"macro(\"j\") == \"x\"", "? 01 01 01 01 01 01 01", stage::connect, stage::connect},
        {"macro(\"auth_type\") == \"x\"", "? 01? 01? 01 01 01 01 01", stage::connect, stage::mail},
        {"macro(\"{other}\") == \"x\"", "? 01? 01? 01? 01? 01? 01? 01", stage::connect,
         stage::message},
        {"milter(\"dkim\").ran", "? ? ? ? ? ? ? 01", stage::message, stage::message},
        {"s25r(client.name) and sample(5%, by = helo)", "? 0? 01 01 01 01 01 01", stage::connect,
         stage::helo},
    };
    for (auto const& row : rows) {
        auto const found = ahead_of(row.text);
        BOOST_TEST_CONTEXT(row.text) {
            BOOST_CHECK_EQUAL(shown(found), row.answers);
            BOOST_CHECK_EQUAL(name_of(found.decided_from()), name_of(row.from));
            BOOST_CHECK_EQUAL(name_of(found.decided_by()), name_of(row.by));
        }
    }
}

BOOST_AUTO_TEST_CASE(conditions_are_followed) {
    std::vector<program> conditions;
    auto names = some_names();
    conditions.push_back(std::move(*compile("client.resolved", names, "a").value));
    names.conditions = {{"a", 0}};
    auto const made = compile("a and helo == \"x\"", names, "test");
    BOOST_CHECK_EQUAL(shown(outlook_of(*made.value, conditions)), "? 0? 01 01 01 01 01 01");
}

BOOST_AUTO_TEST_CASE(a_milter_by_its_own_expression_and_the_rules_about_it) {
    auto const built = build(some_book());
    BOOST_REQUIRE(built.value);
    auto const& all = *built.value;
    BOOST_CHECK_EQUAL(shown(outlook_of_milter(all, 0)), "? ? 0? 01 01 01 01 01");
    BOOST_CHECK_EQUAL(shown(outlook_of_milter(all, 1)), "? ? ? 01 01 01 01 01");
    // Unavailable: no, as it does not run then.
    BOOST_CHECK_EQUAL(shown(outlook_of_milter(all, 2)), "? 0? 0? 01 01 01 01 01");
    BOOST_CHECK_EQUAL(shown(outlook_of_rule(all, 0)), "? 01 01 01 01 01 01 01");
}

BOOST_AUTO_TEST_SUITE_END()
