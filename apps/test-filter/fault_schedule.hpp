// SPDX-License-Identifier: BSL-1.0
// test-filter/fault_schedule.hpp - faults now and then, the same ones whenever the seed is the same
//
// Whether a command gets one depends on the seed, the number of the session and that of the command in it, not on time: a
// run can be repeated, as long as sessions begin in the same order.
#pragma once

#include "test-filter/action.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace milter::test_filter {

struct fault_schedule {
    double rate = 0; ///< of commands that are answered, 0 to 1
    std::uint64_t seed = 1;
    std::vector<action> kinds; ///< one of them each time; empty: usual_faults()

    /// What is done instead of answering; null: nothing. @param command  its number in the session, from 0
    action const* at(std::size_t session, std::size_t command) const noexcept;
};

/// close, reset, half, garbage, unknown_reply, extra, oversize: none that makes the MTA wait.
std::vector<action> usual_faults();

/// RATE or RATE,SEED: `0.01`, `2%`, `0.5%,42`. @throws script_error
void read_fault_rate(std::string_view text, fault_schedule& to);

} // namespace milter::test_filter
