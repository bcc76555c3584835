// SPDX-License-Identifier: BSL-1.0
// tests/support/every_split.hpp - the same bytes in all the pieces a network may make of them
//
// A stream parser must give the same result however its input is cut. for_every_split() calls back
// with each cutting: whole, byte by byte, in two at every place, in pieces of a few odd sizes.
#pragma once

#include <support/exact_copy.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace support {

/// One way to cut a stream. Each piece lies in a buffer of exactly its size.
class pieces {
public:
    pieces(std::string_view stream, std::vector<std::size_t> const& cuts, std::string name)
        : name_(std::move(name)) {
        std::size_t from = 0;
        for (auto const cut : cuts) {
            parts_.emplace_back(stream.substr(from, cut - from));
            from = cut;
        }
        parts_.emplace_back(stream.substr(from));
    }

    auto begin() const noexcept { return parts_.begin(); }
    auto end() const noexcept { return parts_.end(); }
    std::string const& name() const noexcept { return name_; } ///< for failure messages

private:
    std::vector<exact_copy> parts_;
    std::string name_;
};

inline pieces whole(std::string_view stream) { return {stream, {}, "whole"}; }

inline pieces in_pieces_of(std::size_t size, std::string_view stream) {
    std::vector<std::size_t> cuts;
    for (std::size_t at = size; at < stream.size(); at += size) cuts.push_back(at);
    return {stream, cuts, "in pieces of " + std::to_string(size)};
}

inline pieces cut_at(std::size_t at, std::string_view stream) {
    return {stream, {at}, "cut at " + std::to_string(at)};
}

/// Calls `run(pieces const&)` with each cutting. Quadratic in the length of the stream: keep it to a
/// few thousand bytes, and to a few hundred when `run` is slow.
template <class Run> void for_every_split(std::string_view stream, Run run) {
    run(whole(stream));
    for (std::size_t const size : {1u, 2u, 3u, 4u, 5u, 7u, 64u})
        if (size < stream.size()) run(in_pieces_of(size, stream));
    for (std::size_t at = 1; at < stream.size(); ++at) run(cut_at(at, stream));
}

} // namespace support
