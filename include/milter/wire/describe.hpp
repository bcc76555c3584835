// SPDX-License-Identifier: BSL-1.0
// milter/wire/describe.hpp - frames in words, for logs and failed tests
//
// Text of a peer is quoted, escaped and cut: it cannot break a log line or a terminal.
#pragma once

#include <milter/wire/command.hpp>
#include <milter/wire/reply.hpp>

#include <algorithm>
#include <string>
#include <string_view>

namespace milter::wire {

inline constexpr std::size_t describe_limit = 120; // bytes of one peer-supplied field shown

/// `text` in double quotes; anything but printable ASCII as `\n`, `\r`, `\t` or `\xHH`, and `\` before a quote or
/// another `\`; cut after `limit` bytes with the rest counted.
inline std::string quoted(std::string_view text, std::size_t limit = describe_limit) {
    constexpr char digits[] = "0123456789abcdef";
    std::string out = "\"";
    for (char c : text.substr(0, limit)) {
        auto const byte = static_cast<unsigned char>(c);
        switch (c) {
        case '\n': out += "\\n"; continue;
        case '\r': out += "\\r"; continue;
        case '\t': out += "\\t"; continue;
        case '"': out += "\\\""; continue;
        case '\\': out += "\\\\"; continue;
        default: break;
        }
        if (byte >= 0x20 && byte < 0x7f) {
            out += c;
        } else {
            out += "\\x";
            out += digits[byte >> 4];
            out += digits[byte & 15];
        }
    }
    out += '"';
    if (text.size() > limit) out += "+" + std::to_string(text.size() - limit);
    return out;
}

/// The packet at the front of `bytes` that first_frame() refused.
/// @param limit  what first_frame() was given
inline std::string refused_frame(std::string_view bytes, std::size_t limit, error_code const& why) {
    auto text = "packet of " + quoted(bytes.substr(0, frame_header_size));
    if (why == errc::frame_too_large)
        text += " (" + std::to_string(frame_length(bytes) - 1) + " bytes, " +
                std::to_string(limit) + " allowed)";
    return text;
}

namespace detail {

inline std::string join_args(zstr_list args) {
    std::string out;
    for (auto arg : args) {
        if (out.size() > 8 * describe_limit) return out + " ...";
        out += " " + quoted(arg);
    }
    return out;
}

inline std::string named(std::string_view name, std::string_view value) {
    return quoted(name) + " " + quoted(value);
}

struct describe_fields {
    std::string operator()(negotiate const& n) const {
        return "version=" + std::to_string(n.version) + " actions=" + to_string(n.actions) +
               " steps=" + to_string(n.steps);
    }
    std::string operator()(macros const& m) const {
        auto const* row = find_command(m.stage);
        std::string out =
            row ? std::string(row->name)
                : quoted(std::string_view(reinterpret_cast<char const*>(&m.stage), 1));
        for (auto at = m.pairs.begin(); at != m.pairs.end(); ++at) {
            auto const name = *at;
            if (++at == m.pairs.end()) break;
            out += " " + std::string(quoted(name)) + "=" + quoted(*at);
            if (out.size() > 8 * describe_limit) return out + " ...";
        }
        return out;
    }
    std::string operator()(connect const& c) const {
        std::string out = quoted(c.hostname) + " " + static_cast<char>(c.family);
        if (c.family != family::unknown)
            out += " " + quoted(c.address) + " port " + std::to_string(c.port);
        return out;
    }
    std::string operator()(helo const& h) const { return quoted(h.name); }
    std::string operator()(mail const& m) const { return quoted(m.address) + join_args(m.args); }
    std::string operator()(rcpt const& r) const { return quoted(r.address) + join_args(r.args); }
    std::string operator()(header const& h) const { return named(h.name, h.value); }
    std::string operator()(body const& b) const {
        return std::to_string(b.bytes.size()) + " bytes";
    }
    std::string operator()(end_of_message const& e) const {
        return e.bytes.empty() ? std::string() : std::to_string(e.bytes.size()) + " bytes";
    }
    std::string operator()(unknown const& u) const { return quoted(u.line); }
    std::string operator()(negotiate_reply const& n) const {
        auto out = (*this)(negotiate{n.version, n.actions, n.steps});
        for (std::size_t stage = 0; stage < macro_stage_count; ++stage)
            if (n.macro_lists[stage].present)
                out += " list" + std::to_string(stage) + "=" + quoted(n.macro_lists[stage].names);
        return out;
    }
    std::string operator()(reply_text const& r) const { return quoted(r.text); }
    std::string operator()(add_header const& e) const { return named(e.name, e.value); }
    std::string operator()(insert_header const& e) const {
        return std::to_string(e.index) + " " + named(e.name, e.value);
    }
    std::string operator()(change_header const& e) const {
        return std::to_string(e.index) + " " + named(e.name, e.value);
    }
    std::string operator()(replace_body const& e) const {
        return std::to_string(e.bytes.size()) + " bytes";
    }
    std::string operator()(add_rcpt const& e) const { return quoted(e.address); }
    std::string operator()(delete_rcpt const& e) const { return quoted(e.address); }
    std::string operator()(add_rcpt_with_args const& e) const {
        return quoted(e.address) + (e.args ? " " + quoted(*e.args) : "");
    }
    std::string operator()(change_from const& e) const {
        return quoted(e.address) + (e.args ? " " + quoted(*e.args) : "");
    }
    std::string operator()(quarantine const& e) const { return quoted(e.reason); }
    template <class Bare> std::string operator()(Bare const&) const { return {}; }
};

inline std::string malformed(unsigned char code, std::string_view name, std::string_view payload,
                             error_code ec) {
    std::string out =
        name.empty() ? "packet " + quoted(std::string_view(reinterpret_cast<char const*>(&code), 1))
                     : std::string(name);
    return out + " (" + ec.message() + ", " + std::to_string(payload.size()) +
           " bytes: " + quoted(payload, 32) + ")";
}

} // namespace detail

inline std::string describe(any_command const& command) {
    auto const fields = std::visit(detail::describe_fields{}, command);
    return std::string(name_of(code_of(command))) + (fields.empty() ? "" : " " + fields);
}

inline std::string describe(any_reply const& reply) {
    auto const fields = std::visit(detail::describe_fields{}, reply);
    return std::string(name_of(code_of(reply))) + (fields.empty() ? "" : " " + fields);
}

/// Any frame from an MTA, malformed ones included.
inline std::string describe_command(frame_view const& frame) {
    error_code ec;
    if (auto const command = decode_command(frame, ec)) return describe(*command);
    auto const* row = find_command(frame.code);
    return detail::malformed(frame.code, row ? row->name : "", frame.payload, ec);
}

/// Any frame from a filter, malformed ones included.
inline std::string describe_reply(frame_view const& frame) {
    error_code ec;
    if (auto const reply = decode_reply(frame, ec)) return describe(*reply);
    auto const* row = find_reply(frame.code);
    return detail::malformed(frame.code, row ? row->name : "", frame.payload, ec);
}

} // namespace milter::wire
