// SPDX-License-Identifier: BSL-1.0
// manager/core/config.cpp - what a configuration takes over from the one before it
#include "manager/core/config.hpp"

#include <utility>

namespace milter::manager {

namespace {

endpoint_pool const* endpoints_of(config const* from, std::string const& name) noexcept {
    if (!from) return nullptr;
    for (auto const& one : from->milters)
        if (one.name == name) return one.endpoints.get();
    return nullptr;
}

} // namespace

std::shared_ptr<config const> with_endpoints(config what, config const* before) {
    for (auto& one : what.milters)
        one.endpoints = std::make_shared<endpoint_pool>(one.sockets, one.balance, one.breaker,
                                                        endpoints_of(before, one.name));
    return std::make_shared<config const>(std::move(what));
}

} // namespace milter::manager
