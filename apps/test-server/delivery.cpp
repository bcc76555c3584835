// SPDX-License-Identifier: BSL-1.0
// test-server/delivery.cpp - one message on its way through the MTA: staged edits, and what becomes of them
#include "test-server/delivery.hpp"

#include <milter/ascii.hpp>
#include <milter/message/envelope.hpp>

namespace milter::test_server {

namespace {

bool same_address(std::string_view a, std::string_view b) {
    return equal_ignoring_case(message::bare_address(a), message::bare_address(b));
}

void add_recipient(message_outcome& result, std::string const& address) {
    for (auto const& one : result.recipients)
        if (one.how != changed_line::mark::removed && same_address(one.text, address)) return;
    result.recipients.push_back({changed_line::mark::added, address});
}

void delete_recipient(message_outcome& result, std::string const& address) {
    std::erase_if(result.recipients, [&](changed_line const& one) {
        return one.how == changed_line::mark::added && same_address(one.text, address);
    });
    for (auto& one : result.recipients)
        if (same_address(one.text, address)) one.how = changed_line::mark::removed;
}

void apply_envelope(message_outcome& result, message::envelope_edit const& edit) {
    auto const path = parse_path(edit.address + (edit.args ? " " + *edit.args : ""));
    switch (edit.what) {
    case wire::reply_code::add_rcpt:
    case wire::reply_code::add_rcpt_with_args: return add_recipient(result, path.address);
    case wire::reply_code::delete_rcpt: return delete_recipient(result, path.address);
    case wire::reply_code::change_from:
        if (!result.old_sender) result.old_sender = result.sender;
        result.sender = path;
        return;
    default: return;
    }
}

} // namespace

void begin_delivery(message_outcome& result, message_plan const& mail,
                    message::header_rules rules) {
    result.sender = mail.sender;
    result.headers.rules(rules);
    for (auto const& one : mail.headers) result.headers.append_original(one.name, one.value);
    for (auto const& chunk : mail.chunks) result.body += chunk;
}

void finish_delivery(message_outcome& result) {
    auto& verdict = result.verdict;
    bool const at_end = verdict.stage == wire::command_code::end_of_message;
    result.edits_stand = at_end && (verdict.what == status::pass || verdict.what == status::accept);
    if (!result.edits_stand) return; // statement 153
    result.quarantine = result.edits.list.quarantine;
    if (result.quarantine) verdict.what = status::quarantine;
    for (auto const& edit : result.edits.list.headers) result.headers.apply(edit, 1);
    for (auto const& edit : result.edits.list.envelope) apply_envelope(result, edit);
    if (result.edits.list.replaces_body) result.body = result.edits.body;
}

} // namespace milter::test_server
