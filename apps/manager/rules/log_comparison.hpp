// SPDX-License-Identifier: BSL-1.0
// manager/rules/log_comparison.hpp - what the decision log says of a message, beside what the rules of today say
//
// A line has what held, and not why: facts that it does not have leave today's answer open, and then the log alone knows.
#pragma once

#include "manager/rules/logged_mail.hpp"
#include "manager/rules/mail_course.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace milter::manager {

/// Empty: the log says nothing about it.
struct logged_word {
    std::string text;         ///< "held"
    bool contradicts = false; ///< the rules of today have another answer

    /// "the log says: held, unlike today's rules"
    std::string told() const;
};

logged_word word_on_condition(logged_outcome const& log, std::string const& name,
                              rule::truth today);
logged_word word_on_rule(logged_outcome const& log, std::string const& name, rule::truth today);
logged_word word_on_milter(logged_outcome const& log, std::string const& name,
                           milter_course const& today);
logged_word word_on_verdict(logged_outcome const& log, verdict_course const& today);

/// Rules that held and that the configuration does not have any more.
std::vector<std::string> rules_gone(logged_outcome const& log, config const& settings);

/// Subjects of which the log says something else: "condition local", "milter scan".
std::vector<std::string> contradictions(logged_outcome const& log, config const& settings,
                                        mail_course const& today);

nlohmann::ordered_json json_of(logged_mail const& of, config const& settings,
                               mail_course const& today);

} // namespace milter::manager
