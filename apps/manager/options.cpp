// SPDX-License-Identifier: BSL-1.0
// manager/options.cpp
#include "manager/options.hpp"

#include <milter/version.hpp>

#include <CLI/CLI.hpp>

#include <sysexits.h>

#include <cstdlib>
#include <iostream>
#include <string>

namespace milter::manager {

namespace {

constexpr char const* description =
    R"(Stands between an MTA and its milters: one milter to the MTA, the MTA to each milter.

Examples:
  milter-manager check -c /etc/milter-manager/milter-manager.toml
  milter-manager run -c /etc/milter-manager/milter-manager.toml
  postconf -e smtpd_milters=unix:/run/milter-manager/mta.sock)";

constexpr char const* footer = R"(
Signals: SIGTERM drains and ends, twice at once; SIGHUP reloads; SIGUSR1 opens the decision log
  anew.
Exit status: 0, 64 usage, 69 cannot listen, 73 cannot open the log, 78 configuration.)";

void add_config_option(CLI::App& app, options& into) {
    app.add_option("-c,--config", into.config_file, "Configuration file")
        ->type_name("FILE")
        ->envname("MILTER_MANAGER_CONFIG")
        ->capture_default_str();
}

} // namespace

parsed_options parse_options(int argc, char const* const* argv) {
    options value;
    CLI::App app(description, "milter-manager");
    app.footer(footer);
    app.set_version_flag("--version", "milter-manager " + std::string(milter::version_string));
    app.require_subcommand(1);
    app.fallthrough();

    auto* const run = app.add_subcommand("run", "Serves mail, in the foreground");
    add_config_option(*run, value);
    auto* const check =
        app.add_subcommand("check", "Checks the configuration and shows its problems");
    add_config_option(*check, value);
    check->add_flag("-q,--quiet", value.quiet, "Print nothing when all is well");

    try {
        app.parse(argc, argv);
    } catch (CLI::Success const& asked) { // --help, --version
        return {std::nullopt, app.exit(asked)};
    } catch (CLI::ParseError const& wrong) {
        app.exit(wrong, std::cerr, std::cerr);
        return {std::nullopt, EX_USAGE};
    }
    value.verb = check->parsed() ? verb::check : verb::run;
    return {value, EXIT_SUCCESS};
}

} // namespace milter::manager
