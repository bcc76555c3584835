// SPDX-License-Identifier: BSL-1.0
// manager/program_output.hpp - what another program prints, within limits of time and size
#pragma once

#include <milter/proto/timeouts.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace milter::manager {

struct program_limits {
    proto::duration time = std::chrono::seconds(5);
    std::size_t output = std::size_t{1} << 20; ///< bytes
};

struct program_output {
    std::string text;    ///< of its standard output
    std::string problem; ///< why it is not to be relied upon; empty: the program ended with 0
};

/// Runs a program to its end, without a shell, with nothing of ours but our user: no descriptors, no signals that are
/// blocked or ignored, no environment but a PATH and the C locale, its standard error dropped. Blocks. Beyond a limit it
/// and what it started are killed.
/// @param argv  a path, then its arguments
program_output output_of(std::vector<std::string> argv, program_limits const& limits = {});

/// Where a program stands: in the folders of the system first, then where PATH says; empty: nowhere.
std::string find_program(std::string_view name);

} // namespace milter::manager
