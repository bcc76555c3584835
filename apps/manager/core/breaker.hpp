// SPDX-License-Identifier: BSL-1.0
// manager/core/breaker.hpp - whether an endpoint is worth a try, as the sessions of all workers found it
//
// Closed: all may connect. After some failures in a row within a window it opens: nobody waits for the endpoint. When its
// pause is over it is half open: one session may try, and what comes of it decides for all. Pauses grow with each trial
// that fails, and differ by chance, so that breakers do not try in step.
// Workers share it without a lock. One word says whether it is open and until when, or whose trial it is waiting for;
// what two of them count at the same time counts once or twice, which does not matter.
#pragma once

#include <milter/proto/timeouts.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <utility>

namespace milter::manager {

struct breaker_settings {
    unsigned failures = 5; ///< in a row within the window: it opens; 0: never
    proto::duration window = std::chrono::seconds(30);
    proto::duration first_pause = std::chrono::seconds(1);
    proto::duration longest_pause = std::chrono::minutes(1);
    proto::duration trial =
        std::chrono::seconds(10); ///< a trial that is not heard of for so long has failed

    friend bool operator==(breaker_settings const&, breaker_settings const&) = default;
};

/// What a failure meant.
enum class breaker_finding {
    counted, ///< others go on connecting
    opened,  ///< it was the one too many
    known,   ///< it was open already
};

class breaker {
public:
    enum class state { closed, open, half_open };
    /// What came of the last connection, whatever that meant for others.
    enum class experience { none, worked, failed };

    /// Leave to connect once. The holder says what came of it: worked() or failed(). Else it is given back, at the
    /// latest when this dies, so that no trial is lost with a session.
    class leave {
    public:
        leave() = default;
        leave(leave const&) = delete;
        leave& operator=(leave const&) = delete;
        leave(leave&& other) noexcept
            : of_(std::exchange(other.of_, nullptr)), trial_(other.trial_) {}
        leave& operator=(leave&& other) noexcept {
            if (this == &other) return *this;
            give_back();
            of_ = std::exchange(other.of_, nullptr);
            trial_ = other.trial_;
            return *this;
        }
        ~leave() { give_back(); }

        explicit operator bool() const noexcept { return of_ != nullptr; }

        /// @return whether this closed it
        bool worked() noexcept {
            auto* const of = std::exchange(of_, nullptr);
            return of && of->worked();
        }
        /// @param chance  0 to 1, by which a pause is made shorter, by a quarter at most
        breaker_finding failed(proto::time_point now, double chance) noexcept {
            auto* const of = std::exchange(of_, nullptr);
            return of ? of->failed(trial_, now, chance) : breaker_finding::known;
        }
        void give_back() noexcept {
            if (auto* const of = std::exchange(of_, nullptr)) of->given_back(trial_);
        }

    private:
        friend class breaker;
        leave(breaker* of, proto::time_point trial) noexcept : of_(of), trial_(trial) {}

        breaker* of_ = nullptr;
        proto::time_point trial_ = closed; ///< names the one trial; closed: it is none
    };

    explicit breaker(breaker_settings const& settings) noexcept
        : settings_(settings), pause_(first_pause()) {}

    /// Whether a session may connect: else it is empty.
    leave admit(proto::time_point now) noexcept {
        auto until = until_.load(std::memory_order_relaxed);
        if (until == closed) return {this, closed};
        auto const trial = odd(now + settings_.trial);
        if (now < until || !until_.compare_exchange_strong(until, trial)) return {};
        return {this, trial};
    }

    /// Whether admit() would let one in now.
    bool admits(proto::time_point now) const noexcept {
        auto const until = until_.load(std::memory_order_relaxed);
        return until == closed || now >= until;
    }

    state at(proto::time_point now) const noexcept {
        auto const until = until_.load(std::memory_order_relaxed);
        if (until == closed) return state::closed;
        return is_odd(until) || now >= until ? state::half_open : state::open;
    }

    experience last() const noexcept { return last_.load(std::memory_order_relaxed); }

    /// How long nobody connects; 0 when somebody may.
    proto::duration pause_left(proto::time_point now) const noexcept {
        auto const until = until_.load(std::memory_order_relaxed);
        return until == closed || now >= until ? proto::duration{} : until - now;
    }

private:
    static constexpr proto::time_point closed{};
    static constexpr proto::time_point waits_for_a_trial = proto::time_point::min();

    // Ends of trials are odd, ends of pauses even: a nanosecond is no price for one word instead of two.
    static bool is_odd(proto::time_point time) noexcept {
        return (time.time_since_epoch().count() & 1) != 0;
    }
    static proto::time_point odd(proto::time_point time) noexcept {
        return is_odd(time) ? time : time + proto::duration(1);
    }
    static proto::time_point even(proto::time_point time) noexcept {
        return is_odd(time) ? time + proto::duration(1) : time;
    }

    proto::duration first_pause() const noexcept {
        return std::min(settings_.first_pause, settings_.longest_pause);
    }

    /// Of a trial or not: who was served has seen that it works.
    bool worked() noexcept {
        // nearly always nothing has happened, and a word that is only read costs the other workers nothing
        if (last() != experience::worked) last_.store(experience::worked);
        if (failures_.load(std::memory_order_relaxed) != 0) failures_.store(0);
        if (until_.load(std::memory_order_relaxed) == closed) return false;
        pause_.store(first_pause());
        return until_.exchange(closed) != closed;
    }

    breaker_finding failed(proto::time_point trial, proto::time_point now, double chance) noexcept {
        last_.store(experience::failed);
        if (trial != closed) {
            auto const longer = std::min(pause_.load() * 2, settings_.longest_pause);
            if (until_.compare_exchange_strong(trial, end_of(longer, now, chance)))
                pause_.store(longer);
            return breaker_finding::known; // a trial that came too late decides nothing
        }
        if (until_.load() != closed) return breaker_finding::known; // let in before it opened
        if (settings_.failures == 0 || !is_one_too_many(now)) return breaker_finding::counted;
        auto expected = closed;
        bool const opens =
            until_.compare_exchange_strong(expected, end_of(pause_.load(), now, chance));
        return opens ? breaker_finding::opened : breaker_finding::known;
    }

    void given_back(proto::time_point trial) noexcept {
        if (trial != closed) until_.compare_exchange_strong(trial, waits_for_a_trial);
    }

    bool is_one_too_many(proto::time_point now) noexcept {
        if (now - window_begin_.load(std::memory_order_relaxed) > settings_.window ||
            failures_.load(std::memory_order_relaxed) == 0) {
            window_begin_.store(now, std::memory_order_relaxed);
            failures_.store(0, std::memory_order_relaxed);
        }
        return failures_.fetch_add(1, std::memory_order_relaxed) + 1 >= settings_.failures;
    }

    static proto::time_point end_of(proto::duration pause, proto::time_point now,
                                    double chance) noexcept {
        using seconds = std::chrono::duration<double>;
        auto const shorter = seconds(pause) * (1 - chance / 4);
        return even(now + std::chrono::duration_cast<proto::duration>(shorter));
    }

    breaker_settings settings_;
    std::atomic<proto::time_point> until_{closed}; ///< end of the pause, or of the trial
    std::atomic<unsigned> failures_{0};            ///< in a row, within the window
    std::atomic<experience> last_{experience::none};
    std::atomic<proto::time_point> window_begin_{closed};
    std::atomic<proto::duration> pause_; ///< the next one, before chance
};

} // namespace milter::manager
