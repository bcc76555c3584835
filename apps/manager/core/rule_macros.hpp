// SPDX-License-Identifier: BSL-1.0
// manager/core/rule_macros.hpp - macros that rules give a milter
#pragma once

#include "rule/book.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace milter::manager {

/// A macro that rules have for a milter.
struct rule_macro {
    std::string_view name; ///< lives as long as the book
    std::string value;
};

inline bool is_for(rule::book_rule const& rule, std::size_t milter) noexcept {
    return rule.milters.empty() ||
           std::find(rule.milters.begin(), rule.milters.end(), milter) != rule.milters.end();
}

/// Of several rules that give the same macro the last one counts; what is set counts more than a default.
/// @param holds     of a rule, by its place: bool
/// @param is_sent   of a name: whether the MTA has sent the milter a value
/// @param value_of  of a macro_text: optional text; none: that of a macro which the MTA has not sent
template <class Holds, class IsSent, class ValueOf>
std::vector<rule_macro> macros_by_rules(rule::book const& all, std::size_t milter, Holds holds,
                                        IsSent is_sent, ValueOf value_of) {
    std::vector<rule_macro> found;
    auto const put = [&](rule::macro_text const& macro) {
        std::optional<std::string> value = value_of(macro);
        if (!value) return;
        auto const known = std::find_if(found.begin(), found.end(),
                                        [&](auto const& one) { return one.name == macro.name; });
        if (known == found.end())
            found.push_back({macro.name, std::move(*value)});
        else
            known->value = std::move(*value);
    };
    auto const& rules = all.rules();
    auto const gives = [&](std::size_t i, auto const& macros) {
        return !macros.empty() && is_for(rules[i], milter) && holds(i);
    };
    for (std::size_t i = 0; i < rules.size(); ++i)
        if (auto const& macros = rules[i].default_macros; gives(i, macros))
            for (auto const& one : macros)
                if (!is_sent(std::string_view(one.name))) put(one);
    for (std::size_t i = 0; i < rules.size(); ++i)
        if (auto const& macros = rules[i].set_macros; gives(i, macros))
            for (auto const& one : macros) put(one);
    return found;
}

} // namespace milter::manager
