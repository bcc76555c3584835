// SPDX-License-Identifier: BSL-1.0
// milter/corpus/event_json.hpp - one event of a conversation <-> JSON
//
//   {"t":474,"mta":"connect","hostname":"localhost","family":"inet","port":49650,"address":"127.0.0.1"}
//   {"t":540,"filter":"continue"}
//   {"t":900,"mta":"header","raw":"no NUL in sight"}      what the fields cannot say exactly
//   {"t":950,"mta":"(end)"}                               what is no packet stands in brackets
#pragma once

#include <milter/corpus/conversation.hpp>
#include <milter/corpus/packet_field.hpp>
#include <milter/corpus/text_json.hpp>

#include <charconv>
#include <optional>
#include <string>

namespace milter::corpus {

namespace detail {

struct family_name {
    wire::family letter;
    std::string_view name;
};
inline constexpr family_name family_names[] = {
    {wire::family::inet, "inet"},
    {wire::family::inet6, "inet6"},
    {wire::family::unix_path, "unix"},
    {wire::family::unknown, "unknown"},
};

struct kind_name {
    event_kind kind;
    std::string_view name;
};
inline constexpr kind_name kind_names[] = {
    {event_kind::bytes, "(bytes)"},
    {event_kind::gap, "(gap)"},
    {event_kind::end, "(end)"},
    {event_kind::reset, "(reset)"},
};
inline constexpr std::string_view unknown_packet = "(packet)"; // with its code as a number

constexpr std::string_view key_of(side from) noexcept {
    return from == side::mta ? "mta" : "filter";
}

inline std::string hexadecimal(std::uint32_t value) {
    char text[10] = {'0', 'x'};
    return {text, std::to_chars(text + 2, text + sizeof text, value, 16).ptr};
}

// ---- payload -> fields; a wrong field makes bytes that differ, which is how it is noticed ------------

inline json texts_json(std::string_view raw) {
    auto out = json::array();
    for (auto const text : wire::zstr_list(raw)) out.push_back(text_json(text));
    return out;
}

inline json pairs_json(std::string_view raw) {
    auto out = json::array();
    wire::zstr_list const list(raw);
    for (auto at = list.begin(); at != list.end(); ++at) {
        auto const name = *at;
        if (++at == list.end()) break;
        out.push_back({text_json(name), text_json(*at)});
    }
    return out;
}

inline json lists_json(wire::cursor& in) {
    auto out = json::array();
    while (!in.failed() && !in.empty()) {
        auto const stage = in.u32();
        out.push_back({stage, text_json(in.zstr())});
    }
    return out;
}

/// Null: the field is absent.
inline json field_json(field_kind kind, wire::cursor& in, blob_access const& blobs) {
    switch (kind) {
    case field_kind::number: return in.u32();
    case field_kind::bits: return hexadecimal(in.u32());
    case field_kind::port: return in.empty() ? json() : json(in.u16());
    case field_kind::family: {
        auto const letter = static_cast<wire::family>(in.u8());
        for (auto const& row : family_names)
            if (row.letter == letter) return std::string(row.name);
        in.fail(errc::bad_family);
        return {};
    }
    case field_kind::stage: {
        auto const* row = wire::find_command(in.u8());
        if (!row) in.fail(errc::unknown_code);
        return row ? json(std::string(row->name)) : json();
    }
    case field_kind::text: return text_json(in.zstr());
    case field_kind::maybe_text: return in.empty() ? json() : text_json(in.zstr());
    case field_kind::texts: return texts_json(in.rest());
    case field_kind::pairs: return pairs_json(in.rest());
    case field_kind::lists: return lists_json(in);
    case field_kind::bytes: return text_json(in.rest(), blobs);
    case field_kind::maybe_bytes: return in.empty() ? json() : text_json(in.rest(), blobs);
    }
    return {};
}

// ---- fields -> payload -----------------------------------------------------------------------------

class field_reader {
public:
    field_reader(std::string& out, blob_access const& blobs) : out_(out), blobs_(blobs) {}

    /// Appends one field; what it should have been when `value` is none, else null.
    char const* read(field_kind kind, json const* value) {
        switch (kind) {
        case field_kind::number: return number(value);
        case field_kind::bits: return bits(value);
        case field_kind::port: return port(value);
        case field_kind::family: return family(value);
        case field_kind::stage: return stage(value);
        case field_kind::text: return text(value);
        case field_kind::maybe_text: return value ? text(value) : nullptr;
        case field_kind::texts: return texts(value);
        case field_kind::pairs: return pairs(value);
        case field_kind::lists: return lists(value);
        case field_kind::bytes: return bytes(value);
        case field_kind::maybe_bytes: return value ? bytes(value) : nullptr;
        }
        return "unknown kind of field";
    }

private:
    static constexpr auto a_text = R"(a string or {"base64": "..."})";

