// SPDX-License-Identifier: BSL-1.0
// test-filter/conformance/judging_service.hpp - serves the MTA that is judged, any number of sessions at once
#pragma once

#include "test-filter/conformance/mta_case.hpp"
#include <milter/endpoint.hpp>
#include <milter/net/listener.hpp>

#include <atomic>
#include <cstddef>
#include <functional>
#include <string>

namespace milter::test_filter {

struct judging_plan {
    endpoint where;
    net::listen_options listening;
    std::size_t sessions = 0; ///< after how many to end; 0: never
};

/// Until enough sessions have ended, or `stop` is set by a signal.
/// @param ready  is told where it listens, when it does
/// @param ended  is told of each session: its number from 1, and its variant
/// @errors  why it cannot listen
observations judge_mta(judging_plan const& plan, std::atomic<bool> const& stop,
                       std::function<void(endpoint const&)> const& ready,
                       std::function<void(std::size_t, std::string const&)> const& ended,
                       error_code& ec);

} // namespace milter::test_filter
