// SPDX-License-Identifier: BSL-1.0
// test-server/profile_toml.hpp - the habits of an MTA from a TOML file
#pragma once

#include "test-server/profile.hpp"

#include <stdexcept>
#include <string>
#include <string_view>

namespace milter::test_server {

/// One line for each problem: "file:line:column: text".
class profile_error : public std::runtime_error {
public:
    explicit profile_error(std::string const& why) : std::runtime_error(why) {}
};

/// @param file  its name, for messages. @throws profile_error
mta_profile parse_profile(std::string_view text, std::string const& file);

/// By name, or from a file: what ends with ".toml" or has a slash is one. @throws std::invalid_argument, profile_error
mta_profile load_profile(std::string const& name_or_file);

} // namespace milter::test_server
