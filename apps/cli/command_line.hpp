// SPDX-License-Identifier: BSL-1.0
// cli/command_line.hpp - a command line from its words to its exit status, the same way in every test tool
#pragma once

#include "cli/exit_code.hpp"

#include <CLI/CLI.hpp>

#include <exception>
#include <iostream>
#include <optional>
#include <string>

namespace milter::cli {

/// Parses, and calls `settle()`, which finds out what the texts mean and throws what is wrong with them. Help, version and
/// complaints are printed.
/// @param name  in front of complaints
/// @return  set: everything has been said, exit with it
template <class Settle>
std::optional<int> parse_command_line(CLI::App& app, std::string const& name, int argc,
                                      char const* const* argv, Settle settle) {
    constexpr auto usage = static_cast<int>(exit_code::usage);
    try {
        app.parse(argc, argv);
        settle();
    } catch (CLI::ParseError const& why) {
        return app.exit(why) != 0 ? usage : 0;
    } catch (std::exception const& why) {
        std::cerr << name << ": " << why.what() << '\n';
        return usage;
    }
    return std::nullopt;
}

} // namespace milter::cli
