// SPDX-License-Identifier: BSL-1.0
// milter/proto/mta_session.hpp - the MTA side of one milter connection, without I/O
//
// Usage: send() commands (each appends to output()), write output(), feed received(), take replies with next() until a
// verdict comes. At most one verdict is awaited at a time; commands that were negotiated as unanswered may follow each
// other at once. deadline() says until when; at that time call expire().
// Source: protocol.md 3.2, 3.5; statements 18-21, 56-62, 79-97, 103-106, 128, 130, 142, 151, 197, 205, 212, 213.
#pragma once

#include <milter/proto/macros.hpp>
#include <milter/proto/negotiation.hpp>
#include <milter/proto/state.hpp>
#include <milter/proto/timeouts.hpp>
#include <milter/wire/describe.hpp>
#include <milter/wire/output_memory.hpp>
#include <milter/wire/receive_buffer.hpp>

#include <optional>
#include <span>
#include <string>

namespace milter::proto {

struct mta_options {
    wire::negotiate offer;
    strictness how = strictness::lenient; ///< with the answer to the offer
    /// With an edit whose action was not agreed on; lenient: next() gives it, and unagreed() holds.
    strictness edits = strictness::strict;
    mta_timeouts timeouts;
    std::size_t max_reply_bytes = 1 << 20;   ///< one reply but a replacement body
    std::size_t max_body_piece = 64UL << 20; ///< one replacement body packet: rspamd sends it whole
};

/// Whether an edit was not agreed on.
constexpr bool is_unagreed(wire::reply_row const& row, agreement const& agreed) noexcept {
    return row.kind == wire::reply_kind::edit && !wire::has(agreed.actions, row.needs);
}

/// What makes a reply a failure now, or errc{}. @param awaited  the command whose reply is due, if one is
constexpr errc judge_reply(wire::reply_row const& row,
                           std::optional<wire::command_code> const& awaited,
                           agreement const& agreed, strictness edits) noexcept {
    if (!awaited) return errc::reply_not_due;
    bool const negotiating = *awaited == wire::command_code::negotiate;
    if (negotiating != (row.kind == wire::reply_kind::negotiation)) return errc::reply_not_allowed;
    // statement 106: a keepalive is tolerated anywhere; edits only at end of message
    if (row.kind == wire::reply_kind::edit && *awaited != wire::command_code::end_of_message)
        return errc::reply_not_allowed;
    if (is_unagreed(row, agreed) && edits == strictness::strict) return errc::not_negotiated;
    return errc{};
}

class mta_session {
public:
    explicit mta_session(mta_options options = {}) : options_(options) {}

    /// Of the waits that begin from now on.
    void timeouts(mta_timeouts const& times) noexcept { options_.timeouts = times; }

    // ---- commands

    /// Whether send() would put the command on the wire: not what was negotiated away (statement 56), no BODY after SKIP
    /// (103), and no UNKNOWN from which a filter could not go on to content (95).
    bool sends(wire::command_code code) const noexcept {
        if (code == wire::command_code::body && body_skipped_) return false;
        if (code == wire::command_code::unknown && content_is_next()) return false;
        return code == wire::command_code::negotiate || agreed_.sends(code);
    }

    /// Sends the offer.
    void negotiate(time_point now, error_code& ec) { send(options_.offer, now, ec); }

    /// Appends a command to output(); one that is not sent is left out, and so is a piece of body without bytes. Macros
    /// may come before any command, also before one that is left out.
    /// @errors  misuse (a verdict is awaited, the session is over, body in the end of message, QUIT_NC to a filter that
    ///          does not know it), out_of_sequence, empty_name, too_large_to_send
    template <class Command> void send(Command const& command, time_point now, error_code& ec) {
        if (!admit(Command::code, ec)) return;
        if (auto const why = unfit(command); why != errc{}) {
            ec = why;
            return;
        }
        if constexpr (Command::code == wire::command_code::body) {
            if (command.bytes.empty()) return; // statement 89
        }
        wire::take_output_memory(output_);
        auto const at = output_.size();
        wire::encode(output_, command);
        if (output_.size() - at - wire::frame_header_size > agreed_.data_limit) {
            output_.resize(at);
            ec = errc::too_large_to_send;
            return;
        }
        advance(Command::code, now);
    }

