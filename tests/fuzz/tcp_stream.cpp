// SPDX-License-Identifier: BSL-1.0
// tests/fuzz/tcp_stream.cpp - segments of one direction, in any order, with any overlap
//
// Input: 1 byte - bit 0: the SYN was seen, bit 1: little may wait -, 4 bytes the number of the SYN, then segments of
// four bytes: u16 where, from 256 before the first byte of the stream; how many bytes; how many more were sent that the
// capture lacks. Each byte of a segment is the number of the segment.

#include "invariant.hpp"
#include <milter/capture/tcp_stream.hpp>
#include <milter/wire/cursor.hpp>

#include <support/exact_copy.hpp>

#include <optional>
#include <string>
#include <vector>

namespace {

using fuzz::require;

constexpr std::size_t before = 256; // places before the first byte
constexpr std::size_t places = 2048;
constexpr std::size_t max_segments = 64; // each has its own byte
constexpr std::size_t small_limit = 700; // bytes that may wait: a few segments

/// Who sent the byte of each place first: the number of a segment, or one of these.
constexpr int nobody = -1;
constexpr int not_captured = -2;

class trial {
public:
    trial(bool syn_seen, std::size_t limit, std::uint32_t syn)
        : limit_(limit), start_(syn + 1), stream_(limit), first_(places + 512, nobody) {
        if (syn_seen) {
            stream_.begin(syn);
            stream_.begin(syn + 77); // a second SYN is nothing
            begin(before);
            base_ = stream_.expected();
        }
    }

    void add(std::size_t place, std::size_t size, std::size_t missing) {
        auto const number = segments_++;
        if (size + missing != 0 && !begun_) begin(place);
        auto const came = end_;
        for (auto at = place; at < place + size + missing; ++at)
            if (at >= came && first_[at] == nobody)
                first_[at] = at < place + size ? number : not_captured;
        if (size + missing != 0) last_ = std::max(last_, place + size + missing);
        support::exact_copy const bytes(std::string(size, static_cast<char>(number)));
        stream_.add(
            start_ + static_cast<std::uint32_t>(place - before), bytes.view(), missing,
            [&](std::string_view data) { got(data); }, [&](std::uint64_t hole) { lost(hole); });
        require(stream_.waiting() <= limit_, "what waits is bounded");
        require(stream_.begun() == begun_, "the stream begins with its SYN or its first bytes");
        if (!begun_) return;
        if (!base_) base_ = stream_.expected() - (end_ - begin_);
        require(stream_.expected() - *base_ == end_ - begin_,
                "what was given is no longer expected");
        require(limit_ == small_limit || end_ == came || !gave_up_, "nothing is given up early");
        require(limit_ == small_limit || first_[end_] == nobody, "what is in order does not wait");
    }

    void finish() {
        stream_.finish([&](std::string_view data) { got(data); },
                       [&](std::uint64_t hole) { lost(hole); });
        require(stream_.waiting() == 0, "nothing waits at the end");
        require(!begun_ || end_ == std::max(last_, begin_), "everything was given or told");
    }

private:
    void begin(std::size_t place) {
        begun_ = true;
        begin_ = end_ = place;
    }

    void got(std::string_view data) {
        require(!data.empty() && end_ + data.size() <= last_, "no more is given than was sent");
        for (auto const c : data) require(first_[end_++] == c, "the first copy of a byte counts");
    }

    void lost(std::uint64_t hole) {
        require(hole != 0 && hole <= last_ - end_, "no more is lost than was sent");
        for (; hole > 0; --hole, ++end_) {
            require(first_[end_] < 0, "what came is not lost");
            gave_up_ = gave_up_ || first_[end_] == nobody;
        }
    }

    std::size_t limit_;
    std::uint32_t start_;
    milter::capture::tcp_stream stream_;
    std::vector<int> first_; ///< by place
    int segments_ = 0;
    bool begun_ = false;
    bool gave_up_ = false;              ///< on bytes that no segment told of
    std::optional<std::uint64_t> base_; ///< the stream's own place of its first byte
    std::size_t begin_ = 0, end_ = 0, last_ = 0;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    milter::wire::cursor in(fuzz::view(data, size));
    auto const flags = in.u8();
    auto const syn = in.u32();
    trial one((flags & 1) != 0, (flags & 2) != 0 ? small_limit : std::size_t{4} << 20, syn);
    for (std::size_t count = 0; count < max_segments && !in.failed() && !in.empty(); ++count) {
        auto const place = in.u16();
        auto const bytes = in.u8();
        auto const missing = in.u8();
        if (!in.failed()) one.add(place % places, bytes, missing);
    }
    one.finish();
    return 0;
}
