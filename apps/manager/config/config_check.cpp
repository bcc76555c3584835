// SPDX-License-Identifier: BSL-1.0
// manager/config/config_check.cpp - sockets used twice, loops, names used twice, keys without effect
#include "manager/config/config_check.hpp"

#include "manager/config/config_socket.hpp"
#include "manager/config/printable.hpp"

#include <algorithm>

namespace milter::manager {

namespace {

class checker {
public:
    checker(config const& what, value_places const& places, problem_list& problems)
        : config_(what), places_(places), problems_(problems) {}

    void check() {
        check_presence();
        for (std::size_t i = 0; i < config_.listens.size(); ++i) check_listen(i);
        for (std::size_t i = 0; i < config_.milters.size(); ++i) check_milter(i);
    }

private:
    void check_presence() {
        if (config_.listens.empty())
            problems_.error({}, "no [[listen]]: the MTA could not connect",
                            "add [[listen]] with a socket");
        auto const enabled = [](milter_config const& m) { return m.enabled; };
        if (config_.milters.empty())
            problems_.warning({}, "no [[milter]]: all mail passes unfiltered");
        else if (std::none_of(config_.milters.begin(), config_.milters.end(), enabled))
            problems_.warning({}, "no milter is enabled: all mail passes unfiltered");
    }

    void check_listen(std::size_t i) {
        auto const& one = config_.listens[i];
        auto const* socket = find("listen", i, "socket");
        if (!socket) return;
        for (std::size_t j = 0; j < i; ++j)
            if (auto const* first = find("listen", j, "socket");
                first && same_place(one.socket, config_.listens[j].socket))
                return problems_.error(*socket, "socket is listened on already",
                                       "first in " + line_of(*first));
        if (one.socket.family == endpoint::kind::unix_path) return;
        for (auto const key : {"mode", "group"})
            if (auto const* place = find("listen", i, key))
                problems_.error(*place, std::string(key) + " is for unix sockets only",
                                "take it out, or listen on a unix socket");
    }

    void check_milter(std::size_t i) {
        check_milter_name(i);
        auto const* socket = find("milter", i, "socket");
        if (!socket) return;
        auto const& one = config_.milters[i].socket;
        for (std::size_t j = 0; j < config_.listens.size(); ++j)
            if (auto const* listen = find("listen", j, "socket");
                listen && reaches(one, config_.listens[j].socket))
                return problems_.error(*socket, "loop: the manager itself listens on this socket",
                                       "see [[listen]] in " + line_of(*listen));
        for (std::size_t j = 0; j < i; ++j)
            if (find("milter", j, "socket") && one == config_.milters[j].socket)
                return problems_.warning(*socket, "milter " + in_quotes(config_.milters[j].name) +
                                                      " has the same socket: it is asked twice");
    }

    void check_milter_name(std::size_t i) {
        auto const* name = find("milter", i, "name");
        if (!name) return;
        for (std::size_t j = 0; j < i; ++j)
            if (auto const* first = find("milter", j, "name");
                first && config_.milters[i].name == config_.milters[j].name)
                return problems_.error(*name, "second milter of this name",
                                       "first in " + line_of(*first));
    }

    source_place const* find(std::string_view table, std::size_t index,
                             std::string_view key) const {
        auto const found = places_.find(std::string(table) + '[' + std::to_string(index) + "]." +
                                        std::string(key));
        return found == places_.end() ? nullptr : &found->second;
    }

    static std::string line_of(source_place at) { return "line " + std::to_string(at.line); }

    config const& config_;
    value_places const& places_;
    problem_list& problems_;
};

} // namespace

void check_config(config const& what, value_places const& places, problem_list& problems) {
    checker(what, places, problems).check();
}

} // namespace milter::manager
