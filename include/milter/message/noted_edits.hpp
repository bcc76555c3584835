// SPDX-License-Identifier: BSL-1.0
// milter/message/noted_edits.hpp - what a filter asks to be changed in one message, with its words and the replaced body
#pragma once

#include <milter/error.hpp>
#include <milter/message/edit.hpp>
#include <milter/message/edit_text.hpp>

#include <cstddef>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace milter::message {

/// More than any message needs, and less than what a machine has.
inline constexpr edit_limits generous_edit_limits{100'000, 64UL << 20, 256UL << 20};

/// Kept until the verdict, which says whether they stand (protocol.md statement 153).
struct noted_edits {
    edit_list list;
    std::vector<std::string> texts; ///< edit_text() of each, in their order; a replaced body is one
    std::string body;               ///< when list.replaces_body
    std::size_t keepalives = 0;     ///< that came in between

    /// Takes a reply of a filter that negotiated `leading_space` or not; a verdict is not noted.
    /// @return  limit_exceeded: there are too many, and this one is not noted
    error_code note(wire::any_reply const& reply, bool leading_space,
                    edit_limits const& limits = generous_edit_limits) {
        if (std::holds_alternative<wire::progress>(reply)) {
            ++keepalives;
            return {};
        }
        auto text = edit_text(reply, leading_space);
        if (text.empty()) return {};
        auto const* const piece = std::get_if<wire::replace_body>(&reply);
        if (piece && piece->bytes.size() > limits.body_bytes - body.size())
            return errc::limit_exceeded;
        if (auto const ec = stage(list, reply, leading_space, limits)) return ec;
        if (piece) body.append(piece->bytes);
        bool const goes_on = piece && !texts.empty() && texts.back() == text;
        if (!goes_on) texts.push_back(std::move(text));
        return {};
    }
};

} // namespace milter::message
