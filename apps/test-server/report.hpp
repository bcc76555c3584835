// SPDX-License-Identifier: BSL-1.0
// test-server/report.hpp - outcomes of sessions, for people and for programs
#pragma once

#include "test-server/expectation.hpp"
#include "test-server/outcome.hpp"

#include <string>
#include <vector>

namespace milter::test_server {

struct text_style {
    bool color = false;
    bool with_message = false; ///< the resulting message, too
};

/// `status:`, `elapsed-time:` and what else there is, as the older milter-test-server printed it.
std::string report_text(session_outcome const& outcome, text_style style);

/// One object, indented. `endpoint` is where the milter listens.
std::string report_json(std::vector<session_outcome> const& outcomes,
                        std::vector<unmet> const& unmet, std::string const& endpoint);

} // namespace milter::test_server
