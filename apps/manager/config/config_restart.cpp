// SPDX-License-Identifier: BSL-1.0
// manager/config/config_restart.cpp - listeners, threads and the log file
#include "manager/config/config_restart.hpp"

#include "manager/config/printable.hpp"

#include <algorithm>

namespace milter::manager {

namespace {

bool same_listen(listen_config const& a, listen_config const& b) {
    return a.socket == b.socket && a.mode == b.mode && a.group == b.group;
}

} // namespace

std::vector<std::string> changed_for_restart(config const& started_with, config const& read) {
    std::vector<std::string> changed;
    if (!std::equal(started_with.listens.begin(), started_with.listens.end(), read.listens.begin(),
                    read.listens.end(), same_listen))
        changed.emplace_back("the change of [[listen]]");
    if (started_with.workers != read.workers)
        changed.push_back("[manager] workers = " + std::to_string(read.workers));
    if (started_with.decision_log != read.decision_log)
        changed.push_back("[manager] decision_log = " +
                          in_quotes(read.decision_log.empty() ? "-" : read.decision_log));
    return changed;
}

} // namespace milter::manager
