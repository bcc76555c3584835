// SPDX-License-Identifier: BSL-1.0
// test-server/bench_report.hpp - what a load came to, for people and for programs
#pragma once

#include "load/comparison.hpp"
#include "load/gate.hpp"
#include "load/tally.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace milter::test_server {

inline constexpr double bottleneck_share =
    0.8; ///< of a CPU: a driver that takes more waits for itself

struct bench_outcome {
    struct of_milter {
        std::string name; ///< its socket
        load::tally seen;
    };
    struct of_gate {
        load::gate_result result;
        std::string milter; ///< "A" or "B"; empty: the only one, or both compared
    };
    std::vector<of_milter> milters; ///< one, or two that were compared
    /// B over A, of the slices; empty also where is_of_some().
    std::optional<load::ratio_estimate> median, mean;
    std::vector<of_gate> gates;
    bool is_open_loop = false;
    bool interrupted = false;
    std::size_t workers = 1;

    /// Messages were due and never sent: the times of a milter are those of some of its messages, and not to be compared.
    bool is_of_some() const noexcept {
        return std::any_of(milters.begin(), milters.end(),
                           [](of_milter const& one) { return one.seen.unsent() != 0; });
    }
};

enum class failure_replies { left_out, listed };

std::string bench_text(bench_outcome const& all, failure_replies how);
std::string bench_json(bench_outcome const& all);

/// "timed out at end_of_message", "cannot connect: Connection refused"
std::string text_of(load::error_kind const& kind);

} // namespace milter::test_server
