// SPDX-License-Identifier: BSL-1.0
// test-server/options.hpp - the command line of milter-test-server
#pragma once

#include "test-server/expectation.hpp"
#include "test-server/plan.hpp"
#include "test-server/report.hpp"
#include <milter/endpoint.hpp>

#include <cstddef>
#include <optional>
#include <string>

namespace milter::test_server {

struct options {
    endpoint milter;
    std::string name = "milter-test-server"; ///< in front of messages on standard error
    session_plan plan;
    expectations expected;
    std::size_t sessions = 1; ///< at the same time
    text_style style;
    bool json = false;
    bool verbose = false;
};

struct parsed_options {
    options value;
    std::optional<int> exit_code; ///< set: everything has been said, exit with it
};

/// Prints help, version and complaints itself; reads the mail files.
parsed_options parse_options(int argc, char const* const* argv);

} // namespace milter::test_server
