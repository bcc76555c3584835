// SPDX-License-Identifier: BSL-1.0
// rule/evaluate.hpp - what an expression says about a mail, as far as the mail is known
//
// Total and pure: the same facts give the same answer, and an answer that is not `pending` is not changed by facts that
// become known later. Reads no clock, does not allocate, and takes no longer than steps and values are many.
#pragma once

#include "rule/program.hpp"

#include <memory>
#include <span>
#include <vector>

namespace milter::rule {

/// What was found out about conditions in one moment, for all expressions that name them. Of one thread.
class memo {
public:
    /// Facts have changed since.
    /// @param conditions  how many there are; allocates when that has grown
    void forget(std::size_t conditions) {
        if (answers_.size() < conditions) answers_.resize(conditions);
        ++now_;
    }

    truth const* find(std::size_t condition) const noexcept {
        auto const& one = answers_[condition];
        return one.turn == now_ ? &one.answer : nullptr;
    }
    void keep(std::size_t condition, truth answer) noexcept {
        answers_[condition] = {now_, answer};
    }

private:
    struct entry {
        std::uint64_t turn = 0;
        truth answer = truth::pending;
    };
    std::vector<entry> answers_;
    std::uint64_t now_ = 0;
};

/// Everything that an expression looks at, in one moment.
struct moment {
    std::span<program const> conditions; ///< by their indices; none leads back to itself
    std::span<std::shared_ptr<set const> const> sets;
    fact_source const& facts;
    memo& known;
};

truth evaluate(program const& what, moment const& at) noexcept;

/// Of one step of it, be it a condition: for explanations.
truth evaluate_step(program const& what, std::uint32_t step, moment const& at) noexcept;

/// The value of a step that is an operand.
value value_of_step(program const& what, std::uint32_t step, moment const& at) noexcept;

} // namespace milter::rule
