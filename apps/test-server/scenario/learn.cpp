// SPDX-License-Identifier: BSL-1.0
// test-server/scenario/learn.cpp - scenarios from a message, and from what came of their steps
#include "test-server/scenario/learn.hpp"

#include "test-server/compose.hpp"
#include "test-server/scenario/learnt_expectation.hpp"

#include <utility>

namespace milter::test_server {

namespace {

std::string path_text(smtp_path const& path) {
    auto text = path.address;
    for (auto const& arg : path.args) text.append(" ").append(arg);
    return text;
}

scenario_step step(step_kind what, std::string text = {}) {
    scenario_step one;
    one.what = what;
    one.text = std::move(text);
    return one;
}

bool settles_message(step_kind what, status verdict) noexcept {
    bool const is_end = what == step_kind::end_of_message || what == step_kind::message;
    return is_end || verdict == status::discard;
}

} // namespace

scenario scenario_of_mail(std::string_view text, std::string const& file) {
    auto content = parse_mail(text);
    auto const envelope = compose(content, {});
    scenario one;
    one.title = file;
    one.steps.push_back(step(step_kind::negotiate));
    one.steps.push_back(step(step_kind::connect));
    one.steps.push_back(step(step_kind::helo, "mx.example.net"));
    one.steps.push_back(step(step_kind::mail, path_text(envelope.sender)));
    for (auto const& recipient : envelope.recipients)
        one.steps.push_back(step(step_kind::rcpt, path_text(recipient)));
    auto message = step(step_kind::message);
    message.content = std::move(content);
    message.content_file = file;
    one.steps.push_back(std::move(message));
    return one;
}

void expect_what_came(scenario& steps, scenario_result const& result) {
    for (std::size_t i = 0; i < result.steps.size(); ++i) {
        auto const& outcome = result.steps[i].outcome;
        auto& one = steps.steps[i];
        if (!outcome.attempted) { // an MTA says nothing more
            steps.steps.resize(i);
            return;
        }
        if (outcome.agreed) expect_agreement(one.expected.agreement, *outcome.agreed);
        if (!outcome.sent)
            one.expected.sent = false;
        else if (one.what != step_kind::negotiate)
            expect_verdict(one.expected, outcome.given);
        if (outcome.message && settles_message(one.what, outcome.given.what)) {
            if (outcome.message->edits_stand)
                expect_edits(one.expected.message, outcome.message->edits.texts);
        }
    }
}

} // namespace milter::test_server
