// SPDX-License-Identifier: BSL-1.0
// rule/demand.hpp - what an answer costs the MTA: the stages that it has to report, and the macros that it has to send
//
//   describe(demand_of_milter(*built.value, i)); // "needs: connect, helo; macros {auth_type}"
#pragma once

#include "rule/book.hpp"
#include "rule/program.hpp"
#include "rule/stage.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace milter::rule {

struct demand {
    std::array<std::vector<fact>, stage_count>
        facts;                       ///< by the stage from which they are known; once each
    std::vector<std::string> macros; ///< from braced(), once each; those that facts come from, too

    std::vector<std::string> asked_macros; ///< of these, those that macro() names

    friend bool operator==(demand const&, demand const&) = default;
};

/// With the conditions that it names.
demand demand_of(program const& what, std::span<program const> conditions);
/// Of its own `when`, of the rules that choose or skip it, and of those that accept mail.
demand demand_of_milter(book const& all, std::size_t milter);

/// Of the commands that an MTA can leave out, those that rules have use for: `data`, with which all recipients are known and
/// before which mail is best refused; `headers`, the end of them; `message`, the body.
stage_set commands_needed(book const& all);

/// When to ask book::applies(): at stages at which its answer can be another one than before, and no longer pending. At
/// all others asking is a waste of time. Answers of DNS lists come at any time.
stage_set when_to_ask(book const& all, std::size_t milter);

/// In a line. What is known before the MTA says anything costs it nothing.
std::string describe(demand const& of);

} // namespace milter::rule
