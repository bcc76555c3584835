// SPDX-License-Identifier: BSL-1.0
// manager/options.cpp
#include "manager/options.hpp"

#include "manager/command_options.hpp"
#include "manager/config/config_number.hpp"
#include "manager/config/control_json.hpp"
#include "manager/config/printable.hpp"
#include "manager/rules_options.hpp"
#include <milter/version.hpp>

#include <CLI/CLI.hpp>

#include <sysexits.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>

namespace milter::manager {

namespace {

constexpr char const* description =
    R"(Stands between an MTA and its milters: one milter to the MTA, the MTA to each milter.

Examples:
  milter-manager check -c /etc/milter-manager/milter-manager.toml
  milter-manager run -c /etc/milter-manager/milter-manager.toml
  milter-manager reload
  milter-manager status
  milter-manager drain --timeout 1m --wait
  milter-manager config show --effective --origin
  milter-manager doctor
  milter-manager import --from postfix --output milter-manager.toml
  milter-manager import --from sendmail /etc/mail/sendmail.mc
  milter-manager import --from milter-manager show-config.txt
  milter-manager rules check
  postconf -e smtpd_milters=inet:127.0.0.1:10025
)";

constexpr char const* footer = R"(
status, reload and drain ask the manager that runs, on the socket of [control] in its configuration.

Signals: SIGTERM drains and ends, twice at once; SIGHUP reloads; SIGUSR1 opens the decision log
  anew.
Exit status: 0, 64 usage, 69 cannot listen, 71 out of descriptors or threads, 73 cannot open the
  log or use the spool directory, 78 configuration. Warnings do not change it. Of status, reload
  and drain also: 69 nobody answers, 70 not understood, 75 not now, or sessions were cut off,
  76 no answer of a manager, 77 not allowed. Of import: 1 something is left to do, 65 not
  understood, 66 cannot be read, 73 cannot be written. Of rules also: 1 differences, or tests that
  fail. Of doctor: 1 problems.)";

constexpr char const* main_cf_path = "/etc/postfix/main.cf";

constexpr std::string_view commands =
    "there are run, check, status, reload, drain, import, rules, config and doctor";

constexpr std::string_view verb_names[] = {"run",    "check", "status", "reload", "drain",
                                           "import", "rules", "config", "doctor"}; // by verb

constexpr char const* file_help =
    "Configuration file; by default $MILTER_MANAGER_CONFIG, else what is shown";
constexpr char const* asking_file_help =
    "Configuration file, for its [control] socket alone: the manager reads the file that it was "
    "started with; by default $MILTER_MANAGER_CONFIG, else what is shown";

/// Of the program and of each command, so that it may stand on both sides of the command. The environment is not left
/// to CLI11: the option that was not given would take it, over the one that was.
void add_config_option(CLI::App& app, options& into, char const* help = file_help) {
    app.add_option("-c,--config", into.config_file, help)->type_name("FILE")->capture_default_str();
}

/// Of the commands that ask a manager.
void add_control_option(CLI::App& app, options& into) {
    app.add_option_function<std::string>(
           "--control",
           [&into](std::string const& text) {
               auto const parsed = parse_endpoint(text);
               if (!parsed || parsed->family != endpoint::kind::unix_path)
                   throw CLI::ValidationError("--control", "it is unix:PATH, or a path");
               into.control = *parsed;
           },
           "Control socket; by default the one of the configuration file")
        ->type_name("SOCKET");
}

/// Checked here as the manager will, so that a slip is a matter of usage.
void add_timeout_option(CLI::App& app, options& into) {
    app.add_option_function<std::string>(
           "--timeout",
           [&into](std::string const& text) {
               proto::duration ignored{};
               if (auto const wrong = assign_duration(ignored, text, drain_range))
                   throw CLI::ValidationError("--timeout", wrong->message +
                                                               (wrong->hint.empty() ? "" : "; ") +
                                                               wrong->hint);
               into.timeout = text;
           },
           "Until sessions are cut off; by default as [manager] drain says")
        ->type_name("DURATION");
}

void add_asking_commands(CLI::App& app, options& into) {
    auto* const status = app.add_subcommand("status", "Shows how the running manager is");
    status->add_flag("--json", into.json, "As JSON, in one line");
    auto* const reload = app.add_subcommand(
        "reload",
        "Has it read the file that it was started with anew; with errors the old one stays");
    auto* const drain =
        app.add_subcommand("drain", "Has it end when its sessions have, accepting no others");
    add_timeout_option(*drain, into);
    drain->add_flag("--wait", into.wait, "Return when it has ended");
    for (auto* const one : {status, reload, drain}) {
        add_config_option(*one, into, asking_file_help);
        add_control_option(*one, into);
    }
}

