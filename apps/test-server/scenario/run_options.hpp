// SPDX-License-Identifier: BSL-1.0
// test-server/scenario/run_options.hpp - the command line of milter-test-server run
#pragma once

#include "test-server/scenario/scenario_player.hpp"
#include "test-server/scenario/scenario_toml.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace milter::test_server {

struct run_options {
    std::optional<endpoint> milter; ///< nothing: it is started, or (learning) none is asked
    std::string start;              ///< command that starts the milter; empty: it runs
    std::vector<std::string> paths; ///< files and folders
    variables set;
    std::string as; ///< instead of what the scenarios say; empty: that
    play_options how;
    std::size_t jobs = 8; ///< scenarios at the same time
    bool learns = false;
    std::string output = "-"; ///< of what was learnt
    bool json = false, tap = false;
    std::string junit; ///< file, too; empty: none
    bool color = false;
    bool verbose = false; ///< each step
    bool packets = false; ///< each packet, on standard error
    std::function<std::optional<int>()>
        status_of_milter; ///< with which it has ended; empty: it was not started here
};

struct parsed_run_options {
    run_options value;
    std::optional<int> exit_code; ///< set: everything has been said, exit with it
};

/// Prints help and complaints itself. argv[0] is the word `run`.
parsed_run_options parse_run_options(int argc, char const* const* argv);

} // namespace milter::test_server
