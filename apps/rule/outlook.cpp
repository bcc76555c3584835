// SPDX-License-Identifier: BSL-1.0
// rule/outlook.cpp - evaluation as in evaluate.cpp, with the answers that are possible in place of the one
#include "rule/outlook.hpp"

#include "rule/macro_stage.hpp"

#include <optional>
#include <vector>

namespace milter::rule {

namespace {

constexpr answers open = {truth::pending};
constexpr answers known = {truth::no, truth::yes}; // of an operand: that it has a value

constexpr std::array all_stages = {stage::start, stage::connect, stage::helo,    stage::mail,
                                   stage::rcpt,  stage::data,    stage::headers, stage::message};
static_assert(all_stages.size() == stage_count);

template <class Combine> answers combined(answers a, answers b, Combine combine) noexcept {
    answers all;
    for (auto const x : all_truths)
        for (auto const y : all_truths)
            if (a.has(x) && b.has(y)) all.add(combine(x, y));
    return all;
}

answers or_(answers a, answers b) noexcept {
    return combined(a, b, [](truth x, truth y) { return rule::or_(x, y); });
}

/// Of or_() over any number of values, none included.
answers any_of(answers one) noexcept {
    answers all = {truth::no};
    for (std::size_t i = 0; i < all_truths.size();
         ++i) // each round adds an answer, or nothing more
        for (auto const answer : all_truths)
            if (or_(all, one).has(answer)) all.add(answer);
    return all;
}

/// Two operands, of which both must have values.
answers of_both(answers a, answers b) noexcept {
    return combined(a, b, [](truth x, truth y) {
        if (x == truth::pending || y == truth::pending) return truth::pending;
        if (x == truth::unavailable || y == truth::unavailable) return truth::unavailable;
        return x;
    });
}

bool can_be_unavailable(fact which) noexcept {
    return which == fact::client_address || which == fact::declared_size ||
           which == fact::load_cpu || which == fact::load_process_limit ||
           which == fact::load_of_limit || which == fact::dnsbl || which == fact::dnswl;
}

/// When the first of them may be known.
stage begin_of(quantity of) noexcept {
    if (of == quantity::each_recipient) return stage::rcpt;
    return of == quantity::each_header ? stage::headers : stage::message;
}

/// When there will be no others.
stage end_of(quantity of) noexcept {
    return of == quantity::each_recipient ? stage::data : begin_of(of);
}

/// Goes through the steps of programs, each condition once.
class reading {
public:
    explicit reading(std::span<program const> conditions)
        : conditions_(conditions), found_(conditions.size()) {}

    outlook of_program(program const& what) { return of_step(what, what.root); }

private:
    outlook of_step(program const& what, std::uint32_t index);
    outlook of_part(program const& what, step const& of, std::uint32_t which) {
        return of_step(what, what.part(of, which));
    }
    outlook chain(program const& what, step const& of);
    outlook other_condition(std::uint32_t index);
    outlook some_of_many(program const& what, step const& of);
    outlook counted(program const& what, step const& of);
    outlook compared(program const& what, step const& of);
    static outlook of_fact(program const& what, step const& of);

