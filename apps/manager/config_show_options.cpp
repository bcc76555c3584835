// SPDX-License-Identifier: BSL-1.0
// manager/config_show_options.cpp - the command line of `milter-manager config show`
#include "manager/command_options.hpp"

namespace milter::manager {

namespace {

constexpr char const* footer = R"(
Examples:
  milter-manager config show
  milter-manager config show --origin -c milter-manager.toml
  milter-manager config show --effective --origin | less
  milter-manager config show --json --effective | jq '."manager.command_budget"'

What is printed can be read as a configuration again, and is the same one.
Exit status: 0, 64 usage, 78 the configuration has errors, which are shown as check shows them.)";

} // namespace

CLI::App& add_config_command(CLI::App& app, options& into) {
    auto* const config = app.add_subcommand("config", "Shows what the configuration is");
    config->require_subcommand(1);
    auto* const show =
        config->add_subcommand("show", "Prints it as one file, of what stands in all of its files");
    show->footer(footer);
    auto& asked = into.show;
    show->add_flag("--effective", asked.effective,
                   "Every key with the value in force, and what follows from them in comments");
    show->add_flag("--origin", asked.origin, "Behind each value the file and line where it stands");
    show->add_flag("--json", asked.json, "As JSON: {\"KEY\": {\"value\": ..., \"origin\": ...}}");
    return *show;
}

} // namespace milter::manager
