// SPDX-License-Identifier: BSL-1.0
// test-filter/conformance/mta_case.hpp - the cases about an MTA, and what sessions have shown of them
#pragma once

#include "cli/case_report.hpp"

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace milter::test_filter {

struct mta_case {
    char const* id;
    unsigned statement;
    cli::level binds;
    char const* title;
    char const* expected;
};

/// By statement, then letter.
std::span<mta_case const> all_mta_cases() noexcept;

/// Of one session or of several: which cases came up, and what was found.
class observations {
public:
    /// The case came up; that is a pass unless something is found.
    void saw(std::string_view id) { seen_[std::string(id)].is_seen = true; }
    void found(std::string_view id, std::string what);
    /// The case came up, and what came may be right or wrong. What is seen or found elsewhere decides.
    void doubted(std::string_view id, std::string what);

    /// Adds those of a session, with its packets where something was found.
    void add(observations const& session, std::string const& name,
             std::vector<std::string> const& packets);

    bool has_found() const noexcept;
    /// How many were added in which anything was said.
    std::size_t sessions() const noexcept { return sessions_; }
    cli::case_result result_of(mta_case const& one) const;

private:
    struct state {
        std::string found;    ///< empty: nothing is wrong
        std::string doubt;    ///< of what came, if it was never seen without one
        bool is_seen = false; ///< without a doubt
        std::vector<std::string> packets;
    };
    std::map<std::string, state> seen_;
    std::size_t sessions_ = 0;
};

} // namespace milter::test_filter
