// SPDX-License-Identifier: BSL-1.0
// manager/rules/simulate_verb.cpp
#include "manager/rules/simulate_verb.hpp"

#include "manager/config/config_name_check.hpp"
#include "manager/config/printable.hpp"
#include "manager/rules/ready_rules.hpp"
#include "manager/rules/simulation.hpp"
#include <milter/corpus/conversation_json.hpp>

#include <sysexits.h>

#include <algorithm>
#include <string_view>

namespace milter::manager {

namespace {

constexpr int some_change = 1;         // exit status
constexpr std::size_t most_shown = 20; // messages, without --all

// ---- lists in DNS

void add_zones(std::vector<std::string>& to, config const& of) {
    for (auto const* const lists : {&of.block_lists, &of.allow_lists})
        for (auto const& one : *lists)
            if (std::find(to.begin(), to.end(), one.zone.name) == to.end())
                to.push_back(one.zone.name);
}

std::vector<std::string> unknown_zones(std::vector<std::string> zones,
                                       listed_clients const& lists) {
    auto const is_known = [&](std::string const& zone) { return lists.contains(zone); };
    zones.erase(std::remove_if(zones.begin(), zones.end(), is_known), zones.end());
    return zones;
}

std::string note_of(std::vector<std::string> const& zones) {
    std::string list;
    for (auto const& one : zones) (list += list.empty() ? "" : ", ") += one;
    return list.empty() ? list
                        : "Who is in " + list + " is not known; --listed ZONE=IP,IP says it.\n";
}

std::string result_text(simulation const& done, std::vector<std::string> const& unknown,
                        rules_request const& request) {
    if (!request.json)
        return note_of(unknown) + text_of(done, request.all ? done.changed.size() : most_shown);
    auto out = json_of(done);
    out["unknown_lists"] = unknown;
    return corpus::to_line(out) + '\n';
}

} // namespace

std::optional<listed_clients> read_listed(std::vector<std::string> const& texts,
                                          std::vector<std::string> const& zones,
                                          std::string& problem) {
    listed_clients lists;
    for (std::string_view const text : texts) {
        auto const equals = std::min(text.find('='), text.size());
        auto const zone = std::string(text.substr(0, equals));
        if (std::find(zones.begin(), zones.end(), zone) == zones.end()) {
            problem =
                "no list " + in_quotes(zone) + "; " +
                did_you_mean(zone, {zones.begin(), zones.end()}, "neither configuration has it");
            return std::nullopt;
        }
        auto& clients = lists[zone];
        for (auto rest = text.substr(std::min(equals + 1, text.size())); !rest.empty();) {
            auto const end = std::min(rest.find(','), rest.size());
            auto const client = rule::parse_ip(rest.substr(0, end));
            if (!client) {
                problem =
                    in_quotes(rest.substr(0, end)) + " is no IP address; write --listed ZONE=IP,IP";
                return std::nullopt;
            }
            clients.push_back(*client);
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
    }
    return lists;
}

rules_answer simulate_rules(rules_request const& request) {
    auto const now = load_rules(request.config_file);
    auto const then = load_rules(request.new_file);
    if (!now.settings || !then.settings)
        return {EX_CONFIG,
                {},
                (now.settings ? "" : text_of(now.problems)) +
                    (then.settings ? "" : text_of(then.problems))};
    std::vector<std::string> zones;
    add_zones(zones, *now.settings);
    add_zones(zones, *then.settings);
    std::string problem;
    auto const lists = read_listed(request.listed, zones, problem);
    if (!lists) return {EX_USAGE, {}, "milter-manager: " + problem + '\n'};
    auto const recorded = read_sessions(request.corpora);
    auto const done = simulate(recorded.all, *now.settings, *then.settings, *lists);
    if (done.messages == 0) return no_message_in(recorded);
    int const status = done.changed.empty() ? EX_OK : some_change;
    return {recorded.status != EX_OK ? recorded.status : status,
            result_text(done, unknown_zones(zones, *lists), request), recorded.problems};
}

} // namespace milter::manager
