// SPDX-License-Identifier: BSL-1.0
// milter/error.hpp - what can go wrong on a milter connection, and the five ways to react
//
// An errc names the finding; a condition groups findings by what a caller does about them. Each
// condition maps to one configured fallback and one metric. Layer: base.
#pragma once

#include <boost/system/error_category.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/error_condition.hpp>
#include <boost/system/result.hpp>

#include <initializer_list>
#include <string>
#include <type_traits>

namespace milter {

using boost::system::error_code;
using boost::system::error_condition;

/// Value or error_code of a one-shot decode or parse. An alias, so that std::expected can follow.
template <class T> using result = boost::system::result<T>;

enum class errc {
    // malformed: the bytes are no milter packet
    frame_empty = 1, ///< length 0: a packet has at least its code byte
    frame_too_large, ///< announced length over the limit; nothing of it was buffered
    not_milter,      ///< the first bytes are those of HTTP, TLS or the like
    frame_truncated, ///< the connection ended in the middle of a packet
    unknown_code,    ///< no such command or reply
    missing_nul,     ///< a string field runs to the end of the packet without its NUL
    missing_field,   ///< the packet ends before a mandatory field
    surplus_data,    ///< bytes after the last field
    embedded_nul,    ///< a NUL inside a field that cannot hold one
    bad_family,      ///< CONNECT with an address family letter that does not exist
    bad_index,       ///< header index above 0x7FFFFFFF
    bad_reply_text,  ///< SMTP reply text that an MTA would punish
    empty_name,      ///< header without a name
    // violation: well-formed, but not now or not agreed
    out_of_sequence,   ///< command not allowed after the one before it
    reply_not_due,     ///< a reply although none is owed
    reply_not_allowed, ///< this reply does not exist at this stage
    version_refused,   ///< protocol version that cannot be agreed
    actions_refused,   ///< action bits beyond the offer
    steps_refused,     ///< protocol step bits beyond the offer
    not_negotiated,    ///< an edit or reply whose flag was not negotiated
    body_interleaved,  ///< replacement body in more than one run
    limit_exceeded,    ///< the peer sent more headers, recipients, macros or edits than the cap
    // local: the caller broke a precondition; nothing was changed
    misuse,            ///< call not allowed in this state
    too_large_to_send, ///< the payload does not fit the negotiated data size
    bad_endpoint,      ///< socket specification that does not parse
    unknown_group,     ///< no group of that name on this machine
    resource,          ///< memory, descriptors or spool space
    // timeout
    timed_out, ///< no progress before the deadline
    // lost
    connection_closed, ///< the peer closed without QUIT
    connect_failed,    ///< nobody listens there, or no permission
};

/// What the system or a name service says belongs to one too: its timeout is one, out of memory or descriptors is local,
/// all else lost.
enum class condition { malformed = 1, violation, local, timeout, lost };

namespace detail {

inline char const* message_of(errc code) noexcept {
    switch (code) {
    case errc::frame_empty: return "packet of length 0";
    case errc::frame_too_large: return "packet longer than the limit";
    case errc::not_milter: return "not the milter protocol";
    case errc::frame_truncated: return "connection ended in the middle of a packet";
    case errc::unknown_code: return "unknown packet code";
    case errc::missing_nul: return "string without terminating NUL";
    case errc::missing_field: return "packet too short";
    case errc::surplus_data: return "surplus bytes at the end of the packet";
    case errc::embedded_nul: return "NUL inside a text field";
    case errc::bad_family: return "unknown address family";
    case errc::bad_index: return "header index out of range";
    case errc::bad_reply_text: return "malformed SMTP reply text";
    case errc::empty_name: return "empty header name";
    case errc::out_of_sequence: return "command out of sequence";
    case errc::reply_not_due: return "reply although none is due";
    case errc::reply_not_allowed: return "reply not allowed at this stage";
    case errc::version_refused: return "protocol version not acceptable";
    case errc::actions_refused: return "actions beyond the offer";
    case errc::steps_refused: return "protocol steps beyond the offer";
    case errc::not_negotiated: return "not negotiated";
    case errc::body_interleaved: return "replacement body interleaved with other replies";
    case errc::limit_exceeded: return "limit exceeded";
    case errc::misuse: return "call not allowed in this state";
    case errc::too_large_to_send: return "payload larger than the negotiated data size";
    case errc::bad_endpoint: return "invalid socket specification";
    case errc::unknown_group: return "no such group";
    case errc::resource: return "out of resources";
    case errc::timed_out: return "timed out";
    case errc::connection_closed: return "connection closed by peer";
    case errc::connect_failed: return "cannot connect";
    }
    return "unknown error";
}

inline condition condition_of(errc code) noexcept {
    if (code <= errc::empty_name) return condition::malformed;
    if (code <= errc::limit_exceeded) return condition::violation;
    if (code <= errc::resource) return condition::local;
    if (code == errc::timed_out) return condition::timeout;
    return condition::lost;
}

/// Of an error that is not ours.
inline condition condition_of(boost::system::error_condition const& foreign) noexcept {
    using enum boost::system::errc::errc_t;
    if (foreign == timed_out) return condition::timeout;
    for (auto const lack : {not_enough_memory, too_many_files_open, too_many_files_open_in_system,
                            no_buffer_space, operation_canceled})
        if (foreign == lack) return condition::local;
    return condition::lost;
}

struct condition_category final : boost::system::error_category {
    char const* name() const noexcept override { return "milter.condition"; }
    std::string message(int value) const override {
        switch (static_cast<condition>(value)) {
        case condition::malformed: return "malformed";
        case condition::violation: return "violation";
        case condition::local: return "local";
        case condition::timeout: return "timeout";
        case condition::lost: return "lost";
        }
        return "unknown condition";
    }
    bool equivalent(error_code const& code, int value) const noexcept override;
};

inline condition_category const condition_category_instance{};

struct errc_category final : boost::system::error_category {
    char const* name() const noexcept override { return "milter"; }
    std::string message(int value) const override { return message_of(static_cast<errc>(value)); }
    error_condition default_error_condition(int value) const noexcept override {
        return {static_cast<int>(condition_of(static_cast<errc>(value))),
                condition_category_instance};
    }
};

inline errc_category const errc_category_instance{};

inline bool condition_category::equivalent(error_code const& code, int value) const noexcept {
    if (!code.failed()) return false;
    bool const ours = code.category() == errc_category_instance;
    auto const found = ours ? condition_of(static_cast<errc>(code.value()))
                            : condition_of(code.default_error_condition());
    return found == static_cast<condition>(value);
}

} // namespace detail

inline error_code make_error_code(errc code) noexcept {
    return {static_cast<int>(code), detail::errc_category_instance};
}

inline error_condition make_error_condition(condition value) noexcept {
    return {static_cast<int>(value), detail::condition_category_instance};
}

} // namespace milter

namespace boost::system {
template <> struct is_error_code_enum<milter::errc> : std::true_type {};
template <> struct is_error_condition_enum<milter::condition> : std::true_type {};
} // namespace boost::system
