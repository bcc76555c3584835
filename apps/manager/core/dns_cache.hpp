// SPDX-License-Identifier: BSL-1.0
// manager/core/dns_cache.hpp - what lists in DNS said of addresses, for as long as it holds and there is room
//
// A clock: who is found is spared when the hand comes by the next time. The hand takes few steps, so that nobody waits for
// a full cache. Clients choose addresses, so where one is kept depends on a number that they do not know.
#pragma once

#include "manager/core/dns_zone.hpp"
#include "manager/core/mixed_bits.hpp"
#include <milter/proto/timeouts.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <optional>
#include <unordered_map>
#include <utility>

namespace milter::manager {

struct dns_question {
    std::uint32_t zone = 0; ///< a number, as dns_lists has it
    dns_subject about;

    friend bool operator==(dns_question const&, dns_question const&) = default;
};

struct dns_question_hash {
    std::uint64_t secret;

    std::size_t operator()(dns_question const& of) const noexcept {
        auto mixed = mixed_bits(secret ^ of.zone);
        auto const bytes = of.about.bytes();
        for (std::size_t i = 0; i < bytes.size(); i += 4) {
            std::uint32_t word = 0;
            std::memcpy(&word, bytes.data() + i, sizeof word);
            mixed = mixed_bits(mixed ^ word);
        }
        return mixed ^ bytes.size();
    }
};

class dns_cache {
public:
    /// @param most  entries; 0: nothing is kept
    dns_cache(std::size_t most, std::uint64_t secret)
        : most_(most), places_(0, dns_question_hash{secret}) {}

    std::optional<listing> find(dns_question const& what, proto::time_point now) noexcept {
        auto const place = places_.find(what);
        if (place == places_.end()) return std::nullopt;
        auto& one = entries_[place->second];
        if (now >= one.until) return std::nullopt;
        one.spared = true;
        return one.said;
    }

    void keep(dns_question const& what, listing said, proto::time_point until,
              proto::time_point now) {
        if (most_ == 0 || until <= now) return;
        auto const known = places_.find(what);
        auto const place = known != places_.end() ? known->second : make_room(what, now);
        entries_[place] = {what, until, said, false};
    }

    std::size_t size() const noexcept { return entries_.size(); }

private:
    struct entry {
        dns_question what;
        proto::time_point until;
        listing said{};
        bool spared = false; ///< once more
    };

    static constexpr int most_steps = 64; // of the hand, for one entry

    std::size_t make_room(dns_question const& what, proto::time_point now) {
        if (entries_.size() < most_) {
            places_.emplace(what, entries_.size());
            entries_.emplace_back();
            return entries_.size() - 1;
        }
        for (int i = 0; i < most_steps && is_spared(entries_[hand_], now); ++i) turn();
        auto const place = hand_;
        places_.erase(entries_[place].what);
        places_.emplace(what, place);
        turn();
        return place;
    }

    static bool is_spared(entry& one, proto::time_point now) noexcept {
        return now < one.until && std::exchange(one.spared, false);
    }
    void turn() noexcept { hand_ = (hand_ + 1) % entries_.size(); }

    std::size_t most_;
    std::deque<entry> entries_; ///< stay where they are
    std::unordered_map<dns_question, std::size_t, dns_question_hash> places_;
    std::size_t hand_ = 0;
};

} // namespace milter::manager
