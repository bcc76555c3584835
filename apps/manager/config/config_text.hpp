// SPDX-License-Identifier: BSL-1.0
// manager/config/config_text.hpp - names, modes, paths and macros in the configuration
#pragma once

#include "manager/config/config_raw.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace milter::manager {

inline constexpr std::size_t line_limit = 512; // bytes of words for people

/// "i", "{auth_type}"
bool is_macro_name(std::string_view name) noexcept;

/// With what it should be, if braces are all that lacks; else the hint.
complaint no_macro(std::string const& name, std::string_view hint);

// On a refusal the target is unchanged.
refusal assign_mode(std::optional<unsigned>& to, raw_value const& value); ///< "0660"
refusal assign_name(std::string& to, raw_value const& value);
refusal assign_names(std::vector<std::string>& to, raw_value const& value); ///< ["spf", "dkim"]
refusal assign_milter_name(std::string& to, raw_value const& value);
refusal assign_line(std::string& to, raw_value const& value); ///< at most line_limit bytes
refusal assign_group(std::string& to, raw_value const& value);
refusal assign_path(std::string& to, raw_value const& value); ///< absolute
refusal assign_log_file(std::string& to,
                        raw_value const& value); ///< absolute or "-", kept as empty
/// `"i {auth_type}"` or `["i", "{auth_type}"]`, kept as names with a blank between them, each once.
refusal assign_macros(std::string& to, raw_value const& value);

} // namespace milter::manager
