// SPDX-License-Identifier: BSL-1.0
// test-filter/expectation.cpp - what the MTA is expected to say, and what of it was not met
#include "test-filter/expectation.hpp"

#include "test-filter/script.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace milter::test_filter {

namespace {

bool concerns(expectation const& one, wire::command_code stage) noexcept {
    return one.stage ? *one.stage == stage
                     : wire::row_of(stage).answered && stage != wire::command_code::negotiate;
}

} // namespace

expectation parse_expectation(std::string_view text, bool never) {
    expectation one;
    one.text = text;
    one.never = never;
    auto const sign = text.find('=');
    one.stage = parse_rule_stage(text.substr(0, sign));
    if (sign != text.npos) one.that.push_back(parse_condition(text.substr(sign + 1)));
    return one;
}

void expectation_watch::command(wire::command_code stage, seen const& state,
                                proto::macro_store const& macros) {
    for (std::size_t i = 0; i < wanted_.size(); ++i) {
        auto const& one = wanted_[i];
        if (!concerns(one, stage)) continue;
        auto& sum = seen_[i];
        ++sum.commands;
        bool const all = std::all_of(one.that.begin(), one.that.end(), [&](condition const& asked) {
            return holds(asked, state, macros, stage);
        });
        if (all != one.never) continue;
        if (sum.broken++ == 0)
            sum.first = fmt::format("session {}, message {}, {}", state.session, state.message,
                                    wire::name_of(stage));
    }
}

std::vector<std::string> expectation_watch::unmet() const {
    std::vector<std::string> all;
    for (std::size_t i = 0; i < wanted_.size(); ++i) {
        auto const& one = wanted_[i];
        auto const& sum = seen_[i];
        if (sum.broken != 0)
            all.push_back(fmt::format(
                "expected {}{}; {} of {} commands did otherwise, the first: {}",
                one.never ? "never " : "", one.text, sum.broken, sum.commands, sum.first));
        else if (sum.commands == 0 && !one.never)
            all.push_back(fmt::format("expected {}; no such command came", one.text));
    }
    return all;
}

} // namespace milter::test_filter
