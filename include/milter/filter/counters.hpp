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
#include <iterator>

namespace milter::filter {

namespace detail {

inline constexpr std::array counted_verdicts = {
    wire::reply_code::proceed,    wire::reply_code::accept,  wire::reply_code::reject,
    wire::reply_code::tempfail,   wire::reply_code::discard, wire::reply_code::skip,
    wire::reply_code::reply_text,
};
inline constexpr std::size_t verdict_count = counted_verdicts.size();
inline constexpr std::size_t stage_count = std::size(wire::command_rows);

constexpr std::size_t verdict_index(wire::reply_code code) noexcept {
    std::size_t i = 0;
    while (i < verdict_count && counted_verdicts[i] != code) ++i;
    return i;
}
constexpr std::size_t stage_index(wire::command_code code) noexcept {
    std::size_t i = 0;
    while (i < stage_count && wire::command_rows[i].code != code) ++i;
    return i;
}

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