constexpr char const* import_footer = R"(
Examples:
  milter-manager import --from postfix > milter-manager.toml
  postconf -n | milter-manager import --from postfix -
  milter-manager import --from sendmail /etc/mail/sendmail.mc
  milter-manager import --from milter-manager show-config.txt --output milter-manager.toml

What it cannot translate is on standard error and, at its place, in the configuration.
Exit status: 0 all is translated, 1 something is left to do, 64 usage, 65 not understood, 66 cannot
  be read, 73 cannot be written.)";

void add_source_option(CLI::App& to, options& into) {
    to.add_option_function<std::string>(
          "--from",
          [&into](std::string const& name) {
              into.import_from.from = import_source_of(name);
              if (!into.import_from.from)
                  throw CLI::ValidationError("--from", "it is milter-manager, postfix or sendmail");
          },
          "milter-manager (what --show-config of the older one prints), postfix (main.cf, "
          "postconf), "
          "sendmail (sendmail.mc, sendmail.cf); by default a guess")
        ->type_name("PROGRAM");
}

void add_import_command(CLI::App& app, options& into) {
    auto* const import = app.add_subcommand(
        "import",
        "Prints a configuration made from what there is now, and says what is left to do");
    import->footer(import_footer);
    add_source_option(*import, into);
    import
        ->add_option("FILE", into.import_from.file,
                     "What to read; -: standard input; by default Postfix's main.cf")
        ->type_name("");
    import->add_option("--output", into.import_from.output, "Write to a new file instead")
        ->type_name("FILE");
    import->add_flag("--force", into.import_from.force, "Write over --output FILE");
}

/// Of the command that was given.
verb verb_of(CLI::App const& app) {
    for (std::size_t i = 0; i < std::size(verb_names); ++i)
        if (app.got_subcommand(std::string(verb_names[i]))) return static_cast<verb>(i);
    return verb::run;
}

/// The first word that is neither an option nor the file of one; empty: there is none.
std::string_view command_of(int argc, char const* const* argv) {
    for (int i = 1; i < argc; ++i) {
        std::string_view const word = argv[i];
        if (word == "-c" || word == "--config" || word == "--control" || word == "--timeout" ||
            word == "--from" || word == "--output")
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

bool is_verb(std::string_view word) {
    return std::find(std::begin(verb_names), std::end(verb_names), word) != std::end(verb_names);
}

/// Of a file that stands alone behind the command.
std::string likely_file(CLI::App const& app, CLI::ParseError const& wrong) {
    if (app.got_subcommand("import")) return {};
    auto const surplus = app.remaining(/*recurse=*/true);
    bool const is_surplus = dynamic_cast<CLI::ExtrasError const*>(&wrong) != nullptr;
    if (!is_surplus || surplus.size() != 1 || surplus[0].substr(0, 1) == "-" || is_verb(surplus[0]))
        return {};
    return "; did you mean -c " + printable(surplus[0]) + "?";
}

/// CLI11 takes an unknown command for a missing one.
std::string why_refused(CLI::App const& app, CLI::ParseError const& wrong,
                        std::string_view command) {
    if (command.empty()) return "no command; " + std::string(commands);
    if (!is_verb(command))
        return "unknown command " + in_quotes(command) + "; " + std::string(commands);
    if (app.got_subcommand("rules") && app.get_subcommand("rules")->get_subcommands().empty()) {
        rules_request none;
        return complete_rules_request(app, none);
    }
    return wrong.what() + likely_file(app, wrong);
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
    check->add_flag("-q,--quiet", value.quiet, "Print nothing when all is well, and no notes");
    add_asking_commands(app, value);
    add_import_command(app, value);
    add_rules_command(app, value.rules, value.config_file, file_help);
    add_config_option(add_config_command(app, value), value);
    add_config_option(add_doctor_command(app, value), value);

    try {
        app.parse(argc, argv);
    } catch (CLI::Success const& asked) { // --help, --version
        return {std::nullopt, app.exit(asked)};
    } catch (CLI::ParseError const& wrong) {
        return wrong_usage(why_refused(app, wrong, command_of(argc, argv)));
    }
    value.verb = verb_of(app);
    if (value.verb == verb::rules) {
        auto const wrong = complete_rules_request(app, value.rules);
        if (!wrong.empty()) return wrong_usage(wrong);
        value.rules.config_file = value.config_file;
    }
    if (value.verb == verb::import && value.import_from.file.empty()) {
        if (value.import_from.from != import_source::postfix)
            return wrong_usage("import needs a file, or --from postfix for its main.cf");
        value.import_from.file = main_cf_path;
    }
    return {value, EXIT_SUCCESS};
}

} // namespace milter::manager
