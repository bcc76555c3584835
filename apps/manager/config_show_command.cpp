// SPDX-License-Identifier: BSL-1.0
// manager/config_show_command.cpp - reads the configuration and prints it again
#include "manager/config_show_command.hpp"

#include "manager/config/config_show_json.hpp"
#include "manager/config/config_toml.hpp"
#include "manager/mta_settings.hpp"

#include <sysexits.h>

#include <iostream>
#include <string>
#include <vector>

namespace milter::manager {

namespace {

/// Postfix is asked only where it is to be told.
std::vector<computed_value> computed(loaded_config const& loaded) {
    auto const fit = fitted(loaded.config, read_postfix_settings());
    return computed_values(*with_endpoints(*fit), loaded.origins);
}

std::string text_of(loaded_config const& loaded, config_show_options const& asked) {
    auto const which = asked.effective ? shown_keys::all : shown_keys::written;
    auto const remarks = asked.origin ? origin_remarks::shown : origin_remarks::hidden;
    auto const values = shown_values(*loaded.config, loaded.origins, which);
    std::vector<computed_value> more;
    if (asked.effective) more = computed(loaded);
    if (asked.json) return to_json(values, more);
    if (more.empty()) return to_toml(values, remarks);
    return to_toml(values, remarks) + "\n# What follows from this:\n" + to_toml(more, remarks);
}

} // namespace

int show_configuration(options const& options) {
    auto const loaded = load_config(options.config_file);
    if (!loaded.config) {
        for (auto const& problem : loaded.problems) std::cerr << to_string(problem) << '\n';
        return EX_CONFIG;
    }
    std::cout << text_of(loaded, options.show) << std::flush;
    return std::cout ? EX_OK : EX_CANTCREAT;
}

} // namespace milter::manager
