// SPDX-License-Identifier: BSL-1.0
// rule/function_table.cpp
#include "rule/function_table.hpp"

#include <algorithm>

namespace milter::rule {

namespace {

// clang-format off
constexpr function_row rows[] = {
    {function::any, "any", "any(condition) -> bool",
        "the condition holds for at least one of the recipients, or of the header fields, that it names", R"(any(recipient.domain == "example.com"))"},
    {function::all, "all", "all(condition) -> bool",
        "it holds for each; also when there are none", R"(all(recipient.domain under "example.com"))"},
    {function::none, "none", "none(condition) -> bool",
        "it holds for none", R"(none(header("X-Loop") == "example.com"))"},
    {function::count, "count", "count(condition or fact) -> integer",
        "for how many it holds; how many there are", R"(count(header("Received")) > 30)"},
    {function::s25r, "s25r", "s25r(domain) -> bool",
        "the name looks like that of an end user's line (Selective SMTP Rejection)", "s25r(client.name)"},
    {function::is_private, "private", "private(IP) -> bool",
        "the address is none of the public internet: loopback, link-local, RFC 1918, shared (100.64.0.0/10), unique local", "private(client.address)"},
    {function::length, "length", "length(string, domain or address) -> integer",
        "bytes of a text", "length(helo) > 64"},
    {function::or_else, "or_else", "or_else(fact, value) -> type of the fact",
        "the value in place of a fact that is unavailable", R"(or_else(dnsbl("zen.spamhaus.org"), false))"},
    {function::sample, "sample", "sample(percent, by = fact) -> bool",
        "the same share of all clients, senders, ... each time: chosen by a hash of the fact and of the rule's name", "sample(5%, by = sender.domain)"},
};
// clang-format on

static_assert(std::size(rows) == function_count);

} // namespace

std::span<function_row const> function_rows() noexcept { return rows; }

function_row const* find_function(std::string_view name) noexcept {
    auto const* const found = std::find_if(std::begin(rows), std::end(rows),
                                           [&](auto const& one) { return one.name == name; });
    return found == std::end(rows) ? nullptr : found;
}

} // namespace milter::rule
