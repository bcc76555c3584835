// SPDX-License-Identifier: BSL-1.0
// load/tally.hpp - what came of many sessions: verdicts, times of each stage, errors by kind
//
// Plain counts without a lock: each worker has its own, merge() adds them up. Times are nanoseconds.
#pragma once

#include "load/stage.hpp"
#include <milter/error.hpp>
#include <milter/histogram.hpp>
#include <milter/proto/timeouts.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace milter::load {

/// How a message ended; the names are those of a session of milter-test-server.
enum class outcome : unsigned char {
    pass,
    accept,
    reject,
    temporary_failure,
    discard,
    quarantine,
    shutdown,
    connection_failure,
    error, ///< the milter could not be asked, or broke the protocol
};

inline constexpr std::size_t outcome_count = 9;

std::string_view name_of(outcome one) noexcept;

/// What a verdict means; `reply_text` by its code.
outcome outcome_of(wire::reply_code verdict, std::string_view text) noexcept;

/// Whether whatever it is about was refused.
constexpr bool refuses(outcome one) noexcept {
    return one == outcome::reject || one == outcome::temporary_failure ||
           one == outcome::shutdown || one == outcome::connection_failure;
}

/// From the moment it was sent (service), and from the moment it was due (response). In a closed loop they are the same, and
/// only service is kept. In an open loop, a session that had to wait for its turn has lost that time at each of its stages:
/// had it begun in time, the answers would have been due that much earlier.
struct times {
    histogram service, response;

    void record(proto::duration spent, proto::duration late, bool is_open) {
        service.record(nanoseconds(spent));
        if (is_open) response.record(nanoseconds(spent + late));
    }
    void merge(times const& other) {
        service.merge(other.service);
        response.merge(other.response);
    }
    /// What users feel.
    histogram const& felt() const noexcept { return response.empty() ? service : response; }

    static std::uint64_t nanoseconds(proto::duration time) noexcept {
        auto const count = std::chrono::duration_cast<std::chrono::nanoseconds>(time).count();
        return count < 0 ? 0 : static_cast<std::uint64_t>(count);
    }
};

struct error_kind {
    error_code why;
    stage at = stage::negotiate;
    bool connected = true;

    friend bool operator<(error_kind const& a, error_kind const& b) noexcept {
        return std::pair(std::pair(a.connected, a.at), a.why) <
               std::pair(std::pair(b.connected, b.at), b.why);
    }
};

struct tally {
    static constexpr std::size_t most_replies = 100;       ///< different ones that are kept
    static constexpr std::size_t most_reply_bytes = 1'024; ///< of each; a milter may send 1 MiB

    std::array<times, stage_count> stages;
    times
        message; ///< of one: the first of a session from connecting, later ones from MAIL, to the verdict
    times session; ///< from connecting to the last verdict
    std::array<std::uint64_t, outcome_count> outcomes{};
    std::map<wire::reply_code, std::uint64_t> edits; ///< asked for
    std::map<error_kind, std::uint64_t> errors;
    std::map<std::string, std::uint64_t> refusals; ///< "rcpt: 550 5.1.1 no", and of recipients
    std::uint64_t sessions = 0;                    ///< begun
    std::uint64_t refused_recipients = 0;
    std::uint64_t keepalives = 0;
    std::uint64_t answers = 0; ///< waited for
    std::uint64_t bytes_sent = 0;
    std::uint64_t message_bytes = 0; ///< headers and bodies, of messages with a verdict
    std::uint64_t crowded =
        0;           ///< times the milter's backlog was full, and connecting was tried again
    histogram waits; ///< of messages that were due and never sent, until the time was over

    proto::duration elapsed{};   ///< counted; set by who runs it
    proto::duration processor{}; ///< CPU of the driver within
    double busiest = 0;          ///< share of a CPU that the busiest worker took

    std::uint64_t count(outcome one) const noexcept {
        return outcomes[static_cast<std::size_t>(one)];
    }
    std::uint64_t messages() const noexcept; ///< with a verdict or an error
    std::uint64_t failed() const noexcept { return count(outcome::error); }
    std::uint64_t with_verdict() const noexcept { return messages() - failed(); }
    std::uint64_t unsent() const noexcept { return waits.count(); } ///< due, and never sent
    double throughput() const noexcept; ///< messages with a verdict, a second

    /// What users feel of a message. One that was never sent would have taken at least as long as it had waited: with such
    /// ones every figure is a lower bound.
    histogram felt_at_least() const;

    void note(outcome one) noexcept { ++outcomes[static_cast<std::size_t>(one)]; }
    void note_refusal(stage at, std::string_view text);

    /// Adds all but `elapsed` and `busiest`.
    void merge(tally const& other);
};

} // namespace milter::load
