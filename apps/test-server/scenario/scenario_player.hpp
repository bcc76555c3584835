// SPDX-License-Identifier: BSL-1.0
// test-server/scenario/scenario_player.hpp - plays a scenario against a milter, and compares what it answers
#pragma once

#include "test-server/scenario/scenario.hpp"
#include "test-server/transcript.hpp"
#include <milter/endpoint.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace milter::test_server {

struct step_result {
    step_outcome outcome;
    std::vector<step_finding> findings;
};

struct scenario_result {
    std::vector<step_result> steps; ///< as many as were played
    std::string unreachable;        ///< why the milter could not be reached at all; empty: it could
    proto::duration took{};

    bool passed() const noexcept;
    bool missed_latency_only() const noexcept; ///< all findings are about time
};

struct play_options {
    endpoint milter;
    proto::mta_timeouts timeouts;
    proto::duration connect_timeout = std::chrono::seconds(300);
    std::size_t chunk_bytes = wire::default_data_limit; ///< largest piece of a body
};

/// Plays all steps, also behind one whose expectation was not met; behind a session that broke, those of other
/// connections. What it is given must outlive it.
boost::asio::awaitable<scenario_result> play(scenario const& wanted, play_options const& how,
                                             transcript const& log);

} // namespace milter::test_server
