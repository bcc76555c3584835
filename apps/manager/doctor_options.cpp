// SPDX-License-Identifier: BSL-1.0
// manager/doctor_options.cpp - the command line of `milter-manager doctor`
#include "manager/command_options.hpp"

namespace milter::manager {

namespace {

constexpr char const* footer = R"(
Examples:
  sudo -u milter-manager milter-manager doctor
  milter-manager doctor -v -c milter-manager.toml
  milter-manager doctor --query
  milter-manager doctor --postfix-config /etc/postfix-out
  milter-manager doctor --no-connect --json | jq '.findings[] | select(.weight == "problem")'

It changes nothing. A milter that it connects to sees a negotiation and the end of the connection.
Exit status: 0 no problem, though perhaps warnings, 1 problems, 64 usage, 78 the configuration has
  errors.)";

} // namespace

CLI::App& add_doctor_command(CLI::App& app, options& into) {
    auto* const doctor = app.add_subcommand(
        "doctor", "Looks at milters, MTA and machine: what is wrong, why, and what to write");
    doctor->footer(footer);
    auto& asked = into.doctor;
    doctor->add_flag("--json", asked.json, "As JSON");
    doctor->add_flag("-v,--verbose", asked.verbose, "Also what was looked at and is right");
    doctor->add_flag_callback(
        "--no-connect", [&asked] { asked.connect = false; }, "Connect to no milter");
    doctor->add_flag("--query", asked.query,
                     "Ask each list in DNS about a test address, 127.0.0.2");
    doctor
        ->add_option("--postfix-config", asked.postfix_config,
                     "Folder of Postfix's main.cf and master.cf, if not the system's, "
                     "as of another instance")
        ->type_name("DIR")
        ->check(CLI::ExistingDirectory);
    return *doctor;
}

} // namespace milter::manager
