// SPDX-License-Identifier: BSL-1.0
// milter/wire/reply.hpp - what a filter says to an MTA: structs, decode, encode
//
// Structs are views into the frame they were decoded from.
// Source: protocol.md 1.7, 2.5, 3.6; statements 18, 19, 23, 107, 154, 174.
#pragma once

#include <milter/wire/code.hpp>
#include <milter/wire/cursor.hpp>
#include <milter/wire/frame.hpp>

#include <array>
#include <optional>
#include <variant>

namespace milter::wire {

inline constexpr std::uint32_t max_header_index = 0x7FFF'FFFF; // Sendmail reads it as a signed int

/// Macro names that a filter asks for, by stage; `present` tells an empty list from none.
struct macro_list_view {
    bool present = false;
    std::string_view names; ///< separated by spaces or commas
    friend bool operator==(macro_list_view const&, macro_list_view const&) = default;
};

/// SMFIC_OPTNEG answered: what the filter wants. Lists are indexed by macro_stage.
struct negotiate_reply {
    static constexpr auto code = reply_code::negotiate;
    std::uint32_t version = newest_version;
    action actions = action::none;
    step steps = step::none;
    std::array<macro_list_view, macro_stage_count> macro_lists{};
    friend bool operator==(negotiate_reply const&, negotiate_reply const&) = default;
};

template <reply_code Code> struct bare_reply {
    static constexpr auto code = Code;
    friend bool operator==(bare_reply const&, bare_reply const&) = default;
};

using proceed = bare_reply<reply_code::proceed>;
using accept = bare_reply<reply_code::accept>;
using reject = bare_reply<reply_code::reject>;
using tempfail = bare_reply<reply_code::tempfail>;
using discard = bare_reply<reply_code::discard>;
using skip = bare_reply<reply_code::skip>;
using shutdown = bare_reply<reply_code::shutdown>;
using connection_failed = bare_reply<reply_code::connection_failed>;
using progress = bare_reply<reply_code::progress>;

/// SMFIR_REPLYCODE: the SMTP reply to give, percent signs doubled. See proto/smtp_reply.hpp.
struct reply_text {
    static constexpr auto code = reply_code::reply_text;
    std::string_view text; ///< without the NUL
    friend bool operator==(reply_text const&, reply_text const&) = default;
};

struct add_header {
    static constexpr auto code = reply_code::add_header;
    std::string_view name, value;
    friend bool operator==(add_header const&, add_header const&) = default;
};

/// Position counts all headers of the message, the MTA's own Received included, from 0.
struct insert_header {
    static constexpr auto code = reply_code::insert_header;
    std::uint32_t index = 0;
    std::string_view name, value;
    friend bool operator==(insert_header const&, insert_header const&) = default;
};

/// The index-th header of that name the filter was shown, from 1 (0 means 1); an empty value deletes.
struct change_header {
    static constexpr auto code = reply_code::change_header;
    std::uint32_t index = 1;
    std::string_view name, value;
    friend bool operator==(change_header const&, change_header const&) = default;
};

/// A piece of the new body; pieces are concatenated.
struct replace_body {
    static constexpr auto code = reply_code::replace_body;
    std::string_view bytes;
    friend bool operator==(replace_body const&, replace_body const&) = default;
};

struct add_rcpt {
    static constexpr auto code = reply_code::add_rcpt;
    std::string_view address;
    friend bool operator==(add_rcpt const&, add_rcpt const&) = default;
};

/// `args`: all ESMTP arguments in one string, separated by spaces; may be absent.
struct add_rcpt_with_args {
    static constexpr auto code = reply_code::add_rcpt_with_args;
    std::string_view address;
    std::optional<std::string_view> args;
    friend bool operator==(add_rcpt_with_args const&, add_rcpt_with_args const&) = default;
};

struct delete_rcpt {
    static constexpr auto code = reply_code::delete_rcpt;
    std::string_view address;
    friend bool operator==(delete_rcpt const&, delete_rcpt const&) = default;
};

struct change_from {
    static constexpr auto code = reply_code::change_from;
    std::string_view address;
    std::optional<std::string_view> args;
    friend bool operator==(change_from const&, change_from const&) = default;
};

struct quarantine {
    static constexpr auto code = reply_code::quarantine;
    std::string_view reason;
    friend bool operator==(quarantine const&, quarantine const&) = default;
};

using any_reply =
    std::variant<negotiate_reply, proceed, accept, reject, tempfail, discard, skip, reply_text,
                 shutdown, connection_failed, progress, add_header, insert_header, change_header,
                 replace_body, add_rcpt, add_rcpt_with_args, delete_rcpt, change_from, quarantine>;

namespace detail {

inline negotiate_reply decode_negotiate_reply(cursor& in) noexcept {
    negotiate_reply answer;
    answer.version = in.u32();
    answer.actions = static_cast<action>(in.u32());
    answer.steps = static_cast<step>(in.u32());
    while (!in.failed() && !in.empty()) {
        auto const stage = in.u32();
        auto const names = in.zstr();
        // statement 48: an unknown stage is skipped; the last list of a stage counts (Postfix)
        if (!in.failed() && stage < macro_stage_count) answer.macro_lists[stage] = {true, names};
    }
    return answer;
}

inline void decode_named(cursor& in, std::string_view& name, std::string_view& value) noexcept {
    name = in.zstr();
    if (!in.failed() && name.empty()) in.fail(errc::empty_name);
    value = in.zstr();
    in.finish();
}

inline std::uint32_t decode_index(cursor& in) noexcept {
    auto const index = in.u32();
    if (index > max_header_index) in.fail(errc::bad_index);
    return index;
}

inline std::string_view decode_address(cursor& in) noexcept {
    auto const address = in.zstr();
    in.finish();
    return address;
}

template <class Reply> Reply decode_with_args(cursor& in) noexcept {
    Reply reply;
    reply.address = in.zstr();
    if (!in.failed() && !in.empty()) reply.args = in.zstr();
    in.finish();
    return reply;
}

/// Postfix takes `y` and `q` with and without their NUL.
inline std::string_view decode_text(cursor& in) noexcept {
    auto text = in.rest();
    if (!text.empty() && text.back() == '\0') text.remove_suffix(1);
    if (text.find('\0') != text.npos) in.fail(errc::embedded_nul);
    return text;
}

template <class Reply> any_reply decode_bare(cursor& in) noexcept {
    in.finish();
    return Reply{};
}

} // namespace detail

/// The reply in `frame`; empty when ec is set.
/// @errors  unknown_code, missing_nul, missing_field, surplus_data, embedded_nul, bad_index, empty_name
inline std::optional<any_reply> decode_reply(frame_view const& frame, error_code& ec) noexcept {
    cursor in(frame.payload);
    any_reply reply;
    switch (static_cast<reply_code>(frame.code)) {
    case reply_code::negotiate: reply = detail::decode_negotiate_reply(in); break;
    case reply_code::proceed: reply = detail::decode_bare<proceed>(in); break;
    case reply_code::accept: reply = detail::decode_bare<accept>(in); break;
    case reply_code::reject: reply = detail::decode_bare<reject>(in); break;
    case reply_code::tempfail: reply = detail::decode_bare<tempfail>(in); break;
    case reply_code::discard: reply = detail::decode_bare<discard>(in); break;
    case reply_code::skip: reply = detail::decode_bare<skip>(in); break;
    case reply_code::shutdown: reply = detail::decode_bare<shutdown>(in); break;
    case reply_code::connection_failed: reply = detail::decode_bare<connection_failed>(in); break;
    case reply_code::progress: reply = detail::decode_bare<progress>(in); break;
    case reply_code::reply_text: reply = reply_text{detail::decode_text(in)}; break;
    case reply_code::quarantine: reply = quarantine{detail::decode_text(in)}; break;
    case reply_code::replace_body: reply = replace_body{in.rest()}; break;
    case reply_code::add_header: {
        add_header edit;
        detail::decode_named(in, edit.name, edit.value);
        reply = edit;
        break;
    }
    case reply_code::insert_header: {
        insert_header edit;
        edit.index = detail::decode_index(in);
        detail::decode_named(in, edit.name, edit.value);
        reply = edit;
        break;
    }
    case reply_code::change_header: {
        change_header edit;
        edit.index = detail::decode_index(in);
        detail::decode_named(in, edit.name, edit.value);
        reply = edit;
        break;
    }
    case reply_code::add_rcpt: reply = add_rcpt{detail::decode_address(in)}; break;
    case reply_code::delete_rcpt: reply = delete_rcpt{detail::decode_address(in)}; break;
    case reply_code::add_rcpt_with_args:
        reply = detail::decode_with_args<add_rcpt_with_args>(in);
        break;
    case reply_code::change_from: reply = detail::decode_with_args<change_from>(in); break;
    default: ec = errc::unknown_code; return std::nullopt;
    }
    if (in.failed()) {
        ec = in.error();
        return std::nullopt;
    }
    return reply;
}

namespace detail {

inline void payload(std::string& out, negotiate_reply const& answer) {
    append_u32(out, answer.version);
    append_u32(out, static_cast<std::uint32_t>(answer.actions));
    append_u32(out, static_cast<std::uint32_t>(answer.steps));
    for (std::uint32_t stage = 0; stage < macro_stage_count; ++stage) {
        auto const& list = answer.macro_lists[stage];
        if (!list.present) continue;
        append_u32(out, stage);
        append_zstr(out, list.names);
    }
}
template <reply_code Code> void payload(std::string&, bare_reply<Code> const&) {}
inline void payload(std::string& out, reply_text const& reply) { append_zstr(out, reply.text); }
inline void payload(std::string& out, add_header const& edit) {
    append_zstr(out, edit.name);
    append_zstr(out, edit.value);
}
inline void payload(std::string& out, insert_header const& edit) {
    append_u32(out, edit.index);
    append_zstr(out, edit.name);
    append_zstr(out, edit.value);
}
inline void payload(std::string& out, change_header const& edit) {
    append_u32(out, edit.index);
    append_zstr(out, edit.name);
    append_zstr(out, edit.value);
}
inline void payload(std::string& out, replace_body const& piece) { out.append(piece.bytes); }
inline void payload(std::string& out, add_rcpt const& edit) { append_zstr(out, edit.address); }
inline void payload(std::string& out, delete_rcpt const& edit) { append_zstr(out, edit.address); }
inline void payload(std::string& out, add_rcpt_with_args const& edit) {
    append_zstr(out, edit.address);
    if (edit.args) append_zstr(out, *edit.args);
}
inline void payload(std::string& out, change_from const& edit) {
    append_zstr(out, edit.address);
    if (edit.args) append_zstr(out, *edit.args);
}
inline void payload(std::string& out, quarantine const& edit) { append_zstr(out, edit.reason); }

} // namespace detail

/// Appends the frame of one reply.
template <class Reply>
requires std::is_same_v<decltype(Reply::code), reply_code const>
void encode(std::string& out, Reply const& reply) {
    frame_writer const frame(out, static_cast<unsigned char>(Reply::code));
    detail::payload(out, reply);
}

inline void encode(std::string& out, any_reply const& reply) {
    std::visit([&](auto const& one) { encode(out, one); }, reply);
}

inline reply_code code_of(any_reply const& reply) noexcept {
    return std::visit([](auto const& one) { return std::decay_t<decltype(one)>::code; }, reply);
}

} // namespace milter::wire
