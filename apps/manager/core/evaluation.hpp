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
    decision would;             ///< what a manager with this milter alone would have decided
    std::string dropped;        ///< why it did not see the message as a whole; empty: it did
    decision enforced;          ///< what was decided; with no verdict while that is unknown
    std::optional<bool> agrees; ///< in verdict and refused recipients; empty: one of both gave none
};

/// Brings both records of a message together, whichever is there first. Messages are known by their numbers, which
/// rise.
class comparison {
public:
    static constexpr std::size_t most_waiting = 100; ///< of either kind; the oldest goes first

    void enforced(decision const& record);
    void evaluated(evaluation one);
    /// There are no more records: what waits for one will not see it.
    void finish();
    bool waits() const noexcept { return !waiting_.empty(); }

    std::vector<evaluation> take() { return std::exchange(done_, {}); }

private:
    bool complete(evaluation& one);

    std::deque<decision> enforced_;
    std::deque<evaluation> waiting_;
    std::vector<evaluation> done_;
};

} // namespace milter::manager
