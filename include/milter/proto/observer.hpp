// SPDX-License-Identifier: BSL-1.0
// milter/proto/observer.hpp - both directions of one connection, watched from outside
//
// For captures, taps and recorders: says nothing itself, and nothing that either side does ends it but bytes that cannot
// be cut into packets. What is against the rules is told with the packet that shows it.
//
//     watch.received(side::mta, bytes);
//     while (auto const seen = watch.next(now)) note(*seen);
//
// Source: protocol.md 3.1-3.5; the automaton is proto/state.hpp, as for the sessions.
#pragma once

#include <milter/proto/negotiation.hpp>
#include <milter/proto/state.hpp>
#include <milter/proto/timeouts.hpp>
#include <milter/wire/describe.hpp>
#include <milter/wire/receive_buffer.hpp>

#include <array>
#include <deque>
#include <optional>
#include <string>

namespace milter::proto {

/// Who sent something.
enum class side : unsigned char { mta, filter };

constexpr side opposite(side one) noexcept { return one == side::mta ? side::filter : side::mta; }

struct observer_options {
    std::size_t max_command_bytes = wire::data_limit_1m; ///< payload of one packet from the MTA
    std::size_t max_reply_bytes = 64UL << 20; ///< from the filter: rspamd sends a new body whole
    std::size_t max_unanswered =
        4096; ///< commands whose verdict has not come; more are not told apart
};

/// A command and its verdict. Commands that no verdict belongs to are finished as they are sent.
struct exchange {
    wire::command_code command{};
    std::optional<wire::reply_code> verdict;
    time_point asked{};    ///< when the command was complete
    time_point answered{}; ///< when the verdict was
    std::size_t edits = 0; ///< before the verdict
};

/// One packet as it was seen.
struct sighting {
    side from = side::mta;
    wire::frame_view frame;                   ///< views until the next next() or received()
    std::optional<wire::any_command> command; ///< from the MTA and well-formed; views as above
    std::optional<wire::any_reply> reply;     ///< from the filter and well-formed; views as above
    std::optional<exchange> finished;         ///< by this packet
    errc finding{}; ///< what is wrong with it: malformed, or a violation; errc{} when nothing is
};

class observer {
public:
    explicit observer(observer_options options = {}) : options_(options) {}

    /// Bytes that `from` sent; copied. Packets are given in the order in which their last byte came when next() is called
    /// until it is empty after each received(); of bytes given together those of the MTA come first.
    void received(side from, std::string_view bytes) {
        auto& stream = stream_of(from);
        drop_consumed(stream);
        if (!stream.lost) stream.input.append(bytes);
    }

    /// The next whole packet; empty when there is none.
    /// @param now  when the bytes were seen
    std::optional<sighting> next(time_point now);

    /// Bytes of `from` that make no whole packet yet, or never will.
    std::string_view rest(side from) const noexcept {
        auto const& stream = streams_[index(from)];
        return stream.input.data().substr(stream.consumed);
    }
    /// Set once the bytes of `from` cannot be cut into packets: frame_empty, frame_too_large. Later ones are not looked at.
    std::optional<errc> lost(side from) const noexcept { return streams_[index(from)].lost; }

    /// What both agreed on, as an MTA would read the answer; the defaults until it has come.
    agreement const& agreed() const noexcept { return agreed_; }
    bool negotiated() const noexcept { return negotiated_; }
    phase at() const noexcept { return phase_; }
    /// The command whose verdict is to come.
    std::optional<wire::command_code> awaited() const noexcept {
        if (unanswered_.empty()) return std::nullopt;
        return unanswered_.front().command;
    }

private:
    struct direction {
        wire::receive_buffer input;
        std::size_t consumed = 0;
        std::optional<errc> lost;
    };

    static constexpr std::size_t index(side from) noexcept { return from == side::mta ? 0 : 1; }
    direction& stream_of(side from) noexcept { return streams_[index(from)]; }

    static void drop_consumed(direction& one) noexcept {
        if (one.consumed != 0) one.input.consume(one.consumed);
        one.consumed = 0;
        one.input.release();
    }

    std::optional<wire::frame_view> take(side from) {
        auto& stream = stream_of(from);
        if (stream.lost) return std::nullopt;
        auto const limit =
            from == side::mta ? options_.max_command_bytes : options_.max_reply_bytes;
        error_code ec;
        auto const frame =
            wire::first_frame(stream.input.data().substr(stream.consumed), limit, ec);
        if (ec) stream.lost = static_cast<errc>(ec.value());
        if (frame) stream.consumed += frame->raw.size();
        return frame;
    }

