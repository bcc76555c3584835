// SPDX-License-Identifier: BSL-1.0
// manager/config/status_json.hpp - how the manager is, as JSON
//
// Keys are described in docs/operations.md.
#pragma once

#include "manager/config/decision_json.hpp"
#include "manager/config/set_status.hpp"

#include <nlohmann/json_fwd.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace milter::manager {

struct listener_status {
    std::string address;
    std::string profile; ///< empty: all milters
    std::uint64_t accepted = 0;
    std::size_t sessions = 0; ///< now
    bool inherited = false;   ///< of whoever started us
    bool closing = false;     ///< a reload has taken it out; those who had connected are served
};

/// Messages that a milter was to see in mode evaluate.
struct evaluation_status {
    std::uint64_t messages = 0;
    std::uint64_t compared = 0;  ///< both sides have a verdict
    std::uint64_t differing = 0; ///< of these
    std::uint64_t failed = 0;
    std::uint64_t dropped = 0; ///< it could not see them as a whole
};

/// One of the sockets of a milter.
struct endpoint_status {
    std::string socket;
    std::string_view state; ///< "untried", "up", "failing", "down" or "half_open"
    std::optional<std::chrono::milliseconds> retry_in; ///< while it is down
    std::string last_error;                            ///< as long as nobody has been served since
};

struct milter_status {
    std::string name;
    std::vector<endpoint_status> endpoints;
    bool enabled = true;
    std::string share;          ///< of the mail, such as "5%"
    std::uint64_t messages = 0; ///< it was asked about
    std::uint64_t failures = 0; ///< messages in which it failed
    std::string last_problem;
    wall_time last_problem_at;    ///< when there was one
    std::size_t sessions = 0;     ///< that use it now
    std::size_t max_sessions = 0; ///< 0: any number
    bool evaluated = false;       ///< what it says does not count
    evaluation_status evaluation;
};

/// A list in DNS; counts are those since the start.
struct list_status {
    std::string zone;
    std::string_view kind;                             ///< "dnsbl" or "dnswl"
    std::string_view state;                            ///< as of an endpoint; or "not asked"
    std::optional<std::chrono::milliseconds> retry_in; ///< while it is down
    std::uint64_t asked = 0;                           ///< by sessions
    std::uint64_t cached = 0;                          ///< of these: answered by what was known
    std::uint64_t listed = 0;
    std::uint64_t not_listed = 0;
    std::uint64_t failed = 0;
    std::string last_error; ///< as long as it has not answered since
};

/// Answers of all lists, and questions to them.
struct list_answers {
    std::size_t kept = 0;
    std::size_t limit = 0;
    std::size_t questions = 0; ///< on their way
};

/// Verdicts of decision records; there are no others.
inline constexpr std::array<std::string_view, 7> counted_verdicts = {
    "accept", "reject", "tempfail", "discard", "quarantine", "no_recipients", "aborted"};

struct reload_status {
    wall_time when;
    bool ok = false;
    std::vector<std::string> problems; ///< also warnings; each as `check` shows it
};

struct status_report {
    std::string version;
    long pid = 0;
    bool draining = false;
    wall_time started, now;
    std::string configuration; ///< file
    wall_time loaded;          ///< when the one in force was read
    std::optional<reload_status> last_reload;
    std::vector<listener_status> listeners;
    std::size_t sessions = 0;
    std::uint64_t sessions_ever = 0;
    std::size_t session_limit = 0;
    std::size_t memory = 0; ///< bytes of bodies and headers under way
    std::size_t memory_limit = 0;
    std::size_t evaluation_memory = 0; ///< the same of copies for evaluated milters
    std::size_t evaluation_memory_limit = 0;
    std::array<std::uint64_t, counted_verdicts.size()> messages{}; ///< by counted_verdicts
    std::vector<milter_status> milters;
    std::vector<list_status> lists;
    list_answers answers; ///< of these
    std::vector<set_status> sets;
    std::uint64_t lines_lost = 0; ///< of the decision log
};

nlohmann::ordered_json to_json(status_report const& what);

} // namespace milter::manager
