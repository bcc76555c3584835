// SPDX-License-Identifier: BSL-1.0
// tests/fuzz/turns.hpp - what both ends of a connection say, one after the other
//
// One byte - its highest bit the end, the others how many bytes follow - then these bytes, and again until the input
// ends. A packet may come in several turns.
#pragma once

#include "invariant.hpp"
#include <milter/proto/observer.hpp>

#include <string_view>
#include <vector>

namespace fuzz {

struct turn {
    milter::proto::side from;
    std::string_view bytes;
};

inline std::vector<turn> read_turns(std::string_view input) {
    using milter::proto::side;
    std::vector<turn> turns;
    while (!input.empty()) {
        auto const head = static_cast<unsigned char>(input.front());
        input.remove_prefix(1);
        auto const bytes = input.substr(0, head & 0x7F);
        turns.push_back({(head & 0x80) != 0 ? side::filter : side::mta, bytes});
        input.remove_prefix(bytes.size());
    }
    return turns;
}

/// All that one end says.
inline std::string said_by(milter::proto::side from, std::vector<turn> const& turns) {
    std::string out;
    for (auto const& one : turns)
        if (one.from == from) out.append(one.bytes);
    return out;
}

} // namespace fuzz
