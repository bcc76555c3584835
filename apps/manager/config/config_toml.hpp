// SPDX-License-Identifier: BSL-1.0
// manager/config/config_toml.hpp - reads the configuration file and checks it as a whole
//
//   auto loaded = load_config("/etc/milter-manager/milter-manager.toml");
//   for (auto const& problem : loaded.problems) std::cerr << to_string(problem) << '\n';
//   if (!loaded.config) return EX_CONFIG;
//
// The keys are listed in config_key.hpp.
#pragma once

#include "manager/config/config_machine.hpp"
#include "manager/config/config_origin.hpp"
#include "manager/config/config_problem.hpp"
#include "manager/core/config.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace milter::manager {

struct loaded_config {
    std::shared_ptr<manager::config const> config; ///< null when a problem is an error
    std::vector<config_problem> problems;          ///< in the order of the file; also warnings
    endpoint
        control; ///< where it is asked for; also of a file with errors, as far as it could be read
    config_origins origins = {}; ///< of what stands in the files
};

/// @param on  the machine that it shall fit; null: any. Blocks on files. Does not throw, but for lack of memory.
loaded_config load_config(std::string const& path, machine const* on = nullptr);

/// What the files say, each by itself: what they say together is not checked, and no set is read, whose file may be large
/// or hang. For who looks something up.
loaded_config load_unchecked(std::string const& path);

/// @param file  how problems call the text
loaded_config parse_config(std::string_view text, std::string const& file);

} // namespace milter::manager
