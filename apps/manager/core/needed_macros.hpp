// SPDX-License-Identifier: BSL-1.0
// manager/core/needed_macros.hpp - what the MTA must send so that rules know what they ask for
#pragma once

#include "rule/book.hpp"
#include "rule/macro_stage.hpp"
#include <milter/wire/code.hpp>
#include <milter/wire/command.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace milter::manager {

using macro_names_by_stage = std::array<std::vector<std::string>, wire::macro_stage_count>;

/// By the stage with which each is asked for.
inline macro_names_by_stage macros_of(rule::needs const& needed) {
    macro_names_by_stage found;
    auto const add = [&](wire::macro_stage with, std::string_view name) {
        auto& names = found[static_cast<std::size_t>(with)];
        if (std::find(names.begin(), names.end(), name) == names.end()) names.emplace_back(name);
    };
    using rule::fact;
    struct {
        fact asked;
        wire::macro_stage with;
        std::string_view name;
    } constexpr rows[] = {
        {fact::client_ptr, wire::macro_stage::connect, "{client_ptr}"},
        {fact::client_resolved, wire::macro_stage::connect, "{client_resolve}"},
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
    for (auto const& row : rows)
        if (needed.has(row.asked)) add(row.with, row.name);
    for (auto const& name : needed.macros) {
        auto const by = rule::settled_by(name);
        add(by == rule::stage::connect ? wire::macro_stage::connect
            : by == rule::stage::mail  ? wire::macro_stage::mail
                                       : wire::macro_stage::end_of_message,
            name);
    }
    return found;
}

} // namespace milter::manager
