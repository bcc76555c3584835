// SPDX-License-Identifier: BSL-1.0
// manager/config/config_machine.cpp - groups, directories and the spool
#include "manager/config/config_machine.hpp"

#include "manager/config/printable.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace milter::manager {

namespace {

class checker {
public:
    checker(machine const& on, value_places const& places, problem_list& problems)
        : machine_(on), places_(places), problems_(problems) {}

    void check(config const& what) {
        runs_ = is_in_use(what.control.socket);
        for (std::size_t i = 0; i < what.listens.size(); ++i)
            check_listen("listen[" + std::to_string(i) + "].", what.listens[i]);
        check_listen("control.", what.control);
        if (!what.decision_log.empty()) check_log(what.decision_log);
        if (int const error = machine_.spool_error(what.spool))
            problems_.warning(place_of("spool.directory"), spool_problem(what.spool, error),
                              "the manager does not start without one" + asked_as(error));
    }

private:
    void check_listen(std::string const& path, listen_config const& one) {
        if (!one.group.empty()) check_group(one.group, place_of(path + "group"));
        auto const at = place_of(path + "socket");
        if (is_unix(one.socket) &&
            (one.socket.path.empty() || !check_directory_of("socket", one.socket.path, at)))
            return;
        if (machine_.listen_error && !runs_) check_free(one.socket, at);
    }

    void check_group(std::string const& name, source_place at) {
        if (!machine_.has_group(name))
            return problems_.error(at, "group: no group " + in_quotes(name) + " on this machine",
                                   "expected the name or the number of a group");
        if (machine_.may_give_to && !machine_.may_give_to(name))
            problems_.warning(at, "group: " + machine_.user + " is not a member of " +
                                      in_quotes(name) + " and cannot give it a socket");
    }

    void check_log(std::string const& file) {
        auto const at = place_of("manager.decision_log");
        auto const error = machine_.file_error ? machine_.file_error(file) : std::nullopt;
        if (!error)
            check_directory_of("decision_log", file, at);
        else if (*error != 0)
            problems_.warning(at, "decision_log: " + printable(file) + ": " + text_of(*error),
                              "the manager does not start without it" + asked_as(*error));
    }

    /// @return whether a file can be made there
    bool check_directory_of(std::string const& key, std::string const& file, source_place at) {
        auto const directory = file.substr(0, std::max<std::size_t>(1, file.rfind('/')));
        int const error = machine_.directory_error(directory);
        if (error == 0) return true;
        problems_.warning(at, key + ": directory " + printable(directory) + ": " + text_of(error),
                          (error == EACCES || error == EROFS ? "the manager makes a file in it"
                                                             : "the manager does not make it") +
                              asked_as(error));
        return false;
    }

    void check_free(endpoint const& where, source_place at) {
        auto const ec = machine_.listen_error(where);
        if (!ec) return;
        problems_.warning(at, "socket: " + printable(to_string(where)) + ": " + ec.message(),
                          why(ec) + asked_as(ec == std::errc::permission_denied ? EACCES : 0));
    }

    static std::string why(error_code ec) {
        if (ec == std::errc::address_in_use)
            return "somebody listens there: a manager that runs, or another program";
        if (ec == std::errc::file_exists) return "it is no socket: the manager leaves it alone";
        if (ec == std::errc::address_not_available) return "no interface of this machine has it";
        return "the manager does not start without it";
    }

    bool is_in_use(endpoint const& where) const {
        return machine_.listen_error && !where.path.empty() &&
               machine_.listen_error(where) == std::errc::address_in_use;
    }

    static bool is_unix(endpoint const& where) { return where.family == endpoint::kind::unix_path; }

    static std::string text_of(int error) { return std::generic_category().message(error); }

    /// Another user may do what this one may not.
    std::string asked_as(int error) const {
        return error == EACCES && !machine_.user.empty() ? "; checked as " + machine_.user : "";
    }

    source_place place_of(std::string const& path) const {
        auto const found = places_.find(path);
        return found == places_.end() ? source_place{} : found->second;
    }

    machine const& machine_;
    value_places const& places_;
    problem_list& problems_;
    bool runs_ = false; ///< a manager, so that its sockets are in use
};

} // namespace

void check_machine(config const& what, machine const& on, value_places const& places,
                   problem_list& problems) {
    checker(on, places, problems).check(what);
}

std::string spool_problem(message::spool_options const& spool, int error) {
    return "spool directory " + printable(spool.directory) + ": " +
           std::generic_category().message(error);
}

} // namespace milter::manager
