// SPDX-License-Identifier: BSL-1.0
// rule/fact_table.hpp - everything that expressions can ask about a mail, one row each
//
// The rows drive the checks of expressions, their documentation (docs/rules.md, compared by a test), the JSON Schema, and
// what tests may give. Who knows the values: value.hpp.
#pragma once

#include "rule/stage.hpp"
#include "rule/type.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace milter::rule {

enum class fact : std::uint8_t {
    listener,
    profile,
    load_sessions,
    load_listener_sessions,
    load_cpu,
    load_busy,
    load_process_limit,
    load_of_limit,
    client_address,
    client_name,
    client_port,
    client_family,
    client_ptr,
    client_resolved,
    mta_name,
    mta_version,
    dnsbl,
    dnswl,
    helo,
    sender,
    sender_local,
    sender_domain,
    sender_null,
    sender_parameter,
    declared_size,
    tls_present,
    tls_version,
    tls_cipher,
    tls_bits,
    tls_subject,
    tls_issuer,
    auth_present,
    auth_type,
    auth_user,
    auth_author,
    auth_ssf,
    now,
    recipient,
    recipient_local,
    recipient_domain,
    recipient_parameter,
    recipients_count,
    header,
    has_header,
    headers_count,
    content_type,
    body_size,
    message_size,
    macro,
    milter_ran,
    milter_verdict,
    milter_failed,
    milter_quarantined,
    milter_changed_body,
    milter_latency,
    added_header,
};

inline constexpr std::size_t fact_count = static_cast<std::size_t>(fact::added_header) + 1;

/// What stands in parentheses behind the name.
enum class argument_kind : std::uint8_t {
    none,
    parameter,
    header,
    macro,
    milter,
    zone,
    milter_and_header
};

/// Of how many values it is one: of a mail's recipients and headers there are several, and any, all, none or count say
/// what is meant.
enum class quantity : std::uint8_t { one, each_recipient, each_header, each_added_header };

struct fact_row {
    fact id;
    std::string_view name; ///< "client.address"; "milter().verdict", "header()" with an argument
    type is;
    stage from; ///< the first at which it is known; of macro() it depends on the macro
    std::string_view help;
    std::string_view example;
    argument_kind takes = argument_kind::none;
    quantity of = quantity::one;
    std::string_view words = {}; ///< values that it has, if not any
};

/// In the order of `fact`.
std::span<fact_row const> fact_rows() noexcept;

inline fact_row const& row_of(fact which) noexcept {
    return fact_rows()[static_cast<std::size_t>(which)];
}

/// Null: there is none of this name.
fact_row const* find_fact(std::string_view name) noexcept;

} // namespace milter::rule