    /// Appends a frame that was decoded elsewhere, byte for byte; the caller saw to it that it fits what was agreed.
    void forward(wire::frame_view const& frame, time_point now, error_code& ec) {
        auto const code = static_cast<wire::command_code>(frame.code);
        if (!admit(code, ec)) return;
        wire::take_output_memory(output_);
        output_.append(frame.raw);
        advance(code, now);
    }

    /// Ends the message before its verdict. A verdict still awaited is swallowed when it comes (statement 266); until
    /// then draining() holds.
    void abort(time_point now, error_code& ec) {
        if (awaited_ && *awaited_ != wire::command_code::negotiate) {
            wire::encode(output_, wire::abort{});
            draining_ = true;
            phase_ = phase::session;
            return;
        }
        send(wire::abort{}, now, ec);
    }

    /// Allowed at any time.
    void quit() {
        if (phase_ == phase::closed) return;
        wire::encode(output_, wire::quit{});
        phase_ = phase::closed;
        awaited_.reset();
        deadline_ = never;
    }

    // ---- input

    /// Bytes read from the filter; copied. Views given by next() die.
    void received(std::string_view bytes) {
        drop_consumed();
        input_.append(bytes);
    }

    /// Where to read the next bytes to, instead of received(); commit() says how many came, before anything else is done.
    /// Views given by next() die.
    std::span<char> prepare() {
        drop_consumed();
        if (body_left_ != 0) return input_.prepare(std::size_t{16} * wire::busy_room);
        return input_.prepare(wire::room_to_read(input_.data(), usual_room()));
    }
    void commit(std::size_t size) noexcept { input_.commit(size); }

    /// The filter closed the connection. @errors frame_truncated, connection_closed
    void ended(error_code& ec) {
        if (phase_ == phase::closed) return;
        bool const whole =
            body_left_ == 0 && wire::ends_with_a_frame(input_.data().substr(consumed_));
        fail(whole ? errc::connection_closed : errc::frame_truncated, where(), ec);
    }

    /// The next reply; empty when more bytes are needed or ec is set (the session is dead then). The answer to the
    /// offer comes as wire::negotiate_reply and agreed() is set. A replacement body packet larger than what was agreed
    /// comes in as many pieces as it arrived in, each a wire::replace_body. Views live until the next call of next(),
    /// received() or prepare(). Sets or clears ec.
    /// @errors  reply_not_due, reply_not_allowed, not_negotiated; malformed ones as wire::first_frame() and
    ///          wire::decode_reply(); of the answer to the offer as check_answer()
    std::optional<wire::any_reply> next(time_point now, error_code& ec);

    wire::frame_view frame() const noexcept { return frame_; }
    /// The reply that next() gave is an edit whose action was not agreed on: nobody is to carry it out.
    bool unagreed() const noexcept {
        auto const* row = wire::find_reply(frame_.code);
        return row && is_unagreed(*row, agreed_);
    }
    std::size_t buffered() const noexcept { return input_.data().size(); } ///< bytes held

    // ---- time

    /// When the awaited reply is overdue; `never` when none is awaited.
    time_point deadline() const noexcept { return deadline_; }
    /// At or after deadline(). @errors timed_out
    void expire(time_point now, error_code& ec) {
        if (now >= deadline_) fail(errc::timed_out, where(), ec);
    }

    // ---- output and state

    std::string& output() noexcept { return output_; }
    std::string const& output() const noexcept { return output_; }
    void sent(std::size_t size) {
        output_.erase(0, size);
        if (output_.empty()) wire::give_output_memory_back(output_);
    }

    std::optional<wire::command_code> awaited() const noexcept { return awaited_; }
    bool draining() const noexcept { return draining_; }
    agreement const& agreed() const noexcept { return agreed_; }
    phase at() const noexcept { return phase_; }
    bool closed() const noexcept { return phase_ == phase::closed; }
    std::string const& failure() const noexcept { return failure_; }

private:
    bool admit(wire::command_code code, error_code& ec) {
        if (phase_ == phase::closed || (awaited_ && code != wire::command_code::macros)) {
            ec = errc::misuse;
            return false;
        }
        if (!sends(code)) {
            // left out silently, the next CONNECT would come within the old session (statement 97)
            if (code == wire::command_code::quit_new_connection) ec = errc::misuse;
            return false;
        }
        if (follow(phase_, code, agreed_.steps).how == fit::out_of_order) {
            ec = errc::out_of_sequence;
            return false;
        }
        return true;
    }

