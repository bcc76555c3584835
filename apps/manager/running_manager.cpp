// SPDX-License-Identifier: BSL-1.0
// manager/running_manager.cpp
#include "manager/running_manager.hpp"

#include "manager/control_connection.hpp"

#include <sysexits.h>

#include <cerrno>
#include <chrono>
#include <optional>
#include <string>
#include <system_error>

namespace milter::manager {

namespace {

using json = nlohmann::ordered_json;

constexpr auto patience = std::chrono::seconds(2); // a manager answers at once

/// Throws json::exception when it is none of a manager.
manager_found read_status(json const& answer) {
    if (!answer.at("ok").get<bool>())
        return {manager_found::kind::untold, answer.at("error").get<std::string>(), {}};
    manager_found found{manager_found::kind::manager, {}, {}};
    for (auto const& one : answer.at("listeners"))
        if (auto const where = parse_endpoint(one.at("address").get<std::string>()))
            found.listeners.push_back({*where, one.value("inherited", false)});
    return found;
}

} // namespace

manager_found find_manager(endpoint const& control) {
    std::optional<control_connection> manager;
    try {
        manager.emplace(control, false, patience);
    } catch (control_failure const& why) {
        if (why.status != EX_NOPERM) return {};
        return {manager_found::kind::untold, std::generic_category().message(EACCES), {}};
    }
    try {
        manager->say({{"command", "status"}});
        return read_status(manager->hear(patience));
    } catch (control_failure const& why) {
        // systemd may listen for a manager that does not come up
        if (why.status == EX_TEMPFAIL) return {manager_found::kind::untold, why.text, {}};
    } catch (json::exception const&) {
    }
    return {manager_found::kind::stranger, {}, {}};
}

} // namespace milter::manager
