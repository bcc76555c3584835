// SPDX-License-Identifier: BSL-1.0
// test-server/report_json.cpp - outcomes of sessions as JSON
#include "cli/text_json.hpp"
#include "test-server/report.hpp"

#include <nlohmann/json.hpp>

#include <chrono>

namespace milter::test_server {

namespace {

using cli::text_json;
using json = nlohmann::ordered_json;

void add_answer(json& to, answer const& given) {
    to["status"] = name_of(given.what);
    to["stage"] = wire::name_of(given.stage);
    if (!given.reply.empty()) to["reply"] = text_json(given.reply);
    if (!given.heard.empty()) to["client_hears"] = text_json(given.heard);
}

json answer_json(answer const& given) {
    auto one = json::object();
    add_answer(one, given);
    return one;
}

json header_edit_json(message::header_edit const& edit) {
    using kind = message::header_edit::kind;
    auto one = json::object();
    one["edit"] = edit.what == kind::add      ? "add_header"
                  : edit.what == kind::insert ? "insert_header"
                                              : "change_header";
    if (edit.what != kind::add) one["index"] = edit.index;
    one["name"] = text_json(edit.name);
    one["value"] = text_json(edit.value);
    return one;
}

json envelope_edit_json(message::envelope_edit const& edit) {
    json one{{"edit", wire::name_of(edit.what)}, {"address", text_json(edit.address)}};
    if (edit.args) one["arguments"] = text_json(*edit.args);
    return one;
}

json edits_json(message_outcome const& message) {
    auto all = json::array();
    for (auto const& edit : message.edits.list.headers) all.push_back(header_edit_json(edit));
    for (auto const& edit : message.edits.list.envelope) all.push_back(envelope_edit_json(edit));
    if (message.edits.list.replaces_body)
        all.push_back({{"edit", "replace_body"}, {"bytes", text_json(message.edits.body)}});
    if (message.edits.list.quarantine)
        all.push_back(
            {{"edit", "quarantine"}, {"reason", text_json(*message.edits.list.quarantine)}});
    return all;
}

json result_json(message_outcome const& message) {
    auto result = json::object();
    result["sender"] = text_json(message.sender.address);
    auto recipients = json::array();
    for (auto const& one : message.recipients)
        if (one.how != changed_line::mark::removed) recipients.push_back(text_json(one.text));
    result["recipients"] = std::move(recipients);
    auto headers = json::array();
    message.headers.for_each([&](message::header_field const& field) {
        if (field.visible())
            headers.push_back({text_json(field.now_name()), text_json(field.now_value())});
    });
    result["headers"] = std::move(headers);
    result["body"] = text_json(message.body);
    return result;
}

json message_json(message_outcome const& message) {
    auto one = answer_json(message.verdict);
    if (message.quarantine) one["quarantine"] = text_json(*message.quarantine);
    if (message.edits.keepalives != 0) one["keepalives"] = message.edits.keepalives;
    auto refused = json::array();
    for (auto const& recipient : message.refused) {
        json entry{{"address", text_json(recipient.address)}};
        add_answer(entry, recipient.given);
        refused.push_back(std::move(entry));
    }
    one["refused_recipients"] = std::move(refused);
    one["edits"] = edits_json(message);
    one["edits_stand"] = message.edits_stand;
    one["result"] = result_json(message);
    return one;
}

json negotiated_json(proto::agreement const& agreed) {
    json one{{"version", agreed.version},
             {"actions", to_string(agreed.actions)},
             {"steps", to_string(agreed.steps)}};
    auto lists = json::object();
    for (auto const& row : wire::command_rows) {
        auto const index = wire::macro_stage_index(row.code);
        if (index != wire::macro_stage_count && agreed.lists[index])
            lists[std::string(row.name)] = text_json(*agreed.lists[index]);
    }
    if (!lists.empty()) one["macro_lists"] = std::move(lists);
    return one;
}

json session_json(session_outcome const& outcome) {
    json one{{"status", name_of(outcome.overall())},
             {"elapsed_seconds", std::chrono::duration<double>(outcome.elapsed).count()}};
    one["error"] = outcome.failed ? text_json(outcome.failed->text) : json();
    if (outcome.negotiated) one["negotiated"] = negotiated_json(outcome.agreed);
    if (outcome.ended_early) one["ended_early"] = answer_json(*outcome.ended_early);
    for (auto const& given : outcome.unknown_commands)
        one["unknown_commands"].push_back(answer_json(given));
    auto messages = json::array();
    for (auto const& message : outcome.messages) messages.push_back(message_json(message));
    one["messages"] = std::move(messages);
    return one;
}

} // namespace

std::string report_json(std::vector<session_outcome> const& outcomes,
                        std::vector<unmet> const& unmet, std::string const& endpoint) {
    json report{{"schema", "milter-test-server/v1"}, {"milter", text_json(endpoint)}};
    auto sessions = json::array();
    for (auto const& one : outcomes) sessions.push_back(session_json(one));
    report["sessions"] = std::move(sessions);
    auto missed = json::array();
    for (auto const& one : unmet)
        missed.push_back(
            {{"session", one.session}, {"message", one.message}, {"what", text_json(one.what)}});
    report["unmet_expectations"] = std::move(missed);
    return report.dump(2, ' ', false, json::error_handler_t::replace);
}

} // namespace milter::test_server