    /// What no filter is sent, whatever was agreed; forward() is for what comes from elsewhere.
    template <class Command> static errc unfit(Command const& command) noexcept {
        if constexpr (Command::code == wire::command_code::header) {
            if (command.name.empty()) return errc::empty_name; // statement 81
        }
        if constexpr (Command::code == wire::command_code::end_of_message) {
            if (!command.bytes.empty()) return errc::misuse; // statement 92
        }
        return errc{};
    }

    /// libmilter cannot go from DATA to UNKNOWN, nor from there to content without DATA. @source protocol.md 3.3
    bool content_is_next() const noexcept {
        bool const envelope = phase_ == phase::mail || phase_ == phase::rcpt;
        return phase_ == phase::data || (envelope && !agreed_.sends(wire::command_code::data));
    }

    void advance(wire::command_code code, time_point now) noexcept {
        if (code != wire::command_code::body && code != wire::command_code::macros)
            body_skipped_ = false;
        phase_ = follow(phase_, code, agreed_.steps).next;
        bool const awaits = code == wire::command_code::negotiate || agreed_.answers(code);
        if (!awaits) return;
        awaited_ = code;
        deadline_ = after(now, patience(code));
    }

    duration patience(wire::command_code code) const noexcept {
        switch (code) {
        case wire::command_code::negotiate: return options_.timeouts.negotiate;
        case wire::command_code::header:
        case wire::command_code::end_of_headers:
        case wire::command_code::body: return options_.timeouts.content;
        case wire::command_code::end_of_message: return options_.timeouts.end_of_message;
        default: return options_.timeouts.command;
        }
    }

    std::string where() const {
        return awaited_ ? "waiting for the reply to " + std::string(wire::name_of(*awaited_))
                        : std::string();
    }

    void fail(errc why, std::string const& what, error_code& ec) {
        ec = why;
        failure_ = what.empty() ? ec.message() : what + ": " + ec.message();
        phase_ = phase::closed;
        awaited_.reset();
        deadline_ = never;
    }

    void drop_consumed() noexcept {
        if (consumed_ != 0) input_.consume(consumed_);
        consumed_ = 0;
        input_.release(usual_room());
    }

    std::size_t usual_room() const noexcept {
        bool const edits_may_come = awaited_ == wire::command_code::end_of_message;
        return edits_may_come ? wire::busy_room : wire::idle_room;
    }

    std::size_t limit_for(std::string_view rest) const noexcept {
        constexpr auto replace_body = static_cast<unsigned char>(wire::reply_code::replace_body);
        // while the code is unknown, the larger limit: only it may be exceeded for sure
        bool const may_be = rest.size() <= 4 || static_cast<unsigned char>(rest[4]) == replace_body;
        bool const body = may_be && awaited_ == wire::command_code::end_of_message &&
                          wire::any(agreed_.actions, wire::action::change_body);
        return body ? options_.max_body_piece
                    : std::max(options_.max_reply_bytes, agreed_.data_limit);
    }

    bool begin_large_body(std::string_view rest, error_code& ec);
    std::optional<wire::any_reply> take_body_piece(std::string_view rest, time_point now);
    std::optional<wire::any_reply> take(wire::frame_view const& frame, time_point now,
                                        error_code& ec);
    errc judge(wire::reply_row const& row) const noexcept;
    void settle_negotiation(wire::negotiate_reply const& answer, error_code& ec);

