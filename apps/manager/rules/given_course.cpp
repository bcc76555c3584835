// SPDX-License-Identifier: BSL-1.0
// manager/rules/given_course.cpp
#include "manager/rules/given_course.hpp"

#include "manager/rules/ready_rules.hpp"

#include <set>
#include <string_view>
#include <utility>

namespace milter::manager {

using rule::fact;
using rule::quantity;
using rule::stage;

/// What is given, without what follows from nothing.
class given_course::partly_known final : public rule::fact_source {
public:
    partly_known(given_mail const& whole, unknown_facts unknown)
        : whole_(whole), unknown_(std::move(unknown)) {}

    rule::value read(fact which, rule::argument const* with,
                     rule::cursor const* at) const noexcept override {
        auto const value = whole_.read(which, with, at);
        bool const hides = is_unknown(which) && value.state != rule::knowledge::pending;
        return hides ? not_known(which) : value;
    }

    bool next(quantity of, rule::argument const* with, rule::cursor& at) const noexcept override {
        return whole_.next(of, with, at);
    }

    rule::knowledge is_complete(quantity of, rule::argument const* with) const noexcept override {
        auto const all = whole_.is_complete(of, with);
        if (of == quantity::one || !is_unknown(fact_of(of))) return all;
        if (all == rule::knowledge::known) not_known(fact_of(of));
        return rule::knowledge::pending;
    }

    std::set<std::string> const& asked() const noexcept { return asked_; }

private:
    static fact fact_of(quantity of) noexcept {
        if (of == quantity::each_recipient) return fact::recipient;
        return of == quantity::each_header ? fact::header : fact::added_header;
    }
    bool is_unknown(fact which) const noexcept {
        auto const index = static_cast<std::size_t>(which);
        return index < unknown_.size() && unknown_[index];
    }
    rule::value not_known(fact which) const {
        asked_.emplace(rule::row_of(which).name);
        return rule::not_yet();
    }

    given_mail const& whole_;
    unknown_facts unknown_;
    mutable std::set<std::string> asked_;
};

namespace {

std::string_view profile_of(test_config const& mail) noexcept {
    for (auto const& one : mail.given)
        if (one.which == fact::profile) return one.texts.front();
    return {};
}

} // namespace

given_course::given_course(config const& settings, test_config const& mail, reasons why,
                           unknown_facts unknown)
    : mail_(settings, mail), known_(std::make_unique<partly_known>(mail_, std::move(unknown))) {
    auto const places = milters_in(settings, profile_of(mail));
    auto const decide = [this](std::size_t milter, bool runs) { mail_.decide(milter, runs); };
    std::vector<bool> is_there(settings.milters.size());
    for (auto const place : places) is_there[place] = true;
    for (std::size_t i = 0; i < is_there.size(); ++i)
        if (!is_there[i]) mail_.decide(i, false);
    course_ = std::make_unique<mail_course>(settings, places, *known_, why, decide);
    auto const go_to = [&](stage at, std::size_t recipients, std::size_t recipient) {
        if (course_->is_over()) return;
        mail_.go_to(at, recipients);
        course_->reached(at, recipient);
    };
    for (auto const at : {stage::start, stage::connect, stage::helo, stage::mail}) go_to(at, 0, 0);
    for (std::size_t i = 1; i <= mail_.recipients(); ++i) go_to(stage::rcpt, i, i);
    for (auto const at : {stage::data, stage::headers, stage::message})
        go_to(at, mail_.recipients(), 0);
    course_->ended();
}

given_course::~given_course() = default;

std::vector<std::string> given_course::missing() const {
    auto all = mail_.missing();
    all.insert(known_->asked().begin(), known_->asked().end());
    return {all.begin(), all.end()};
}

} // namespace milter::manager
