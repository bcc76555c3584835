// SPDX-License-Identifier: BSL-1.0
// rule/evaluate.cpp
#include "rule/evaluate.hpp"

#include "rule/domain.hpp"
#include "rule/s25r.hpp"
#include "rule/sample.hpp"
#include "rule/text_compare.hpp"

namespace milter::rule {

namespace {

/// Goes through the steps of one program; within a quantifier with one of its elements at hand.
class evaluation {
public:
    evaluation(program const& what, moment const& at) noexcept
        : steps_(what.steps.data()), program_(what), at_(at) {}

    truth condition(std::uint32_t index) noexcept {
        auto const& of = step_at(index);
        if (of.slot == step::no_index) return found_out(of);
        if (auto const known = at_.known.find(of.slot)) return *known;
        auto const answer = found_out(of);
        at_.known.keep(of.slot, answer);
        return answer;
    }
    value operand(std::uint32_t index) noexcept {
        auto const& of = step_at(index);
        switch (of.what) {
        case step_kind::literal: return program_.values[of.index];
        case step_kind::read: return read(of);
        default: return other_operand(index);
        }
    }

private:
    step const& step_at(std::uint32_t index) const noexcept { return steps_[index]; }
    std::uint32_t part(step const& of, std::uint32_t which) const noexcept {
        return program_.part(of, which);
    }
    argument const* argument_of(step const& of) const noexcept {
        return of.index == step::no_index ? nullptr : &program_.arguments[of.index];
    }

    truth found_out(step const& of) noexcept;
    // Apart, so that none pays for the registers and the stack of the others, and each is jumped to.
    [[gnu::noinline]] truth negated(step const& of) noexcept;
    [[gnu::noinline]] truth chain(step const& of) noexcept;
    [[gnu::noinline]] truth other_condition(std::uint32_t index) noexcept;
    [[gnu::noinline]] truth fact_as_condition(step const& of) noexcept;
    [[gnu::noinline]] truth with_default(step const& of) noexcept;
    [[gnu::noinline]] truth some_of_many(step const& of) noexcept;
    [[gnu::noinline]] value counted(step const& of) noexcept;
    [[gnu::noinline]] truth compared(step const& of) noexcept;
    [[gnu::noinline]] truth contained(step const& of) noexcept;
    [[gnu::noinline]] truth of_operand(step const& of) noexcept;
    value read(step const& of) const noexcept {
        bool const is_field =
            of.of == quantity::each_header || of.of == quantity::each_added_header;
        if (is_field && element_) return element_->element;
        return at_.facts.read(of.which, argument_of(of), element_);
    }
    [[gnu::noinline]] value other_operand(std::uint32_t index) noexcept;

