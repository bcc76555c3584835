// SPDX-License-Identifier: BSL-1.0
// test-filter/expectation.hpp - what the MTA is expected to say, and what of it was not met
#pragma once

#include "test-filter/condition.hpp"
#include "test-filter/seen.hpp"
#include <milter/proto/macros.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace milter::test_filter {

/// Of each command of a stage: that all conditions hold; and that there is one at all.
struct expectation {
    std::optional<wire::command_code> stage; ///< empty: each that is answered
    std::vector<condition> that;
    bool never = false; ///< the opposite: that no command comes for which all of them hold
    std::string text;   ///< as the user wrote it
};

/// STAGE, or STAGE=CONDITION. @throws script_error
expectation parse_expectation(std::string_view text, bool never);

/// Looks at the commands of all sessions.
class expectation_watch {
public:
    explicit expectation_watch(std::vector<expectation> const& wanted)
        : wanted_(wanted), seen_(wanted.size()) {}

    void command(wire::command_code stage, seen const& state, proto::macro_store const& macros);

    /// A line for each that was not met.
    std::vector<std::string> unmet() const;

private:
    struct tally {
        std::size_t commands = 0, broken = 0;
        std::string first; ///< where it was broken first
    };

    std::vector<expectation> const& wanted_;
    std::vector<tally> seen_;
};

} // namespace milter::test_filter
