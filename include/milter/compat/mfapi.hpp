// SPDX-License-Identifier: BSL-1.0
// milter/compat/mfapi.hpp - libmilter's interface: a program for libmilter compiles with this header in place of its own
//
//     #include <milter/compat/mfapi.hpp>     in place of <libmilter/mfapi.h>, and nothing of -lmilter
//
// C++20; a C program is compiled as C++. Callbacks run on a fixed number of threads and may block; a connection that
// waits costs no thread (compat/server.hpp). What is otherwise than in libmilter: docs/library/port-from-libmilter.md.
// Functions return MI_SUCCESS or MI_FAILURE unless they say something else. With a null context they fail.
// Source: libmilter 8.17.1, mfapi.h, smfi.c, main.c.
#pragma once

#include <milter/compat/process.hpp>
#include <milter/compat/setreply.hpp>

#include <cstdarg>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace milter::compat {

namespace detail {

/// Says an edit, at end of message, if its action was negotiated.
template <class Edit> int edit(SMFICTX* context, Edit const& edit) noexcept {
    if (!context || context->session.owed() != wire::command_code::end_of_message)
        return MI_FAILURE;
    error_code ec;
    context->session.reply(edit, ec);
    if (ec) return MI_FAILURE;
    return context->session.output().size() < most_unwritten ? MI_SUCCESS : context->flush();
}

inline bool is_text(char const* text) noexcept { return text && *text != '\0'; }

inline std::optional<std::string_view> maybe(char const* text) noexcept {
    return text ? std::optional<std::string_view>(text) : std::nullopt;
}

inline int keep_reply(SMFICTX* context, std::optional<std::string> text) noexcept {
    if (!text) return MI_FAILURE;
    context->reply = std::move(*text);
    return MI_SUCCESS;
}

} // namespace detail

} // namespace milter::compat

// ---- the process

/// Takes the description over. Fails when xxfi_version is neither SMFI_VERSION, up to its patch level, nor 2, 3 or 4.
inline int smfi_register(struct smfiDesc description) {
    auto& own = milter::compat::this_process();
    own.name = description.xxfi_name ? description.xxfi_name : "Unknown";
    auto const version = description.xxfi_version;
    bool const is_known = SM_LM_VRS_MAJOR(version) == SM_LM_VRS_MAJOR(SMFI_VERSION) &&
                          SM_LM_VRS_MINOR(version) == SM_LM_VRS_MINOR(SMFI_VERSION);
    if (!is_known && (version < 2 || version > 4))
        return milter::compat::detail::failed(own, "xxfi_version is of another libmilter");
    own.filter = description;
    own.filter->xxfi_name = own.name.c_str();
    return MI_SUCCESS;
}

/// Where to listen: `unix:PATH`, `local:PATH`, `PATH`, `inet:PORT@HOST`, `inet6:PORT@HOST`.
inline int smfi_setconn(char const* where) {
    if (!milter::compat::detail::is_text(where)) return MI_FAILURE;
    milter::compat::this_process().where = where;
    return MI_SUCCESS;
}

/// How long an MTA may be silent, in seconds; 7,210 without a call. Less than a second is one.
inline int smfi_settimeout(int seconds) {
    milter::compat::this_process().limit.patience = std::chrono::seconds(std::max(seconds, 1));
    return MI_SUCCESS;
}

inline int smfi_setbacklog(int count) {
    if (count <= 0) return MI_FAILURE;
    milter::compat::this_process().backlog = count;
    return MI_SUCCESS;
}

/// Of no effect: there is no debug output.
inline int smfi_setdbg(int level) {
    milter::compat::this_process().debug_level = level;
    return MI_SUCCESS;
}

/// Largest payload of a command, in bytes. @return the one of before
inline std::size_t smfi_setmaxdatasize(std::size_t bytes) {
    return std::exchange(milter::compat::this_process().limit.max_command_bytes, bytes);
}

/// Listens now, not only in smfi_main(). @param remove_socket  what has the name of the unix socket goes
inline int smfi_opensocket(bool remove_socket) {
    using milter::compat::old_socket;
    return milter::compat::open_socket(milter::compat::this_process(),
                                       remove_socket ? old_socket::goes : old_socket::stays);
}

/// Serves until smfi_stop() or a signal: compat::run().
inline int smfi_main() {
    auto& own = milter::compat::this_process();
    if (!own.filter) return milter::compat::detail::failed(own, "no filter was registered");
    return milter::compat::run(own);
}

/// smfi_main() is to return. From any thread, and from a signal handler.
inline int smfi_stop() {
    milter::compat::this_process().stop.notify();
    return MI_SUCCESS;
}

inline int smfi_version(unsigned int* major, unsigned int* minor, unsigned int* patch_level) {
    if (major) *major = SM_LM_VRS_MAJOR(SMFI_VERSION);
    if (minor) *minor = SM_LM_VRS_MINOR(SMFI_VERSION);
    if (patch_level) *patch_level = SM_LM_VRS_PLVL(SMFI_VERSION);
    return MI_SUCCESS;
}

// ---- in any callback

/// The newest value of a macro, with or without braces where its name is one letter. Null: there is none. Lives until
/// the MTA sends the macros of that stage again.
inline char* smfi_getsymval(SMFICTX* context, char const* name) {
    if (!context || !milter::compat::detail::is_text(name)) return nullptr;
    auto const value = context->session.macros().find(name);
    return value ? milter::compat::detail::writable(*value) : nullptr;
}

