// SPDX-License-Identifier: BSL-1.0
// test-filter/style.hpp - milters as they are known: what they negotiate, and their habits
//
// Source: protocol.md 8.2, from captures of the real ones.
#pragma once

#include "test-filter/script.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace milter::test_filter {

struct filter_style {
    std::string_view name;
    std::string_view about;
    std::uint32_t version = wire::newest_version;
    wire::action actions = wire::action::none;
    wire::step steps = wire::step::none;
    bool ignores_offer = false;      ///< answers that, whatever was offered
    bool answers_abort_quit = false; ///< with CONTINUE, which no MTA expects
};

std::vector<filter_style> const& filter_styles();

/// Puts what the style negotiates, and its habits, into a script, where the script does not say it. @throws script_error
void apply_style(script& to, std::string_view name);

} // namespace milter::test_filter
