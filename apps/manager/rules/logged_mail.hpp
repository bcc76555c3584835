// SPDX-License-Identifier: BSL-1.0
// manager/rules/logged_mail.hpp - a message of the decision log, as far as its line says what it was
//
// Source: docs/decision-log.md
#pragma once

#include "manager/rules/given_course.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace milter::manager {

struct logged_mail {
    test_config mail;
    unknown_facts unknown; ///< what the log does not say
};

/// The last line about the message that is a decision. @param log  the text of the file
/// @return  empty: there is none
std::optional<logged_mail> find_in_log(std::string_view log, std::string_view queue_id);

} // namespace milter::manager
