// SPDX-License-Identifier: BSL-1.0
// manager/core/endpoint_pool.cpp
#include "manager/core/endpoint_pool.hpp"

#include "manager/core/mixed_bits.hpp"

#include <algorithm>

namespace milter::manager {

void last_reason::set(std::string_view text) {
    if (busy_.test_and_set(std::memory_order_acquire)) return;
    text_ = text;
    busy_.clear(std::memory_order_release);
}

std::string last_reason::get() const {
    if (busy_.test_and_set(std::memory_order_acquire)) return {};
    auto copy = text_;
    busy_.clear(std::memory_order_release);
    return copy;
}

endpoint_pool::endpoint_pool(std::vector<endpoint> const& where, balance how,
                             breaker_settings const& settings, endpoint_pool const* before)
    : balance_(how), settings_(settings) {
    if (before) next_ = before->next_.load();
    bool const comparable = before && before->settings_ == settings;
    for (auto const& one : where) {
        auto& added = members_.emplace_back(member{one, nullptr});
        if (comparable)
            for (auto const& old : before->members_)
                if (old.where == one) added.shared = old.shared;
        if (!added.shared) added.shared = std::make_shared<shared_state>(settings);
    }
}

endpoint_knowledge endpoint_pool::known_of(std::size_t index, proto::time_point now) const {
    auto const& [state, reason] = *members_[index].shared;
    return {state.at(now), state.last(), state.pause_left(now), reason.get()};
}

void attempt::begin(endpoint_pool& through, proto::time_point until) noexcept {
    give_back();
    pool_ = &through;
    until_ = until;
    passed_ = 0;
    first_ = static_cast<std::uint8_t>(through.size() == 0 ? 0 : through.first());
}

bool attempt::next(proto::time_point now) noexcept {
    give_back();
    while (passed_ < pool_->size() && !is_late(now)) {
        at_ = static_cast<std::uint8_t>(ahead(passed_++));
        leave_ = state_of(at_).state.admit(now);
        if (!leave_) continue;
        // one that does not answer at all leaves time for those behind it
        deadline_ = now + (until_ - now) / static_cast<proto::duration::rep>(1 + left(now));
        return true;
    }
    return false;
}

/// Endpoints behind the present one that may be tried.
std::size_t attempt::left(proto::time_point now) const noexcept {
    std::size_t count = 0;
    for (std::size_t step = passed_; step < pool_->size(); ++step)
        if (state_of(ahead(step)).state.admits(now)) ++count;
    return count;
}

breaker_finding attempt::failed(std::string_view text, proto::time_point now, double chance) {
    state_of(at_).reason.set(text);
    return leave_.failed(now, chance);
}

std::string attempt::reason() const {
    return pool_->size() == 0 ? std::string() : state_of(at_).reason.get();
}

/// Sessions are numbered in turn.
double chance_of(std::uint64_t session) noexcept {
    constexpr std::uint64_t golden_ratio = 0x9e3779b97f4a7c15; // in 64 bits; 0 would stay 0
    return static_cast<double>(mixed_bits(session + golden_ratio) >> 11) * 0x1p-53;
}

} // namespace milter::manager
