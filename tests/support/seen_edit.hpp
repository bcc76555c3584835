// SPDX-License-Identifier: BSL-1.0
// tests/support/seen_edit.hpp - an edit as it was on the wire, kept; and what two of them have in common
#pragma once

#include <milter/ascii.hpp>
#include <milter/wire/reply.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace support {

namespace wire = milter::wire;

struct seen_edit {
    wire::reply_code what{};
    std::string name; ///< of a header; the address
    std::string
        value; ///< of a header, without blanks in front; arguments; a piece of body; a reason

    bool of_header() const noexcept {
        return what == wire::reply_code::add_header || what == wire::reply_code::insert_header ||
               what == wire::reply_code::change_header;
    }
    bool of_envelope() const noexcept {
        return !of_header() && what != wire::reply_code::replace_body &&
               what != wire::reply_code::quarantine;
    }
};

using edit_log = std::vector<seen_edit>;

/// Blanks in front of a value come and go with what was negotiated.
inline std::string without_blanks(std::string_view value) {
    return std::string(value.substr(std::min(value.find_first_not_of(" \t"), value.size())));
}

/// Line ends of a new body are put in order for the milters behind its author.
inline std::string without_line_ends(std::string_view body) {
    std::string out;
    std::copy_if(body.begin(), body.end(), std::back_inserter(out),
                 [](char c) { return c != '\r' && c != '\n'; });
    return out;
}

/// Empty: the reply is no edit.
inline std::optional<seen_edit> to_seen_edit(wire::any_reply const& reply) {
    auto const code = wire::code_of(reply);
    if (wire::row_of(code).kind != wire::reply_kind::edit) return std::nullopt;
    seen_edit edit{code, {}, {}};
    std::visit(
        [&](auto const& one) {
            if constexpr (requires { one.name; }) {
                edit.name = one.name;
                edit.value = without_blanks(one.value);
            }
            if constexpr (requires { one.address; }) edit.name = one.address;
            if constexpr (requires { one.args; }) edit.value = one.args.value_or("");
            if constexpr (requires { one.bytes; }) edit.value = one.bytes;
            if constexpr (requires { one.reason; }) edit.value = one.reason;
        },
        reply);
    return edit;
}

/// Whether `sent` may be what became of one of `given`. Header edits of several authors are merged, so that an addition
/// may become an insertion; what they say stays.
inline bool comes_from(seen_edit const& sent, edit_log const& given) {
    return std::any_of(given.begin(), given.end(), [&](seen_edit const& one) {
        if (sent.of_header())
            return one.of_header() && milter::equal_ignoring_case(one.name, sent.name) &&
                   (sent.value.empty() || one.value == sent.value);
        return one.what == sent.what && one.name == sent.name && one.value == sent.value;
    });
}

inline std::string body_of(edit_log const& edits) {
    std::string body;
    for (auto const& one : edits)
        if (one.what == wire::reply_code::replace_body) body += one.value;
    return body;
}

inline bool replaces_body(edit_log const& edits) {
    return std::any_of(edits.begin(), edits.end(),
                       [](auto const& one) { return one.what == wire::reply_code::replace_body; });
}

} // namespace support
