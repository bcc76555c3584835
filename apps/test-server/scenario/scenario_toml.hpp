// SPDX-License-Identifier: BSL-1.0
// test-server/scenario/scenario_toml.hpp - scenarios from TOML files, with the files that they include
#pragma once

#include "test-server/scenario/scenario.hpp"

#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

namespace milter::test_server {

/// One line for each problem: "file:line:column: text".
class scenario_error : public std::runtime_error {
public:
    explicit scenario_error(std::string const& why) : std::runtime_error(why) {}
};

using variables = std::map<std::string, std::string, std::less<>>;

/// `${NAME}` stands for a variable of the file, of those it includes, or of `set`, which has the last word. Names of files
/// in it are relative to its folder. @throws scenario_error
scenario load_scenario(std::string const& file, variables const& set);

/// The same from memory; what it names is looked for relative to `file`. @throws scenario_error
scenario parse_scenario(std::string_view text, std::string const& file, variables const& set);

} // namespace milter::test_server
