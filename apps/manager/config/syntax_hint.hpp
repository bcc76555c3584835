// SPDX-License-Identifier: BSL-1.0
// manager/config/syntax_hint.hpp - what was probably meant by text that is no TOML
//
// The parser says where it stopped; the commonest slips are told by the line it stopped in.
#pragma once

#include "manager/config/config_problem.hpp"

#include <string>
#include <string_view>

namespace milter::manager {

/// @param at     where the parser stopped
/// @param error  what it said
/// @return  empty when nothing is likely
std::string syntax_hint(std::string_view text, source_place at, std::string_view error);

} // namespace milter::manager
