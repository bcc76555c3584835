// SPDX-License-Identifier: BSL-1.0
// manager/doctor/milter_probe.hpp - whether a milter answers, and what it negotiates
#pragma once

#include <milter/endpoint.hpp>
#include <milter/error.hpp>
#include <milter/proto/negotiation.hpp>
#include <milter/proto/timeouts.hpp>

#include <optional>
#include <string>

namespace milter::manager::doctor {

struct probe_times {
    proto::duration connect;
    proto::duration negotiate;
};

struct probe_result {
    error_code connect;    ///< why there is no connection
    std::string negotiate; ///< why there is no agreement, when there is a connection
    std::optional<proto::agreement> agreed;
};

/// Offers all that a manager may offer, and ends the session. The milter hears of no client. Blocks, not longer than the
/// times together.
probe_result probe_milter(endpoint const& where, probe_times const& times);

} // namespace milter::manager::doctor
