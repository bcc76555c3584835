// SPDX-License-Identifier: BSL-1.0
// manager/config/config_machine.hpp - whether a configuration fits the machine it is read on
//
// Apart from the other checks, as their outcome depends on the file alone. Only a group is an error here: directories may
// be made between the check and the start, and the checking user may see less than the running one.
#pragma once

#include "manager/config/config_check.hpp"

#include <functional>
#include <string>

namespace milter::manager {

/// What is asked of the machine. Errors are errno, 0 for none.
struct machine {
    std::function<bool(std::string const&)> has_group;      ///< by name or number
    std::function<int(std::string const&)> directory_error; ///< why it cannot be used as one
    std::function<int(message::spool_options const&)>
        spool_error; ///< why the body of a large message could not be kept
};

/// Unknown groups, directories that do not exist, a spool that takes no file.
void check_machine(config const& what, machine const& on, value_places const& places,
                   problem_list& problems);

/// "spool directory /nodir: No such file or directory"
std::string spool_problem(message::spool_options const& spool, int error);

} // namespace milter::manager
