// SPDX-License-Identifier: BSL-1.0
// test-server/delivery.hpp - one message on its way through the MTA: staged edits, and what becomes of them
#pragma once

#include "test-server/outcome.hpp"
#include "test-server/plan.hpp"

namespace milter::test_server {

/// Puts the message as it came into `result`, all but its recipients.
void begin_delivery(message_outcome& result, message_plan const& mail, message::header_rules rules);

/// The verdict is there: applies the edits if the message was accepted at its end, and settles what it is called.
void finish_delivery(message_outcome& result);

} // namespace milter::test_server
