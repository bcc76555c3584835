// SPDX-License-Identifier: BSL-1.0
// manager/doctor_options.hpp - what `milter-manager doctor` is asked for
#pragma once

namespace milter::manager {

struct doctor_options {
    bool json = false;
    bool verbose = false; ///< also what is right
    bool connect = true;  ///< to the milters
    bool query = false;   ///< lists in DNS about a test address
};

} // namespace milter::manager
