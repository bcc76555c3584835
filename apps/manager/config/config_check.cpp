// SPDX-License-Identifier: BSL-1.0
// manager/config/config_check.cpp - sockets used twice, loops, names used twice, keys without effect, times
// that contradict each other
#include "manager/config/config_check.hpp"

#include "manager/config/config_number.hpp"
#include "manager/config/config_socket.hpp"
#include "manager/config/printable.hpp"
#include "rule/suggestion.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <string_view>
#include <vector>

namespace milter::manager {

namespace {

/// Where the values of one key stand, by the index of their table; null: not read.
using key_places = std::vector<source_place const*>;

constexpr auto command_patience = std::chrono::seconds(30); // Postfix; Sendmail's are 10 s
constexpr auto end_patience = std::chrono::minutes(5);      // both

class checker {
public:
    checker(config const& what, value_places const& places, problem_list& problems)
        : config_(what), places_(places), problems_(problems),
          listens_(find_all("listen", "socket")), milters_(find_all("milter", "socket")),
          names_(find_all("milter", "name")) {
        for (auto const& one : what.milters) by_name_.emplace(one.name, &one);
    }

    void check() {
        check_presence();
        for (std::size_t i = 0; i < listens_.size(); ++i) check_listen(i);
        for (std::size_t i = 0; i < milters_.size(); ++i) check_milter(i);
        for (std::size_t i = 0; i < milters_.size(); ++i) check_timeouts(i);
        for (std::size_t i = 0; i < milters_.size(); ++i) check_breaker(i);
        for (std::size_t i = 0; i < config_.milters.size(); ++i) check_sample(i);
        for (std::size_t i = 0; i < config_.milters.size(); ++i) check_evaluated(i);
        for (std::size_t i = 0; i < config_.profiles.size(); ++i) check_profile(i);
        check_milters_in_use();
        check_control();
        check_budgets();
        check_spool();
        check_memory();
    }

private:
    void check_presence() {
        bool const listens = !config_.listens.empty() || places_.count("listen") == 1;
        bool const milters = !config_.milters.empty() || places_.count("milter") == 1;
        if (!listens)
            problems_.error({}, "no [[listen]]: the MTA could not connect",
                            "add [[listen]] with a socket");
        auto const enabled = [](milter_config const& m) { return m.enabled; };
        if (!milters)
            problems_.warning({}, "no [[milter]]: all mail passes unfiltered");
        else if (!config_.milters.empty() &&
                 std::none_of(config_.milters.begin(), config_.milters.end(), enabled))
            problems_.warning({}, "no milter is enabled: all mail passes unfiltered");
        else if (!config_.milters.empty() &&
                 std::none_of(config_.milters.begin(), config_.milters.end(), counts))
            problems_.warning({}, "milters are only evaluated: all mail passes unfiltered");
    }

    static bool counts(milter_config const& one) {
        return one.enabled && one.mode == milter_mode::enforce;
    }

    void check_sample(std::size_t i) {
        auto const path = "milter[" + std::to_string(i) + "].";
        auto const* const by = find(path + "by");
        if (by && !find(path + "share"))
            problems_.warning(*by, "by without share: the milter applies to all mail",
                              R"(add share = "5%", or take it out)");
    }

    /// Nobody hears it or waits for it.
    void check_evaluated(std::size_t i) {
        if (config_.milters[i].mode != milter_mode::evaluate) return;
        for (auto const key : {"on_error", "concurrent", "parallel_rcpt", "late_rcpt_reject"})
            if (auto const* const place = find("milter", i, key))
                problems_.warning(*place, std::string(key) + R"( has no effect in mode "evaluate")",
                                  R"(it counts when mode is "enforce")");
    }

    void check_listen(std::size_t i) {
        check_profile_of(i);
        if (!listens_[i]) return;
        auto const& socket = config_.listens[i].socket;
        for (std::size_t j = 0; j < i; ++j)
            if (listens_[j] && same_place(socket, config_.listens[j].socket))
                return problems_.error(*listens_[i], "socket is listened on already",
                                       "first in " + line_of(listens_[j], *listens_[i]));
        if (socket.family == endpoint::kind::unix_path) return;
        if (is_on_all_addresses(socket)) warn_of_openness(socket, *listens_[i]);
        for (auto const key : {"mode", "group"})
            if (auto const* place = find("listen", i, key))
                problems_.error(*place, std::string(key) + " is for unix sockets only",
                                "take it out, or listen on a unix socket");
    }

    void warn_of_openness(endpoint const& socket, source_place const& at) {
        auto const here = socket.family == endpoint::kind::inet6
                              ? "inet6:" + socket.service + "@[::1]"
                              : "inet:" + socket.service + "@127.0.0.1";
        problems_.warning(
            at,
            "socket: open to all who reach this machine, as the milter protocol has no "
            "authentication",
            "for an MTA on this machine: " + in_quotes(here) +
                "; else the address of an interface that only MTAs reach");
    }

