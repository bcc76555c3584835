// SPDX-License-Identifier: BSL-1.0
// milter/filter/edits.hpp - what end_of_message() can change
//
// Each edit throws edit_error when it cannot be sent: it was not negotiated, or a text is not one. Thrown out of a
// handler, that is tempfail and a line in the log, so that no edit is lost in silence. apply() throws nothing.
// Source: protocol.md 4; statements 145-180.
#pragma once

#include <milter/error.hpp>
#include <milter/filter/header_counts.hpp>
#include <milter/proto/filter_session.hpp>
#include <milter/wire/flags.hpp>
#include <milter/wire/reply.hpp>

#include <boost/system/system_error.hpp>

#include <algorithm>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>

namespace milter::filter {

using wire::action;

/// An edit that was not sent; nothing was changed by it.
class edit_error : public boost::system::system_error {
public:
    edit_error(error_code why, wire::reply_code edit)
        : system_error(why, std::string(wire::name_of(edit))), edit_(edit) {}
    wire::reply_code edit() const noexcept { return edit_; }

private:
    wire::reply_code edit_;
};

namespace detail {

/// The edit that was thrown out of a handler because its action is not among those declared.
inline std::optional<wire::reply_code> undeclared_edit(std::exception_ptr const& thrown,
                                                       action declared) {
    try {
        std::rethrow_exception(thrown);
    } catch (edit_error const& e) {
        if (e.code() != errc::not_negotiated) return std::nullopt;
        if (has(declared, wire::row_of(e.edit()).needs)) return std::nullopt;
        return e.edit();
    } catch (...) {
        return std::nullopt;
    }
}

inline std::string undeclared_text(wire::reply_code edit) {
    return std::string(wire::name_of(edit)) + ": `actions` of the milter lack " +
           to_string(wire::row_of(edit).needs);
}

} // namespace detail

class edits {
public:
    explicit edits(proto::filter_session& session) noexcept : session_(session) {}
    edits(edits const&) = delete;
    edits& operator=(edits const&) = delete;
    ~edits() = default;

    /// Whether the MTA agreed to all of these.
    bool can(action wanted) const noexcept { return has(session_.agreed().actions, wanted); }

    /// At the end of the headers, or as Sendmail has it: protocol.md 4.3.
    void add_header(std::string_view name, std::string_view value) {
        must(wire::add_header{name, value});
        note_header(name);
    }
    /// @param index  how many headers of the message come before it, the MTA's own Received included; 0: on top
    void insert_header(std::uint32_t index, std::string_view name, std::string_view value) {
        must(wire::insert_header{index, name, value});
        note_header(name);
    }
    /// @param index  from 1, among those of that name; a header that is not there is added
    void change_header(std::string_view name, std::uint32_t index, std::string_view value) {
        must(wire::change_header{index, name, value});
        if (!value.empty()) note_change(name, index);
    }
    /// Several of one name: the highest index first, or Postfix and Sendmail do different things.
    void delete_header(std::string_view name, std::uint32_t index) {
        must(wire::change_header{index, name, {}});
    }

    /// @param arguments  of ESMTP, as "NOTIFY=NEVER"; they need an action of their own
    void add_recipient(std::string_view address,
                       std::optional<std::string_view> arguments = std::nullopt) {
        if (arguments)
            must(wire::add_rcpt_with_args{address, arguments});
        else
            must(wire::add_rcpt{address});
    }
    void remove_recipient(std::string_view address) { must(wire::delete_rcpt{address}); }
    /// "<>": the null sender.
    void change_sender(std::string_view address,
                       std::optional<std::string_view> arguments = std::nullopt) {
        must(wire::change_from{address, arguments});
    }

    /// A piece of the new body, of any size; all pieces together are the body. No other edit may come between two of
    /// them, as Postfix does not take that. Lines end with CRLF. A body that is large is better given by a coroutine,
    /// which says `co_await context.flush()` between pieces: else all of it waits in memory.
    void replace_body(std::string_view piece) {
        if (piece.empty() && session_.in_new_body()) return;
        do {
            auto const size = std::min(piece.size(), session_.agreed().data_limit);
            must(wire::replace_body{piece.substr(0, size)});
            piece.remove_prefix(size);
        } while (!piece.empty());
    }

    /// The message is held, if it is not refused.
    void quarantine(std::string_view reason) { must(wire::quarantine{reason}); }

    /// Any edit, without exceptions. Headers that it adds are not counted. @errors  as proto::filter_session::reply()
    template <class Edit>
    requires(wire::row_of(Edit::code).kind == wire::reply_kind::edit) void apply(Edit const& edit,
                                                                                 error_code& ec) {
        session_.reply(edit, ec);
    }

protected:
    void count_into(header_counts& counts) noexcept { counts_ = &counts; }

private:
    template <class Edit> void must(Edit const& edit) {
        error_code ec;
        apply(edit, ec);
        if (ec) throw edit_error(ec, Edit::code);
    }

    /// Ones that the same filter added count (protocol.md 4.5).
    void note_header(std::string_view name) {
        if (counts_) counts_->add(name);
    }
    /// One that is not there is added by either MTA, and 0 is 1 to them (protocol.md 4.5).
    void note_change(std::string_view name, std::uint32_t index) {
        if (!counts_) return;
        auto const known = counts_->find(name);
        if (known && std::max(index, 1U) > *known) counts_->add(name);
    }

    proto::filter_session& session_;
    header_counts* counts_ = nullptr;
};

/// Edits for who thinks of headers by name. A milter whose end_of_message() takes these is sent all headers, and they are
/// counted for it. set_header() needs the actions add_header and change_header, whatever the message has; remove_header()
/// needs change_header.
class named_edits : public edits {
public:
    named_edits(proto::filter_session& session, header_counts& counts) noexcept
        : edits(session), counts_(counts) {
        count_into(counts);
    }

    /// How many there are, or were: those that this milter deleted count, and those that it added, apply() aside.
    /// @throws  edit_error (limit_exceeded) when the message has more names than are kept
    std::uint32_t count(std::string_view name) const {
        auto const known = counts_.find(name);
        if (!known) throw edit_error(errc::limit_exceeded, wire::reply_code::change_header);
        return *known;
    }

    /// Exactly one header of this name, with this value: the first is changed, others go; added where there is none.
    /// An empty value: none at all. What apply() added is not seen.
    void set_header(std::string_view name, std::string_view value) {
        if (value.empty()) return remove_header(name);
        auto const there = count(name);
        if (there == 0) return add_header(name, value);
        delete_down_to(name, 2);
        change_header(name, 1, value);
    }

    /// All headers of this name go, but those that apply() added.
    void remove_header(std::string_view name) { delete_down_to(name, 1); }

private:
    /// From the highest index down, deleted ones included: right for Postfix, which does not count those, and for
    /// Sendmail, which does.
    void delete_down_to(std::string_view name, std::uint32_t last) {
        for (auto index = count(name); index >= last; --index) delete_header(name, index);
    }

    header_counts& counts_;
};

} // namespace milter::filter