    template <class Unsigned> static std::optional<Unsigned> unsigned_of(json const* value) {
        if (!value || !value->is_number_unsigned()) return std::nullopt;
        auto const number = value->get<std::uint64_t>();
        if (number > std::numeric_limits<Unsigned>::max()) return std::nullopt;
        return static_cast<Unsigned>(number);
    }

    char const* number(json const* value) {
        auto const read = unsigned_of<std::uint32_t>(value);
        if (!read) return "a number of 32 bits";
        wire::append_u32(out_, *read);
        return nullptr;
    }
    char const* bits(json const* value) {
        constexpr auto expected = R"(bits as "0x1ff")";
        if (!value || !value->is_string()) return expected;
        std::string_view text = value->get_ref<std::string const&>();
        if (!text.starts_with("0x") || text.size() > 10) return expected;
        text.remove_prefix(2);
        std::uint32_t read = 0;
        auto const [end, ec] = std::from_chars(text.data(), text.data() + text.size(), read, 16);
        if (ec != std::errc{} || end != text.data() + text.size()) return expected;
        wire::append_u32(out_, read);
        return nullptr;
    }
    char const* port(json const* value) {
        if (!value) return nullptr;
        auto const read = unsigned_of<std::uint16_t>(value);
        if (!read) return "a port number";
        wire::append_u16(out_, *read);
        return nullptr;
    }
    char const* family(json const* value) {
        if (value && value->is_string())
            for (auto const& row : family_names)
                if (row.name == value->get_ref<std::string const&>()) {
                    out_.push_back(static_cast<char>(row.letter));
                    return nullptr;
                }
        return R"("inet", "inet6", "unix" or "unknown")";
    }
    char const* stage(json const* value) {
        if (value && value->is_string())
            if (auto const* row = find_packet(side::mta, value->get_ref<std::string const&>())) {
                out_.push_back(static_cast<char>(row->code));
                return nullptr;
            }
        return "the name of a command";
    }
    char const* text(json const* value) {
        auto const read = value ? text_of(*value) : std::nullopt;
        if (!read) return a_text;
        wire::append_zstr(out_, *read);
        return nullptr;
    }
    char const* texts(json const* value) {
        if (!value || !value->is_array()) return "an array of texts";
        for (auto const& one : *value)
            if (text(&one)) return "an array of texts";
        return nullptr;
    }
    char const* pairs(json const* value) {
        constexpr auto expected = "an array of [name, value]";
        if (!value || !value->is_array()) return expected;
        for (auto const& one : *value)
            if (!one.is_array() || one.size() != 2 || text(&one[0]) || text(&one[1]))
                return expected;
        return nullptr;
    }
    char const* lists(json const* value) {
        constexpr auto expected = "an array of [number of the stage, names]";
        if (!value) return nullptr;
        if (!value->is_array()) return expected;
        for (auto const& one : *value)
            if (!one.is_array() || one.size() != 2 || number(&one[0]) || text(&one[1]))
                return expected;
        return nullptr;
    }
    char const* bytes(json const* value) {
        auto const read = value ? text_of(*value, blobs_) : std::nullopt;
        if (!read) return R"(a string, {"base64": "..."}, or a file that is there)";
        out_.append(*read);
        return nullptr;
    }

