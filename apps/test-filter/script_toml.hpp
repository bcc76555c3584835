// SPDX-License-Identifier: BSL-1.0
// test-filter/script_toml.hpp - a script from a TOML file
#pragma once

#include "test-filter/script.hpp"

#include <string>
#include <string_view>

namespace milter::test_filter {

/// @throws script_error, with FILE:LINE:COLUMN in front; a line for each problem
script load_script(std::string const& file);

/// The same of a text; `file` is for messages.
script parse_script(std::string_view text, std::string const& file);

} // namespace milter::test_filter