    void check_milter(std::size_t i) {
        if (!milters_[i]) return;
        for (std::size_t k = 0; k < config_.milters[i].sockets.size(); ++k) check_socket(i, k);
    }

    void check_socket(std::size_t i, std::size_t k) {
        auto const& socket = config_.milters[i].sockets[k];
        auto const& place = place_of_socket(i, k);
        for (std::size_t j = 0; j < listens_.size(); ++j)
            if (listens_[j] && reaches(socket, config_.listens[j].socket))
                return problems_.error(place, "loop: the manager itself listens on this socket",
                                       "see [[listen]] in " + line_of(listens_[j], place));
        for (std::size_t j = 0; j < i; ++j)
            if (milters_[j] && has_socket(config_.milters[j], socket))
                return problems_.warning(place, "milter " + in_quotes(config_.milters[j].name) +
                                                    " has the same socket: it is asked twice");
    }

    static bool has_socket(milter_config const& milter, endpoint const& socket) {
        return std::find(milter.sockets.begin(), milter.sockets.end(), socket) !=
               milter.sockets.end();
    }

    /// Where the socket stands in its list; a single one may stand outside of any.
    source_place const& place_of_socket(std::size_t i, std::size_t k) const {
        auto const* element =
            find("milter[" + std::to_string(i) + "].socket[" + std::to_string(k) + ']');
        return element ? *element : *milters_[i];
    }

    void check_breaker(std::size_t i) {
        auto const& breaker = config_.milters[i].breaker;
        if (breaker.first_pause <= breaker.longest_pause) return;
        auto const path = "milter[" + std::to_string(i) + "].breaker.";
        auto const* place = find(path + "first_pause");
        if (!place) place = find(path + "longest_pause");
        if (place)
            problems_.warning(*place, "first_pause is longer than longest_pause, which is " +
                                          duration_text(breaker.longest_pause) +
                                          ": that is the first one, too");
    }

    void check_profile_of(std::size_t i) {
        auto const* const place = find("listen", i, "profile");
        auto const& name = config_.listens[i].profile;
        if (!place || find_profile(config_, name)) return;
        auto const add = "add [profile." + name + "] with milters, or take it out";
        problems_.error(*place, "unknown profile " + in_quotes(name),
                        did_you_mean(name, config_.profiles, add));
    }

    void check_profile(std::size_t i) {
        auto const& profile = config_.profiles[i];
        auto const path = "profile[" + std::to_string(i) + ']';
        check_profile_in_use(profile, path);
        auto const* const list = find(path + ".milters");
        if (!list) return;
        std::set<std::string_view> seen;
        bool any_enabled = false, any_counts = false;
        auto const note = [&](milter_config const& one) {
            any_enabled = any_enabled || one.enabled;
            any_counts = any_counts || counts(one);
        };
        for (std::size_t k = 0; k < profile.milters.size(); ++k) {
            auto const& name = profile.milters[k];
            auto const& place = *find(path + ".milters[" + std::to_string(k) + ']');
            auto const known = by_name_.find(name);
            if (known == by_name_.end())
                problems_.error(place, "unknown milter " + in_quotes(name),
                                did_you_mean(name, config_.milters, "add [[milter]] of this name"));
            else if (!seen.insert(name).second)
                problems_.error(place, "milter " + in_quotes(name) + " stands in the profile twice",
                                "it is asked once: take one of them out");
            else
                note(*known->second);
        }
        if (!any_counts && seen.size() == profile.milters.size())
            problems_.warning(*list, any_enabled ? "milters of the profile are only evaluated: its "
                                                   "mail passes unfiltered"
                                                 : "no milter of the profile is enabled: its mail "
                                                   "passes unfiltered");
    }

    void check_profile_in_use(profile_config const& profile, std::string const& path) {
        auto const uses = [&](listen_config const& one) { return one.profile == profile.name; };
        if (auto const* const place = find(path);
            place && std::none_of(config_.listens.begin(), config_.listens.end(), uses))
            problems_.warning(*place, "no [[listen]] has the profile " + in_quotes(profile.name));
    }

    /// A listener without profile uses them all.
    void check_milters_in_use() {
        auto const has_profile = [](listen_config const& one) { return !one.profile.empty(); };
        if (config_.profiles.empty() ||
            !std::all_of(config_.listens.begin(), config_.listens.end(), has_profile))
            return;
        std::set<std::string_view> used;
        for (auto const& profile : config_.profiles)
            used.insert(profile.milters.begin(), profile.milters.end());
        for (std::size_t i = 0; i < names_.size(); ++i)
            if (auto const& one = config_.milters[i];
                names_[i] && one.enabled && !used.contains(one.name))
                problems_.warning(*names_[i], "milter " + in_quotes(one.name) +
                                                  " is in no profile: it is not asked");
    }

