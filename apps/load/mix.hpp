// SPDX-License-Identifier: BSL-1.0
// load/mix.hpp - in which order the messages take turns
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <random>
#include <utility>
#include <vector>

namespace milter::load {

/// Each message once a round: in their order, or in another one each round, the same for the same seed.
class mix {
public:
    enum class order { given, shuffled };

    /// @param first  where to begin, so that workers do not send the same one at the same time
    mix(std::size_t count, order how, std::uint64_t seed, std::size_t first = 0)
        : all_(std::max<std::size_t>(count, 1)), how_(how), source_(seed + first),
          at_(how == order::given ? first % all_.size() : 0) {
        std::iota(all_.begin(), all_.end(), std::size_t{0});
        if (how_ == order::shuffled) shuffle();
    }

    std::size_t next() {
        auto const one = all_[at_];
        if (++at_ == all_.size()) {
            at_ = 0;
            if (how_ == order::shuffled) shuffle();
        }
        return one;
    }

private:
    /// std::shuffle gives another order with another library.
    void shuffle() noexcept {
        for (auto i = all_.size(); i > 1; --i)
            std::swap(all_[i - 1], all_[static_cast<std::size_t>(source_() % i)]);
    }

    std::vector<std::size_t> all_;
    order how_;
    std::mt19937_64 source_;
    std::size_t at_;
};

} // namespace milter::load
