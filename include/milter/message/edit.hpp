// SPDX-License-Identifier: BSL-1.0
// milter/message/edit.hpp - what one filter asks to be changed, staged until its verdict
//
// Edits own their text. Header values are raw: everything behind the colon, so that they mean the same whatever was
// negotiated about leading space; an empty value of a change means delete.
// Source: protocol.md section 4; statements 151-180, 254-257.
#pragma once

#include <milter/wire/reply.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace milter::message {

struct header_edit {
    enum class kind { add, insert, change };
    kind what = kind::add;
    std::uint32_t index =
        0; ///< insert: position from 0, the MTA's Received included; change: which of its name
    std::string name;
    std::string value; ///< raw; change: empty deletes

    friend bool operator==(header_edit const&, header_edit const&) = default;
};

/// A change of the envelope, kept as the filter sent it.
struct envelope_edit {
    wire::reply_code what{};
    std::string address;
    std::optional<std::string> args;

    friend bool operator==(envelope_edit const&, envelope_edit const&) = default;
};

/// Bounds of what one filter may ask for in one message; the manager's defaults.
struct edit_limits {
    std::size_t count = 1'000;
    std::size_t bytes = 1 << 20;         ///< of names, values, addresses and reasons
    std::size_t body_bytes = 64UL << 20; ///< replacement body
};

/// All that one filter asked for before its verdict, except the replacement body.
struct edit_list {
    std::vector<header_edit> headers;
    std::vector<envelope_edit> envelope;
    std::optional<std::string> quarantine;
    bool replaces_body = false;
    std::size_t count = 0;
    std::size_t bytes = 0;

    bool empty() const noexcept { return count == 0; }
    void clear() { *this = {}; }
};

/// Puts a header edit into raw form.
inline header_edit to_header_edit(wire::add_header const& edit, bool leading_space) {
    return {header_edit::kind::add, 0, std::string(edit.name),
            leading_space ? std::string(edit.value) : " " + std::string(edit.value)};
}
inline header_edit to_header_edit(wire::insert_header const& edit, bool leading_space) {
    return {header_edit::kind::insert, edit.index, std::string(edit.name),
            leading_space ? std::string(edit.value) : " " + std::string(edit.value)};
}
inline header_edit to_header_edit(wire::change_header const& edit, bool leading_space) {
    bool const as_is = leading_space || edit.value.empty(); // empty stays empty: it deletes
    return {header_edit::kind::change, edit.index, std::string(edit.name),
            as_is ? std::string(edit.value) : " " + std::string(edit.value)};
}

/// Appends the reply packet of an edit. Without `leading_space` the blank that the MTA adds is taken off; a value that
/// has none cannot be expressed exactly then.
inline void encode(std::string& out, header_edit const& edit, bool leading_space) {
    std::string_view value = edit.value;
    if (!leading_space && !value.empty() && value.front() == ' ') value.remove_prefix(1);
    if (edit.what == header_edit::kind::change && value.empty())
        value = edit.value; // a blank must not become a deletion
    switch (edit.what) {
    case header_edit::kind::add: return wire::encode(out, wire::add_header{edit.name, value});
    case header_edit::kind::insert:
        return wire::encode(out, wire::insert_header{edit.index, edit.name, value});
    case header_edit::kind::change:
        return wire::encode(out, wire::change_header{edit.index, edit.name, value});
    }
}

inline void encode(std::string& out, envelope_edit const& edit) {
    auto const args = edit.args ? std::optional<std::string_view>(*edit.args) : std::nullopt;
    switch (edit.what) {
    case wire::reply_code::add_rcpt: return wire::encode(out, wire::add_rcpt{edit.address});
    case wire::reply_code::delete_rcpt: return wire::encode(out, wire::delete_rcpt{edit.address});
    case wire::reply_code::add_rcpt_with_args:
        return wire::encode(out, wire::add_rcpt_with_args{edit.address, args});
    case wire::reply_code::change_from:
        return wire::encode(out, wire::change_from{edit.address, args});
    default: return;
    }
}

namespace detail {

struct stage_edit {
    edit_list& list;
    bool leading_space;

    std::size_t operator()(wire::add_header const& e) const {
        return header(to_header_edit(e, leading_space));
    }
    std::size_t operator()(wire::insert_header const& e) const {
        return header(to_header_edit(e, leading_space));
    }
    std::size_t operator()(wire::change_header const& e) const {
        return header(to_header_edit(e, leading_space));
    }
    std::size_t operator()(wire::add_rcpt const& e) const {
        return envelope(e.code, e.address, std::nullopt);
    }
    std::size_t operator()(wire::delete_rcpt const& e) const {
        return envelope(e.code, e.address, std::nullopt);
    }
    std::size_t operator()(wire::add_rcpt_with_args const& e) const {
        return envelope(e.code, e.address, e.args);
    }
    std::size_t operator()(wire::change_from const& e) const {
        return envelope(e.code, e.address, e.args);
    }
    std::size_t operator()(wire::quarantine const& e) const {
        list.quarantine.emplace(e.reason);
        return e.reason.size();
    }
    std::size_t operator()(wire::replace_body const&) const {
        list.replaces_body = true;
        return 0;
    }
    template <class Other> std::size_t operator()(Other const&) const { return 0; }

private:
    std::size_t header(header_edit edit) const {
        auto const size = edit.name.size() + edit.value.size();
        list.headers.push_back(std::move(edit));
        return size;
    }
    std::size_t envelope(wire::reply_code what, std::string_view address,
                         std::optional<std::string_view> args) const {
        list.envelope.push_back(
            {what, std::string(address), args ? std::optional<std::string>(*args) : std::nullopt});
        return address.size() + (args ? args->size() : 0);
    }
};

} // namespace detail

/// Stages an edit of a filter that negotiated `leading_space` or not. The bytes of a replacement body are the caller's
/// to keep; they count as one edit however many packets they come in.
/// @errors  limit_exceeded
inline error_code stage(edit_list& list, wire::any_reply const& reply, bool leading_space,
                        edit_limits const& limits) {
    bool const body_goes_on =
        list.replaces_body && std::holds_alternative<wire::replace_body>(reply);
    list.bytes += std::visit(detail::stage_edit{list, leading_space}, reply);
    if (!body_goes_on) ++list.count;
    if (list.count > limits.count || list.bytes > limits.bytes) return errc::limit_exceeded;
    return {};
}

} // namespace milter::message
