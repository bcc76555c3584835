// SPDX-License-Identifier: BSL-1.0
// manager/core/evaluation.hpp - what an evaluated milter would have made of a message, beside what was made of it
#pragma once

#include "manager/core/decision.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace milter::manager {

struct evaluation {
    std::string milter;
    decision would;      ///< what a manager with this milter alone would have decided
    std::string dropped; ///< why it did not see the message as a whole; empty: it did
    decision enforced;   ///< what was decided; with no verdict while that is unknown
    std::optional<bool>
        agrees; ///< in verdict and refused recipients; empty: there is nothing to compare

    bool failed() const noexcept { return would.verdict == "error"; }
};

/// @param alone  of the session in which it is the only milter
/// @return  empty: it had nothing to do with the message
std::optional<evaluation> evaluate(std::string const& milter, decision alone,
                                   std::string const& dropped);

/// Brings both records of a message together, whichever is there first. Messages are known by their numbers, which
/// rise.
class comparison {
public:
    static constexpr std::size_t most_waiting = 100; ///< of either kind; the oldest goes first

    void enforced(decision const& record);
    void evaluated(evaluation one);
    /// The milter has nothing to do with this message.
    void leave_out(std::uint32_t transaction);
    /// Messages that it did not come to.
    std::deque<decision> take_rest() { return std::exchange(enforced_, {}); }
    /// There are no more records: what waits for one will not see it.
    void finish();
    bool waits() const noexcept { return !waiting_.empty(); }

    std::vector<evaluation> take() { return std::exchange(done_, {}); }

private:
    bool complete(evaluation& one);

    std::deque<decision> enforced_;
    std::uint32_t left_out_ = 0; ///< the last one
    std::deque<evaluation> waiting_;
    std::vector<evaluation> done_;
};

} // namespace milter::manager
