// SPDX-License-Identifier: BSL-1.0
// manager/config/config_machine.cpp - groups, directories, the spool, and who listens already
#include "manager/config/config_machine.hpp"

#include "manager/config/config_socket.hpp"
#include "manager/config/printable.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace milter::manager {

namespace {

class checker {
public:
    checker(machine const& on, value_places const& places, problem_list& problems)
        : machine_(on), places_(places), problems_(problems) {}

    void check(config const& what) {
        if (machine_.as_root)
            problems_.note(
                {}, "checked as root: what another user may not do is not seen",
                "as the user of the manager: runuser -u USER -- milter-manager check -c FILE");
        find_manager(what.control.socket);
        for (std::size_t i = 0; i < what.listens.size(); ++i)
            check_listen("listen[" + std::to_string(i) + "].", what.listens[i]);
        if (machine_.has_service) check_services(what);
        check_listen("control.", what.control);
        if (!what.decision_log.empty()) check_log(what.decision_log);
        if (int const error = machine_.spool_error(what.spool))
            problems_.warning(place_of("spool.directory"), spool_problem(what.spool, error),
                              "the manager does not start without one" + asked_as(error));
    }

private:
    using manager_kind = manager_found::kind;

    void find_manager(endpoint const& control) {
        if (!machine_.find_manager || control.path.empty()) return;
        found_ = machine_.find_manager(control);
        if (found_.who != manager_kind::manager) return;
        found_.listeners.push_back({control, true}); // it may be inherited, which is not told
        std::vector<manager_found::listener> all;
        error_code ignored;
        for (auto const& one : found_.listeners)
            for (auto& where : addresses(one.where, ignored))
                all.push_back({std::move(where), one.inherited});
        found_.listeners = std::move(all);
    }

    void check_listen(std::string const& path, listen_config const& one) {
        auto const group_at = place_of(path + "group");
        if (!one.group.empty()) check_group(one.group, group_at);
        if (is_unix(one.socket) && one.socket.path.empty()) return;
        auto const at = place_of(path + "socket");
        auto const ec = listen_error(one.socket);
        if (ec == std::errc::address_in_use)
            return tell_of_listener(one.socket, at, path == "control.");
        auto const* const open = first_open(one.socket);
        if (!open || !open->inherited) check_membership(one.group, group_at);
        if (open) return;
        if (is_unix(one.socket) && !check_directory_of("socket", one.socket.path, at)) return;
        if (ec) tell_of_error(one.socket, at, ec);
    }

    /// Names of ports at which milters are.
    void check_services(config const& what) {
        for (std::size_t i = 0; i < what.milters.size(); ++i)
            for (std::size_t k = 0; k < what.milters[i].sockets.size(); ++k) {
                auto const path = "milter[" + std::to_string(i) + "].socket";
                auto const element = path + '[' + std::to_string(k) + ']';
                check_service(what.milters[i].sockets[k],
                              place_of(places_.contains(element) ? element : path));
            }
    }

    void check_service(endpoint const& where, source_place at) {
        bool const is_name =
            !is_unix(where) && where.service.find_first_not_of("0123456789") != std::string::npos;
        if (is_name && !machine_.has_service(where.service))
            problems_.warning(
                at, "socket: this machine knows no port called " + in_quotes(where.service),
                "write its number");
    }

    void check_group(std::string const& name, source_place at) {
        if (!machine_.has_group(name))
            problems_.error(at, "group: no group " + in_quotes(name) + " on this machine",
                            "expected the name or the number of a group");
    }

    void check_membership(std::string const& group, source_place at) {
        if (group.empty() || !machine_.may_give_to || !machine_.has_group(group)) return;
        if (!machine_.may_give_to(group))
            problems_.warning(at, "group: " + machine_.user + " is not a member of " +
                                      in_quotes(group) + " and cannot give it a socket");
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

    /// Why the manager could not listen on one of the addresses; what it has open is none.
    error_code listen_error(endpoint const& where) const {
        error_code ec;
        if (!machine_.listen_error) return ec;
        for (auto const& one : addresses(where, ec)) {
            if (!ec && !find_open(one)) ec = machine_.listen_error(one);
            if (ec) break;
        }
        return ec;
    }

    std::vector<endpoint> addresses(endpoint const& where, error_code& ec) const {
        return machine_.addresses_of ? machine_.addresses_of(where, ec) : std::vector{where};
    }

    /// What the manager that runs has open of it; null: nothing.
    manager_found::listener const* first_open(endpoint const& where) const {
        error_code ignored;
        for (auto const& one : addresses(where, ignored))
            if (auto const* const open = find_open(one)) return open;
        return nullptr;
    }

    manager_found::listener const* find_open(endpoint const& where) const {
        auto const& all = found_.listeners;
        auto const found = std::find_if(all.begin(), all.end(), [&](auto const& one) {
            return is_unix(where) ? same_place(one.where, where) : one.where == where;
        });
        return found == all.end() ? nullptr : &*found;
    }

    void tell_of_listener(endpoint const& where, source_place at, bool is_control) {
        auto const socket = "socket: " + printable(to_string(where));
        if (found_.who == manager_kind::manager)
            return problems_.warning(at, socket + in_use(), why_not_ours(where));
        if (is_control && found_.who == manager_kind::stranger)
            return problems_.warning(at, socket + in_use(),
                                     "who listens there does not answer as a manager does");
        problems_.note(at, socket + " is listened on already",
                       "by systemd for the manager, by a manager that runs, or by another program" +
                           why_unknown());
    }

    static std::string in_use() { return ": " + text_of(EADDRINUSE); }

    /// A port on all addresses cannot follow the same port on one of them, or the other way round.
    std::string why_not_ours(endpoint const& where) const {
        for (auto const& one : found_.listeners)
            if (same_place(one.where, where))
                return printable(to_string(one.where)) +
                       " of the manager that runs is in its way until a restart";
        return "by another program than the manager that answers on the control socket";
    }

    std::string why_unknown() const {
        if (found_.who != manager_kind::untold) return {};
        return "; who listens on the control socket does not tell: " + printable(found_.why) +
               (machine_.user.empty() ? "" : "; checked as " + machine_.user);
    }

    void tell_of_error(endpoint const& where, source_place at, error_code ec) {
        problems_.warning(at, "socket: " + printable(to_string(where)) + ": " + ec.message(),
                          why(ec) + asked_as(ec == std::errc::permission_denied ? EACCES : 0));
    }

    static std::string why(error_code ec) {
        if (ec == std::errc::file_exists) return "it is no socket: the manager leaves it alone";
        if (ec == std::errc::address_not_available) return "no interface of this machine has it";
        return "the manager does not start without it";
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
    manager_found found_; ///< its listeners in digits, and the control socket with them
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
