// SPDX-License-Identifier: BSL-1.0
// cli/case_selection.cpp - which cases of a suite
#include "cli/case_selection.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <stdexcept>

namespace milter::cli {

namespace {

/// The number at the front, which is taken away.
std::optional<unsigned> take_number(std::string_view& text) {
    unsigned number = 0;
    auto const [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (ec != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return number;
}

[[noreturn]] void refuse(std::string_view text) {
    throw std::invalid_argument("\"" + std::string(text) +
                                "\" is no case; examples: 28, 99b, 130-141 (see --list)");
}

} // namespace

void case_selection::add(std::string_view text) {
    while (!text.empty()) {
        auto const word = text.substr(0, text.find(','));
        text.remove_prefix(std::min(word.size() + 1, text.size()));
        auto rest = word;
        auto const first = take_number(rest);
        if (!first) refuse(word);
        entry one{{}, *first, *first};
        if (rest.size() == 1 && rest[0] >= 'a' && rest[0] <= 'z') {
            one.id = word;
        } else if (!rest.empty()) {
            bool const dash = rest[0] == '-';
            rest.remove_prefix(1);
            auto const last = take_number(rest);
            if (!dash || !last || !rest.empty() || *last < *first) refuse(word);
            one.last = *last;
        }
        entries_.push_back(one);
    }
}

bool case_selection::has(std::string_view id, unsigned statement) const noexcept {
    if (entries_.empty()) return true;
    return std::any_of(entries_.begin(), entries_.end(), [&](entry const& one) {
        return one.id.empty() ? statement >= one.first && statement <= one.last : one.id == id;
    });
}

} // namespace milter::cli
