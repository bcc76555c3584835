// SPDX-License-Identifier: BSL-1.0
// manager/rules/rule_user.cpp
#include "manager/rules/rule_user.hpp"

#include <algorithm>

namespace milter::manager {

std::vector<rule_user> users_of(rule::book const& book, std::size_t milter) {
    std::vector<rule_user> all;
    auto const add = [&](std::vector<std::uint32_t> const& rules, char const* does) {
        for (auto const one : rules) all.push_back({one, does});
    };
    auto const& of = book.milters()[milter];
    add(of.use, "uses it");
    add(of.skip, "skips it");
    add(of.evaluate, "has it evaluated");
    add(book.accepts(), "accepts the message");
    return all;
}

rule::rule_text const* written_rule(config const& settings, std::string_view name) {
    auto const& rules = settings.rules;
    return &*std::find_if(rules.begin(), rules.end(),
                          [&](auto const& one) { return one.name == name; });
}

} // namespace milter::manager
