// SPDX-License-Identifier: BSL-1.0
// manager/rules/treatment_difference.hpp - in what two configurations treat a message differently, in words, with the cause
//
// What is open in one of them is no difference: it may come out the same.
#pragma once

#include "manager/rules/message_treatment.hpp"

#include <string>
#include <vector>

namespace milter::manager {

/// Words that are the same for all messages to which the same happens for the same reason.
struct treatment_difference {
    std::vector<std::string> changes;   ///< `scan does not run any more (rule "news")`
    std::vector<std::string> not_known; ///< "whether scan runs"
};

treatment_difference difference_of(message_treatment const& now, message_treatment const& then);

} // namespace milter::manager