    /// The nearest name, for as many problems as are shown.
    template <class Named>
    std::string did_you_mean(std::string_view wrong, std::vector<Named> const& among,
                             std::string otherwise) {
        if (suggestions_++ >= config_problem_limit) return otherwise;
        std::vector<std::string_view> names;
        names.reserve(among.size());
        for (auto const& one : among) names.push_back(one.name);
        auto const near = rule::nearest_name(wrong, names);
        return near.empty() ? otherwise : "did you mean " + in_quotes(near) + "?";
    }

    void check_control() {
        auto const* const place = find("control.socket");
        if (!place) return;
        auto const& socket = config_.control.socket;
        if (socket.family != endpoint::kind::unix_path)
            return problems_.error(*place, "the control socket is a unix socket",
                                   "only there the system says who asks: write \"unix:PATH\"");
        for (std::size_t i = 0; i < listens_.size(); ++i)
            if (listens_[i] && same_place(socket, config_.listens[i].socket))
                return problems_.error(*place, "socket is listened on already",
                                       "by [[listen]] in " + line_of(listens_[i], *place));
        for (std::size_t i = 0; i < milters_.size(); ++i)
            if (milters_[i] && has_socket(config_.milters[i], socket))
                return problems_.error(*place, "a milter has this socket",
                                       "see [[milter]] in " + line_of(milters_[i], *place));
    }

    /// Of times that somebody wrote: those that were not are cut by the budget without surprise.
    void check_timeouts(std::size_t i) {
        auto const& timeouts = config_.milters[i].timeouts;
        auto const path = "milter[" + std::to_string(i) + "].timeout.";
        if (config_.command_budget)
            check_timeout(path + "command", timeouts.command, "command_budget",
                          *config_.command_budget);
        check_timeout(path + "end_of_message", timeouts.end_of_message, "end_of_message_budget",
                      config_.end_of_message_budget);
    }

    void check_timeout(std::string const& path, proto::duration timeout, std::string const& key,
                       proto::duration budget) {
        if (auto const* place = find(path); place && timeout > budget)
            problems_.warning(*place, path.substr(path.rfind('.') + 1) + ": " +
                                          duration_text(timeout) + " is longer than [manager] " +
                                          key + ", which is " + duration_text(budget) +
                                          ": the budget ends first");
    }

    void check_budgets() {
        auto const* const command = find("manager.command_budget");
        if (command && config_.command_budget.value_or(command_patience) > command_patience)
            problems_.warning(*command,
                              "command_budget: Postfix gives up after 30s, Sendmail after 10s",
                              "leave it out, or raise the MTA's time, too");
        auto const* const end = find("manager.end_of_message_budget");
        if (end && config_.end_of_message_budget > end_patience)
            problems_.warning(*end, "end_of_message_budget: MTAs give up after 5m",
                              "write less, or raise the MTA's time, too");
        auto const* const idle = find("manager.idle_timeout");
        if (idle && config_.idle_timeout < config_.end_of_message_budget)
            problems_.warning(*idle, "idle_timeout is less than end_of_message_budget, which is " +
                                         duration_text(config_.end_of_message_budget));
    }

    void check_spool() {
        if (config_.spool.memory_bytes <= config_.spool.max_bytes) return;
        auto const* place = find("spool.memory");
        if (!place) place = find("spool.max");
        if (place)
            problems_.warning(*place,
                              "[spool] memory is more than max: a body that large is not taken");
    }

    void check_memory() {
        if (config_.limits.memory >= config_.limits.header_bytes) return;
        auto const* place = find("limits.memory");
        if (!place) place = find("limits.header_bytes");
        if (place)
            problems_.warning(*place,
                              "[limits] memory is less than header_bytes: a message with so "
                              "many headers is not taken");
    }

    source_place const* find(std::string const& path) const {
        auto const found = places_.find(path);
        return found == places_.end() ? nullptr : &found->second;
    }

    source_place const* find(std::string_view table, std::size_t index,
                             std::string_view key) const {
        return find(std::string(table) + '[' + std::to_string(index) + "]." + std::string(key));
    }

    key_places find_all(std::string_view table, std::string_view key) const {
        key_places found(table == "listen" ? config_.listens.size() : config_.milters.size());
        for (std::size_t i = 0; i < found.size(); ++i) found[i] = find(table, i, key);
        return found;
    }

    std::string line_of(source_place const* at, source_place const& seen_from) const {
        return problems_.line_of(*at, seen_from);
    }

    config const& config_;
    value_places const& places_;
    problem_list& problems_;
    key_places listens_; // their sockets
    key_places milters_; // their sockets
    key_places names_;   // of milters
    std::map<std::string_view, milter_config const*> by_name_;
    std::size_t suggestions_ = 0; // looked for
};

} // namespace

void check_config(config const& what, value_places const& places, problem_list& problems) {
    checker(what, places, problems).check();
}

} // namespace milter::manager
