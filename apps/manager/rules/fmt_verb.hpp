// SPDX-License-Identifier: BSL-1.0
// manager/rules/fmt_verb.hpp - `rules fmt`: expressions in their one spelling, as text or as JSON, also those of whole files
#pragma once

#include "manager/rules/request.hpp"

namespace milter::manager {

/// Status 65: an expression or a file is not understood; 1: files would change.
rules_answer format_expressions(rules_request const& request);

} // namespace milter::manager
