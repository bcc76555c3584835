// SPDX-License-Identifier: BSL-1.0
// manager/doctor_command.cpp - reads the configuration, looks, and tells
#include "manager/doctor_command.hpp"

#include "manager/config/config_toml.hpp"
#include "manager/doctor/examination.hpp"
#include "manager/doctor/finding_json.hpp"
#include "manager/doctor/observation.hpp"
#include "manager/mta_settings.hpp"

#include <sysexits.h>

#include <csignal>
#include <iostream>

namespace milter::manager {

namespace {

constexpr int has_problems = 1; // exit status

std::vector<doctor::finding> findings_of(loaded_config const& loaded, doctor_options const& asked) {
    postfix_query query;
    query.config_directory = asked.postfix_config;
    auto const postfix = read_postfix_settings(query);
    auto const settings = with_endpoints(*fitted(loaded.config, postfix));
    return doctor::examine(doctor::observe(settings, postfix, {asked.connect, asked.query}));
}

} // namespace

int examine(options const& options) {
    auto const loaded = load_config(options.config_file);
    if (!loaded.config) {
        for (auto const& problem : loaded.problems) std::cerr << to_string(problem) << '\n';
        return EX_CONFIG;
    }
    std::signal(SIGPIPE, SIG_IGN); // milters hang up when they like
    auto const found = findings_of(loaded, options.doctor);
    auto const which =
        options.doctor.verbose ? doctor::shown::everything : doctor::shown::what_matters;
    std::cout << (options.doctor.json ? doctor::to_json(found) : doctor::to_text(found, which))
              << std::flush;
    return doctor::count(found, doctor::weight::problem) == 0 ? EX_OK : has_problems;
}

} // namespace milter::manager