    step const* steps_;
    program const& program_;
    moment const& at_;
    cursor const* element_ = nullptr;
};

truth not_known(value const& of) noexcept {
    return of.state == knowledge::pending ? truth::pending : truth::unavailable;
}

/// Of the elements that are still to come.
truth rest(knowledge end, truth of_none) noexcept {
    if (end == knowledge::known) return of_none;
    return end == knowledge::pending ? truth::pending : truth::unavailable;
}

bool numbers_compare(std::int64_t a, comparison how, std::int64_t b) noexcept {
    switch (how) {
    case comparison::equal: return a == b;
    case comparison::not_equal: return a != b;
    case comparison::less: return a < b;
    case comparison::less_or_equal: return a <= b;
    case comparison::greater: return a > b;
    default: return a >= b;
    }
}

bool texts_compare(std::string_view a, comparison how, std::string_view b) noexcept {
    switch (how) {
    case comparison::contains: return contains(a, b);
    case comparison::starts_with: return starts_with(a, b);
    case comparison::ends_with: return ends_with(a, b);
    case comparison::not_equal: return !same_text(a, b);
    default: return same_text(a, b);
    }
}

bool is_in(set const& what, type is, value const& of) noexcept {
    switch (is) {
    case type::ip: return what.has(*of.address);
    case type::domain: return what.has_domain(of.text());
    case type::mail: return what.has_mail(*of.mail);
    case type::time:
        return what.has_time(static_cast<int>(of.number / minutes_of_day),
                             static_cast<int>(of.number % minutes_of_day));
    default: return what.has_text(of.text());
    }
}

truth evaluation::found_out(step const& of) noexcept {
    switch (of.what) {
    case step_kind::constant: return truth_of(of.flag);
    case step_kind::not_: return negated(of);
    case step_kind::and_:
    case step_kind::or_: return chain(of);
    case step_kind::condition: return other_condition(of.index);
    case step_kind::fact: return fact_as_condition(of);
    case step_kind::any:
    case step_kind::all:
    case step_kind::none: return some_of_many(of);
    case step_kind::compare:
    case step_kind::under: return compared(of);
    case step_kind::in_set:
    case step_kind::in_named_set: return contained(of);
    case step_kind::bool_or_else: return with_default(of);
    default: return of_operand(of);
    }
}

truth evaluation::negated(step const& of) noexcept { return not_(condition(of.first)); }

truth evaluation::with_default(step const& of) noexcept {
    auto const answer = condition(of.first);
    return answer == truth::unavailable ? truth_of(of.flag) : answer;
}

truth evaluation::chain(step const& of) noexcept {
    auto found = of.what == step_kind::and_ ? truths::that_all_hold() : truths::that_one_holds();
    for (std::uint32_t i = 0; i < of.count; ++i)
        if (found.add(condition(part(of, i)))) break;
    return found.answer();
}

truth evaluation::other_condition(std::uint32_t index) noexcept {
    auto const& other = at_.conditions[index];
    return evaluation(other, at_).condition(other.root);
}

truth evaluation::fact_as_condition(step const& of) noexcept {
    auto const found = at_.facts.read(of.which, argument_of(of), element_);
    return found.is_known() ? truth_of(found.number != 0) : not_known(found);
}

/// One that holds settles any(), one that does not all(): whatever there is besides, in whatever order.
truth evaluation::some_of_many(step const& of) noexcept {
    bool const is_all = of.what == step_kind::all;
    auto const* const with = argument_of(of);
    auto found = is_all ? truths::that_all_hold() : truths::that_one_holds();
    bool is_settled = false;
    cursor at;
    if (of.walk != step::no_index) at.mark = at_.known.passed(of.walk);
    auto passed = at.mark;
    for (element_ = &at; !is_settled && at_.facts.next(of.of, with, at);) {
        is_settled = found.add(condition(of.first));
        if (found.is_neutral()) passed = at.mark;
    }
    if (of.walk != step::no_index) at_.known.pass(of.walk, passed);
    element_ = nullptr;
    if (!is_settled) found.add(rest(at_.facts.is_complete(of.of, with), truth_of(is_all)));
    return of.what == step_kind::none ? not_(found.answer()) : found.answer();
}

value evaluation::counted(step const& of) noexcept {
    auto const* const with = argument_of(of);
    if (auto const end = at_.facts.is_complete(of.of, with); end != knowledge::known)
        return end == knowledge::pending ? not_yet() : not_available();
    std::int64_t count = 0;
    auto worst = knowledge::known;
    cursor at;
    for (element_ = &at; at_.facts.next(of.of, with, at);) {
        auto const one = condition(of.first);
        if (one == truth::yes) ++count;
        if (one == truth::pending) worst = knowledge::pending;
        if (one == truth::unavailable && worst == knowledge::known) worst = knowledge::unavailable;
    }
    element_ = nullptr;
    return {{count}, 0, worst};
}

truth evaluation::compared(step const& of) noexcept {
    auto const a = operand(part(of, 0)), b = operand(part(of, 1));
    if (a.state == knowledge::pending || b.state == knowledge::pending) return truth::pending;
    if (!a.is_known() || !b.is_known()) return truth::unavailable;
    if (of.what == step_kind::under) return truth_of(is_under(a.text(), b.text()));
    bool const is_equality = of.how == comparison::equal || of.how == comparison::not_equal;
    switch (of.is) {
    case type::text:
    case type::domain: return truth_of(texts_compare(a.text(), of.how, b.text()));
    case type::mail:
        if (!is_equality) return truth_of(texts_compare(a.text(), of.how, b.text()));
        return truth_of(same_mail_address(*a.mail, *b.mail) == (of.how == comparison::equal));
    case type::ip: return truth_of((*a.address == *b.address) == (of.how == comparison::equal));
    default: return truth_of(numbers_compare(a.number, of.how, b.number));
    }
}

truth evaluation::contained(step const& of) noexcept {
    auto const what = operand(of.first);
    if (!what.is_known()) return not_known(what);
    if (of.what == step_kind::in_set) return truth_of(is_in(program_.sets[of.index], of.is, what));
    auto const& there = at_.sets[of.index];
    return there ? truth_of(is_in(*there, of.is, what)) : truth::unavailable;
}

/// Conditions about one operand.
truth evaluation::of_operand(step const& of) noexcept {
    auto const what = operand(of.first);
    if (!what.is_known()) return not_known(what);
    switch (of.what) {
    case step_kind::matches: return truth_of(program_.patterns[of.index].matches(what.text()));
    case step_kind::s25r: return truth_of(is_s25r(what.text()));
    case step_kind::is_private: return truth_of(is_private(*what.address));
    default: return truth_of(program_.samples.has(of.is, what, of.index));
    }
}

// ---- operands

value evaluation::other_operand(std::uint32_t index) noexcept {
    auto const& of = step_at(index);
    switch (of.what) {
    case step_kind::count: return counted(of);
    case step_kind::length: {
        auto const inner = operand(of.first);
        if (!inner.is_known()) return inner;
        return known_number(static_cast<std::int64_t>(inner.text().size()));
    }
    case step_kind::or_else: {
        auto const inner = operand(part(of, 0));
        return inner.state == knowledge::unavailable ? operand(part(of, 1)) : inner;
    }
    default: { // a condition that is compared
        auto const answer = condition(index);
        if (answer == truth::pending) return not_yet();
        return answer == truth::unavailable ? not_available()
                                            : known_number(answer == truth::yes ? 1 : 0);
    }
    }
}

} // namespace

truth evaluate(program const& what, moment const& at) noexcept {
    return evaluation(what, at).condition(what.root);
}

truth evaluate_step(program const& what, std::uint32_t step, moment const& at) noexcept {
    return evaluation(what, at).condition(step);
}

value value_of_step(program const& what, std::uint32_t step, moment const& at) noexcept {
    return evaluation(what, at).operand(step);
}

} // namespace milter::rule
