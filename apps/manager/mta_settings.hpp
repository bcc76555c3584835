// SPDX-License-Identifier: BSL-1.0
// manager/mta_settings.hpp - what the MTA of this machine is set to becomes part of the configuration
//
// Only Postfix can be asked; where there is none, nothing changes.
#pragma once

#include "manager/core/config.hpp"
#include "manager/postfix_settings.hpp"

#include <memory>

namespace milter::manager {

/// With its process limit for rules, and macros that its administrator added to what MTAs send by themselves.
std::shared_ptr<config const> fitted(std::shared_ptr<config const> what, postfix_settings const& postfix);

} // namespace milter::manager
