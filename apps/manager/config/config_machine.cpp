// SPDX-License-Identifier: BSL-1.0
// manager/config/config_machine.cpp - groups, directories and the spool
#include "manager/config/config_machine.hpp"

#include "manager/config/printable.hpp"

#include <algorithm>
#include <system_error>

namespace milter::manager {

namespace {

class checker {
public:
    checker(machine const& on, value_places const& places, problem_list& problems)
        : machine_(on), places_(places), problems_(problems) {}

    void check(config const& what) {
        for (std::size_t i = 0; i < what.listens.size(); ++i)
            check_listen("listen[" + std::to_string(i) + "].", what.listens[i]);
        check_listen("control.", what.control);
        if (!what.decision_log.empty())
            check_directory_of("decision_log", what.decision_log, place_of("manager.decision_log"));
        if (int const error = machine_.spool_error(what.spool))
            problems_.warning(place_of("spool.directory"), spool_problem(what.spool, error),
                              "the manager does not start without one");
    }

private:
    void check_listen(std::string const& path, listen_config const& one) {
        if (!one.group.empty() && !machine_.has_group(one.group))
            problems_.error(place_of(path + "group"),
                            "group: no group " + in_quotes(one.group) + " on this machine",
                            "expected the name or the number of a group");
        if (one.socket.family == endpoint::kind::unix_path && !one.socket.path.empty())
            check_directory_of("socket", one.socket.path, place_of(path + "socket"));
    }

    void check_directory_of(std::string const& key, std::string const& file, source_place at) {
        auto const directory = file.substr(0, std::max<std::size_t>(1, file.rfind('/')));
        if (int const error = machine_.directory_error(directory))
            problems_.warning(at,
                              key + ": directory " + printable(directory) + ": " +
                                  std::generic_category().message(error),
                              "the manager does not make it");
    }

    source_place place_of(std::string const& path) const {
        auto const found = places_.find(path);
        return found == places_.end() ? source_place{} : found->second;
    }

    machine const& machine_;
    value_places const& places_;
    problem_list& problems_;
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
