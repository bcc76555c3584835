// SPDX-License-Identifier: BSL-1.0
// milter/test/delivery.hpp - what became of a message
#pragma once

#include <milter/message/edit_text.hpp>
#include <milter/message/envelope.hpp>
#include <milter/message/headers.hpp>
#include <milter/test/answer.hpp>
#include <milter/test/mail.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
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
    std::optional<std::string> quarantine; ///< its reason
    mail result; ///< with the edits, if the message was accepted at its end
    std::size_t keepalives = 0;
    bool accepted() const noexcept {
        return verdict.verdict == wire::reply_code::proceed ||
               verdict.verdict == wire::reply_code::accept;
    }
};

namespace detail {

/// Edits on their way: kept until the verdict, as the MTAs do not.
class staged_edits {
public:
    void note(wire::any_reply const& reply, bool leading_space, delivery& to) {
        if (std::holds_alternative<wire::progress>(reply)) {
            ++to.keepalives;
            return;
        }
        auto text = message::edit_text(reply, leading_space);
        auto const* const piece = std::get_if<wire::replace_body>(&reply);
        if (piece) body_.append(piece->bytes);
        bool const goes_on = piece && !to.edits.empty() && to.edits.back() == text;
        if (!text.empty() && !goes_on) to.edits.push_back(std::move(text));
        static_cast<void>(message::stage(edits_, reply, leading_space, no_limits));
    }

    void apply(delivery& to, message::header_rules rules) const {
        to.quarantine = edits_.quarantine;
        message::headers headers(rules);
        for (auto const& one : to.result.headers)
            headers.append_original(one.name, " " + one.value);
        for (auto const& edit : edits_.headers) headers.apply(edit, 1);
        to.result.headers.clear();
        headers.for_each([&](message::header_field const& field) {
            if (field.visible())
                to.result.headers.push_back(
                    {std::string(field.now_name()),
                     std::string(message::shown_value(field.now_value(), false))});
        });
        for (auto const& edit : edits_.envelope) apply(to.result, edit);
        if (edits_.replaces_body) to.result.body = body_;
    }

private:
    static constexpr message::edit_limits no_limits{SIZE_MAX, SIZE_MAX, SIZE_MAX};

    static bool same(std::string_view a, std::string_view b) {
        return equal_ignoring_case(message::bare_address(a), message::bare_address(b));
    }

    static void apply(mail& to, message::envelope_edit const& edit) {
        auto const is_it = [&](std::string const& one) { return same(one, edit.address); };
        auto& all = to.recipients;
        switch (edit.what) {
        case wire::reply_code::change_from: to.sender = edit.address; return;
        case wire::reply_code::delete_rcpt: std::erase_if(all, is_it); return;
        default:
            if (std::none_of(all.begin(), all.end(), is_it)) all.push_back(edit.address);
        }
    }

    message::edit_list edits_;
    std::string body_;
};

} // namespace detail

} // namespace milter::test
