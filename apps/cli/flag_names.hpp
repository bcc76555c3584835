// SPDX-License-Identifier: BSL-1.0
// cli/flag_names.hpp - bits of the negotiation, and stages, by their names
#pragma once

#include <milter/wire/code.hpp>
#include <milter/wire/flags.hpp>

#include <string>
#include <string_view>

namespace milter::cli {

/// Names of wire/flags.hpp, `all`, `none`, numbers (0x1ff), separated by commas, blanks or `|`; a dash is as good as an
/// underscore. @throws std::invalid_argument
wire::action parse_actions(std::string_view text);
wire::step parse_steps(std::string_view text);

/// A stage of the conversation: a command of wire/code.hpp, or a name that others give it (eoh, eom, from, to,
/// envelope-from, ...). @throws std::invalid_argument
wire::command_code parse_stage(std::string_view text);

/// In lower case, with underscores for dashes.
std::string normal_name(std::string_view text);

} // namespace milter::cli
