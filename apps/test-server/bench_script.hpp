// SPDX-License-Identifier: BSL-1.0
// test-server/bench_script.hpp - the sessions of a plan, encoded for what a milter negotiated
#pragma once

#include "load/script.hpp"
#include "test-server/plan.hpp"

namespace milter::test_server {

/// What run_session() would send if every answer were CONTINUE. Unlike there, the queue id of a message is the same in all
/// sessions. `plan` is only read: for any thread.
load::session_script encode_session(session_plan const& plan, proto::agreement const& agreed);

} // namespace milter::test_server
