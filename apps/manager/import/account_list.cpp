// SPDX-License-Identifier: BSL-1.0
// manager/import/account_list.cpp
#include "manager/import/account_list.hpp"

#include "rule/set.hpp"

#include <algorithm>

namespace milter::manager {

namespace {

constexpr std::string_view restriction = "Restrict Accounts by List";
constexpr std::string_view between = " \t,:[]";

/// Up to the quote or slash that ends what begins with one.
std::string_view enclosed(std::string_view text) noexcept {
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == '\\')
            ++i;
        else if (text[i] == text[0])
            return text.substr(0, i + 1);
    }
    return text;
}

/// As Array#inspect of Ruby writes it, or bare.
std::string_view first_item(std::string_view text) noexcept {
    if (text.front() == '"') return enclosed(text);
    if (text.front() != '/') return text.substr(0, text.find_first_of(between));
    auto const pattern = enclosed(text);
    auto const end = text.find_first_of(between, pattern.size());
    return text.substr(0, end); // with its flags
}

std::string unquoted(std::string_view item) {
    if (item.size() < 2 || item.front() != '"' || item.back() != '"') return std::string(item);
    std::string text;
    for (std::size_t i = 1; i + 1 < item.size(); ++i) {
        if (item[i] == '\\' && i + 2 < item.size()) ++i;
        text += item[i];
    }
    return text;
}

/// There, what has no "@" was compared with whole addresses; in a set it would be a domain.
bool is_taken(std::string_view one) {
    bool const is_pattern = one.starts_with('/');
    auto const at = one.find('@');
    bool const is_address = at != 0 && at != one.npos && at + 1 < one.size();
    return (is_pattern || is_address) && rule::parse_set(rule::set_kind::mail, {one}).value;
}

} // namespace

bool is_account_list(std::string_view condition) noexcept {
    return condition.starts_with(restriction);
}

account_list accounts_in(std::string_view condition) {
    account_list read;
    auto rest = condition.substr(restriction.size());
    for (;;) {
        rest.remove_prefix(std::min(rest.find_first_not_of(between), rest.size()));
        if (rest.empty()) return read;
        auto const item = first_item(rest);
        rest.remove_prefix(item.size());
        auto one = unquoted(item);
        (is_taken(one) ? read.accounts : read.unread).push_back(std::move(one));
    }
}

} // namespace milter::manager
