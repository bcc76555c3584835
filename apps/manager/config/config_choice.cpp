// SPDX-License-Identifier: BSL-1.0
// manager/config/config_choice.cpp
#include "manager/config/config_choice.hpp"

#include "manager/config/printable.hpp"
#include "rule/suggestion.hpp"

#include <algorithm>

namespace milter::manager {

std::string choice_of(words names) {
    std::string out;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (i > 0) out += i + 1 == names.size() ? " or " : ", ";
        (out += '"') += names[i];
        out += '"';
    }
    return out;
}

refusal assign_choice(std::size_t& to, raw_value const& value, words names) {
    auto const expected = "expected one of " + choice_of(names);
    std::string text;
    if (!std::holds_alternative<std::string>(value)) return not_a("a text", value, expected);
    if (auto refused = get_text("a text", value, text, expected)) return refused;
    auto const found = std::find(names.begin(), names.end(), text);
    if (found == names.end()) {
        auto const near = rule::nearest(text, names);
        auto const hint = near.empty() ? "" : "did you mean \"" + std::string(near) + "\"? ";
        return complaint{"unknown value " + in_quotes(text), hint + expected};
    }
    to = static_cast<std::size_t>(found - names.begin());
    return {};
}

} // namespace milter::manager