inline int smfi_setpriv(SMFICTX* context, void* data) {
    if (!context) return MI_FAILURE;
    context->private_data = data;
    return MI_SUCCESS;
}

/// Null until smfi_setpriv().
inline void* smfi_getpriv(SMFICTX* context) { return context ? context->private_data : nullptr; }

/// The text of the next REJECT (5xx) or TEMPFAIL (4xx), be it of a later command. `enhanced`, `message`: may be null.
inline int smfi_setreply(SMFICTX* context, char const* code, char const* enhanced,
                         char const* message) {
    if (!context) return MI_FAILURE;
    return milter::compat::detail::keep_reply(context,
                                              milter::compat::reply_line(code, enhanced, message));
}

/// The same with several lines, at most 32; the last argument is a null pointer.
inline int smfi_setmlreply(SMFICTX* context, char const* code, char const* enhanced, ...) {
    if (!context) return MI_FAILURE;
    std::vector<char const*> lines;
    va_list rest;
    va_start(rest, enhanced);
    while (auto const* line = va_arg(rest, char const*)) lines.push_back(line);
    va_end(rest);
    return milter::compat::detail::keep_reply(context,
                                              milter::compat::reply_lines(code, enhanced, lines));
}

/// In xxfi_negotiate: the macros to be sent at a stage, SMFIM_*. Once a stage.
inline int smfi_setsymlist(SMFICTX* context, int stage, char const* names) {
    if (!context || !milter::compat::detail::is_text(names)) return MI_FAILURE;
    if (stage < SMFIM_FIRST || stage > SMFIM_LAST) return MI_FAILURE;
    if (!context->wanted_macros)
        context->wanted_macros = std::make_unique<milter::proto::macro_lists>();
    auto& list = context->wanted_macros->at(static_cast<std::size_t>(stage));
    if (list) return MI_FAILURE;
    list = names;
    return MI_SUCCESS;
}

// ---- in xxfi_eom, of what was negotiated

inline int smfi_addheader(SMFICTX* context, char const* name, char const* value) {
    if (!milter::compat::detail::is_text(name) || !value) return MI_FAILURE;
    return milter::compat::detail::edit(context, milter::wire::add_header{name, value});
}

inline int smfi_insheader(SMFICTX* context, int index, char const* name, char const* value) {
    if (!milter::compat::detail::is_text(name) || !value || index < 0) return MI_FAILURE;
    return milter::compat::detail::edit(
        context, milter::wire::insert_header{static_cast<std::uint32_t>(index), name, value});
}

/// @param value  empty or null: the header goes
inline int smfi_chgheader(SMFICTX* context, char const* name, int index, char const* value) {
    if (!milter::compat::detail::is_text(name) || index < 0) return MI_FAILURE;
    return milter::compat::detail::edit(
        context,
        milter::wire::change_header{static_cast<std::uint32_t>(index), name, value ? value : ""});
}

/// @param arguments  of ESMTP, in one text; may be null
inline int smfi_chgfrom(SMFICTX* context, char const* address, char const* arguments) {
    if (!milter::compat::detail::is_text(address)) return MI_FAILURE;
    return milter::compat::detail::edit(
        context, milter::wire::change_from{address, milter::compat::detail::maybe(arguments)});
}

inline int smfi_addrcpt(SMFICTX* context, char const* address) {
    if (!milter::compat::detail::is_text(address)) return MI_FAILURE;
    return milter::compat::detail::edit(context, milter::wire::add_rcpt{address});
}

/// @param arguments  of ESMTP, in one text; may be null
inline int smfi_addrcpt_par(SMFICTX* context, char const* address, char const* arguments) {
    if (!milter::compat::detail::is_text(address)) return MI_FAILURE;
    return milter::compat::detail::edit(
        context,
        milter::wire::add_rcpt_with_args{address, milter::compat::detail::maybe(arguments)});
}

inline int smfi_delrcpt(SMFICTX* context, char const* address) {
    if (!milter::compat::detail::is_text(address)) return MI_FAILURE;
    return milter::compat::detail::edit(context, milter::wire::delete_rcpt{address});
}

/// A piece of the new body; several are one after the other, with no other edit in between.
inline int smfi_replacebody(SMFICTX* context, unsigned char* bytes, int size) {
    if (size < 0 || (!bytes && size > 0)) return MI_FAILURE;
    std::string_view rest(reinterpret_cast<char const*>(bytes), static_cast<std::size_t>(size));
    do {
        auto const piece = rest.substr(0, MILTER_CHUNK_SIZE);
        if (milter::compat::detail::edit(context, milter::wire::replace_body{piece}) != MI_SUCCESS)
            return MI_FAILURE;
        rest.remove_prefix(piece.size());
    } while (!rest.empty());
    return MI_SUCCESS;
}

inline int smfi_quarantine(SMFICTX* context, char const* reason) {
    if (!milter::compat::detail::is_text(reason)) return MI_FAILURE;
    return milter::compat::detail::edit(context, milter::wire::quarantine{reason});
}

/// Tells the MTA at once that the filter is at work.
inline int smfi_progress(SMFICTX* context) {
    if (context == nullptr ||
        milter::compat::detail::edit(context, milter::wire::progress{}) != MI_SUCCESS)
        return MI_FAILURE;
    return context->flush();
}
