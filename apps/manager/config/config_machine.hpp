// SPDX-License-Identifier: BSL-1.0
// manager/config/config_machine.hpp - whether a configuration fits the machine it is read on
//
// Apart from the other checks, as their outcome depends on the file alone. Only a group is an error here: directories may
// be made between the check and the start, and the checking user may see less than the running one.
#pragma once

#include "manager/config/config_check.hpp"
#include <milter/endpoint.hpp>
#include <milter/error.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace milter::manager {

/// Who answers on the control socket.
struct manager_found {
    enum class kind {
        nobody,
        untold,   ///< who listens there does not say on what else, or is not to be asked
        stranger, ///< no manager
        manager
    };
    struct listener {
        endpoint where;
        bool inherited = false; ///< its group is left as it is
    };

    kind who = kind::nobody;
    std::string why; ///< untold
    std::vector<listener> listeners;
};

/// What is asked of the machine. Errors are errno, 0 for none.
struct machine {
    std::function<bool(std::string const&)> has_group;      ///< by name or number
    std::function<int(std::string const&)> directory_error; ///< why no file can be made in it
    std::function<int(message::spool_options const&)>
        spool_error; ///< why the body of a large message could not be kept

    // Only before a start. A manager that runs has its sockets, and may have inherited them.
    std::string user = {}; ///< who asks, for people
    bool as_root = false;  ///< he may do everything
    std::function<std::optional<int>(std::string const&)> file_error =
        {}; ///< why it cannot be written to; empty: there is no such file
    std::function<bool(std::string const&)> may_give_to = {}; ///< files of its own, to the group
    std::function<std::vector<endpoint>(endpoint const&, error_code&)> addresses_of =
        {}; ///< in digits
    std::function<error_code(endpoint const&)> listen_error =
        {}; ///< why nobody could listen there, in digits; address_in_use: somebody does
    std::function<manager_found(endpoint const&)> find_manager = {}; ///< by its control socket
    std::function<bool(std::string const&)> has_service = {};        ///< of TCP, by name
};

/// Unknown groups and services, directories that do not exist, a spool that takes no file; before a start also what the user may not
/// do, and sockets that cannot be listened on. One that is listened on needs no directory and no group any more, and is
/// a note only, as systemd may have it open for the manager, unless a manager answers that does not have it.
void check_machine(config const& what, machine const& on, value_places const& places,
                   problem_list& problems);

/// "spool directory /nodir: No such file or directory"
std::string spool_problem(message::spool_options const& spool, int error);

} // namespace milter::manager
