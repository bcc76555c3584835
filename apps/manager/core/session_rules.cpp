// SPDX-License-Identifier: BSL-1.0
// manager/core/session_rules.cpp
#include "manager/core/session_rules.hpp"

#include "manager/core/decision.hpp"

#include <algorithm>

namespace milter::manager {

using rule::truth;

session_rules::session_rules(config const& settings, proto::macro_store const& macros,
                             mail_facts::milters const& others, rules_for whom)
    : settings_(settings), book_(*settings.book), macros_(macros), facts_(settings, macros, others),
      whom_(whom) {
    replaced();
}

applicability session_rules::applies(std::size_t milter) noexcept {
    auto const& asked = book_.milters()[milter];
    bool const may_be_new =
        book_.asked(milter).has(facts_.newest()) || (has_settled_ && !asked.after.empty());
    if (!may_be_new) return applicability::undecided;
    auto const at = moment();
    auto answer = book_.applies(milter, at);
    if (answer != truth::no && !asked.evaluate.empty()) {
        auto const evaluated = book_.evaluates(milter, at);
        answer =
            rule::and_(answer, whom_ == rules_for::evaluated ? evaluated : rule::not_(evaluated));
    }
    switch (answer) {
    case truth::no: return applicability::no;
    case truth::yes: return applicability::yes;
    case truth::pending:
    case truth::unavailable: break;
    }
    return applicability::undecided;
}

/// Empty: the macro that it is to be taken from was not sent.
std::optional<std::string> session_rules::value_of(rule::macro_text const& macro) const {
    std::string_view const value = macro.value;
    if (value.substr(0, 1) != "$") return macro.value;
    auto const found = macros_.find(value.substr(1));
    return found ? std::optional(std::string(*found)) : std::nullopt;
}

milter_timeouts session_rules::timeouts_of(std::size_t milter) noexcept {
    auto times = settings_.milters[milter].timeouts;
    auto const& rules = book_.rules();
    for (std::size_t i = 0; i < rules.size(); ++i) {
        auto const& given = rules[i].timeouts;
        if (!given.any() || !is_for(rules[i], milter) || !holds(i)) continue;
        if (given.command) times.command = *given.command;
        if (given.content) times.content = *given.content;
        if (given.end_of_message) times.end_of_message = *given.end_of_message;
    }
    return times;
}

void session_rules::ask_for_tags() const noexcept {
    for (auto const rule : book_.tags_by_lists()) holds(rule);
}

std::vector<std::string> session_rules::tags() const {
    std::vector<std::string> found;
    auto const& rules = book_.rules();
    for (std::size_t i = 0; i < rules.size(); ++i)
        if (!rules[i].tag.empty() && holds(i) &&
            std::find(found.begin(), found.end(), rules[i].tag) == found.end())
            found.push_back(rules[i].tag);
    return found;
}

std::vector<std::string> session_rules::conditions() const {
    std::vector<std::string> found;
    auto const& names = book_.condition_names();
    for (std::size_t i = 0; i < names.size() && found.size() < record_list_limit; ++i)
        if (rule::evaluate(book_.conditions()[i], moment()) == truth::yes)
            found.push_back(names[i]);
    return found;
}

std::vector<std::string> session_rules::holding() const {
    std::vector<std::string> found;
    auto const& rules = book_.rules();
    for (std::size_t i = 0; i < rules.size(); ++i)
        if (holds(i)) found.push_back(rules[i].name);
    return found;
}

} // namespace milter::manager
