// SPDX-License-Identifier: BSL-1.0
// manager/core/session_rules.hpp - the rules about the mail of one session, asked again whenever more is known
#pragma once

#include "manager/core/config.hpp"
#include "manager/core/mail_facts.hpp"
#include "manager/core/rule_macros.hpp"
#include "manager/core/selection.hpp"
#include "rule/book.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace milter::manager {

/// Whose verdicts are asked about: of milters that count, or of one in a shadow.
enum class rules_for { enforced, evaluated };

class session_rules {
public:
    /// All of these outlive it. @param settings  with a book
    session_rules(config const& settings, proto::macro_store const& macros,
                  mail_facts::milters const& others, rules_for whom);

    /// What is known of the mail; tell changed() when there is more of it.
    mail_facts& facts() noexcept { return facts_; }
    mail_facts const& facts() const noexcept { return facts_; }
    void changed() noexcept {
        memo_.learned();
        has_settled_ = false;
    }
    /// To take back or replace what is known.
    mail_facts& replaced() {
        memo_.forget(book_.memo_size());
        return facts_;
    }

    void take_recipient_back() noexcept {
        facts_.take_recipient_back();
        memo_.taken_back(facts_.recipients());
    }

    /// By what is new since it was asked last: where nothing of that can change the answer, it is undecided still.
    applicability applies(std::size_t milter) noexcept;
    /// Some milter is known not to have to do with the mail: others may have waited for that.
    void settled() noexcept {
        memo_.learned();
        has_settled_ = true;
    }
    /// The rule that decides for the message, as far as that is certain; null: none yet.
    rule::book_rule const* verdict() noexcept { return book_.verdict(moment()); }
    /// Nothing that is still open can refuse the message.
    bool verdict_is_out() noexcept { return book_.verdict_is_out(moment()); }
    /// Macros for the milter by what is known.
    /// @param has  whether the MTA has sent a macro that the milter will see
    template <class Has> std::vector<rule_macro> macros_for(std::size_t milter, Has has);
    /// Its times where no rule says otherwise.
    milter_timeouts timeouts_of(std::size_t milter) noexcept;
    /// So that DNS lists are asked which nothing but a tag depends on. Nobody waits for them.
    void ask_for_tags() const noexcept;
    /// Of rules that hold: what they tag the record with, and what they are called.
    std::vector<std::string> tags() const;
    std::vector<std::string> holding() const;
    /// Conditions that hold, by name.
    std::vector<std::string> conditions() const;

private:
    rule::moment moment() noexcept { return {book_.conditions(), settings_.sets, facts_, memo_}; }
    rule::moment moment() const noexcept {
        return {book_.conditions(), settings_.sets, facts_, memo_};
    }
    bool holds(std::size_t rule) const noexcept {
        return book_.holds(rule, moment()) == rule::truth::yes;
    }
    std::optional<std::string> value_of(rule::macro_text const& macro) const;

    config const& settings_;
    rule::book const& book_;
    proto::macro_store const& macros_;
    mail_facts facts_;
    rules_for whom_;
    bool has_settled_ = false; ///< since the last change
    mutable rule::memo memo_;
};

template <class Has>
std::vector<rule_macro> session_rules::macros_for(std::size_t milter, Has has) {
    return macros_by_rules(
        book_, milter, [&](std::size_t rule) { return holds(rule); }, has,
        [&](rule::macro_text const& macro) { return value_of(macro); });
}

} // namespace milter::manager
