// SPDX-License-Identifier: BSL-1.0
// manager/config/config_set_word.cpp
#include "manager/config/config_set_word.hpp"

#include <algorithm>
#include <iterator>

namespace milter::manager {

namespace {

using rule::set_kind;

struct set_word {
    std::string_view written;
    set_kind kind;
};

// clang-format off
constexpr set_word words[] = {
    {"cidr", set_kind::addresses},    {"addresses", set_kind::addresses}, {"address", set_kind::addresses},
    {"ip", set_kind::addresses},      {"ips", set_kind::addresses},       {"nets", set_kind::addresses},
    {"network", set_kind::addresses}, {"networks", set_kind::addresses},
    {"domains", set_kind::domains},   {"domain", set_kind::domains},      {"host", set_kind::domains},
    {"hosts", set_kind::domains},     {"names", set_kind::domains},       {"hostnames", set_kind::domains},
    {"mail", set_kind::mail},         {"mails", set_kind::mail},          {"email", set_kind::mail},
    {"emails", set_kind::mail},       {"senders", set_kind::mail},        {"recipients", set_kind::mail},
    {"strings", set_kind::text},      {"string", set_kind::text},         {"text", set_kind::text},
    {"texts", set_kind::text},        {"words", set_kind::text},          {"values", set_kind::text},
    {"hours", set_kind::windows},     {"hour", set_kind::windows},        {"time", set_kind::windows},
    {"times", set_kind::windows},     {"windows", set_kind::windows},
};
// clang-format on

} // namespace

std::optional<set_kind> set_kind_meant_by(std::string_view word) noexcept {
    auto const* const found = std::find_if(std::begin(words), std::end(words),
                                           [&](auto const& one) { return one.written == word; });
    return found == std::end(words) ? std::nullopt : std::optional(found->kind);
}

std::string_view list_key_of(set_kind kind) noexcept {
    switch (kind) {
    case set_kind::addresses: return "cidr";
    case set_kind::domains: return "domains";
    case set_kind::mail: return "mail";
    case set_kind::text: return "strings";
    case set_kind::windows: break;
    }
    return "hours";
}

} // namespace milter::manager
