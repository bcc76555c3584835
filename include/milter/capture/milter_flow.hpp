// SPDX-License-Identifier: BSL-1.0
// milter/capture/milter_flow.hpp - one TCP connection that may be a milter's
//
// Which end is the MTA is decided by content: it is the one whose first packet is an offer. Until its first bytes are
// there, what the other end says is kept back.
#pragma once

#include <milter/capture/packet.hpp>
#include <milter/capture/tcp_stream.hpp>
#include <milter/proto/observer.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace milter::capture {

using proto::side;

enum class flow_state : unsigned char {
    undecided, ///< too few bytes yet
    milter,
    other, ///< speaks another protocol, or began before the capture
};

/// Whether `bytes` begin with an offer: a whole packet, as its size is fixed.
/// @return  empty: too few to tell
inline std::optional<bool> begins_with_offer(std::string_view bytes) noexcept {
    constexpr std::string_view offer("\0\0\0\x0dO", 5); // length 13, OPTNEG
    auto const size = std::min(bytes.size(), offer.size());
    if (bytes.substr(0, size) != offer.substr(0, size)) return false;
    return size < offer.size() ? std::nullopt : std::optional(true);
}

/// `Sink` has received(side, bytes, at), missed(side, size, at), ended(side, bool reset, at); times in microseconds.
template <class Sink> class milter_flow {
public:
    /// @param first  the end that was seen to send first, by whom the packets are told apart
    milter_flow(tcp_end first, tcp_end second, Sink sink)
        : ends_{{first, tcp_stream(), {}, {}}, {second, tcp_stream(), {}, {}}},
          sink_(std::move(sink)) {}

    void add(tcp_segment const& segment, std::int64_t at) {
        auto const from = segment.source == ends_[0].where ? 0U : 1U;
        auto& end = ends_[from];
        if (segment.syn) {
            end.stream.begin(segment.sequence);
            if (!segment.ack) initiator_ = from;
            return;
        }
        feed(from, segment, at);
        if (segment.rst) return ended(from, true, at);
        if (segment.fin)
            end.fin =
                end.stream.place_of(segment.sequence) + segment.payload.size() + segment.missing;
        if (end.fin && end.stream.expected() >= *end.fin) ended(from, false, at);
    }

    /// The capture is over, or the connection.
    void finish(std::int64_t at) {
        for (auto const from : {0U, 1U}) {
            ends_[from].stream.finish([&](std::string_view bytes) { received(from, bytes, at); },
                                      [&](std::uint64_t size) { missed(from, size, at); });
            if (ends_[from].fin) ended(from, false, at);
        }
    }

    flow_state state() const noexcept { return state_; }
    /// Both directions were closed, or the connection was reset.
    bool closed() const noexcept { return reset_ || (ends_[0].ended && ends_[1].ended); }
    /// The end on that side. @pre state() is milter
    tcp_end const& end_of(side one) const noexcept {
        return ends_[(one == side::mta) == (mta_ == 0) ? 0 : 1].where;
    }
    Sink& sink() noexcept { return sink_; }

private:
    struct one_end {
        tcp_end where;
        tcp_stream stream;
        std::string held;                 ///< while undecided
        std::optional<std::uint64_t> fin; ///< its place, when it was seen
        bool ended = false;
    };
    static constexpr std::size_t max_held =
        64UL << 10; // bytes of an end that speaks before the offer came

    side side_of(unsigned from) const noexcept { return from == mta_ ? side::mta : side::filter; }

    void feed(unsigned from, tcp_segment const& segment, std::int64_t at) {
        ends_[from].stream.add(
            segment.sequence, segment.payload, segment.missing,
            [&](std::string_view bytes) { received(from, bytes, at); },
            [&](std::uint64_t size) { missed(from, size, at); });
    }

    void received(unsigned from, std::string_view bytes, std::int64_t at) {
        if (state_ == flow_state::milter) return sink_.received(side_of(from), bytes, at);
        if (state_ == flow_state::other) return;
        ends_[from].held.append(bytes);
        decide(from, at);
    }

    /// An answer looks like an offer, so who opened the connection is the only one to ask when that is known.
    void decide(unsigned from, std::int64_t at) {
        bool const may_offer = !initiator_ || *initiator_ == from;
        auto const offer = begins_with_offer(ends_[from].held);
        bool const refused = offer.has_value() && !*offer;
        if (may_offer ? refused : ends_[from].held.size() > max_held) {
            state_ = flow_state::other;
            for (auto& end : ends_) end.held.clear();
        }
        if (!may_offer || !offer.value_or(false)) return;
        state_ = flow_state::milter;
        mta_ = from;
        for (auto const one : {from, 1 - from}) {
            auto const held = std::exchange(ends_[one].held, {});
            if (!held.empty()) sink_.received(side_of(one), held, at);
        }
    }

    void missed(unsigned from, std::uint64_t size, std::int64_t at) {
        if (state_ == flow_state::milter) sink_.missed(side_of(from), size, at);
        if (state_ == flow_state::undecided) state_ = flow_state::other; // the offer is lost
    }

    void ended(unsigned from, bool reset, std::int64_t at) {
        auto& end = ends_[from];
        if (end.ended) return;
        end.ended = true;
        reset_ = reset_ || reset;
        if (state_ == flow_state::milter) sink_.ended(side_of(from), reset, at);
    }

    one_end ends_[2];
    Sink sink_;
    flow_state state_ = flow_state::undecided;
    unsigned mta_ = 0;
    std::optional<unsigned> initiator_; ///< who sent the SYN, when it was captured
    bool reset_ = false;
};

} // namespace milter::capture
