// SPDX-License-Identifier: BSL-1.0
// manager/config/config_test_value.cpp - what tests of rules expect
#include "manager/config/config_choice.hpp"
#include "manager/config/config_rule_value.hpp"
#include "manager/config/toml_text.hpp"

#include <array>

namespace milter::manager {

namespace {

constexpr std::array<std::string_view, 4> verdict_names = {"none", "accept", "reject",
                                                           "tempfail"}; // rule::verdict_kind

} // namespace

refusal read_value(flags_by_name to, raw_value const& value) {
    constexpr std::string_view form = "write { NAME = true, OTHER = false }";
    auto const* table = std::get_if<raw_table>(&value);
    if (!table) return not_a("names with true or false", value, form);
    std::vector<std::pair<std::string, bool>> given;
    refusal all;
    for (auto const& node : table->node->children) {
        auto const said = raw_of(node);
        auto const* flag = std::get_if<bool>(&said);
        given.emplace_back(node.key, flag && *flag);
        if (flag) continue;
        auto refused = not_a("true or false", said);
        refused.at = node.at;
        add_complaint(all, std::move(refused));
    }
    if (!all) *to.to = std::move(given);
    return all;
}

refusal read_value(stage_word to, raw_value const& value) {
    std::size_t found = 0;
    auto refused = assign_choice(found, value, rule::stage_names);
    if (!refused) *to.to = static_cast<rule::stage>(found);
    return refused;
}

refusal read_value(verdict_word to, raw_value const& value) {
    std::size_t found = 0;
    auto refused = assign_choice(found, value, verdict_names);
    if (!refused) *to.to = static_cast<rule::verdict_kind>(found);
    return refused;
}

std::string written(flags_by_name from) {
    std::string out;
    for (auto const& [name, flag] : *from.to)
        (out += out.empty() ? "" : ", ") += toml_key(name) + (flag ? " = true" : " = false");
    return out.empty() ? out : "{ " + out + " }";
}

std::string written(stage_word from) { return *from.to ? toml_text(rule::name_of(**from.to)) : ""; }

std::string written(verdict_word from) {
    return *from.to ? toml_text(verdict_names[static_cast<std::size_t>(**from.to)]) : "";
}

std::string called(stage_word) { return choice_of(rule::stage_names); }
std::string called(verdict_word) { return choice_of(verdict_names); }

} // namespace milter::manager
