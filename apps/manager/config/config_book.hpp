// SPDX-License-Identifier: BSL-1.0
// manager/config/config_book.hpp - the rules of a configuration made ready, with their problems at their places in the files
#pragma once

#include "manager/config/config_check.hpp"

namespace milter::manager {

/// Fills in config::book, of which there is none when there are no rules.
void build_book(config& what, value_places const& places, problem_list& problems);

} // namespace milter::manager
