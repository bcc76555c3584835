// SPDX-License-Identifier: BSL-1.0
// manager/config/config_computed.cpp - what follows from a configuration and stands in no key of it
#include "manager/config/config_show.hpp"
#include "manager/core/unit_text.hpp"

#include <iterator>
#include <string_view>

namespace milter::manager {

namespace {

// By macro_stage.
constexpr std::string_view stage_names[] = {"connect", "helo",           "mail",          "rcpt",
                                            "data",    "end_of_message", "end_of_headers"};
static_assert(std::size(stage_names) == wire::macro_stage_count);

std::string names_of(config const& what, std::vector<std::size_t> const& order) {
    std::string names;
    for (auto const place : order)
        if (what.milters[place].enabled)
            (names += names.empty() ? "" : ", ") += what.milters[place].name;
    return names.empty() ? "none" : names;
}

void add_orders(config const& what, std::vector<computed_value>& to) {
    to.push_back({"computed.order", "order of the milters", names_of(what, what.order), {}});
    for (auto const& one : what.profiles)
        to.push_back({"computed.order." + one.name,
                      "order in profile " + one.name,
                      names_of(what, one.order),
                      {}});
}

/// The administrator's list or the MTA's, and what rules need besides.
std::string macros_at(config const& what, std::size_t stage) {
    std::string names = what.macros[stage];
    if (names.empty()) names = what.mta_macros[stage];
    if (names.empty()) names = default_macros[stage];
    for (auto const& one : what.rule_macros[stage]) {
        bool is_there = false;
        proto::for_each_name(names, [&](auto name) { is_there = is_there || name == one; });
        if (!is_there) (names += names.empty() ? "" : " ") += one;
    }
    return names;
}

void add_macros(config const& what, config_origins const& origins,
                std::vector<computed_value>& to) {
    for (std::size_t stage = 0; stage < wire::macro_stage_count; ++stage) {
        auto const name = std::string(stage_names[stage]);
        auto const at = origins.find("macros." + name);
        std::string origin = "default";
        if (at != origins.end())
            origin = to_string(at->second);
        else if (!what.mta_macros[stage].empty())
            origin = "from postconf";
        if (!what.rule_macros[stage].empty()) origin += " and rules";
        to.push_back({"computed.macros." + name, "macros asked for with " + name,
                      macros_at(what, stage), std::move(origin)});
    }
}

} // namespace

std::vector<computed_value> computed_values(config const& what, config_origins const& origins) {
    std::vector<computed_value> all;
    add_orders(what, all);
    if (!what.command_budget)
        all.push_back({"computed.command_budget",
                       "command_budget",
                       duration_text(sendmail_command_budget) + ", with Postfix " +
                           duration_text(postfix_command_budget),
                       {}});
    add_macros(what, origins, all);
    if (what.process_limit)
        all.push_back({"computed.process_limit", "SMTP servers that Postfix may run",
                       std::to_string(*what.process_limit), "from postconf"});
    return all;
}

} // namespace milter::manager