    sighting see_command(wire::frame_view const& frame, time_point now);
    sighting see_reply(wire::frame_view const& frame, time_point now);
    errc ask(wire::any_command const& command, time_point now, std::optional<exchange>& finished);
    errc answer(wire::any_reply const& reply, time_point now, std::optional<exchange>& finished);
    errc judge(wire::reply_row const& row) const noexcept;
    errc settle_negotiation(wire::negotiate_reply const& reply);

    observer_options options_;
    std::array<direction, 2> streams_;
    wire::negotiate offer_;
    agreement agreed_;
    bool negotiated_ = false;
    phase phase_ = phase::start;
    std::deque<exchange> unanswered_;
};

inline std::optional<sighting> observer::next(time_point now) {
    if (auto const frame = take(side::mta)) return see_command(*frame, now);
    if (auto const frame = take(side::filter)) return see_reply(*frame, now);
    return std::nullopt;
}

inline sighting observer::see_command(wire::frame_view const& frame, time_point now) {
    sighting seen{side::mta, frame, {}, {}, {}, {}};
    error_code ec;
    seen.command = wire::decode_command(frame, ec);
    seen.finding =
        seen.command ? ask(*seen.command, now, seen.finished) : static_cast<errc>(ec.value());
    return seen;
}

inline sighting observer::see_reply(wire::frame_view const& frame, time_point now) {
    sighting seen{side::filter, frame, {}, {}, {}, {}};
    error_code ec;
    seen.reply = wire::decode_reply(frame, ec);
    seen.finding =
        seen.reply ? answer(*seen.reply, now, seen.finished) : static_cast<errc>(ec.value());
    return seen;
}

inline errc observer::ask(wire::any_command const& command, time_point now,
                          std::optional<exchange>& finished) {
    auto const code = wire::code_of(command);
    auto const move = follow(phase_, code, agreed_.steps);
    if (move.how != fit::out_of_order) phase_ = move.next;
    if (auto const* offer = std::get_if<wire::negotiate>(&command); offer && !negotiated_)
        offer_ = *offer;
    exchange const asked{code, {}, now, now, 0};
    if (!agreed_.answers(code))
        finished = asked;
    else if (unanswered_.size() < options_.max_unanswered)
        unanswered_.push_back(asked);
    return move.how == fit::out_of_order ? errc::out_of_sequence : errc{};
}

inline errc observer::answer(wire::any_reply const& reply, time_point now,
                             std::optional<exchange>& finished) {
    auto const& row = wire::row_of(wire::code_of(reply));
    if (auto const why = judge(row); why != errc{}) return why;
    auto& asked = unanswered_.front();
    if (row.kind == wire::reply_kind::keepalive) return errc{};
    if (row.kind == wire::reply_kind::edit) {
        ++asked.edits;
        return errc{};
    }
    auto const* answer = std::get_if<wire::negotiate_reply>(&reply);
    auto const finding = answer ? settle_negotiation(*answer) : errc{};
    // the verdict of a command that the MTA went on after, without waiting, moves nothing
    if (!answer && unanswered_.size() == 1) phase_ = after_verdict(phase_, asked.command, row.code);
    asked.verdict = row.code;
    asked.answered = now;
    finished = asked;
    unanswered_.pop_front();
    return finding;
}

/// What is wrong with a reply of this kind now.
inline errc observer::judge(wire::reply_row const& row) const noexcept {
    if (unanswered_.empty()) return errc::reply_not_due;
    auto const asked = unanswered_.front().command;
    bool const negotiating = asked == wire::command_code::negotiate;
    if (negotiating != (row.kind == wire::reply_kind::negotiation)) return errc::reply_not_allowed;
    if (row.kind != wire::reply_kind::edit) return errc{};
    if (asked != wire::command_code::end_of_message) return errc::reply_not_allowed;
    return wire::has(agreed_.actions, row.needs) ? errc{} : errc::not_negotiated;
}

inline errc observer::settle_negotiation(wire::negotiate_reply const& reply) {
    auto const agreed = check_answer(offer_, reply, strictness::lenient);
    if (!agreed) return static_cast<errc>(agreed.error().value());
    agreed_ = *agreed;
    negotiated_ = true;
    return errc{};
}

} // namespace milter::proto
