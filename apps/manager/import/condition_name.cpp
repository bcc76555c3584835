// SPDX-License-Identifier: BSL-1.0
// manager/import/condition_name.cpp - the table of conditions
#include "manager/import/condition_name.hpp"

#include <algorithm>
#include <iterator>

namespace milter::manager {

namespace {

constexpr known_condition conditions[] = {
    {"Remote Network", "remote_network", "remote-network.toml", {}},
    {"Authenticated", "authenticated", "authenticated.toml", {}},
    {"Unauthenticated", "unauthenticated", "authenticated.toml", {}},
    {"S25R", "s25r_suspicious", "s25r.toml", {}},
    {"No Stress", "not stressed", "stress.toml", {}},
    {"DNSBL Listed", "dnsbl_listed", "dnsbl.toml", {}},
    {"Not DNSBL Listed", "not dnsbl_listed", "dnsbl.toml", {}},
    {"Stress Notify", "", "stress-notify.toml", {}},
    {"Trust", "", "trust.toml", "trusted-domains.txt"},
    {"Sendmail Compatible", "", "sendmail-compatible.toml", {}},
};

} // namespace

std::span<known_condition const> known_conditions() noexcept { return conditions; }

known_condition const* find_condition(std::string_view name) noexcept {
    auto const* const found =
        std::find_if(std::begin(conditions), std::end(conditions),
                     [&](known_condition const& one) { return one.name == name; });
    return found == std::end(conditions) ? nullptr : found;
}

} // namespace milter::manager
