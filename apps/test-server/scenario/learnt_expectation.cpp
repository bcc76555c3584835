// SPDX-License-Identifier: BSL-1.0
// test-server/scenario/learnt_expectation.cpp - what was seen, as what is expected
#include "test-server/scenario/learnt_expectation.hpp"

namespace milter::test_server {

void expect_verdict(step_expectation& to, answer const& given) {
    to.verdict.emplace();
    to.verdict->any_of = {given.what};
    to.verdict->text = name_of(given.what);
    if (!given.reply.empty()) to.reply = text_pattern::exactly(given.reply);
}

void expect_edits(message_expectation& to, std::vector<std::string> const& texts) {
    if (texts.empty()) return;
    to.edits.emplace();
    for (auto const& one : texts) to.edits->push_back(text_pattern::exactly(one));
}

void expect_agreement(agreement_expectation& to, proto::agreement const& agreed) {
    to.version = agreed.version;
    to.actions = agreed.actions;
    to.steps = agreed.steps;
    for (auto const& row : wire::command_rows) {
        auto const index = wire::macro_stage_index(row.code);
        if (index != wire::macro_stage_count && agreed.lists[index])
            to.macros[row.code] = *agreed.lists[index];
    }
}

} // namespace milter::test_server
