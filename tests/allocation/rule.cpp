// SPDX-License-Identifier: BSL-1.0
// tests/allocation/rule.cpp - rules are asked again and again for each mail: that must not allocate
#include "counter.hpp"
#include "rule/compile.hpp"
#include "rule/evaluate.hpp"

#include <boost/test/unit_test.hpp>

using namespace milter::rule;

BOOST_AUTO_TEST_SUITE(allocation_of_rules)

namespace {

scope some_names() {
    scope names;
    names.conditions = {{"suspicious", 0}};
    names.sets = {{"local", {0, set_kind::addresses}},
                  {"customers", {1, set_kind::domains}},
                  {"office", {2, set_kind::windows}},
                  {"members", {3, set_kind::mail}}};
    names.milters = {
        {"dkim", 0}, {"spf", 1}, {"rspamd", 2}, {"spamassassin", 3}, {"disclaimer", 4}};
    names.block_lists = {{"zen.spamhaus.org", 0}};
    names.allow_lists = {{"list.dnswl.org", 0}};
    names.sets.emplace("av_domains", named_set{1, set_kind::domains});
    return names;
}

std::shared_ptr<set const> made(set_kind kind, std::string_view entry) {
    return std::make_shared<set const>(*parse_set(kind, {entry}).value);
}

/// All of it is known: the same value for each fact of a type, two recipients, and two fields of each name.
class known_mail_source final : public fact_source {
public:
    value read(fact which, argument const*, cursor const*) const noexcept override {
        switch (row_of(which).is) {
        case type::ip: return known_ip(address_);
        case type::mail: return known_mail(mail_);
        case type::text:
        case type::domain: return known_text("pool-1-2-3-4.dialup.example.com");
        default: return known_number(7);
        }
    }
    bool next(quantity, argument const*, cursor& at) const noexcept override {
        at.element = known_text("a value of a field");
        return at.mark++ < 2;
    }
    knowledge is_complete(quantity, argument const*) const noexcept override {
        return knowledge::known;
    }

private:
    ip address_ = *parse_ip("192.0.2.1");
    mail_address mail_ = parse_mail_address("<News@mail.example.com>");
};

} // namespace

BOOST_AUTO_TEST_CASE(no_expression_allocates_when_it_is_asked_again) {
    auto const names = some_names();
    std::vector<program> conditions;
    conditions.push_back(std::move(*compile("s25r(client.name)", names, "suspicious").value));
    std::vector const sets = {
        made(set_kind::addresses, "10.0.0.0/8"), made(set_kind::domains, ".example.com"),
        made(set_kind::windows, "Mon-Fri 08:00-18:00"), made(set_kind::mail, "a@example.com")};
    std::vector<std::string> texts = {"suspicious and not suspicious", "sender in @members",
                                      "all(recipient in [\"a@example.com\", \"@example.org\"])"};
    for (auto const& row : fact_rows()) texts.emplace_back(row.example);
    for (auto const& row : function_rows()) texts.emplace_back(row.example);
    known_mail_source const mail;
    memo known;
    for (auto const& text : texts) {
        auto const what = compile(text, names, "test");
        if (!what.value) continue; // the tests of rule/ see to the examples
        auto const ask = [&] {
            known.forget({conditions.size(), 0});
            evaluate(*what.value, {conditions, sets, mail, known});
        };
        ask(); // RE2 keeps what it learns, and the memory of conditions grows once
        BOOST_CHECK_MESSAGE(allocation::of(ask) == 0, text);
    }
}

BOOST_AUTO_TEST_SUITE_END()
