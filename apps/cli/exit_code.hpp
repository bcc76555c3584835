// SPDX-License-Identifier: BSL-1.0
// cli/exit_code.hpp - what the test tools tell who called them
#pragma once

namespace milter::cli {

enum class exit_code : int {
    pass = 0,
    differs = 1,     ///< an expectation was not met, or a session broke
    usage = 2,       ///< options or a script that cannot be used
    unreachable = 3, ///< nobody to talk to, or no socket to listen on
    gate_missed = 4, ///< all was right, but a bound of time or throughput was missed
    interrupted = 5, ///< by a signal; what was seen until then has been reported
};

} // namespace milter::cli
