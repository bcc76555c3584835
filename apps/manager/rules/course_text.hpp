// SPDX-License-Identifier: BSL-1.0
// manager/rules/course_text.hpp - the course of a mail, for people and for programs
#pragma once

#include "manager/rules/logged_mail.hpp"
#include "manager/rules/mail_course.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace milter::manager {

/// What is shown of it.
struct course_view {
    config const& settings;
    mail_course const& course;
    std::string const& milter;               ///< this one alone; empty: all
    std::vector<std::string> const& missing; ///< facts that were asked for and are not given
    logged_mail const* logged = nullptr;     ///< where the mail comes from; null: from no log
};

std::string text_of(course_view const& of);
nlohmann::ordered_json json_of(course_view const& of);

/// Each line so far to the right.
std::string indented(std::string const& lines, std::size_t by);

/// The answers of one milter, and why it was the last one.
std::string text_of(config const& settings, milter_course const& of);

nlohmann::ordered_json json_of(rule::explanation const& of);

} // namespace milter::manager
