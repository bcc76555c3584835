// SPDX-License-Identifier: BSL-1.0
// milter/wire/command.hpp - what an MTA says to a filter: structs, decode, encode
//
// Structs are views into the frame they were decoded from. Encoders append to a string and trust the
// caller on sizes; sessions check them against the negotiated data size.
// Source: protocol.md 1.6; statements 11-20, 65-98.
#pragma once

#include <milter/ascii.hpp>
#include <milter/wire/code.hpp>
#include <milter/wire/cursor.hpp>
#include <milter/wire/frame.hpp>

#include <optional>
#include <variant>

namespace milter::wire {

/// SMFIC_OPTNEG: the offer.
struct negotiate {
    static constexpr auto code = command_code::negotiate;
    std::uint32_t version = newest_version;
    action actions = action::all;
    step steps = step::all;
    friend bool operator==(negotiate const&, negotiate const&) = default;
};

/// SMFIC_MACRO: macros of the next command named `stage` (any byte; unknown ones are to be ignored).
struct macros {
    static constexpr auto code = command_code::macros;
    unsigned char stage = 0;
    zstr_list pairs; ///< name, value, name, value; an unpaired last name is ignored
    constexpr macros() noexcept = default;
    constexpr macros(unsigned char stage_byte, zstr_list set) noexcept
        : stage(stage_byte), pairs(set) {}
    constexpr macros(command_code of, zstr_list set) noexcept
        : macros(static_cast<unsigned char>(of), set) {}
    friend bool operator==(macros const&, macros const&) = default;
};

/// Address families of CONNECT.
enum class family : unsigned char { unknown = 'U', unix_path = 'L', inet = '4', inet6 = '6' };

struct connect {
    static constexpr auto code = command_code::connect;
    std::string_view hostname;
    wire::family family = wire::family::unknown;
    std::uint16_t port = 0;   ///< 0: unknown; absent on the wire for family unknown
    std::string_view address; ///< as sent; Sendmail puts "IPv6:" before inet6 addresses
    friend bool operator==(connect const&, connect const&) = default;
};

/// `address` without the "IPv6:" tag that Sendmail sends. @source protocol.md 1.6; statement 68
inline std::string_view without_ipv6_tag(std::string_view address) noexcept {
    constexpr std::string_view tag = "IPv6:";
    if (!equal_ignoring_case(address.substr(0, tag.size()), tag)) return address;
    return address.substr(tag.size());
}

struct helo {
    static constexpr auto code = command_code::helo;
    std::string_view name;
    friend bool operator==(helo const&, helo const&) = default;
};

/// MAIL and RCPT: the address as the client wrote it, each ESMTP argument a string of its own.
struct mail {
    static constexpr auto code = command_code::mail;
    std::string_view address;
    zstr_list args{};
    friend bool operator==(mail const&, mail const&) = default;
};

struct rcpt {
    static constexpr auto code = command_code::rcpt;
    std::string_view address;
    zstr_list args{};
    friend bool operator==(rcpt const&, rcpt const&) = default;
};

struct data {
    static constexpr auto code = command_code::data;
    friend bool operator==(data const&, data const&) = default;
};

struct header {
    static constexpr auto code = command_code::header;
    std::string_view name;
    std::string_view value; ///< folds as LF (CRLF tolerated); leading space as negotiated
    friend bool operator==(header const&, header const&) = default;
};

struct end_of_headers {
    static constexpr auto code = command_code::end_of_headers;
    friend bool operator==(end_of_headers const&, end_of_headers const&) = default;
};

struct body {
    static constexpr auto code = command_code::body;
    std::string_view bytes;
    friend bool operator==(body const&, body const&) = default;
};

struct end_of_message {
    static constexpr auto code = command_code::end_of_message;
    std::string_view bytes; ///< a last body chunk, from very old MTAs only
    friend bool operator==(end_of_message const&, end_of_message const&) = default;
};

struct unknown {
    static constexpr auto code = command_code::unknown;
    std::string_view line;
    friend bool operator==(unknown const&, unknown const&) = default;
};

struct abort {
    static constexpr auto code = command_code::abort;
    friend bool operator==(abort const&, abort const&) = default;
};

struct quit {
    static constexpr auto code = command_code::quit;
    friend bool operator==(quit const&, quit const&) = default;
};

struct quit_new_connection {
    static constexpr auto code = command_code::quit_new_connection;
    friend bool operator==(quit_new_connection const&, quit_new_connection const&) = default;
};

using any_command =
    std::variant<negotiate, macros, connect, helo, mail, rcpt, data, header, end_of_headers, body,
                 end_of_message, unknown, abort, quit, quit_new_connection>;

namespace detail {

inline negotiate decode_negotiate(cursor& in) noexcept {
    negotiate offer;
    offer.version = in.u32();
    offer.actions = static_cast<action>(in.u32());
    offer.steps = static_cast<step>(in.u32());
    in.rest(); // statement 26: surplus is ignored
    return offer;
}

inline macros decode_macros(cursor& in) noexcept {
    macros set;
    set.stage = in.u8();
    set.pairs = zstr_list(in.rest());
    return set;
}

inline connect decode_connect(cursor& in) noexcept {
    connect who;
    who.hostname = in.zstr();
    auto const letter = in.u8();
    who.family = static_cast<family>(letter);
    switch (who.family) {
    case family::unknown: in.rest(); return who;
    case family::unix_path:
    case family::inet:
    case family::inet6: break;
    default: in.fail(errc::bad_family); return who;
    }
    who.port = in.u16();
    who.address = in.zstr();
    in.finish();
    return who;
}

template <class Envelope> Envelope decode_envelope(cursor& in) noexcept {
    Envelope one;
    one.address = in.zstr();
    one.args = zstr_list(in.rest());
    return one;
}

inline header decode_header(cursor& in) noexcept {
    header field;
    field.name = in.zstr();
    if (!in.failed() && field.name.empty()) in.fail(errc::empty_name);
    field.value = in.zstr();
    in.finish();
    return field;
}

inline std::string_view one_string(cursor& in) noexcept {
    auto const text = in.zstr();
    in.finish();
    return text;
}

/// Text up to the first NUL; the NUL itself may be missing.
inline std::string_view lenient_string(cursor& in) noexcept {
    auto const text = in.rest();
    return text.substr(0, text.find('\0'));
}

} // namespace detail

/// The command in `frame`; empty when ec is set.
/// @errors  unknown_code, missing_nul, missing_field, surplus_data, bad_family, empty_name
inline std::optional<any_command> decode_command(frame_view const& frame, error_code& ec) noexcept {
    cursor in(frame.payload);
    // made in its place: a variant costs more to move than a header to decode
    auto const unless_failed = [&](auto const& command) -> std::optional<any_command> {
        if (!in.failed()) return std::optional<any_command>(std::in_place, command);
        ec = in.error();
        return std::nullopt;
    };
    switch (static_cast<command_code>(frame.code)) {
    case command_code::negotiate: return unless_failed(detail::decode_negotiate(in));
    case command_code::macros: return unless_failed(detail::decode_macros(in));
    case command_code::connect: return unless_failed(detail::decode_connect(in));
    case command_code::helo: return unless_failed(helo{detail::one_string(in)});
    case command_code::mail: return unless_failed(detail::decode_envelope<mail>(in));
    case command_code::rcpt: return unless_failed(detail::decode_envelope<rcpt>(in));
    case command_code::data: return unless_failed(data{});
    case command_code::header: return unless_failed(detail::decode_header(in));
    case command_code::end_of_headers: return unless_failed(end_of_headers{});
    case command_code::body: return unless_failed(body{in.rest()});
    case command_code::end_of_message: return unless_failed(end_of_message{in.rest()});
    case command_code::unknown: return unless_failed(unknown{detail::lenient_string(in)});
    case command_code::abort: return unless_failed(abort{});
    case command_code::quit: return unless_failed(quit{});
    case command_code::quit_new_connection: return unless_failed(quit_new_connection{});
    }
    ec = errc::unknown_code;
    return std::nullopt;
}

namespace detail {

inline void payload(std::string& out, negotiate const& offer) {
    append_u32(out, offer.version);
    append_u32(out, static_cast<std::uint32_t>(offer.actions));
    append_u32(out, static_cast<std::uint32_t>(offer.steps));
}
inline void payload(std::string& out, macros const& set) {
    out.push_back(static_cast<char>(set.stage));
    out.append(set.pairs.raw());
}
inline void payload(std::string& out, connect const& who) {
    append_zstr(out, who.hostname);
    out.push_back(static_cast<char>(who.family));
    if (who.family == family::unknown) return;
    append_u16(out, who.port);
    append_zstr(out, who.address);
}
inline void payload(std::string& out, helo const& greeting) { append_zstr(out, greeting.name); }
inline void payload(std::string& out, mail const& sender) {
    append_zstr(out, sender.address);
    out.append(sender.args.raw());
}
inline void payload(std::string& out, rcpt const& recipient) {
    append_zstr(out, recipient.address);
    out.append(recipient.args.raw());
}
inline void payload(std::string& out, header const& field) {
    append_zstr(out, field.name);
    append_zstr(out, field.value);
}
inline void payload(std::string& out, body const& chunk) { out.append(chunk.bytes); }
inline void payload(std::string& out, end_of_message const& end) { out.append(end.bytes); }
inline void payload(std::string& out, unknown const& command) { append_zstr(out, command.line); }
inline void payload(std::string&, data const&) {}
inline void payload(std::string&, end_of_headers const&) {}
inline void payload(std::string&, abort const&) {}
inline void payload(std::string&, quit const&) {}
inline void payload(std::string&, quit_new_connection const&) {}

} // namespace detail

/// Appends the frame of one command.
template <class Command>
requires std::is_same_v<decltype(Command::code), command_code const>
void encode(std::string& out, Command const& command) {
    frame_writer const frame(out, static_cast<unsigned char>(Command::code));
    detail::payload(out, command);
}

inline void encode(std::string& out, any_command const& command) {
    std::visit([&](auto const& one) { encode(out, one); }, command);
}

inline command_code code_of(any_command const& command) noexcept {
    return std::visit([](auto const& one) { return std::decay_t<decltype(one)>::code; }, command);
}

} // namespace milter::wire
