// SPDX-License-Identifier: BSL-1.0
// manager/options.cpp
#include "manager/options.hpp"

#include "manager/config/printable.hpp"
#include <milter/version.hpp>

#include <CLI/CLI.hpp>

#include <sysexits.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

namespace milter::manager {

namespace {

constexpr char const* description =
    R"(Stands between an MTA and its milters: one milter to the MTA, the MTA to each milter.

Examples:
  milter-manager check -c /etc/milter-manager/milter-manager.toml
  milter-manager run -c /etc/milter-manager/milter-manager.toml
  postconf -e smtpd_milters=inet:127.0.0.1:10025
)";

constexpr char const* footer = R"(
Signals: SIGTERM drains and ends, twice at once; SIGHUP reloads; SIGUSR1 opens the decision log
  anew.
Exit status: 0, 64 usage, 69 cannot listen, 73 cannot open the log or use the spool directory,
  78 configuration. Warnings do not change it.)";

constexpr std::string_view commands = "there are run and check";

/// Of the program and of each command, so that it may stand on both sides of the command. The environment is not left
/// to CLI11: the option that was not given would take it, over the one that was.
void add_config_option(CLI::App& app, options& into) {
    app.add_option("-c,--config", into.config_file,
                   "Configuration file; by default $MILTER_MANAGER_CONFIG, else what is shown")
        ->type_name("FILE")
        ->capture_default_str();
}

/// The first word that is neither an option nor the file of one; empty: there is none.
std::string_view command_of(int argc, char const* const* argv) {
    for (int i = 1; i < argc; ++i) {
        std::string_view const word = argv[i];
        if (word == "-c" || word == "--config")
            ++i;
        else if (word.substr(0, 1) != "-")
            return word;
    }
    return {};
}

parsed_options wrong_usage(std::string const& what) {
    std::cerr << "milter-manager: " << what << "\nmilter-manager --help says more\n";
    return {std::nullopt, EX_USAGE};
}

/// CLI11 takes an unknown command for a missing one.
std::string why_refused(CLI::ParseError const& wrong, std::string_view command) {
    if (command.empty()) return "no command; " + std::string(commands);
    if (command != "run" && command != "check")
        return "unknown command " + in_quotes(command) + "; " + std::string(commands);
    return wrong.what();
}

} // namespace

parsed_options parse_options(int argc, char const* const* argv) {
    options value;
    if (auto const* named = std::getenv("MILTER_MANAGER_CONFIG"); // NOLINT(concurrency-mt-unsafe)
        named && *named != '\0')
        value.config_file = named;
    CLI::App app(description, "milter-manager");
    app.footer(footer);
    app.set_version_flag("--version", "milter-manager " + std::string(milter::version_string));
    app.require_subcommand(1);
    add_config_option(app, value);

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
        return wrong_usage(why_refused(wrong, command_of(argc, argv)));
    }
    value.verb = check->parsed() ? verb::check : verb::run;
    return {value, EXIT_SUCCESS};
}

} // namespace milter::manager
