// SPDX-License-Identifier: BSL-1.0
// test-server/scenario/expectation_toml.cpp - what a step expects, from TOML
#include "cli/flag_names.hpp"
#include "test-server/scenario/step_toml.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace milter::test_server {

namespace {

constexpr std::string_view known_keys =
    "verdict, reply, client_hears, error, sent and within; of a negotiation version, actions, "
    "steps and macros; "
    "of a message sender, recipients, recipient, no_recipient, headers, header, no_header, body, "
    "quarantine, edits, edit and keepalives";

constexpr std::string_view agreement_keys[] = {"version", "actions", "steps", "macros"};

} // namespace

void scenario_reader::read_expectation(toml::node const& node, step_expectation& to) {
    if (node.is_string()) return read_short(node, to);
    for (auto const& [key, value] : table_at(node, "expect"))
        attempt([&, &name = key, &given = value] {
            bool const known = read_answer(name.str(), given, to) ||
                               read_agreement(name.str(), given, to.agreement) ||
                               read_message(name.str(), given, to.message);
            if (!known) unknown_key(name, known_keys);
        });
}

/// `VERDICT`, or `VERDICT REPLY`.
void scenario_reader::read_short(toml::node const& node, step_expectation& to) const {
    auto const text = text_of(node, "expect");
    auto const blank = text.find(' ');
    auto const word = text.substr(0, blank);
    if (word == "any")
        to.any = true;
    else if (word == "not_sent")
        to.sent = false;
    else
        to.verdict =
            parsed(node, "expect", [&](std::string const&) { return parse_verdict(word); });
    if (blank != text.npos)
        to.reply = parsed(node, "expect", [&](std::string const&) {
            return text_pattern::parse(text.substr(blank + 1));
        });
}

bool scenario_reader::read_answer(std::string_view name, toml::node const& node,
                                  step_expectation& to) const {
    if (name == "verdict") {
        to.any = text_of(node, name) == "any";
        if (!to.any)
            to.verdict =
                parsed(node, name, [](std::string const& text) { return parse_verdict(text); });
    } else if (name == "reply")
        to.reply = pattern(node, name);
    else if (name == "client_hears")
        to.client_hears = pattern(node, name);
    else if (name == "error")
        to.error = pattern(node, name);
    else if (name == "sent")
        to.sent = flag_at(node, name);
    else if (name == "within")
        to.within = time_of(node, name);
    else
        return false;
    return true;
}

bool scenario_reader::read_agreement(std::string_view name, toml::node const& node,
                                     agreement_expectation& to) {
    if (name == "version")
        to.version = number_at(node, name);
    else if (name == "actions")
        to.actions = flags<wire::action>(node, name, cli::parse_actions);
    else if (name == "steps")
        to.steps = flags<wire::step>(node, name, cli::parse_steps);
    else if (name == "macros")
        for (auto const& [key, value] : table_at(node, name))
            attempt([&, &stage_name = key, &given = value] {
                auto const stage = with_key(stage_name, cli::parse_stage);
                if (wire::macro_stage_index(stage) == wire::macro_stage_count)
                    fail(stage_name.source(),
                         fmt::format("{} has no list of macros", stage_name.str()));
                to.macros[stage] = text_of(given, stage_name.str());
            });
    else
        return false;
    return true;
}

/// Nothing is negotiated in this step, and an expectation of it would say nothing.
void scenario_reader::refuse_agreement(toml::table const& step) {
    auto const* const expect = step["expect"].as_table();
    if (!expect) return;
    for (auto const& [key, node] : *expect)
        attempt([&, &name = key] {
            if (std::find(std::begin(agreement_keys), std::end(agreement_keys), name.str()) !=
                std::end(agreement_keys))
                fail(name.source(),
                     fmt::format("\"{}\" is expected of a step negotiate, and of no other",
                                 name.str()));
        });
}

bool scenario_reader::read_message(std::string_view name, toml::node const& node,
                                   message_expectation& to) {
    if (name == "sender")
        to.sender = pattern(node, name);
    else if (name == "recipients")
        to.recipients = patterns(node, name);
    else if (name == "recipient")
        to.recipient = patterns(node, name);
    else if (name == "no_recipient")
        to.no_recipient = patterns(node, name);
    else if (name == "headers")
        to.headers = header_patterns(node, name);
    else if (name == "header")
        to.header = header_patterns(node, name);
    else if (name == "no_header")
        to.no_header = header_patterns(node, name);
    else if (name == "body")
        to.body = patterns(node, name);
    else if (name == "quarantine")
        to.quarantine = pattern(node, name);
    else if (name == "edits")
        to.edits = patterns(node, name);
    else if (name == "edit")
        to.edit = patterns(node, name);
    else if (name == "keepalives")
        to.keepalives = number_at(node, name);
    else
        return false;
    return true;
}

text_pattern scenario_reader::pattern(toml::node const& node, std::string_view what) const {
    return parsed(node, what,
                  [](std::string text) { return text_pattern::parse(std::move(text)); });
}

std::vector<text_pattern> scenario_reader::patterns(toml::node const& node, std::string_view what) {
    std::vector<text_pattern> all;
    each_text(node, [&](toml::node const& one) { all.push_back(pattern(one, what)); });
    return all;
}

std::vector<header_pattern> scenario_reader::header_patterns(toml::node const& node,
                                                             std::string_view what) {
    std::vector<header_pattern> all;
    each_text(node, [&](toml::node const& one) {
        all.push_back(
            parsed(one, what, [](std::string const& text) { return header_pattern::parse(text); }));
    });
    return all;
}

} // namespace milter::test_server
