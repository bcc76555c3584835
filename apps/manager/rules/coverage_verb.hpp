// SPDX-License-Identifier: BSL-1.0
// manager/rules/coverage_verb.hpp - `rules coverage`: how often conditions and rules are true, false or neither
#pragma once

#include "manager/rules/mail_course.hpp"
#include "manager/rules/request.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace milter::manager {

/// Conditions, rules, and what milters say themselves, over many mails.
class coverage {
public:
    struct row {
        std::string name; ///< "condition suspicious", "rule \"x\"", "milter spf"
        std::size_t yes = 0, no = 0, undecided = 0;
    };

    explicit coverage(config const& settings);
    /// With the facts of the end of the mail.
    void add(mail_course const& course);

    std::vector<row> const& rows() const noexcept { return rows_; }
    std::vector<std::string> never_true() const;
    std::vector<std::string> never_false() const;

private:
    static void count(row& in, rule::truth answer) noexcept;

    std::size_t conditions_, rules_;
    std::vector<std::size_t> milters_; ///< that have a `when`
    std::vector<row> rows_;            ///< conditions, rules, milters
};

rules_answer show_coverage(rules_request const& request);

} // namespace milter::manager
