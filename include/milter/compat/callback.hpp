// SPDX-License-Identifier: BSL-1.0
// milter/compat/callback.hpp - a command becomes the call of a callback
//
// Callbacks may change the texts that they are given, as under libmilter: they lie in the connection's own buffer, each
// with its NUL behind it.
// Source: libmilter engine.c, the st_*() functions.
#pragma once

#include <milter/compat/context.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace milter::compat {

/// An address as xxfi_connect is given it. In a union, as programs cast it to what its family says.
union client_address {
    sockaddr any;
    sockaddr_in inet;
    sockaddr_in6 inet6;
    sockaddr_un unix_path;
};

namespace detail {

/// As the callbacks of libmilter have them, which do not write.
inline char* writable(std::string_view text) noexcept {
    return const_cast<char*>(text.data()); // NOLINT(cppcoreguidelines-pro-type-const-cast)
}

/// False: it is no address of its family.
inline bool read_address(wire::connect const& who, client_address& into) noexcept {
    std::memset(&into, 0, sizeof into);
    switch (who.family) {
    case wire::family::inet:
        into.inet.sin_family = AF_INET;
        into.inet.sin_port = htons(who.port);
        return ::inet_aton(who.address.data(), &into.inet.sin_addr) == 1;
    case wire::family::inet6:
        into.inet6.sin6_family = AF_INET6;
        into.inet6.sin6_port = htons(who.port);
        return ::inet_pton(AF_INET6, wire::without_ipv6_tag(who.address).data(),
                           &into.inet6.sin6_addr) == 1;
    case wire::family::unix_path:
        if (who.address.size() >= sizeof into.unix_path.sun_path) return false;
        into.unix_path.sun_family = AF_UNIX;
        std::memcpy(into.unix_path.sun_path, who.address.data(), who.address.size());
        return true;
    case wire::family::unknown: break;
    }
    return true;
}

inline sfsistat call_with_arguments(SMFICTX& context, sfsistat (*callback)(SMFICTX*, char**),
                                    std::string_view address, wire::zstr_list arguments) {
    if (!callback) return SMFIS_CONTINUE;
    std::vector<char*> argv{writable(address)};
    for (auto const argument : arguments) argv.push_back(writable(argument));
    argv.push_back(nullptr);
    return callback(&context, argv.data());
}

} // namespace detail

// ---- call(): what the callback of that command says, CONTINUE where there is none; nothing: the connection is to end

using verdict = std::optional<sfsistat>;

inline verdict call(SMFICTX& context, wire::connect const& who) {
    if (!context.filter.xxfi_connect) return SMFIS_CONTINUE;
    client_address address{};
    if (!detail::read_address(who, address)) return std::nullopt;
    bool const is_known = who.family != wire::family::unknown;
    return context.filter.xxfi_connect(&context, detail::writable(who.hostname),
                                       is_known ? &address.any : nullptr);
}

inline verdict call(SMFICTX& context, wire::helo const& greeting) {
    if (!context.filter.xxfi_helo) return SMFIS_CONTINUE;
    return context.filter.xxfi_helo(&context, detail::writable(greeting.name));
}

inline verdict call(SMFICTX& context, wire::mail const& sender) {
    return detail::call_with_arguments(context, context.filter.xxfi_envfrom, sender.address,
                                       sender.args);
}

inline verdict call(SMFICTX& context, wire::rcpt const& recipient) {
    return detail::call_with_arguments(context, context.filter.xxfi_envrcpt, recipient.address,
                                       recipient.args);
}

inline verdict call(SMFICTX& context, wire::data const& /*command*/) {
    bool const has_it = context.filter.xxfi_version > 3 && context.filter.xxfi_data;
    return has_it ? context.filter.xxfi_data(&context) : SMFIS_CONTINUE;
}

inline verdict call(SMFICTX& context, wire::header const& field) {
    if (!context.filter.xxfi_header) return SMFIS_CONTINUE;
    return context.filter.xxfi_header(&context, detail::writable(field.name),
                                      detail::writable(field.value));
}

inline verdict call(SMFICTX& context, wire::end_of_headers const& /*command*/) {
    return context.filter.xxfi_eoh ? context.filter.xxfi_eoh(&context) : SMFIS_CONTINUE;
}

inline verdict call(SMFICTX& context, wire::body const& chunk) {
    if (!context.filter.xxfi_body) return SMFIS_CONTINUE;
    return context.filter.xxfi_body(&context,
                                    reinterpret_cast<unsigned char*>(detail::writable(chunk.bytes)),
                                    chunk.bytes.size());
}

inline verdict call(SMFICTX& context, wire::end_of_message const& end) {
    if (!end.bytes.empty()) {
        auto const before = call(context, wire::body{end.bytes});
        if (before != SMFIS_CONTINUE && before != SMFIS_SKIP) return before;
    }
    return context.filter.xxfi_eom ? context.filter.xxfi_eom(&context) : SMFIS_CONTINUE;
}

inline verdict call(SMFICTX& context, wire::unknown const& command) {
    bool const has_it = context.filter.xxfi_version > 2 && context.filter.xxfi_unknown;
    if (!has_it) return SMFIS_CONTINUE;
    return context.filter.xxfi_unknown(&context, std::string(command.line).c_str());
}

// ---- callbacks that nobody hears the answer of; what they throw is dropped

inline void abort_message(SMFICTX& context) noexcept {
    context.is_in_message = false;
    if (!context.filter.xxfi_abort) return;
    try {
        context.filter.xxfi_abort(&context);
    } catch (...) {
    }
}

/// The end of what xxfi_connect began, once; a message under way is aborted before.
inline void close_session(SMFICTX& context) noexcept {
    if (context.is_left_behind) return;
    if (context.is_in_message) abort_message(context);
    if (std::exchange(context.is_closed, true) || !context.filter.xxfi_close) return;
    try {
        context.filter.xxfi_close(&context);
    } catch (...) {
    }
}

} // namespace milter::compat
