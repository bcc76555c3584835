// SPDX-License-Identifier: BSL-1.0
// manager/rules/given_course.hpp - the course of a mail that is made up, from its client to its end
#pragma once

#include "manager/config/given_mail.hpp"
#include "manager/rules/mail_course.hpp"

#include <memory>
#include <string>
#include <vector>

namespace milter::manager {

/// Of which facts nothing is known, though there is a value for a mail that has nothing special about it.
using unknown_facts = std::vector<bool>; ///< by rule::fact; empty: none

class given_course {
public:
    /// Settings outlive it. @param mail  what is given; its expectations do not matter
    given_course(config const& settings, test_config const& mail, reasons why,
                 unknown_facts unknown = {});
    given_course(given_course const&) = delete;
    given_course& operator=(given_course const&) = delete;
    ~given_course();

    mail_course const& course() const noexcept { return *course_; }
    /// Facts that were asked for and are not given.
    std::vector<std::string> missing() const;

private:
    class partly_known;

    given_mail mail_;
    std::unique_ptr<partly_known> known_;
    std::unique_ptr<mail_course> course_;
};

} // namespace milter::manager
