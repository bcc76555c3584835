// SPDX-License-Identifier: BSL-1.0
// manager/config/control_json.hpp - one line of the control socket: who asks for what, and the answer
//
// A request is a JSON object in one line: {"command":"status"}. So is an answer: {"ok":true,...}, or
// {"ok":false,"reason":"...","error":"..."}, whose reason is a word for programs and whose error is a text for people.
// docs/operations.md describes both.
#pragma once

#include "manager/config/config_raw.hpp"
#include "manager/config/status_json.hpp"
#include <milter/proto/timeouts.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace milter::manager {

inline constexpr range drain_range{0, std::uint64_t{3'600'000}}; // ms, as [manager] drain
inline constexpr std::size_t control_line_limit = 4096; // bytes of a request, without its end

/// Who asks, as the system says.
struct control_peer {
    unsigned long uid = 0;
    bool may_order = false; ///< root and the manager's own user; others may only ask how it is
};

/// Why an order was not carried out.
enum class control_refusal { permission, request, configuration, listen, draining, busy };

struct reload_outcome {
    std::optional<control_refusal> refused; ///< empty: done
    std::string error;                      ///< when refused
    std::vector<std::string> problems;      ///< also warnings
    std::string file;                       ///< that was read; empty: none was
};

struct drain_outcome {
    std::size_t sessions = 0;   ///< under way
    proto::duration patience{}; ///< until they are cut off
};

/// What the manager does when it is asked to; called on its main thread.
struct control_actions {
    std::function<status_report()> status;
    std::function<reload_outcome(control_peer const&)> reload;
    /// @param patience  empty: as the configuration says
    std::function<drain_outcome(control_peer const&, std::optional<proto::duration> patience)>
        drain;
};

struct control_answer {
    std::string line; ///< without its end
    std::optional<proto::duration>
        waits; ///< for the end of a drain, which is told with stopped_line()
};

/// Never throws but for lack of memory, whatever the line is.
control_answer answer_control(std::string_view line, control_peer const& peer,
                              control_actions const& actions);

/// An answer that says why there is none.
std::string refusal_line(control_refusal reason, std::string_view error);

/// What those who wait for the end of a drain hear. @param cut_off  sessions that did not end by themselves
std::string stopped_line(std::size_t cut_off);

std::string_view to_string(control_refusal reason) noexcept;

} // namespace milter::manager
