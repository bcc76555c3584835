// SPDX-License-Identifier: BSL-1.0
// manager/core/config.cpp - what a configuration takes over from the one before it
#include "manager/core/config.hpp"

#include <utility>

namespace milter::manager {

namespace {

milter_config const* find_milter(config const* in, std::string const& name) noexcept {
    if (!in) return nullptr;
    for (auto const& one : in->milters)
        if (one.name == name) return &one;
    return nullptr;
}

std::vector<std::size_t> order_of(profile_config const& profile, config const& in) {
    std::vector<std::size_t> order;
    for (auto const& name : profile.milters)
        for (std::size_t i = 0; i < in.milters.size(); ++i)
            if (in.milters[i].name == name) order.push_back(i);
    return order;
}

} // namespace

std::shared_ptr<config const> with_endpoints(config what, config const* before) {
    for (auto& one : what.milters) {
        auto const* const same = find_milter(before, one.name);
        one.endpoints = std::make_shared<endpoint_pool>(one.sockets, one.balance, one.breaker,
                                                        same ? same->endpoints.get() : nullptr);
        one.seats = same ? same->seats : std::make_shared<seat_counter>();
    }
    auto& memory = what.spool.budget;
    memory = before ? before->spool.budget
                    : std::make_shared<message::memory_budget>(what.limits.memory);
    memory->limit(what.limits.memory);
    for (auto& one : what.profiles) one.order = order_of(one, what);
    return std::make_shared<config const>(std::move(what));
}

profile_config const* find_profile(config const& in, std::string_view name) noexcept {
    for (auto const& one : in.profiles)
        if (one.name == name) return &one;
    return nullptr;
}

} // namespace milter::manager
