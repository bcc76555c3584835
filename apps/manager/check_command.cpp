// SPDX-License-Identifier: BSL-1.0
// manager/check_command.cpp
#include "manager/check_command.hpp"

#include "manager/core/unit_text.hpp"
#include "manager/machine.hpp"

#include <sysexits.h>

#include <algorithm>
#include <iostream>

namespace milter::manager {

namespace {

/// Not with what should be mended, so that whoever looks for that alone finds nothing else there.
void tell_notes(std::vector<config_problem> const& problems) {
    for (auto const& problem : problems)
        if (problem.weight == problem_weight::note) std::cout << to_string(problem) << '\n';
}

/// Of a file without errors.
std::string summary(config const& what, std::vector<config_problem> const& problems) {
    auto const warnings = std::count_if(problems.begin(), problems.end(), [](auto const& one) {
        return one.weight == problem_weight::warning;
    });
    auto const all = what.milters.size();
    auto const enabled = static_cast<std::size_t>(std::count_if(
        what.milters.begin(), what.milters.end(), [](auto const& one) { return one.enabled; }));
    auto const part = enabled < all ? std::to_string(enabled) + " enabled of " : std::string();
    auto text = counted(what.listens.size(), "listener") + ", " + part + counted(all, "milter") +
                ", no errors";
    if (warnings == 0) return text;
    return text + ", " + counted(static_cast<std::size_t>(warnings), "warning");
}

} // namespace

loaded_config load_and_tell(std::string const& file, machine const& here) {
    auto loaded = load_config(file, &here);
    for (auto const& problem : loaded.problems)
        if (problem.weight != problem_weight::note) std::cerr << to_string(problem) << '\n';
    return loaded;
}

int check(options const& options) {
    auto const loaded = load_and_tell(options.config_file, this_machine_before_start());
    if (!loaded.config) return EX_CONFIG;
    if (options.quiet) return EX_OK;
    tell_notes(loaded.problems);
    std::cout << options.config_file << ": " << summary(*loaded.config, loaded.problems) << '\n';
    return EX_OK;
}

} // namespace milter::manager
