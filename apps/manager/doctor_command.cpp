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

std::string arguments_of(options const& given) {
    std::string all;
    if (given.config_file != options().config_file) all += " -c " + given.config_file;
    auto const& folder = given.doctor.postfix_config;
    return folder.empty() ? all : all + " --postfix-config " + folder;
}

std::vector<doctor::finding> findings_of(loaded_config const& loaded, options const& given) {
    auto const& asked = given.doctor;
    postfix_query query;
    query.config_directory = asked.postfix_config;
    auto const postfix = read_postfix_settings(query);
    auto const settings = with_endpoints(*fitted(loaded.config, postfix));
    auto seen = doctor::observe(settings, postfix, {asked.connect, asked.query});
    seen.arguments = arguments_of(given);
    return doctor::examine(seen);
}

} // namespace

int examine(options const& given) {
    auto const loaded = load_config(given.config_file);
    if (!loaded.config) {
        for (auto const& problem : loaded.problems) std::cerr << to_string(problem) << '\n';
        return EX_CONFIG;
    }
    std::signal(SIGPIPE, SIG_IGN); // milters hang up when they like
    auto const found = findings_of(loaded, given);
    auto const which =
        given.doctor.verbose ? doctor::shown::everything : doctor::shown::what_matters;
    std::cout << (given.doctor.json ? doctor::to_json(found) : doctor::to_text(found, which))
              << std::flush;
    return doctor::count(found, doctor::weight::problem) == 0 ? EX_OK : has_problems;
}

} // namespace milter::manager
