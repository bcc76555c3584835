// SPDX-License-Identifier: BSL-1.0
// milter/proto/filter_session.hpp - the filter side of one milter connection, without I/O
//
// The driver's loop, in this order (see net/serve_filter.hpp):
//
//     for (;;) {
//         while (auto command = session.next(ec)) answer(*command, session);
//         if (ec) break;                                    // dead; session.failure() says where
//         if (!session.output().empty()) { write(session.output()); session.sent(n); continue; }
//         if (session.closed()) break;
//         session.commit(read(session.prepare()));          // or session.received(bytes)
//     }
//
// Buffers grow as a message needs it and are given back behind it: no allocation for each frame, and between messages
// hardly any memory. next() gives nothing while a reply is owed. Commands that no reply belongs to are given too: ABORT, those negotiated
// as such, the offer once the session has answered it. Replying to them does nothing. Macros are kept and found by name.
// Source: protocol.md 3.3-3.5; statements 9, 62, 63, 99-109, 129-141, 151, 170, 178.
#pragma once

#include <milter/proto/macros.hpp>
#include <milter/proto/negotiation.hpp>
#include <milter/proto/smtp_reply.hpp>
#include <milter/proto/state.hpp>
#include <milter/wire/describe.hpp>
#include <milter/wire/output_memory.hpp>
#include <milter/wire/receive_buffer.hpp>

#include <optional>
#include <span>
#include <string>

namespace milter::proto {

struct filter_options {
    wish wants;                      ///< what to negotiate
    bool manual_negotiation = false; ///< the caller answers the offer itself, with negotiate()
    /// Largest payload of a command, in bytes, whatever was agreed; empty: what was agreed.
    std::optional<std::size_t> max_command_bytes = std::nullopt;
    reply_text_limits reply_text = {}; ///< of the texts that reply() lets through
};

class filter_session {
public:
    explicit filter_session(filter_options options = {}) : options_(std::move(options)) {}

    // ---- input

    /// Bytes read from the MTA; copied. Views given by next() die.
    void received(std::string_view bytes) {
        drop_consumed();
        input_.append(bytes);
    }

    /// Where to read the next bytes to, instead of received(); commit() says how many came, before anything else is done.
    /// Views given by next() die.
    std::span<char> prepare() {
        drop_consumed();
        return input_.prepare(wire::room_to_read(input_.data(), usual_room()));
    }
    void commit(std::size_t size) noexcept { input_.commit(size); }

    /// Bytes received and not yet given as commands.
    std::size_t buffered() const noexcept { return input_.data().size() - consumed_; }

    /// The MTA closed the connection. @errors frame_truncated, connection_closed (without QUIT)
    void ended(error_code& ec) {
        if (closed()) return;
        bool const whole = wire::ends_with_a_frame(input_.data().substr(consumed_));
        fail(whole ? errc::connection_closed : errc::frame_truncated, "", ec);
    }

    /// The next command; empty when more bytes are needed, a reply is owed, or ec is set (the session is dead then).
    /// Views live until the next call of next(), received() or prepare(). Sets or clears ec.
    /// @errors  not_milter, out_of_sequence; malformed ones as wire::first_frame() and wire::decode_command(); of the
    ///          offer as answer_offer()
    std::optional<wire::any_command> next(error_code& ec);

    /// The frame that the last command came in.
    wire::frame_view frame() const noexcept { return frame_; }

    // ---- answers; misuse changes nothing and asserts nothing: ec says so

    /// The command whose verdict is owed.
    std::optional<wire::command_code> owed() const noexcept { return owed_; }
    bool awaits_reply() const noexcept { return owed_.has_value(); }
    /// The last reply was a piece of a new body: whatever else comes now, PROGRESS too, no more can follow.
    bool in_new_body() const noexcept { return body_run_ == body_run::open; }

    /// Answers the offer (manual negotiation). @errors misuse
    void negotiate(agreement const& agreed, error_code& ec) {
        if (owed_ != wire::command_code::negotiate) {
            ec = errc::misuse;
            return;
        }
        settle_negotiation(agreed);
    }

