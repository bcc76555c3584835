// SPDX-License-Identifier: BSL-1.0
// rule/outlook.hpp - which answers an expression can have at each stage, whatever the mail is
//
//   auto const ahead = outlook_of(built.value->rules()[i].when, built.value->conditions());
//   tell(name_of(ahead.decided_from()), name_of(ahead.decided_by()));
//
// What it excludes never happens. What it allows may still be excluded by what parts of the expression have to do with
// each other: that is for contradiction.hpp. Named sets count as there.
#pragma once

#include "rule/book.hpp"
#include "rule/program.hpp"
#include "rule/stage.hpp"
#include "rule/truth.hpp"

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>

namespace milter::rule {

/// Some of the answers that there are.
class answers {
public:
    constexpr answers() noexcept = default;
    constexpr answers(std::initializer_list<truth> all) noexcept {
        for (auto const one : all) add(one);
    }

    constexpr void add(truth one) noexcept { bits_ = static_cast<std::uint8_t>(bits_ | bit(one)); }
    constexpr bool has(truth one) const noexcept { return (bits_ & bit(one)) != 0; }
    constexpr bool has_final() const noexcept { return (bits_ & ~bit(truth::pending)) != 0; }

    friend constexpr bool operator==(answers, answers) noexcept = default;

private:
    static constexpr unsigned bit(truth one) noexcept { return 1U << static_cast<unsigned>(one); }

    std::uint8_t bits_ = 0;
};

class outlook {
public:
    /// The same at every stage.
    explicit outlook(answers at_each) noexcept { at_.fill(at_each); }
    /// `before` until `from`, `then` from there on.
    outlook(answers before, stage from, answers then) noexcept;

    bool can_be(stage at, truth answer) const noexcept { return (*this)[at].has(answer); }
    /// First stage at which it may be decided.
    stage decided_from() const noexcept;
    /// First stage from which on it always is.
    stage decided_by() const noexcept;

    answers operator[](stage at) const noexcept { return at_[static_cast<std::size_t>(at)]; }
    answers& operator[](stage at) noexcept { return at_[static_cast<std::size_t>(at)]; }

    friend bool operator==(outlook const&, outlook const&) = default;

private:
    std::array<answers, stage_count> at_{};
};

outlook not_(outlook const& of) noexcept;
outlook and_(outlook const& a, outlook const& b) noexcept;
outlook or_(outlook const& a, outlook const& b) noexcept;
/// With `otherwise` in place of unavailable.
outlook unless_unknown(outlook of, bool otherwise) noexcept;

/// @param conditions  that it names, by their indices
outlook outlook_of(program const& what, std::span<program const> conditions);
/// Of book::holds().
outlook outlook_of_rule(book const& all, std::size_t rule);
/// Of book::applies().
outlook outlook_of_milter(book const& all, std::size_t milter);

} // namespace milter::rule
