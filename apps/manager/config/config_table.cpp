// SPDX-License-Identifier: BSL-1.0
// manager/config/config_table.cpp
#include "manager/config/config_table.hpp"

#include <algorithm>
#include <iterator>
#include <vector>

namespace milter::manager {

namespace {

using target = config_target;
using enum config_table::shape;
using enum config_table::place;

template <class Item> target as_target(config& of, Item* config_target::*as, Item& item) {
    target to{&of};
    to.*as = &item;
    return to;
}

// clang-format off
constexpr config_table tables[] = {
    {"listen", list, main_file,
        [](config& of) { return as_target(of, &target::listen, of.listens.emplace_back()); }},
    {"milter", list, with_milters,
        [](config& of) { return as_target(of, &target::milter, of.milters.emplace_back()); }},
    {"profile", named, with_milters,
        [](config& of) { return as_target(of, &target::profile, of.profiles.emplace_back()); },
        [](target const& t) -> field { return profile_name{&t.profile->name}; }},
    {"condition", named, with_rules,
        [](config& of) { return as_target(of, &target::condition, of.conditions.emplace_back()); },
        [](target const& t) -> field { return condition_name{&t.condition->name}; }},
    {"set", named, with_rules,
        [](config& of) { return as_target(of, &target::set, of.named_sets.emplace_back()); },
        [](target const& t) -> field { return set_name{&t.set->name}; }},
    {"rule", list, with_rules,
        [](config& of) { return as_target(of, &target::rule, of.rules.emplace_back()); }},
    {"test", list, with_rules,
        [](config& of) { return as_target(of, &target::test, of.tests.emplace_back()); }},
    {"dnsbl", named, with_rules,
        [](config& of) { return as_target(of, &target::list, of.block_lists.emplace_back()); },
        [](target const& t) -> field { return zone_name{&t.list->zone.name}; }},
    {"dnswl", named, with_rules,
        [](config& of) { return as_target(of, &target::list, of.allow_lists.emplace_back()); },
        [](target const& t) -> field { return zone_name{&t.list->zone.name}; }},
    {"manager"},
    {"control"},
    {"limits"},
    {"spool"},
    {"macros"},
    {"dns"},
};
// clang-format on

template <class Item>
std::vector<target> targets(config& of, Item* config_target::*as, std::vector<Item>& items) {
    std::vector<target> all;
    all.reserve(items.size());
    for (auto& one : items) all.push_back(as_target(of, as, one));
    return all;
}

} // namespace

std::span<config_table const> config_tables() noexcept { return tables; }

config_table const* find_table(std::string_view name) noexcept {
    auto const* const found = std::find_if(std::begin(tables), std::end(tables),
                                           [&](auto const& one) { return one.name == name; });
    return found == std::end(tables) ? nullptr : found;
}

config_table const& table_of_row(std::string_view row_table) noexcept {
    return *find_table(row_table.substr(0, row_table.find('.')));
}

bool may_stand_in(config_table const& table, file_part part) noexcept {
    switch (part) {
    case file_part::main: return true;
    case file_part::milters: return table.stands != main_file;
    case file_part::rules: return table.stands == with_rules;
    case file_part::local: return table.stands == with_rules || table.name == "milter";
    }
    return false;
}

std::string_view folder_of(file_part part) noexcept {
    constexpr std::string_view folders[] = {"", "milters.d", "rules.d", "local.d"};
    return folders[static_cast<std::size_t>(part)];
}

bool is_list_table(std::string_view table) noexcept {
    auto const* const found = find_table(table);
    return found && found->is == list;
}

bool is_named_table(std::string_view table) noexcept {
    auto const* const found = find_table(table);
    return found && found->is == named;
}

std::string heading_of(std::string_view table) {
    auto const name = std::string(table);
    return is_list_table(table) ? "[[" + name + "]]" : "[" + name + "]";
}

std::vector<config_target> entries_of(config& of, std::string_view table) {
    if (table == "listen") return targets(of, &target::listen, of.listens);
    if (table == "milter") return targets(of, &target::milter, of.milters);
    if (table == "profile") return targets(of, &target::profile, of.profiles);
    if (table == "condition") return targets(of, &target::condition, of.conditions);
    if (table == "set") return targets(of, &target::set, of.named_sets);
    if (table == "rule") return targets(of, &target::rule, of.rules);
    if (table == "test") return targets(of, &target::test, of.tests);
    if (table == "dnsbl") return targets(of, &target::list, of.block_lists);
    if (table == "dnswl") return targets(of, &target::list, of.allow_lists);
    return {target{&of}};
}

} // namespace milter::manager
