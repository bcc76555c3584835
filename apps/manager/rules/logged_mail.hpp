// SPDX-License-Identifier: BSL-1.0
// manager/rules/logged_mail.hpp - a message of the decision log, as far as its line says what it was
//
// Source: docs/decision-log.md
#pragma once

#include "manager/rules/given_course.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace milter::manager {

/// What the line says that came of it.
struct logged_outcome {
    struct milter {
        std::string name;
        std::string verdict; ///< "continue", "not asked", ...
        std::string reason;
    };

    std::string time;
    std::vector<std::string> conditions; ///< that held
    std::vector<std::string> rules;      ///< the same
    std::vector<std::string> tags;
    std::vector<milter> milters;
    std::string verdict, text, decided_by, stage;
    bool has_all_conditions = true; ///< else some more may have held
};

struct logged_mail {
    test_config mail;
    unknown_facts unknown; ///< what the log does not say
    logged_outcome outcome;
    std::size_t lines = 0; ///< decisions about messages with this name; this is the last one
};

/// @param log  the text of the file
/// @return  empty: there is none
std::optional<logged_mail> find_in_log(std::string_view log, std::string_view queue_id);

} // namespace milter::manager
