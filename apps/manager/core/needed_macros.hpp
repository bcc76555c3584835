// SPDX-License-Identifier: BSL-1.0
// manager/core/needed_macros.hpp - what the MTA must send so that rules know what they ask for
#pragma once

#include "rule/book.hpp"
#include "rule/fact_macro.hpp"
#include "rule/macro_stage.hpp"
#include <milter/wire/code.hpp>
#include <milter/wire/command.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace milter::manager {

using macro_names_by_stage = std::array<std::vector<std::string>, wire::macro_stage_count>;

/// By the stage with which each is asked for.
inline macro_names_by_stage macros_of(rule::needs const& needed) {
    macro_names_by_stage found;
    auto const add = [&](wire::macro_stage with, std::string_view name) {
        auto& names = found[static_cast<std::size_t>(with)];
        if (std::find(names.begin(), names.end(), name) == names.end()) names.emplace_back(name);
    };
    for (auto const& row : rule::fact_macros)
        if (needed.has(row.told)) add(row.with, row.name);
    for (auto const& name : needed.macros) {
        auto const by = rule::settled_by(name);
        add(by == rule::stage::connect ? wire::macro_stage::connect
            : by == rule::stage::mail  ? wire::macro_stage::mail
                                       : wire::macro_stage::end_of_message,
            name);
    }
    return found;
}

} // namespace milter::manager
