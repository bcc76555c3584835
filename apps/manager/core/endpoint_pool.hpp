// SPDX-License-Identifier: BSL-1.0
// manager/core/endpoint_pool.hpp - the endpoints of one milter as all sessions share them, and one session's way through
//
// Shared by the workers without a lock. What was found out about an endpoint outlives a reload that leaves it as it is.
#pragma once

#include "manager/core/breaker.hpp"
#include <milter/endpoint.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace milter::manager {

/// With which endpoint a session begins.
enum class balance {
    fail_over,  ///< the first in order
    round_robin ///< each session with the next one
};

inline constexpr std::size_t max_endpoints = 16; ///< of one milter

/// Why an endpoint was last given up, in words. Nobody waits for it: who finds another thread at it goes without.
class last_reason {
public:
    void set(std::string_view text);
    std::string get() const;

private:
    mutable std::atomic_flag busy_;
    std::string text_;
};

/// What all sessions together know of an endpoint.
struct endpoint_knowledge {
    breaker::state state = breaker::state::closed;
    breaker::experience last = breaker::experience::none;
    proto::duration pause{}; ///< until somebody may connect
    std::string reason;      ///< of the last failure
};

class endpoint_pool {
public:
    /// @param before  the pool that it replaces, if any: breakers of endpoints in both go on as they are, unless the
    ///                settings have changed
    endpoint_pool(std::vector<endpoint> const& where, balance how, breaker_settings const& settings,
                  endpoint_pool const* before = nullptr);

    std::size_t size() const noexcept { return members_.size(); }
    endpoint const& where(std::size_t index) const noexcept { return members_[index].where; }
    breaker::state at(std::size_t index, proto::time_point now) const noexcept {
        return members_[index].shared->state.at(now);
    }
    endpoint_knowledge known_of(std::size_t index, proto::time_point now) const;

private:
    friend class attempt;

    struct shared_state {
        explicit shared_state(breaker_settings const& settings) : state(settings) {}
        breaker state;
        last_reason reason;
    };
    struct member {
        endpoint where;
        std::shared_ptr<shared_state> shared; ///< with pools of other configurations
    };

    std::size_t first() noexcept {
        if (balance_ == balance::fail_over) return 0;
        return next_.fetch_add(1, std::memory_order_relaxed) % members_.size();
    }

    std::vector<member> members_;
    balance balance_;
    breaker_settings settings_;
    std::atomic<std::size_t> next_{0}; ///< round robin
};

/// One session on its way to one milter: each endpoint at most once, before a deadline for all of them together.
///
///   way.begin(*config.endpoints, now + timeouts.connect);
///   while (way.next(now)) { connect to way.where() before way.deadline(); way.worked() or way.failed() }
class attempt {
public:
    void begin(endpoint_pool& through, proto::time_point until) noexcept;

    /// Goes on to the next endpoint that may be tried; what became of the one before counts as given back if nobody
    /// said. @return false when there is none or the time is over
    bool next(proto::time_point now) noexcept;

    /// Valid after next(), until begin() with another pool.
    endpoint const& where() const noexcept { return pool_->where(at_); }
    /// For a connection to where(): its share of the time that is left.
    proto::time_point deadline() const noexcept { return deadline_; }
    bool is_late(proto::time_point now) const noexcept { return now >= until_; }
    bool has_alternatives() const noexcept { return pool_ && pool_->size() > 1; }

    /// The milter answers there. @return whether this is news
    bool worked() noexcept { return leave_.worked(); }
    /// @param text  why, for those who are not let in
    breaker_finding failed(std::string_view text, proto::time_point now, double chance);
    /// Nothing was found out about the endpoint.
    void give_back() noexcept { leave_.give_back(); }

    /// For how long nobody tries where().
    proto::duration pause_left(proto::time_point now) const noexcept {
        return state_of(at_).state.pause_left(now);
    }
    /// Why the endpoint that was passed last was given up; empty when that is not known.
    std::string reason() const;

private:
    endpoint_pool::shared_state& state_of(std::size_t index) const noexcept {
        return *pool_->members_[index].shared;
    }
    std::size_t ahead(std::size_t steps) const noexcept { return (first_ + steps) % pool_->size(); }
    std::size_t left(proto::time_point now) const noexcept;

    endpoint_pool* pool_ = nullptr;
    breaker::leave leave_;
    proto::time_point until_ = proto::never;
    proto::time_point deadline_ = proto::never;
    std::uint8_t first_ = 0;
    std::uint8_t passed_ = 0; ///< endpoints from first_ on, tried or not admitted
    std::uint8_t at_ = 0;
};

/// Where in its quarter a pause ends: 0 to 1, even over consecutive sessions, and the same for the same one.
double chance_of(std::uint64_t session) noexcept;

} // namespace milter::manager
