// SPDX-License-Identifier: BSL-1.0
// manager/config/config_check.cpp - sockets used twice, loops, names used twice, keys without effect
#include "manager/config/config_check.hpp"

#include "manager/config/config_socket.hpp"
#include "manager/config/printable.hpp"

#include <algorithm>
#include <vector>

namespace milter::manager {

namespace {

/// Where the values of one key stand, by the index of their table; null: not read.
using key_places = std::vector<source_place const*>;

class checker {
public:
    checker(config const& what, value_places const& places, problem_list& problems)
        : config_(what), places_(places), problems_(problems),
          listens_(find_all("listen", "socket")), milters_(find_all("milter", "socket")),
          names_(find_all("milter", "name")) {}

    void check() {
        check_presence();
        for (std::size_t i = 0; i < listens_.size(); ++i) check_listen(i);
        for (std::size_t i = 0; i < milters_.size(); ++i) check_milter(i);
        for (std::size_t i = 0; i < names_.size(); ++i) check_name(i);
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
        if (!listens_[i]) return;
        auto const& socket = config_.listens[i].socket;
        for (std::size_t j = 0; j < i; ++j)
            if (listens_[j] && same_place(socket, config_.listens[j].socket))
                return problems_.error(*listens_[i], "socket is listened on already",
                                       "first in " + line_of(listens_[j]));
        if (socket.family == endpoint::kind::unix_path) return;
        for (auto const key : {"mode", "group"})
            if (auto const* place = find("listen", i, key))
                problems_.error(*place, std::string(key) + " is for unix sockets only",
                                "take it out, or listen on a unix socket");
    }

    void check_milter(std::size_t i) {
        if (!milters_[i]) return;
        auto const& socket = config_.milters[i].socket;
        for (std::size_t j = 0; j < listens_.size(); ++j)
            if (listens_[j] && reaches(socket, config_.listens[j].socket))
                return problems_.error(*milters_[i],
                                       "loop: the manager itself listens on this socket",
                                       "see [[listen]] in " + line_of(listens_[j]));
        for (std::size_t j = 0; j < i; ++j)
            if (milters_[j] && socket == config_.milters[j].socket)
                return problems_.warning(*milters_[i],
                                         "milter " + in_quotes(config_.milters[j].name) +
                                             " has the same socket: it is asked twice");
    }

    void check_name(std::size_t i) {
        if (!names_[i]) return;
        for (std::size_t j = 0; j < i; ++j)
            if (names_[j] && config_.milters[i].name == config_.milters[j].name)
                return problems_.error(*names_[i], "second milter of this name",
                                       "first in " + line_of(names_[j]));
    }

    source_place const* find(std::string_view table, std::size_t index,
                             std::string_view key) const {
        auto const found = places_.find(std::string(table) + '[' + std::to_string(index) + "]." +
                                        std::string(key));
        return found == places_.end() ? nullptr : &found->second;
    }

    key_places find_all(std::string_view table, std::string_view key) const {
        key_places found(table == "listen" ? config_.listens.size() : config_.milters.size());
        for (std::size_t i = 0; i < found.size(); ++i) found[i] = find(table, i, key);
        return found;
    }

    static std::string line_of(source_place const* at) {
        return "line " + std::to_string(at->line);
    }

    config const& config_;
    value_places const& places_;
    problem_list& problems_;
    key_places listens_; // their sockets
    key_places milters_; // their sockets
    key_places names_;   // of milters
};

} // namespace

void check_config(config const& what, value_places const& places, problem_list& problems) {
    checker(what, places, problems).check();
}

} // namespace milter::manager
