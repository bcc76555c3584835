// SPDX-License-Identifier: BSL-1.0
// manager/doctor/facts.hpp - what there is to be judged: the configuration, and what was seen of the machine
#pragma once

#include "manager/core/config.hpp"
#include "manager/core/dns_zone.hpp"
#include "manager/doctor/milter_probe.hpp"
#include "manager/doctor/path_walk.hpp"
#include "manager/postfix_settings.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace milter::manager::doctor {

struct milter_socket {
    std::optional<obstacle> barred;    ///< for the manager's user; unix sockets alone
    std::optional<probe_result> heard; ///< empty: not asked
};

struct listener {
    std::optional<obstacle> barred; ///< for the MTA's user; unix sockets alone
};

/// As whom the manager runs as its systemd unit has it.
inline constexpr auto usual_user = "milter-manager";

struct facts {
    std::shared_ptr<config const> settings; ///< from with_endpoints(), with what Postfix is set to
    std::string user; ///< as whom the manager runs, as far as that can be seen
    bool is_roots_view =
        false;             ///< who looks may do everything, and the manager's user is not known
    std::string arguments; ///< that were given to doctor: " -c x.toml"; for who asks again
    postfix_settings postfix;
    std::string mta_user; ///< as whom Postfix runs; empty: there is none
    std::vector<std::vector<milter_socket>>
        milters; ///< as the configuration has them; empty: not looked at
    std::vector<listener> listeners;
    std::vector<std::string> resolvers; ///< addresses, of resolv.conf
    std::vector<std::optional<listing>>
        test_entry; ///< of block lists, then allow lists; empty: not asked
};

/// What a milter agreed to on the first of its sockets that answers; null: not known.
proto::agreement const* agreed_of(facts const& of, std::size_t milter) noexcept;

} // namespace milter::manager::doctor
