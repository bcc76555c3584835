// SPDX-License-Identifier: BSL-1.0
// manager/rules/ready_rules.hpp - a configuration with its rules, ready to be asked
#pragma once

#include "manager/config/config_machine.hpp"
#include "manager/config/config_problem.hpp"
#include "manager/core/config.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace milter::manager {

struct ready_rules {
    std::shared_ptr<config const>
        settings; ///< null: it has errors; else with a book, be it empty, and with an order
    std::vector<config_problem> problems;
};

/// Blocks on files. @param on  the machine that it shall fit; null: any
ready_rules load_rules(std::string const& file, machine const* on = nullptr);

/// The same of a text, which no other files belong to. @param file  how problems call it
ready_rules rules_in(std::string_view text, std::string const& file);

/// As `check` shows them, without notes.
std::string text_of(std::vector<config_problem> const& problems);

/// Places of the milters that mail goes through, in the order in which they are asked. @param profile  empty: all
std::vector<std::size_t> milters_in(config const& what, std::string_view profile);

} // namespace milter::manager