    /// Any verdict, edit or keepalive. SKIP where it may not be becomes CONTINUE (statement 101); a reply to a command
    /// that was negotiated as unanswered is dropped (statement 62).
    /// @errors  misuse (nothing is owed), reply_not_allowed (not at this stage), not_negotiated (action missing),
    ///          bad_reply_text, embedded_nul, empty_name, bad_index, body_interleaved, too_large_to_send
    template <class Reply>
    requires requires { Reply::code; }
    void reply(Reply const& reply, error_code& ec) {
        constexpr auto row = wire::row_of(Reply::code);
        if (!owed_) {
            if (!silent_) ec = errc::misuse;
            return;
        }
        if (auto const why = judge(row, reply)) {
            ec = why;
            return;
        }
        wire::take_output_memory(output_);
        auto const at = output_.size();
        if (row.code == wire::reply_code::skip && !may_skip())
            wire::encode(output_, wire::proceed{});
        else
            wire::encode(output_, reply);
        if (output_.size() - at - wire::frame_header_size > agreed_.data_limit) {
            output_.resize(at);
            ec = errc::too_large_to_send;
            return;
        }
        track_body_run(row.code);
        if (row.kind == wire::reply_kind::verdict) settle(row.code);
    }
    void reply(wire::any_reply const& any, error_code& ec) {
        std::visit([&](auto const& one) { reply(one, ec); }, any);
    }

    // ---- output

    std::string& output() noexcept { return output_; }
    std::string const& output() const noexcept { return output_; }
    /// The first `size` bytes of output() were written.
    void sent(std::size_t size) {
        output_.erase(0, size);
        if (output_.empty()) wire::give_output_memory_back(output_);
    }

    // ---- state

    agreement const& agreed() const noexcept { return agreed_; }
    macro_store const& macros() const noexcept { return macros_; }
    phase at() const noexcept { return phase_; }
    bool closed() const noexcept { return phase_ == phase::closed; }
    /// The last command broke a transaction off without ABORT.
    bool implicitly_aborted() const noexcept { return implicit_abort_; }
    /// The last command may not come where it came; it is to be answered all the same (statement 141).
    bool out_of_order() const noexcept { return out_of_order_; }
    /// Where the session died, in words: the packet and what is wrong with it.
    std::string const& failure() const noexcept { return failure_; }

private:
    std::size_t limit() const noexcept {
        return options_.max_command_bytes.value_or(agreed_.data_limit);
    }

    std::size_t usual_room() const noexcept {
        if (phase_ == phase::body) return wire::body_room; // the next piece comes at once
        return in_transaction(phase_) ? wire::busy_room : wire::idle_room;
    }

    void drop_consumed() noexcept {
        if (consumed_ != 0) input_.consume(consumed_);
        consumed_ = 0;
        input_.release(usual_room());
    }

    void fail(errc why, std::string const& where, error_code& ec) {
        ec = why;
        failure_ = where.empty() ? ec.message() : where + ": " + ec.message();
        phase_ = phase::closed;
        owed_.reset();
    }

    std::optional<wire::any_command> take(wire::frame_view const& frame, error_code& ec);
    void arrive(wire::any_command const& command);
    void answer_offer_itself(wire::negotiate const& offer, error_code& ec);

    void settle_negotiation(agreement const& agreed) {
        agreed_ = agreed;
        wire::encode(output_, to_reply(agreed_));
        owed_.reset();
    }

    error_code judge(wire::reply_row const& row, auto const& reply) const noexcept {
        using wire::reply_code;
        bool const at_end = owed_ == wire::command_code::end_of_message;
        if (row.kind == wire::reply_kind::negotiation || owed_ == wire::command_code::negotiate)
            return errc::misuse;
        if (row.kind != wire::reply_kind::verdict && !at_end) return errc::reply_not_allowed;
        if (!wire::has(agreed_.actions, row.needs)) return errc::not_negotiated;
        if (owed_ == wire::command_code::unknown &&
            (row.code == reply_code::accept ||
             row.code == reply_code::discard)) // Postfix 3.7 aborts
            return errc::reply_not_allowed;
        if (row.code == reply_code::replace_body && body_run_ == body_run::over)
            return errc::body_interleaved;
        if constexpr (requires { reply.text; })
            return check_reply_text(reply.text, options_.reply_text);
        if (has_nul(reply)) return errc::embedded_nul;
        if constexpr (requires { reply.name; }) {
            if (reply.name.empty()) return errc::empty_name;
        }
        if constexpr (requires { reply.index; }) {
            if (reply.index > wire::max_header_index) return errc::bad_index;
        }
        return {};
    }

    /// A text field with a NUL would arrive as two.
    static bool has_nul(auto const& reply) noexcept {
        auto const in = [](std::string_view text) { return text.find('\0') != text.npos; };
        if constexpr (requires { reply.name; }) return in(reply.name) || in(reply.value);
        if constexpr (requires { reply.args; })
            return in(reply.address) || (reply.args && in(*reply.args));
        if constexpr (requires { reply.address; }) return in(reply.address);
        if constexpr (requires { reply.reason; }) return in(reply.reason);
        return false;
    }

