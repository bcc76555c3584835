// SPDX-License-Identifier: BSL-1.0
// milter/corpus/packet_field.hpp - the fields of each packet as a table: what its JSON shows
//
// One table for reading and writing, so that neither can know a field that the other does not.
// Source: protocol.md 1.6, 1.7, 2.5.
#pragma once

#include <milter/proto/observer.hpp>

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace milter::corpus {

enum class field_kind : unsigned char {
    number,      ///< u32
    bits,        ///< u32, as "0x1ff"
    port,        ///< u16; absent when the packet ends before it
    family,      ///< the letter of CONNECT
    stage,       ///< the code byte of a command
    text,        ///< up to a NUL
    maybe_text,  ///< the same; absent when the packet ends before it
    texts,       ///< any number of those
    pairs,       ///< an even number of those: name, value
    lists,       ///< macro lists: u32 stage, names up to a NUL
    bytes,       ///< all that is left
    maybe_bytes, ///< the same; absent when there are none
};

struct packet_field {
    std::string_view name;
    field_kind kind = field_kind::number;
};

struct packet_row {
    proto::side from = proto::side::mta;
    unsigned char code = 0;
    std::array<packet_field, 4> fields{}; ///< those without a name are none
};

namespace detail {

constexpr packet_row row(wire::command_code code, packet_field a = {}, packet_field b = {},
                         packet_field c = {}, packet_field d = {}) {
    return {proto::side::mta, static_cast<unsigned char>(code), {a, b, c, d}};
}
constexpr packet_row row(wire::reply_code code, packet_field a = {}, packet_field b = {},
                         packet_field c = {}, packet_field d = {}) {
    return {proto::side::filter, static_cast<unsigned char>(code), {a, b, c, d}};
}

} // namespace detail

inline constexpr packet_field version_field{"version", field_kind::number};
inline constexpr packet_field actions_field{"actions", field_kind::bits};
inline constexpr packet_field steps_field{"steps", field_kind::bits};
inline constexpr packet_field address_field{"address", field_kind::text};
inline constexpr packet_field index_field{"index", field_kind::number};
inline constexpr packet_field name_field{"name", field_kind::text};
inline constexpr packet_field value_field{"value", field_kind::text};

inline constexpr packet_row packet_rows[] = {
    detail::row(wire::command_code::negotiate, version_field, actions_field, steps_field),
    detail::row(wire::command_code::macros, {"stage", field_kind::stage},
                {"macros", field_kind::pairs}),
    detail::row(wire::command_code::connect, {"hostname", field_kind::text},
                {"family", field_kind::family}, {"port", field_kind::port},
                {"address", field_kind::maybe_text}),
    detail::row(wire::command_code::helo, name_field),
    detail::row(wire::command_code::mail, address_field, {"args", field_kind::texts}),
    detail::row(wire::command_code::rcpt, address_field, {"args", field_kind::texts}),
    detail::row(wire::command_code::data),
    detail::row(wire::command_code::header, name_field, value_field),
    detail::row(wire::command_code::end_of_headers),
    detail::row(wire::command_code::body, {"bytes", field_kind::bytes}),
    detail::row(wire::command_code::end_of_message, {"bytes", field_kind::maybe_bytes}),
    detail::row(wire::command_code::unknown, {"line", field_kind::text}),
    detail::row(wire::command_code::abort),
    detail::row(wire::command_code::quit),
    detail::row(wire::command_code::quit_new_connection),

    detail::row(wire::reply_code::negotiate, version_field, actions_field, steps_field,
                {"lists", field_kind::lists}),
    detail::row(wire::reply_code::proceed),
    detail::row(wire::reply_code::accept),
    detail::row(wire::reply_code::reject),
    detail::row(wire::reply_code::tempfail),
    detail::row(wire::reply_code::discard),
    detail::row(wire::reply_code::skip),
    detail::row(wire::reply_code::reply_text, {"text", field_kind::text}),
    detail::row(wire::reply_code::shutdown),
    detail::row(wire::reply_code::connection_failed),
    detail::row(wire::reply_code::progress),
    detail::row(wire::reply_code::add_header, name_field, value_field),
    detail::row(wire::reply_code::insert_header, index_field, name_field, value_field),
    detail::row(wire::reply_code::change_header, index_field, name_field, value_field),
    detail::row(wire::reply_code::replace_body, {"bytes", field_kind::bytes}),
    detail::row(wire::reply_code::add_rcpt, address_field),
    detail::row(wire::reply_code::add_rcpt_with_args, address_field,
                {"args", field_kind::maybe_text}),
    detail::row(wire::reply_code::delete_rcpt, address_field),
    detail::row(wire::reply_code::change_from, address_field, {"args", field_kind::maybe_text}),
    detail::row(wire::reply_code::quarantine, {"reason", field_kind::text}),
};

/// Null when there is no such packet.
constexpr packet_row const* find_packet(proto::side from, unsigned char code) noexcept {
    for (auto const& row : packet_rows)
        if (row.from == from && row.code == code) return &row;
    return nullptr;
}

constexpr std::string_view name_of(packet_row const& row) noexcept {
    return row.from == proto::side::mta ? wire::find_command(row.code)->name
                                        : wire::find_reply(row.code)->name;
}

constexpr packet_row const* find_packet(proto::side from, std::string_view name) noexcept {
    for (auto const& row : packet_rows)
        if (row.from == from && name_of(row) == name) return &row;
    return nullptr;
}

constexpr std::span<packet_field const> fields_of(packet_row const& row) noexcept {
    std::size_t count = 0;
    while (count < row.fields.size() && !row.fields[count].name.empty()) ++count;
    return {row.fields.data(), count};
}

} // namespace milter::corpus
