// SPDX-License-Identifier: BSL-1.0
// manager/main.cpp - milter-manager
#include "manager/check_command.hpp"
#include "manager/config_show_command.hpp"
#include "manager/control_client.hpp"
#include "manager/doctor_command.hpp"
#include "manager/import_command.hpp"
#include "manager/machine.hpp"
#include "manager/rules/run_rules.hpp"
#include "manager/run.hpp"

int main(int argc, char** argv) {
    auto const parsed = milter::manager::parse_options(argc, argv);
    if (!parsed.value) return parsed.status;
    using milter::manager::verb;
    switch (parsed.value->verb) {
    case verb::run: return milter::manager::run(*parsed.value);
    case verb::check: return milter::manager::check(*parsed.value);
    case verb::import: return milter::manager::import_configuration(parsed.value->import_from);
    case verb::rules:
        return milter::manager::run_rules(parsed.value->rules,
                                          milter::manager::this_machine_before_start());
    case verb::config: return milter::manager::show_configuration(*parsed.value);
    case verb::doctor: return milter::manager::examine(*parsed.value);
    default: return milter::manager::ask_manager(*parsed.value);
    }
}
