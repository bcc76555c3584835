// SPDX-License-Identifier: BSL-1.0
// manager/options.hpp - the command line of milter-manager
#pragma once

#include "manager/config_show_options.hpp"
#include "manager/doctor_options.hpp"
#include "manager/import/import.hpp"
#include "manager/rules/request.hpp"
#include <milter/endpoint.hpp>

#include <optional>
#include <string>

namespace milter::manager {

enum class verb { run, check, status, reload, drain, import, rules, config, doctor };

struct import_options {
    std::optional<import_source> from; ///< empty: by what stands in the file
    std::string file;                  ///< "-": standard input
    std::string output;                ///< empty: standard output
    bool force = false;                ///< write over it
};

struct options {
    manager::verb verb = manager::verb::run;
    std::string config_file = "/etc/milter-manager/milter-manager.toml";
    bool quiet = false;              ///< check: print nothing when all is well
    std::optional<endpoint> control; ///< status, reload, drain; empty: as the file says
    bool json = false;               ///< status: as it was heard
    std::string timeout;             ///< drain: a duration; empty: as the manager's file says
    bool wait = false;               ///< drain: until the manager has ended
    import_options import_from;      ///< import
    rules_request rules;             ///< rules
    config_show_options show;        ///< config show
    doctor_options doctor;           ///< doctor
};

struct parsed_options {
    std::optional<options>
        value; ///< empty: exit with `status` (help, version, usage error; already printed)
    int status = 0;
};

/// Prints help to stdout and usage errors to stderr.
parsed_options parse_options(int argc, char const* const* argv);

} // namespace milter::manager
