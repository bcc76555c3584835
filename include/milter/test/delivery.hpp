// SPDX-License-Identifier: BSL-1.0
// milter/test/delivery.hpp - what became of a message
#pragma once

#include <milter/message/envelope.hpp>
#include <milter/message/headers.hpp>
#include <milter/message/noted_edits.hpp>
#include <milter/test/answer.hpp>
#include <milter/test/mail.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace milter::test {

struct refused_recipient {
    std::string address;
    answer given;
};

struct delivery {
    answer verdict;
    wire::command_code stage = wire::command_code::connect; ///< at which it was given
    std::vector<refused_recipient> refused;
    std::vector<std::string> edits; ///< as message::edit_text() has them: "add_header X-Spam: no"
    optional_text quarantine;       ///< its reason
    mail result;                    ///< with the edits, if the message was accepted at its end
    std::size_t keepalives = 0;
    bool accepted() const noexcept {
        return verdict.verdict == wire::reply_code::proceed ||
               verdict.verdict == wire::reply_code::accept;
    }
};

namespace detail {

inline void apply(message::envelope_edit const& edit, mail& to) {
    auto const is_it = [&](std::string const& one) {
        return equal_ignoring_case(message::bare_address(one), message::bare_address(edit.address));
    };
    auto& all = to.recipients;
    switch (edit.what) {
    case wire::reply_code::change_from: to.sender = edit.address; return;
    case wire::reply_code::delete_rcpt: std::erase_if(all, is_it); return;
    default:
        if (std::none_of(all.begin(), all.end(), is_it)) all.push_back(edit.address);
    }
}

inline void apply(message::noted_edits const& edits, delivery& to, message::header_rules rules) {
    to.quarantine = edits.list.quarantine;
    message::headers headers(rules);
    for (auto const& one : to.result.headers) headers.append_original(one.name, " " + one.value);
    for (auto const& edit : edits.list.headers) headers.apply(edit, 1);
    to.result.headers.clear();
    headers.for_each([&](message::header_field const& field) {
        if (field.visible())
            to.result.headers.push_back(
                {std::string(field.now_name()),
                 std::string(message::shown_value(field.now_value(), false))});
    });
    for (auto const& edit : edits.list.envelope) apply(edit, to.result);
    if (edits.list.replaces_body) to.result.body = edits.body;
}

} // namespace detail

} // namespace milter::test