    std::span<program const> conditions_;
    std::vector<std::optional<outlook>> found_;
};

outlook reading::of_step(program const& what, std::uint32_t index) {
    auto const& of = what.steps[index];
    switch (of.what) {
    case step_kind::constant: return outlook({truth_of(of.flag)});
    case step_kind::literal: return outlook(known);
    case step_kind::not_: return rule::not_(of_part(what, of, 0));
    case step_kind::and_:
    case step_kind::or_: return chain(what, of);
    case step_kind::condition: return other_condition(of.index);
    case step_kind::fact:
    case step_kind::read: return of_fact(what, of);
    case step_kind::any:
    case step_kind::all:
    case step_kind::none: return some_of_many(what, of);
    case step_kind::count: return counted(what, of);
    case step_kind::compare:
    case step_kind::under: return compared(what, of);
    case step_kind::bool_or_else: return unless_unknown(of_part(what, of, 0), of.flag);
    case step_kind::or_else: break;
    default: { // about one operand
        auto const one = of_part(what, of, 0);
        auto all = one;
        for (auto const at : all_stages) all[at] = of_both(known, one[at]);
        return all;
    }
    }
    auto const one = of_part(what, of, 0);
    auto all = unless_unknown(one, false);
    for (auto const at : all_stages)
        if (one[at].has(truth::unavailable)) all[at].add(truth::yes);
    return all;
}

outlook reading::chain(program const& what, step const& of) {
    bool const is_and = of.what == step_kind::and_;
    outlook all({truth_of(is_and)});
    for (std::uint32_t i = 0; i < of.count; ++i) {
        auto const one = of_part(what, of, i);
        all = is_and ? and_(all, one) : rule::or_(all, one);
    }
    return all;
}

outlook reading::other_condition(std::uint32_t index) {
    auto& known_one = found_[index];
    if (!known_one) known_one = of_program(conditions_[index]);
    return *known_one;
}

outlook reading::of_fact(program const& what, step const& of) {
    auto then = known;
    if (can_be_unavailable(of.which)) then.add(truth::unavailable);
    outlook all(open, row_of(of.which).from, then);
    bool const comes_late = of.which == fact::dnsbl || of.which == fact::dnswl;
    if (!comes_late && of.which != fact::macro) return all;
    auto const settled = comes_late ? stage::message : settled_by(what.arguments[of.index].text);
    for (auto const at : all_stages) {
        if (at < stage::connect) continue;
        all[at] = then;
        if (at < settled) all[at].add(truth::pending);
    }
    return all;
}

/// any(); all() and none() by way of it.
outlook reading::some_of_many(program const& what, step const& of) {
    bool const is_all = of.what == step_kind::all;
    auto const part = of_part(what, of, 0);
    auto const body = is_all ? rule::not_(part) : part;
    outlook any(open);
    for (auto const at : all_stages) {
        if (at < begin_of(of.of)) continue;
        any[at] = any_of(body[at]);
        if (at < end_of(of.of)) any[at] = or_(any[at], open);
    }
    return of.what == step_kind::any ? any : rule::not_(any);
}

outlook reading::counted(program const& what, step const& of) {
    auto const body = of_part(what, of, 0);
    outlook all(open);
    for (auto const at : all_stages) {
        if (at < end_of(of.of)) continue;
        all[at] = body[at];
        for (auto const one : {truth::no, truth::yes}) all[at].add(one);
    }
    return all;
}

outlook reading::compared(program const& what, step const& of) {
    auto const a = of_part(what, of, 0), b = of_part(what, of, 1);
    auto all = a;
    for (auto const at : all_stages) {
        all[at] = of_both(a[at], b[at]);
        if (!all[at].has(truth::no) && !all[at].has(truth::yes)) continue;
        for (auto const one : {truth::no, truth::yes}) all[at].add(one);
    }
    return all;
}

} // namespace

// ---- an outlook

outlook::outlook(answers before, stage from, answers then) noexcept {
    for (auto const at : all_stages) (*this)[at] = at < from ? before : then;
}

stage outlook::decided_from() const noexcept {
    for (auto const at : all_stages)
        if ((*this)[at].has_final()) return at;
    return stage::message;
}

stage outlook::decided_by() const noexcept {
    auto found = stage::start;
    for (std::size_t i = 0; i + 1 < all_stages.size(); ++i)
        if (can_be(all_stages[i], truth::pending)) found = all_stages[i + 1];
    return found;
}

outlook not_(outlook const& of) noexcept {
    outlook all{answers{}};
    for (auto const at : all_stages)
        for (auto const one : all_truths)
            if (of.can_be(at, one)) all[at].add(not_(one));
    return all;
}

outlook or_(outlook const& a, outlook const& b) noexcept {
    outlook all{answers{}};
    for (auto const at : all_stages) all[at] = or_(a[at], b[at]);
    return all;
}

outlook and_(outlook const& a, outlook const& b) noexcept { return not_(or_(not_(a), not_(b))); }

outlook unless_unknown(outlook of, bool otherwise) noexcept {
    for (auto const at : all_stages) {
        answers all;
        for (auto const one : all_truths)
            if (of.can_be(at, one)) all.add(one == truth::unavailable ? truth_of(otherwise) : one);
        of[at] = all;
    }
    return of;
}

// ---- for others

outlook outlook_of(program const& what, std::span<program const> conditions) {
    return reading(conditions).of_program(what);
}

outlook outlook_of_rule(book const& all, std::size_t rule) {
    auto const& one = all.rules()[rule];
    return unless_unknown(outlook_of(one.when, all.conditions()), one.holds_if_unknown);
}

outlook outlook_of_milter(book const& all, std::size_t milter) {
    auto const& one = all.milters()[milter];
    auto const of = [&](program const& what) {
        return unless_unknown(outlook_of(what, all.conditions()), one.runs_if_unknown);
    };
    auto ahead = one.when ? of(*one.when) : outlook({truth_of(one.use.empty())});
    for (auto const rule : one.use) ahead = or_(ahead, of(all.rules()[rule].when));
    for (auto const* const list : {&one.skip, &all.accepts()})
        for (auto const rule : *list) ahead = and_(ahead, not_(outlook_of_rule(all, rule)));
    return ahead;
}

} // namespace milter::rule
