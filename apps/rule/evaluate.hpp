// SPDX-License-Identifier: BSL-1.0
// rule/evaluate.hpp - what an expression says about a mail, as far as the mail is known
//
// Total and pure: the same facts give the same answer, and an answer that is not `pending` is not changed by facts that
// become known later. Reads no clock, does not allocate, and takes no longer than steps and values are many.
#pragma once

#include "rule/program.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace milter::rule {

/// What a memo has to have room for.
struct memo_size {
    std::size_t slots = 0; ///< conditions come first
    std::size_t walks = 0;
};

/// What was found out about conditions, for all expressions in which they stand. Final answers stay as more becomes known,
/// and of many recipients each is looked at once. Of one thread.
class memo {
public:
    /// Nothing that was known counts any more: another message begins. Allocates when the size has grown.
    void forget(memo_size of) {
        answers_.assign(std::max(of.slots, answers_.size()), 0);
        passed_.assign(std::max(of.walks, passed_.size()), 0);
        now_ = 1;
    }
    /// Only so many elements are left of those that there were.
    void taken_back(std::size_t left) noexcept {
        forget_answers();
        for (auto& one : passed_) one = std::min(one, left);
    }
    /// More is known than before.
    void learned() noexcept {
        if (++now_ == turns) forget_answers();
    }

    std::optional<truth> find(std::size_t slot) const noexcept {
        auto const entry = answers_[slot];
        auto const answer = static_cast<truth>(entry & answer_mask);
        bool const counts = is_final(answer) ? entry != 0 : entry >> answer_bits == now_;
        return counts ? std::optional(answer) : std::nullopt;
    }
    void keep(std::size_t slot, truth answer) noexcept {
        answers_[slot] =
            static_cast<std::uint16_t>(now_ << answer_bits | static_cast<unsigned>(answer));
    }

    /// Of the elements that it goes through the first ones that settle nothing, for good.
    std::size_t passed(std::size_t walk) const noexcept { return passed_[walk]; }
    void pass(std::size_t walk, std::size_t elements) noexcept { passed_[walk] = elements; }

private:
    static constexpr unsigned answer_bits = 2;
    static constexpr unsigned answer_mask = (1U << answer_bits) - 1;
    static constexpr unsigned turns = 1U << (16 - answer_bits);

    void forget_answers() noexcept {
        std::fill(answers_.begin(), answers_.end(), std::uint16_t{0});
        now_ = 1;
    }

    std::vector<std::uint16_t>
        answers_; ///< 0: none; else the turn in which it was found out, and the answer
    std::vector<std::size_t> passed_;
    unsigned now_ = 1;
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
