// SPDX-License-Identifier: BSL-1.0
// manager/rules/mail_course.cpp
#include "manager/rules/mail_course.hpp"

#include "manager/rules/rule_user.hpp"
#include "rule/quote.hpp"

#include <utility>

namespace milter::manager {

using rule::truth;

std::string name_of(stage_answer const& one) {
    auto text = std::string(rule::name_of(one.at));
    return one.recipient == 0 ? text : text + ' ' + std::to_string(one.recipient);
}

mail_course::mail_course(config const& settings, std::vector<std::size_t> const& milters,
                         rule::fact_source const& facts, reasons why, listener decided)
    : settings_(settings), book_(*settings.book), facts_(facts), why_(why),
      decided_(std::move(decided)) {
    for (auto const place : milters) milters_.emplace_back().place = place;
    memo_.forget(book_.memo_size());
}

rule::moment mail_course::moment() const {
    return {book_.conditions(), settings_.sets, facts_, memo_};
}

void mail_course::reached(rule::stage at, std::size_t recipient) {
    if (is_over_) return;
    memo_.forget(book_.memo_size());
    stage_answer const now{at, recipient, truth::pending};
    ask_verdict(now);
    for (bool again = !is_over_; std::exchange(again, false);) // who is decided may decide others
        for (auto& one : milters_)
            if ((!one.runs && ask_milter(one, now)) || settle(one)) again = true;
}

void mail_course::ask_verdict(stage_answer now) {
    if (verdict_.decided) return;
    auto const* const rule = book_.verdict(moment());
    if (!rule && !book_.verdict_is_out(moment())) return;
    verdict_ = {now, rule};
    is_over_ = rule && rule->verdict != rule::verdict_kind::accept;
}

/// @return  whether it has been decided now
bool mail_course::ask_milter(milter_course& one, stage_answer now) {
    now.answer = book_.applies(one.place, moment());
    auto& answers = one.answers;
    if (!answers.empty() && answers.back().at == now.at &&
        answers.back().recipient == now.recipient)
        answers.pop_back();
    answers.push_back(now);
    if (now.answer == truth::pending) return false;
    one.runs = now.answer == truth::yes ||
               (now.answer == truth::unavailable && settings_.milters[one.place].runs_if_unknown);
    if (why_ == reasons::kept) one.why = reasons_of(one.place);
    settle(one);
    return true;
}

/// Who is evaluated has said nothing, as far as others are concerned.
/// @return  whether it has become certain now
bool mail_course::settle(milter_course& one) {
    if (!one.runs || one.is_settled) return false;
    bool const by_mode = settings_.milters[one.place].mode == milter_mode::evaluate;
    auto const evaluated =
        *one.runs ? rule::or_(rule::truth_of(by_mode), book_.evaluates(one.place, moment()))
                  : truth::no;
    one.is_evaluated = evaluated == truth::yes;
    one.may_be_evaluated = evaluated == truth::pending;
    if (one.may_be_evaluated) return false;
    one.is_settled = true;
    if (why_ == reasons::kept && !book_.milters()[one.place].evaluate.empty())
        one.why = reasons_of(one.place); // with what that took
    if (decided_) decided_(one.place, *one.runs && !one.is_evaluated);
    memo_.forget(book_.memo_size());
    return true;
}

void mail_course::ended() {
    memo_.forget(book_.memo_size());
    if (why_ != reasons::kept) return;
    for (auto& one : milters_)
        if (!one.is_settled) one.why = reasons_of(one.place);
}

std::vector<reason> mail_course::reasons_of(std::size_t place) const {
    auto const& milter = book_.milters()[place];
    std::vector<reason> all;
    if (milter.when) all.push_back({"when", rule::explain(*milter.when, moment())});
    for (auto const& user : users_of(book_, place)) {
        auto const& one = book_.rules()[user.rule];
        all.push_back({"rule " + rule::in_quotes(one.name) + ' ' + user.does, why_rule(user.rule)});
    }
    return all;
}

truth mail_course::condition(std::size_t index) const {
    return rule::evaluate(book_.conditions()[index], moment());
}

truth mail_course::rule_holds(std::size_t index) const { return book_.holds(index, moment()); }

truth mail_course::own_when(std::size_t place) const {
    return rule::evaluate(*book_.milters()[place].when, moment());
}

rule::explanation mail_course::why_condition(std::size_t index) const {
    return rule::explain(book_.conditions()[index], moment());
}

rule::explanation mail_course::why_rule(std::size_t index) const {
    return rule::explain(book_.rules()[index].when, moment());
}

} // namespace milter::manager
