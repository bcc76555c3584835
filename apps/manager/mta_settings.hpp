// SPDX-License-Identifier: BSL-1.0
// manager/mta_settings.hpp - what the MTA of this machine is set to becomes part of the configuration
//
// Only Postfix can be asked; where there is none, nothing changes.
#pragma once

#include "manager/core/config.hpp"
#include "manager/postfix_settings.hpp"

#include <memory>
#include <string>

namespace milter::manager {

/// Of postfix_settings, which has the end of headers before the end of the message; the protocol counts the other way.
inline std::string const& macros_at(postfix_settings const& postfix, std::size_t stage) noexcept {
    switch (static_cast<wire::macro_stage>(stage)) {
    case wire::macro_stage::end_of_headers: return postfix.milter_macros[5];
    case wire::macro_stage::end_of_message: return postfix.milter_macros[6];
    default: return postfix.milter_macros[stage];
    }
}

/// With its process limit for rules, and macros that its administrator added to what MTAs send by themselves.
std::shared_ptr<config const> fitted(std::shared_ptr<config const> what,
                                     postfix_settings const& postfix);

} // namespace milter::manager
