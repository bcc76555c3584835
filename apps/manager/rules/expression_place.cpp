// SPDX-License-Identifier: BSL-1.0
// manager/rules/expression_place.cpp
#include "manager/rules/expression_place.hpp"

#include "manager/config/printable.hpp"

#include <algorithm>

namespace milter::manager {

namespace {

unsigned characters_in(std::string_view text) noexcept {
    unsigned count = 0;
    for (; !text.empty(); ++count) text.remove_prefix(first_code_point(text).size);
    return count;
}

} // namespace

source_place place_in_lines(std::string_view text, rule::place at) {
    auto const before = text.substr(0, at.offset);
    auto const line_begin = before.rfind('\n') + 1; // npos + 1 is 0
    auto const marked = text.substr(before.size(), at.length);
    source_place found;
    found.line = 1 + static_cast<unsigned>(std::count(before.begin(), before.end(), '\n'));
    found.column = 1 + characters_in(before.substr(line_begin));
    found.width = std::max(1U, characters_in(marked.substr(0, marked.find('\n'))));
    return found;
}

std::string told(std::string_view text, std::string const& name, rule::finding const& what) {
    problem_list problems(text, name);
    problems.error(place_in_lines(text, what.at), what.message, what.hint);
    std::string out;
    for (auto const& one : problems.take()) out += to_string(one) + '\n';
    return out;
}

} // namespace milter::manager
