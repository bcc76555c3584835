// SPDX-License-Identifier: BSL-1.0
// manager/config/decision_json.hpp - decisions as JSON, remarks in words, a line each
//
// Keys are described in docs/decision-log.md. Mail and milters wrote most of the text: invalid UTF-8 is replaced, and
// whatever could move a terminal's cursor is escaped. No line has a line end, neither inside nor at its end.
#pragma once

#include "manager/core/decision.hpp"
#include "manager/core/evaluation.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace milter::manager {

using wall_time = std::chrono::system_clock::time_point;

/// `{"time":"2026-01-02T03:04:05.678Z","event":"decision",...}`; empty texts and lists are left out.
std::string to_json_line(decision const& what, wall_time when);
std::string to_json_line(evaluation const& what, wall_time when);
std::string to_json_line(client_refusal const& what, wall_time when);

/// `session 12: mta: warning: text`, for people.
std::string to_text_line(log_event const& what);

std::string_view to_string(severity level) noexcept;

/// UTC with milliseconds: `2026-01-02T03:04:05.678Z`.
std::string to_rfc3339(wall_time when);

} // namespace milter::manager
