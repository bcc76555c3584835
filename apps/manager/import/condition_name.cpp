// SPDX-License-Identifier: BSL-1.0
// manager/import/condition_name.cpp - the table of conditions
#include "manager/import/condition_name.hpp"

#include <algorithm>
#include <iterator>

namespace milter::manager {

namespace {

constexpr known_condition conditions[] = {
    {"Remote Network", "remote_network", "remote-network.toml"},
    {"Authenticated", "authenticated", "authentication.toml"},
    {"Unauthenticated", "unauthenticated", "authentication.toml"},
    {"S25R", "s25r_suspicious", "s25r.toml"},
    {"No Stress", "not stressed", "stress.toml"},
    {"DNSBL Listed", "dnsbl_listed", "dnsbl.toml"},
    {"Not DNSBL Listed", "not dnsbl_listed", "dnsbl.toml"},
    {"Stress Notify", "", "stress-notify.toml"},
    {"Trust", "", "trust.toml"},
    {"Sendmail Compatible", "", "sendmail-compatible.toml"},
};

/// Its full name has the accounts behind it.
constexpr std::string_view restriction = "Restrict Accounts by List";
constexpr known_condition restricted = {restriction, "restricted_account",
                                        "restrict-accounts.toml"};

} // namespace

known_condition const* find_condition(std::string_view name) noexcept {
    if (name.substr(0, restriction.size()) == restriction) return &restricted;
    auto const* const found =
        std::find_if(std::begin(conditions), std::end(conditions),
                     [&](known_condition const& one) { return one.name == name; });
    return found == std::end(conditions) ? nullptr : found;
}

} // namespace milter::manager
