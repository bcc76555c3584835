// SPDX-License-Identifier: BSL-1.0
// test-server/session.hpp - runs one session of the MTA against a milter
#pragma once

#include "test-server/outcome.hpp"
#include "test-server/plan.hpp"
#include "test-server/transcript.hpp"
#include <milter/endpoint.hpp>

#include <boost/asio/awaitable.hpp>

namespace milter::test_server {

/// Connects, sends what `plan` says and the milter allows, and notes what it answers. Whatever the milter does ends up
/// in the outcome. `plan` must outlive it.
boost::asio::awaitable<session_outcome> run_session(endpoint where, session_plan const& plan,
                                                    transcript log = {});

} // namespace milter::test_server
