// SPDX-License-Identifier: BSL-1.0
// replay/verb.hpp - the verbs of milter-replay: what each adds to the command line, and what it runs
//
// The files verbs_*.cpp define them, group by group; only they and options.cpp know CLI11.
#pragma once

#include "cli/exit_code.hpp"

#include <CLI/CLI.hpp>

#include <functional>

namespace milter::replay {

struct verb {
    CLI::App* words = nullptr; ///< its part of the command line
    /// Called when it was chosen: finds out what its texts mean; what is wrong with them is thrown as std::exception.
    std::function<void()> settle;
    std::function<cli::exit_code()> run;
};

/// Behind the text of each verb that has no other exit status than these.
inline constexpr char const* exit_status =
    "\nExit status: 0; 1 something was cut, lost or skipped: standard error says what; 2 usage, or "
    "a file that cannot "
    "be read.";

verb add_import(CLI::App& app);
verb add_cat(CLI::App& app);

} // namespace milter::replay
