// SPDX-License-Identifier: BSL-1.0
// rule/book.cpp - what the rules say about a message
#include "rule/book.hpp"

namespace milter::rule {

namespace {

truth unless_unknown(truth answer, bool otherwise) noexcept {
    return answer == truth::unavailable ? truth_of(otherwise) : answer;
}

} // namespace

truth book::holds(std::size_t rule, moment const& at) const noexcept {
    auto const& one = rules_[rule];
    return unless_unknown(evaluate(one.when, at), one.holds_if_unknown);
}

truth book::applies(std::size_t milter, moment const& at) const noexcept {
    auto const& one = milters_[milter];
    auto answer = is_wanted(one, at);
    for (auto const rule : one.skip) {
        if (answer == truth::no) return answer;
        answer = and_(answer, not_(holds(rule, at)));
    }
    for (auto const rule : accepts_) {
        if (answer == truth::no) return answer;
        answer = and_(answer, not_(holds(rule, at)));
    }
    return answer;
}

truth book::is_wanted(book_milter const& of, moment const& at) const noexcept {
    if (of.use.empty())
        return of.when ? unless_unknown(evaluate(*of.when, at), of.runs_if_unknown) : truth::yes;
    auto answer = of.when ? unless_unknown(evaluate(*of.when, at), of.runs_if_unknown) : truth::no;
    for (auto const rule : of.use) {
        if (answer == truth::yes) break;
        answer = or_(answer, unless_unknown(evaluate(rules_[rule].when, at), of.runs_if_unknown));
    }
    return answer;
}

truth book::evaluates(std::size_t milter, moment const& at) const noexcept {
    auto answer = truth::no;
    for (auto const rule : milters_[milter].evaluate) answer = or_(answer, holds(rule, at));
    return answer;
}

book_rule const* book::verdict(moment const& at) const noexcept {
    bool may_refuse = false;
    for (auto const rule : verdicts_) {
        auto const& one = rules_[rule];
        auto const answer = holds(rule, at);
        bool const accepts = one.verdict == verdict_kind::accept;
        if (answer == truth::yes) return accepts && may_refuse ? nullptr : &one;
        if (answer != truth::pending) continue;
        if (accepts) return nullptr;
        may_refuse = true;
    }
    return nullptr;
}

bool book::verdict_is_out(moment const& at) const noexcept {
    for (auto const rule : verdicts_) {
        auto const answer = holds(rule, at);
        if (answer != truth::no) return answer == truth::yes;
    }
    return true;
}

} // namespace milter::rule
