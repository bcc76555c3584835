// SPDX-License-Identifier: BSL-1.0
// test-filter/conformance/variant.hpp - what the filter that judges an MTA negotiates and answers, another way each session
#pragma once

#include <milter/wire/code.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace milter::test_filter {

/// All but the negotiation is CONTINUE unless said otherwise.
struct variant {
    char const* name = "";
    std::uint32_t version = 6;
    wire::step steps = wire::step::none;                 ///< as far as they are offered
    bool asks_for_macros = false;                        ///< lists of its own
    bool slow = false;                                   ///< each reply comes after a while
    bool progress = false;                               ///< PROGRESS at end of message
    bool edits = false;                                  ///< headers, at end of message
    wire::command_code stage = wire::command_code::quit; ///< where it says
    wire::reply_code says = wire::reply_code::proceed;   ///< this, the first time in a session
};

/// In the order in which sessions get them, again and again.
std::span<variant const> all_variants() noexcept;

} // namespace milter::test_filter
