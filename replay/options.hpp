// SPDX-License-Identifier: BSL-1.0
// replay/options.hpp - the command line of milter-replay
#pragma once

#include "cli/exit_code.hpp"

#include <functional>
#include <optional>

namespace milter::replay {

struct parsed_options {
    std::function<cli::exit_code()> run; ///< the verb, with what it was given
    std::optional<int> exit_code;        ///< set: everything has been said, exit with it
};

/// Prints help, version and complaints itself.
parsed_options parse_options(int argc, char const* const* argv);

} // namespace milter::replay
