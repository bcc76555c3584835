// SPDX-License-Identifier: BSL-1.0
// rule/shipped_condition.cpp
#include "rule/shipped_condition.hpp"

#include <algorithm>

namespace milter::rule {

namespace {

constexpr shipped_condition rows[] = {
    {"authenticated", "authenticated.toml"},
    {"unauthenticated", "authenticated.toml"},
    {"spf_and_dkim_known", "authentication-chain.toml"},
    {"dmarc_can_decide", "authentication-chain.toml"},
    {"bounce", "bounces.toml"},
    {"automatic_answer", "bounces.toml"},
    {"bounce_to_many", "bounces.toml"},
    {"dnsbl_listed", "dnsbl.toml"},
    {"dnsbl_not_listed", "dnsbl.toml"},
    {"canary", "evaluate-and-canary.toml"},
    {"greylist_stranger", "greylist-suspicious.toml"},
    {"greylist_suspicious", "greylist-suspicious.toml"},
    {"list_mail", "mailing-lists.toml"},
    {"known_list_host", "mailing-lists.toml"},
    {"office_hours", "office-hours.toml"},
    {"night", "office-hours.toml"},
    {"submission_mail", "profiles.toml"},
    {"inbound_mail", "profiles.toml"},
    {"outbound_mail", "profiles.toml"},
    {"internal_mail", "profiles.toml"},
    {"nobody_pays", "recipient-policy.toml"},
    {"remote_network", "remote-network.toml"},
    {"accounts_some_listed", "restrict-accounts.toml"},
    {"accounts_all_listed", "restrict-accounts.toml"},
    {"s25r_nameless_ipv6", "s25r.toml"},
    {"s25r_has_name", "s25r.toml"},
    {"s25r_suspicious", "s25r.toml"},
    {"bayes_internal_mail", "scan-all-bayes-external.toml"},
    {"mta_is_postfix", "sendmail-compatible.toml"},
    {"mail_of_ours", "sign-last.toml"},
    {"large_message", "size-and-type.toml"},
    {"has_parts", "size-and-type.toml"},
    {"plain_text_mail", "size-and-type.toml"},
    {"skip_authenticated_user", "skip-authenticated.toml"},
    {"stress_is_told", "stress-notify.toml"},
    {"stressed", "stress.toml"},
    {"trusted_domain", "trust.toml"},
};

} // namespace

std::span<shipped_condition const> shipped_conditions() noexcept { return rows; }

std::string_view shipped_file_with(std::string_view condition) noexcept {
    auto const* const found = std::find_if(std::begin(rows), std::end(rows),
                                           [&](auto const& one) { return one.name == condition; });
    return found == std::end(rows) ? std::string_view() : found->file;
}

} // namespace milter::rule
