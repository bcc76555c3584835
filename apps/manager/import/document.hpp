// SPDX-License-Identifier: BSL-1.0
// manager/import/document.hpp - a setup written as a configuration, with all remarks where they belong
#pragma once

#include "manager/import/setup.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace milter::manager {

/// `FILE:LINE: what; what to do`, a note with that word in front of what it says.
std::string to_text(remark const& one, std::string_view file);

/// All of them, in the order of the configuration.
std::vector<std::string> remark_lines(setup const& all, std::string_view file);

/// TOML. @param made_by  the command, for the head
std::string to_toml(setup const& all, std::string_view file, std::string_view made_by);

} // namespace milter::manager
