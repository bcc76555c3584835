// SPDX-License-Identifier: BSL-1.0
// manager/doctor/asked_milters.hpp - whom Postfix asks: the manager, milters that the manager asks, and others
#pragma once

#include "manager/doctor/facts.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace milter::manager::doctor {

enum class standing {
    manager,
    its_part, ///< a milter that the manager asks; or the manager by a name that leads Postfix nowhere
    other     ///< the manager knows nothing of it
};

/// @param item  an element of smtpd_milters
standing who_is(std::string_view item, facts const& what);

/// That the milter has the socket. @param at  as this machine has it
bool has_socket(milter_config const& milter, endpoint const& at);

/// To write so that Postfix asks the manager, and none of its milters besides; all others stay.
/// @param socket  of the manager, as Postfix spells it; where the list has it already, that stays as it is
std::vector<std::string> lines_to_ask_manager(std::string const& socket, facts const& what);

} // namespace milter::manager::doctor
