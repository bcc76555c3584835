// SPDX-License-Identifier: BSL-1.0
// manager/rules/ready_rules.cpp
#include "manager/rules/ready_rules.hpp"

#include "manager/config/config_toml.hpp"

#include <utility>

namespace milter::manager {

namespace {

/// Without any rule, every milter applies.
std::shared_ptr<rule::book const> empty_book(config const& of) {
    rule::book_text text;
    for (auto const& one : of.milters) text.milters.push_back({one.name, {}, true});
    return rule::build(text).value;
}

ready_rules made_ready(loaded_config loaded) {
    if (!loaded.config) return {nullptr, std::move(loaded.problems)};
    auto settings = *loaded.config;
    if (!settings.book) settings.book = empty_book(settings);
    return {with_endpoints(std::move(settings)), std::move(loaded.problems)};
}

} // namespace

ready_rules load_rules(std::string const& file, machine const* on) {
    return made_ready(load_config(file, on));
}

ready_rules rules_in(std::string_view text, std::string const& file) {
    return made_ready(parse_config(text, file));
}

std::string text_of(std::vector<config_problem> const& problems) {
    std::string out;
    for (auto const& one : problems)
        if (one.weight != problem_weight::note) out += to_string(one) + '\n';
    return out;
}

std::vector<std::size_t> milters_in(config const& what, std::string_view profile) {
    auto const* const chosen = find_profile(what, profile);
    std::vector<std::size_t> places;
    for (auto const place : chosen ? chosen->order : what.order)
        if (what.milters[place].enabled) places.push_back(place);
    return places;
}

} // namespace milter::manager