    mta_options options_;
    wire::receive_buffer input_;
    std::string output_;
    std::size_t consumed_ = 0;
    std::size_t body_left_ = 0; ///< of a packet that is handed out in pieces
    wire::frame_view frame_;
    agreement agreed_;
    phase phase_ = phase::start;
    std::optional<wire::command_code> awaited_;
    bool draining_ = false;
    bool body_skipped_ = false; ///< the filter wants no more of this message's body
    time_point deadline_ = never;
    std::string failure_;
};

inline std::optional<wire::any_reply> mta_session::next(time_point now, error_code& ec) {
    ec = {};
    while (phase_ != phase::closed) {
        auto const rest = input_.data().substr(consumed_);
        if (rest.empty()) {
            drop_consumed();
            return std::nullopt;
        }
        if (body_left_ > 0) {
            auto piece = take_body_piece(rest, now);
            if (piece) return piece;
            continue;
        }
        auto const frame = wire::first_frame(rest, limit_for(rest), ec);
        if (ec) {
            fail(static_cast<errc>(ec.value()), wire::refused_frame(rest, limit_for(rest), ec), ec);
            return std::nullopt;
        }
        if (!frame && begin_large_body(rest, ec)) continue;
        if (!frame) return std::nullopt;
        consumed_ += frame->raw.size();
        frame_ = *frame;
        auto reply = take(*frame, now, ec);
        if (reply || ec) return reply;
    }
    return std::nullopt;
}

/// The packet at the front, which is not complete, is a body too large to be kept until it is (statement 274).
inline bool mta_session::begin_large_body(std::string_view rest, error_code& ec) {
    constexpr auto replace_body = static_cast<unsigned char>(wire::reply_code::replace_body);
    if (rest.size() < wire::frame_header_size) return false;
    auto const size = std::size_t{wire::frame_length(rest)} - 1; // an empty frame was refused
    if (static_cast<unsigned char>(rest[4]) != replace_body || size <= agreed_.data_limit)
        return false;
    if (auto const why = judge(wire::row_of(wire::reply_code::replace_body)); why != errc{}) {
        fail(why, wire::describe_reply({replace_body, {}, {}}), ec);
        return false;
    }
    consumed_ += wire::frame_header_size;
    body_left_ = size;
    return true;
}

/// Empty: the message was aborted.
inline std::optional<wire::any_reply> mta_session::take_body_piece(std::string_view rest,
                                                                   time_point now) {
    auto const piece = rest.substr(0, body_left_);
    consumed_ += piece.size();
    body_left_ -= piece.size();
    frame_ = {static_cast<unsigned char>(wire::reply_code::replace_body), piece, piece};
    deadline_ = after(now, patience(*awaited_));
    if (draining_) return std::nullopt;
    return wire::replace_body{piece};
}

/// Empty without ec: the reply belonged to an aborted message.
inline std::optional<wire::any_reply> mta_session::take(wire::frame_view const& frame,
                                                        time_point now, error_code& ec) {
    auto reply = wire::decode_reply(frame, ec);
    if (!reply) {
        fail(static_cast<errc>(ec.value()), wire::describe_reply(frame), ec);
        return std::nullopt;
    }
    auto const& row = wire::row_of(wire::code_of(*reply));
    if (auto const why = judge(row); why != errc{}) {
        fail(why, wire::describe_reply(frame), ec);
        return std::nullopt;
    }
    if (auto const* answer = std::get_if<wire::negotiate_reply>(&*reply)) {
        settle_negotiation(*answer, ec);
        if (ec) return std::nullopt;
        return reply;
    }
    if (row.kind != wire::reply_kind::verdict) {
        deadline_ = after(now, patience(*awaited_));
        if (draining_) return std::nullopt;
        return reply;
    }
    auto const command = *awaited_;
    awaited_.reset();
    deadline_ = never;
    if (draining_) {
        draining_ = false;
        return std::nullopt;
    }
    phase_ = after_verdict(phase_, command, row.code);
    body_skipped_ = command == wire::command_code::body && row.code == wire::reply_code::skip;
    return reply;
}

inline errc mta_session::judge(wire::reply_row const& row) const noexcept {
    return judge_reply(row, awaited_, agreed_, options_.edits);
}

inline void mta_session::settle_negotiation(wire::negotiate_reply const& answer, error_code& ec) {
    auto const agreed = check_answer(options_.offer, answer, options_.how);
    if (!agreed) {
        fail(static_cast<errc>(agreed.error().value()), wire::describe(wire::any_reply{answer}),
             ec);
        return;
    }
    agreed_ = *agreed;
    awaited_.reset();
    deadline_ = never;
}

} // namespace milter::proto
