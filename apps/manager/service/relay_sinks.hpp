// SPDX-License-Identifier: BSL-1.0
// manager/service/relay_sinks.hpp - where the records of sessions go
#pragma once

#include "manager/core/decision.hpp"
#include "manager/core/evaluation.hpp"

#include <functional>

namespace milter::manager {

/// Called on the worker's thread, must not block.
struct relay_sinks {
    std::function<void(decision&&)> decided;
    std::function<void(evaluation&&)> evaluated;
    std::function<void(log_event&&)> logged;
    std::function<void(client_refusal&&)> refused = [](client_refusal&&) {};
};

} // namespace milter::manager
