// SPDX-License-Identifier: BSL-1.0
// milter/filter/counters.hpp - what a milter has done since its start, in numbers
//
// A tally belongs to one thread, which alone writes it; others may read it at any time. Counters are the sum of tallies.
#pragma once

#include <milter/wire/code.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace milter::filter {

namespace detail {

// Found without looking: this is done for each reply.

inline constexpr std::size_t verdict_count = 7; ///< and one cell for what is none
inline constexpr std::size_t stage_count =
    'U' - 'A' + 1; ///< the codes of commands are capital letters

constexpr std::size_t verdict_index(wire::reply_code code) noexcept {
    using wire::reply_code;
    switch (code) {
    case reply_code::proceed: return 0;
    case reply_code::accept: return 1;
    case reply_code::reject: return 2;
    case reply_code::tempfail: return 3;
    case reply_code::discard: return 4;
    case reply_code::skip: return 5;
    case reply_code::reply_text: return 6;
    default: return verdict_count;
    }
}
constexpr std::size_t stage_index(wire::command_code code) noexcept {
    return static_cast<std::size_t>(static_cast<unsigned char>(code) - 'A');
}
static_assert([] {
    // NOLINTNEXTLINE(readability-use-anyofallof): <algorithm> costs who includes this more
    for (auto const& row : wire::command_rows)
        if (stage_index(row.code) >= stage_count) return false;
    return true;
}());

} // namespace detail

struct counters {
    std::uint64_t connections = 0; ///< accepted
    std::uint64_t open = 0;        ///< of them, those that are still there
    std::uint64_t refused = 0;     ///< closed at once, as there were too many
    std::uint64_t broken = 0;      ///< ended by a fault or a timeout
    std::uint64_t messages = 0;    ///< begun
    std::uint64_t exceptions = 0;  ///< thrown by handlers
    std::uint64_t mistakes = 0;    ///< verdicts that were not allowed where they were given
    std::uint64_t late = 0;        ///< handlers that did not keep their deadline

    /// How often the MTA was told this at that stage.
    std::uint64_t verdicts(wire::command_code stage, wire::reply_code verdict) const noexcept {
        auto const at = detail::verdict_index(verdict);
        return at == detail::verdict_count ? 0 : told[detail::stage_index(stage)][at];
    }

    std::array<std::array<std::uint64_t, detail::verdict_count>, detail::stage_count> told{};
};

/// The counters of one thread.
class tally {
public:
    using cell = std::atomic<std::uint64_t>;

    cell connections{0}, closed{0}, refused{0}, broken{0}, messages{0}, exceptions{0}, mistakes{0},
        late{0};

    static void add(cell& one) noexcept {
        one.store(one.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }

    void told(wire::command_code stage, wire::reply_code verdict) noexcept {
        auto const at = detail::verdict_index(verdict);
        if (at != detail::verdict_count) add(told_[detail::stage_index(stage)][at]);
    }

    void add_to(counters& sum) const noexcept {
        auto const get = [](cell const& one) { return one.load(std::memory_order_relaxed); };
        auto const gone =
            get(closed); // before `connections`, so that none seems gone that is not there
        sum.connections += get(connections);
        sum.open += get(connections) - gone;
        sum.refused += get(refused);
        sum.broken += get(broken);
        sum.messages += get(messages);
        sum.exceptions += get(exceptions);
        sum.mistakes += get(mistakes);
        sum.late += get(late);
        for (std::size_t stage = 0; stage < detail::stage_count; ++stage)
            for (std::size_t at = 0; at < detail::verdict_count; ++at)
                sum.told[stage][at] += get(told_[stage][at]);
    }

private:
    std::array<std::array<cell, detail::verdict_count>, detail::stage_count> told_{};
};

} // namespace milter::filter
