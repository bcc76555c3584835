// SPDX-License-Identifier: BSL-1.0
// manager/doctor_options.hpp - what `milter-manager doctor` is asked for
#pragma once

#include <string>

namespace milter::manager {

struct doctor_options {
    bool json = false;
    bool verbose = false;       ///< also what is right
    bool connect = true;        ///< to the milters
    bool query = false;         ///< lists in DNS about a test address
    std::string postfix_config; ///< folder of main.cf and master.cf; empty: that of the system
};

} // namespace milter::manager