    std::string& out_;
    blob_access const& blobs_;
};

/// The members of a packet's fields; empty when they would not give the same bytes again.
inline std::optional<json> fields_json(packet_row const& row, std::string_view payload,
                                       blob_access const& blobs) {
    auto out = json::object();
    wire::cursor in(payload);
    std::string again;
    blob_access const none;
    field_reader reader(again, none);
    for (auto const& field : fields_of(row)) {
        auto value = field_json(field.kind, in, none);
        if (reader.read(field.kind, value.is_null() ? nullptr : &value)) return std::nullopt;
        bool const large = field.kind == field_kind::bytes || field.kind == field_kind::maybe_bytes;
        if (large && !value.is_null()) value = text_json(payload, blobs); // their only field
        if (!value.is_null() && !(field.kind == field_kind::lists && value.empty()))
            out[std::string(field.name)] = std::move(value);
    }
    if (in.failed() || again != payload) return std::nullopt;
    return out;
}

inline void name_packet(json& out, event const& one, blob_access const& blobs) {
    auto const key = std::string(key_of(one.from));
    auto const* row = find_packet(one.from, one.code);
    auto const fields = row ? fields_json(*row, one.payload, blobs) : std::nullopt;
    out[key] = std::string(row ? name_of(*row) : unknown_packet);
    if (!row) out["code"] = one.code;
    if (fields)
        out.update(*fields);
    else
        out["raw"] = text_json(one.payload, blobs);
}

/// Adds the members of `extra`, an object in JSON that was parsed before.
inline void add_extra(json& out, std::string const& extra) {
    if (extra.empty()) return;
    auto const members = json::parse(extra, nullptr, false);
    if (members.is_object()) out.update(members);
}

/// The members of `object` that are not among `ours`; empty when there are none.
template <class IsOurs> std::string extra_of(json const& object, IsOurs is_ours) {
    auto out = json::object();
    for (auto const& [name, value] : object.items())
        if (!is_ours(name)) out[name] = value;
    return out.empty() ? std::string() : out.dump();
}

} // namespace detail

inline json to_json(event const& one, blob_access const& blobs = {}) {
    json out{{"t", one.at}};
    if (one.kind == event_kind::packet) {
        detail::name_packet(out, one, blobs);
    } else {
        for (auto const& row : detail::kind_names)
            if (row.kind == one.kind)
                out[std::string(detail::key_of(one.from))] = std::string(row.name);
        if (one.kind == event_kind::bytes) out["raw"] = text_json(one.payload, blobs);
        if (one.kind == event_kind::gap) out["missing"] = one.missing;
    }
    detail::add_extra(out, one.extra);
    return out;
}

namespace detail {

inline void read_raw(json const& object, event& one, blob_access const& blobs,
                     json_problem& problem) {
    auto const* raw = member(object, "raw");
    auto read = raw ? text_of(*raw, blobs) : std::nullopt;
    if (read)
        one.payload = std::move(*read);
    else
        problem = {"/raw", R"(expected a string, {"base64": "..."}, or a file that is there)"};
}

inline void read_fields(json const& object, packet_row const& row, event& one,
                        blob_access const& blobs, json_problem& problem) {
    field_reader reader(one.payload, blobs);
    for (auto const& field : fields_of(row)) {
        auto const name = std::string(field.name);
        if (auto const* expected = reader.read(field.kind, member(object, name.c_str()))) {
            problem = {"/" + name, "expected " + std::string(expected)};
            return;
        }
    }
}

/// What `name` says `one` is; the row when that is a known packet.
inline packet_row const* read_kind(json const& object, std::string_view name, event& one,
                                   json_problem& problem) {
    for (auto const& row : kind_names)
        if (row.name == name) {
            one.kind = row.kind;
            return nullptr;
        }
    if (auto const* row = find_packet(one.from, name)) {
        one.code = row->code;
        return row;
    }
    auto const* code = member(object, "code");
    if (name != unknown_packet)
        problem = {"/" + std::string(key_of(one.from)),
                   "there is no such packet: " + wire::quoted(name)};
    else if (!code || !code->is_number_unsigned() || code->get<std::uint64_t>() > 255)
        problem = {"/code", "expected the code of the packet, 0 to 255"};
    else
        one.code = static_cast<unsigned char>(code->get<std::uint64_t>());
    return nullptr;
}

inline void read_content(json const& object, packet_row const* row, event& one,
                         blob_access const& blobs, json_problem& problem) {
    if (one.kind == event_kind::end || one.kind == event_kind::reset) return;
    if (one.kind == event_kind::gap) {
        auto const* missing = member(object, "missing");
        if (missing && missing->is_number_unsigned())
            one.missing = missing->get<std::uint64_t>();
        else
            problem = {"/missing", "expected a number of bytes"};
        return;
    }
    if (row && !object.contains("raw"))
        read_fields(object, *row, one, blobs, problem);
    else
        read_raw(object, one, blobs, problem);
}

inline bool is_event_member(std::string_view name, packet_row const* row) {
    for (std::string_view const ours : {"t", "mta", "filter", "code", "raw", "missing"})
        if (name == ours) return true;
    if (row)
        for (auto const& field : fields_of(*row))
            if (field.name == name) return true;
    return false;
}

} // namespace detail

/// @param problem  set when `object` is no event
inline event read_event(json const& object, blob_access const& blobs, json_problem& problem) {
    event one;
    auto const* at = object.is_object() ? detail::member(object, "t") : nullptr;
    if (!at || !at->is_number_integer()) {
        problem = {"/t", "expected the time in microseconds"};
        return one;
    }
    one.at = at->get<std::int64_t>();
    one.from = object.contains("mta") ? side::mta : side::filter;
    auto const* name = detail::member(object, std::string(detail::key_of(one.from)).c_str());
    bool const both = object.contains("mta") && object.contains("filter");
    if (!name || !name->is_string() || both) {
        problem = {"", R"(expected "mta" or "filter", with the name of a packet)"};
        return one;
    }
    auto const* row = detail::read_kind(object, name->get_ref<std::string const&>(), one, problem);
    if (!problem) detail::read_content(object, row, one, blobs, problem);
    // a packet that was given by its code is written by its name, with its fields
    auto const* written =
        one.kind == event_kind::packet ? find_packet(one.from, one.code) : nullptr;
    one.extra = detail::extra_of(
        object, [&](std::string_view member) { return detail::is_event_member(member, written); });
    return one;
}

} // namespace milter::corpus
