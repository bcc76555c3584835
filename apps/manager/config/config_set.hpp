// SPDX-License-Identifier: BSL-1.0
// manager/config/config_set.hpp - the named sets of a configuration, read from their lists, files, tables and databases
//
//   if (sets_have_changed(*settings)) { auto read = with_changed_sets(*settings); ... }
#pragma once

#include "manager/config/config_check.hpp"
#include "manager/config/file_state.hpp"

#include <optional>
#include <string>
#include <vector>

namespace milter::manager {

inline constexpr std::size_t set_file_limit = std::size_t{256} << 20; // bytes

/// What its entries are; empty: it does not say.
std::optional<rule::set_kind> kind_of(set_config const& of);

/// Fills in config::sets and what they were read from. Blocks.
void read_sets(config& what, value_places const& places, problem_list& problems);

struct changed_sets {
    config value;                         ///< with what is new
    std::vector<std::string> names;       ///< of the sets that are new
    std::vector<config_problem> problems; ///< warnings: of these the old sets stay
};

/// Those that could not be read the last time, though nothing may be wrong with what they say.
enum class unreadable_sets { only_if_changed, too };

/// Reads anew the sets whose files have changed. Blocks. What was found wrong is looked at again when the file changes; that
/// a file cannot be read is told once.
changed_sets with_changed_sets(config const& what,
                               unreadable_sets unreadable = unreadable_sets::only_if_changed,
                               file_listener const& before = {});

} // namespace milter::manager
