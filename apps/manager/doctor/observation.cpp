// SPDX-License-Identifier: BSL-1.0
// manager/doctor/observation.cpp
#include "manager/doctor/observation.hpp"

#include "manager/config/config_files.hpp"
#include "manager/service/dns_lists.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace milter::manager::doctor {

namespace {

constexpr proto::duration longest = std::chrono::seconds(5); // somebody waits at a terminal

/// A manager that runs has made its control socket; else it is the user of the unit. Only root may look in place of another.
user managers_user(config const& settings) {
    auto me = myself();
    auto const& control = settings.control.socket.path;
    if (me.id != 0) return me;
    auto const owner = control.empty() ? std::nullopt : owner_of(control);
    auto found = owner ? user_of_id(*owner) : user_named(usual_user);
    return found ? *found : me;
}

milter_socket look_at(endpoint const& where, milter_timeouts const& times, user const& whom,
                      bool connect) {
    milter_socket seen;
    if (where.family == endpoint::kind::unix_path) seen.barred = obstacle_to(where.path, whom);
    if (!connect) return seen;
    seen.heard =
        probe_milter(where, {std::min(times.connect, longest), std::min(times.negotiate, longest)});
    // he has rights that modes do not tell of
    bool const is_me = whom.id == myself().id;
    if (is_me && !seen.heard->connect) seen.barred.reset();
    return seen;
}

void look_at_milters(facts& into, user const& whom, bool connect) {
    for (auto const& one : into.settings->milters) {
        auto& seen = into.milters.emplace_back();
        for (auto const& where : one.sockets)
            seen.push_back(look_at(where, one.timeouts, whom, connect && one.enabled));
    }
}

void look_at_listeners(facts& into) {
    auto const mta = into.postfix.found ? user_named(into.postfix.mail_owner) : std::nullopt;
    if (mta) into.mta_user = mta->name;
    for (auto const& one : into.settings->listens) {
        auto& seen = into.listeners.emplace_back();
        if (mta && one.socket.family == endpoint::kind::unix_path)
            seen.barred = obstacle_to(one.socket.path, *mta);
    }
}

std::vector<dns_zone> zones_of(config const& settings) {
    std::vector<dns_zone> zones;
    for (auto const* lists : {&settings.block_lists, &settings.allow_lists})
        for (auto const& one : *lists) zones.push_back(one.zone);
    return zones;
}

/// All lists at once; each answers, or fails at its deadline.
void ask_lists(facts& into) {
    constexpr std::array<std::uint8_t, 4> test_entry{127, 0, 0, 2}; // RFC 5782 section 5
    auto const zones = zones_of(*into.settings);
    into.test_entry.assign(zones.size(), listing::failed);
    if (zones.empty()) return;
    poller waits;
    dns_lists lists(into.settings->dns);
    auto open = zones.size();
    try {
        for (std::size_t i = 0; i < zones.size(); ++i)
            lists.ask(lists.know(zones[i]), test_entry, waits, [&, i](listing said) {
                into.test_entry[i] = said;
                if (--open == 0) waits.stop();
            });
    } catch (std::runtime_error const&) { // there is nobody to ask
        lists.close();
        return;
    }
    if (open > 0) waits.run();
    lists.close();
}

} // namespace

std::vector<std::string> resolvers_in(std::string_view text) {
    std::vector<std::string> found;
    std::istringstream lines{std::string(text)};
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string name, address;
        if (words >> name >> address && name == "nameserver") found.push_back(address);
    }
    return found;
}

facts observe(std::shared_ptr<config const> settings, postfix_settings postfix,
              observation_request const& request) {
    facts seen;
    seen.settings = std::move(settings);
    seen.postfix = std::move(postfix);
    auto const whom = managers_user(*seen.settings);
    seen.user = whom.name;
    seen.is_roots_view = whom.id == 0;
    look_at_milters(seen, whom, request.connect);
    look_at_listeners(seen);
    constexpr std::size_t most = 1 << 16; // bytes
    std::string text;
    if (read_file("/etc/resolv.conf", most, text).empty()) seen.resolvers = resolvers_in(text);
    if (request.query) ask_lists(seen);
    return seen;
}

} // namespace milter::manager::doctor
