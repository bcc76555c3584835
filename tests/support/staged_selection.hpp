// SPDX-License-Identifier: BSL-1.0
// tests/support/staged_selection.hpp - rules as a list: at which stage it is known whether a milter applies
#pragma once

#include "manager/core/selection.hpp"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

namespace support {

namespace wire = milter::wire;
using milter::manager::applicability;

struct staged_choice {
    wire::command_code stage = wire::command_code::negotiate;
    applicability answer = applicability::yes;
};

/// Before its stage a milter is undecided.
class staged_selection : public milter::manager::selection {
public:
    explicit staged_selection(std::vector<staged_choice> choices) : choices_(std::move(choices)) {}

    applicability of(std::size_t milter,
                     milter::manager::facts const& known) const noexcept override {
        auto const& one = choices_[milter];
        return place(known.stage) < place(one.stage) ? applicability::undecided : one.answer;
    }
    staged_choice const& choice(std::size_t milter) const noexcept { return choices_[milter]; }

    /// In the order in which sessions ask.
    static constexpr wire::command_code stages[] = {
        wire::command_code::negotiate,      wire::command_code::connect,
        wire::command_code::helo,           wire::command_code::mail,
        wire::command_code::rcpt,           wire::command_code::data,
        wire::command_code::end_of_headers, wire::command_code::end_of_message};

private:
    static std::size_t place(wire::command_code stage) noexcept {
        return static_cast<std::size_t>(std::find(std::begin(stages), std::end(stages), stage) -
                                        std::begin(stages));
    }

    std::vector<staged_choice> choices_;
};

} // namespace support
