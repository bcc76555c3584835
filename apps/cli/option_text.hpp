// SPDX-License-Identifier: BSL-1.0
// cli/option_text.hpp - what --help says of an option
#pragma once

#include <CLI/CLI.hpp>

#include <string>

namespace milter::cli {

/// The word behind an option in --help, without the remarks that CLI11 puts there by itself.
inline CLI::Option* show_as(CLI::Option* option, std::string const& type) {
    return option->type_name(type)->option_text(type);
}

} // namespace milter::cli
