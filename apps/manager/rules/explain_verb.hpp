// SPDX-License-Identifier: BSL-1.0
// manager/rules/explain_verb.hpp - `rules explain`: a mail that is made up, or was logged, and what the rules say about it
#pragma once

#include "manager/rules/request.hpp"

namespace milter::manager {

rules_answer explain_mail(rules_request const& request);

} // namespace milter::manager
