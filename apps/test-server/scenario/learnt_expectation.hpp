// SPDX-License-Identifier: BSL-1.0
// test-server/scenario/learnt_expectation.hpp - what was seen, as what is expected
#pragma once

#include "test-server/scenario/step_expectation.hpp"

#include <string>
#include <vector>

namespace milter::test_server {

void expect_verdict(step_expectation& to, answer const& given);

/// @param texts  as message::edit_text() gives them
void expect_edits(message_expectation& to, std::vector<std::string> const& texts);

void expect_agreement(agreement_expectation& to, proto::agreement const& agreed);

} // namespace milter::test_server