    bool may_skip() const noexcept {
        return owed_ == wire::command_code::body && wire::any(agreed_.steps, wire::step::skip);
    }

    void track_body_run(wire::reply_code code) noexcept {
        if (code == wire::reply_code::replace_body)
            body_run_ = body_run::open;
        else if (body_run_ == body_run::open)
            body_run_ = body_run::over;
    }

    void settle(wire::reply_code verdict) noexcept {
        phase_ = after_verdict(phase_, *owed_, verdict);
        owed_.reset();
        body_run_ = body_run::none;
    }

    enum class body_run { none, open, over };

    filter_options options_;
    wire::receive_buffer input_;
    std::string output_;
    std::size_t consumed_ = 0; ///< bytes at the front of input_ that the last command's views use
    wire::frame_view frame_;
    agreement agreed_;
    macro_store macros_;
    phase phase_ = phase::start;
    std::optional<wire::command_code> owed_;
    body_run body_run_ = body_run::none;
    bool silent_ = false; ///< the last command takes no reply; one that comes is dropped
    bool implicit_abort_ = false;
    bool out_of_order_ = false;
    std::string failure_;
};

inline std::optional<wire::any_command> filter_session::next(error_code& ec) {
    ec = {};
    while (!closed() && !owed_) {
        auto const rest = input_.data().substr(consumed_);
        if (phase_ == phase::start && !rest.empty() && !wire::alien_protocol(rest).empty()) {
            fail(errc::not_milter, std::string(wire::alien_protocol(rest)), ec);
            return std::nullopt;
        }
        auto const frame = wire::first_frame(rest, limit(), ec);
        if (ec) {
            fail(static_cast<errc>(ec.value()), wire::refused_frame(rest, limit(), ec), ec);
            return std::nullopt;
        }
        if (!frame) {
            if (rest.empty()) drop_consumed();
            return std::nullopt;
        }
        consumed_ += frame->raw.size();
        frame_ = *frame;
        auto command = take(*frame, ec);
        if (command || ec) return command;
    }
    return std::nullopt;
}

/// Empty without ec: the frame was macros, or is ignored.
inline std::optional<wire::any_command> filter_session::take(wire::frame_view const& frame,
                                                             error_code& ec) {
    auto command = wire::decode_command(frame, ec);
    if (!command) {
        fail(static_cast<errc>(ec.value()), wire::describe_command(frame), ec);
        return std::nullopt;
    }
    auto const code = wire::code_of(*command);
    if (phase_ == phase::start && code != wire::command_code::negotiate &&
        code != wire::command_code::quit) {
        fail(errc::out_of_sequence, wire::describe_command(frame), ec);
        return std::nullopt;
    }
    if (auto const* set = std::get_if<wire::macros>(&*command)) {
        macros_.set(*set);
        return std::nullopt;
    }
    if (code == wire::command_code::negotiate && phase_ != phase::start)
        return std::nullopt; // statement 63
    arrive(*command);
    if (auto const* offer = std::get_if<wire::negotiate>(&*command);
        offer && !options_.manual_negotiation) {
        answer_offer_itself(*offer, ec);
        if (ec) return std::nullopt;
    }
    return command;
}

inline void filter_session::arrive(wire::any_command const& command) {
    auto const code = wire::code_of(command);
    auto const move = follow(phase_, code, agreed_.steps);
    implicit_abort_ = move.how == fit::implicit_abort;
    out_of_order_ = move.how == fit::out_of_order;
    // statement 141: out of order is answered, not dropped; it moves nothing
    if (!out_of_order_) phase_ = move.next;
    macros_.on_command(code);
    silent_ = !agreed_.answers(code);
    body_run_ = body_run::none;
    auto const& row = wire::row_of(code);
    if (silent_) return;
    if (row.no_reply != wire::step::none && wire::any(agreed_.emulated, row.no_reply)) {
        wire::encode(output_, wire::proceed{}); // statement 39
        silent_ = true;
        return;
    }
    owed_ = code;
}

inline void filter_session::answer_offer_itself(wire::negotiate const& offer, error_code& ec) {
    auto const agreed = answer_offer(offer, options_.wants);
    if (!agreed) {
        fail(static_cast<errc>(agreed.error().value()), wire::describe(wire::any_command{offer}),
             ec);
        return;
    }
    settle_negotiation(*agreed);
    silent_ = true; // whoever replies to each command alike need not tell this one apart
}

} // namespace milter::proto
