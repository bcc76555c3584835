// SPDX-License-Identifier: BSL-1.0
// rule/fact_macro.hpp - the macros that facts come from: with what each is asked of the MTA, and what a fact is without it
//
// Source: the help of the fact's row; protocol.md 5.2
#pragma once

#include "rule/fact_table.hpp"
#include <milter/wire/command.hpp>

#include <string_view>

namespace milter::rule {

enum class other_source { none, command };

struct fact_macro {
    fact told;
    wire::macro_stage with;
    std::string_view name; ///< as from braced()
    other_source without =
        other_source::none; ///< then it is empty, 0 or false; else the command tells it as well
};

/// What a fact that is not here is told by, is the command itself.
inline constexpr fact_macro fact_macros[] = {
    {fact::client_ptr, wire::macro_stage::connect, "{client_ptr}"},
    {fact::client_resolved, wire::macro_stage::connect, "{client_resolve}", other_source::command},
    {fact::mta_version, wire::macro_stage::connect, "v"},
    {fact::tls_present, wire::macro_stage::helo, "{tls_version}"},
    {fact::tls_version, wire::macro_stage::helo, "{tls_version}"},
    {fact::tls_cipher, wire::macro_stage::helo, "{cipher}"},
    {fact::tls_bits, wire::macro_stage::helo, "{cipher_bits}"},
    {fact::tls_subject, wire::macro_stage::helo, "{cert_subject}"},
    {fact::tls_issuer, wire::macro_stage::helo, "{cert_issuer}"},
    {fact::auth_present, wire::macro_stage::mail, "{auth_type}"},
    {fact::auth_present, wire::macro_stage::mail, "{auth_authen}"},
    {fact::auth_type, wire::macro_stage::mail, "{auth_type}"},
    {fact::auth_user, wire::macro_stage::mail, "{auth_authen}"},
    {fact::auth_author, wire::macro_stage::mail, "{auth_author}"},
    {fact::auth_ssf, wire::macro_stage::mail, "{auth_ssf}"},
};

} // namespace milter::rule
