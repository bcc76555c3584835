// SPDX-License-Identifier: BSL-1.0
// manager/config/config_restart.cpp - threads and the log file
#include "manager/config/config_restart.hpp"

#include "manager/config/printable.hpp"

namespace milter::manager {

std::vector<std::string> changed_for_restart(config const& started_with, config const& read) {
    std::vector<std::string> changed;
    if (started_with.workers != read.workers)
        changed.push_back("[manager] workers = " + std::to_string(read.workers));
    if (started_with.decision_log != read.decision_log)
        changed.push_back("[manager] decision_log = " +
                          in_quotes(read.decision_log.empty() ? "-" : read.decision_log));
    return changed;
}

} // namespace milter::manager
