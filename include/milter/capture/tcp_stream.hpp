// SPDX-License-Identifier: BSL-1.0
// milter/capture/tcp_stream.hpp - one direction of a TCP connection: segments to bytes in order
//
// The first copy of a byte counts, as for the receivers of Linux; later ones are dropped. What comes early waits, up to a
// limit; then, and at the end, what never came is a hole.
// Source: RFC 9293 3.4, 3.10.7.4.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace milter::capture {

class tcp_stream {
public:
    explicit tcp_stream(std::size_t max_waiting = 4UL << 20) : max_waiting_(max_waiting) {}

    /// Where the stream begins: the number of its SYN.
    void begin(std::uint32_t syn) noexcept {
        if (begun_) return;
        begun_ = true;
        next_ = place_of(syn + 1);
    }
    bool begun() const noexcept { return begun_; }

    /// A segment. `data(bytes)` is called with what is now in order, `hole(size)` where bytes never came.
    /// @param missing  bytes behind `payload` that were sent, but that the capture lacks
    template <class Data, class Hole>
    void add(std::uint32_t sequence, std::string_view payload, std::size_t missing, Data data,
             Hole hole) {
        if (payload.empty() && missing == 0) return;
        if (!begun_) {
            begun_ = true;
            next_ = place_of(sequence);
        }
        auto const at = place_of(sequence);
        if (at == next_ && early_.empty()) {
            advance(payload, missing, data, hole);
            return;
        }
        keep(at, payload, missing);
        give(data, hole);
        while (waiting_ > max_waiting_) skip(data, hole);
    }

    /// Nothing more will come: what waits is given, with holes before it.
    template <class Data, class Hole> void finish(Data data, Hole hole) {
        while (!early_.empty()) skip(data, hole);
    }

    std::size_t waiting() const noexcept {
        return waiting_;
    } ///< bytes kept, with what keeping costs
    std::uint64_t expected() const noexcept { return next_; } ///< place of the next byte in order
    /// The place of a sequence number: the nearest to what is expected, as the numbers wrap.
    std::uint64_t place_of(std::uint32_t sequence) const noexcept {
        auto const ahead = static_cast<std::int32_t>(sequence - static_cast<std::uint32_t>(next_));
        return next_ + static_cast<std::uint64_t>(std::int64_t{ahead});
    }

private:
    /// Came before its turn: bytes, and how many behind them the capture lacks.
    struct piece {
        std::string bytes;
        std::uint64_t missing = 0;
        std::uint64_t size() const noexcept { return bytes.size() + missing; }
    };
    static constexpr std::size_t piece_cost = 128; // bytes: a node of the map, about

    /// Keeps those bytes of [at, ...) that nothing came for yet.
    void keep(std::uint64_t at, std::string_view bytes, std::uint64_t missing) {
        auto const end = at + bytes.size() + missing;
        auto from = std::max(at, next_);
        auto later = early_.upper_bound(from);
        if (later != early_.begin()) {
            auto const& before = *std::prev(later);
            from = std::max(from, before.first + before.second.size());
        }
        while (from < end) {
            auto const until = later == early_.end() ? end : std::min(end, later->first);
            if (until > from)
                insert(from, until - from, bytes.substr(std::min(from - at, bytes.size())));
            if (later == early_.end()) return;
            from = std::max(from, later->first + later->second.size());
            ++later;
        }
    }

    /// `size` bytes from `at` on, of which the first are `bytes`, or some of them.
    void insert(std::uint64_t at, std::uint64_t size, std::string_view bytes) {
        bytes = bytes.substr(0, size);
        early_.emplace(at, piece{std::string(bytes), size - bytes.size()});
        waiting_ += bytes.size() + piece_cost;
    }

    template <class Data, class Hole>
    void advance(std::string_view bytes, std::uint64_t missing, Data& data, Hole& hole) {
        next_ += bytes.size() + missing;
        if (!bytes.empty()) data(bytes);
        if (missing != 0) hole(missing);
    }

    template <class Data, class Hole> void give(Data& data, Hole& hole) {
        while (!early_.empty() && early_.begin()->first == next_) {
            auto const one = std::move(early_.begin()->second);
            early_.erase(early_.begin());
            waiting_ -= one.bytes.size() + piece_cost;
            advance(one.bytes, one.missing, data, hole);
        }
    }

    /// Gives up on what is missing before the first early piece.
    template <class Data, class Hole> void skip(Data& data, Hole& hole) {
        auto const to = early_.begin()->first;
        hole(to - next_);
        next_ = to;
        give(data, hole);
    }

    std::size_t max_waiting_;
    bool begun_ = false;
    /// Place in the stream, counted on where sequence numbers wrap; not from 0, as probes lie before the first byte.
    std::uint64_t next_ = std::uint64_t{1} << 32;
    std::map<std::uint64_t, piece>
        early_; ///< by place; they neither touch what is in order nor overlap
    std::size_t waiting_ = 0;
};

} // namespace milter::capture
