// SPDX-License-Identifier: BSL-1.0
// test-filter/options.hpp - the command line of milter-test-filter
#pragma once

#include "test-filter/event.hpp"
#include "test-filter/script.hpp"
#include <milter/endpoint.hpp>
#include <milter/net/listener.hpp>

#include <cstddef>
#include <optional>
#include <string>

namespace milter::test_filter {

struct options {
    endpoint where;
    net::listen_options listening;
    script plan;              ///< rules of the command line before those of the script file
    std::size_t sessions = 0; ///< after how many to exit; 0: never
    detail_level level = detail_level::normal;
    bool json = false;
    std::string record; ///< corpus that sessions are written to; empty: none
};

struct parsed_options {
    options value;
    std::optional<int> exit_code; ///< set: everything has been said, exit with it
};

/// Prints help, version and complaints itself.
parsed_options parse_options(int argc, char const* const* argv);

} // namespace milter::test_filter
