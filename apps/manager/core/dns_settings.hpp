// SPDX-License-Identifier: BSL-1.0
// manager/core/dns_settings.hpp - how block and allow lists in DNS are asked
#pragma once

#include "manager/core/breaker.hpp"
#include <milter/endpoint.hpp>
#include <milter/proto/timeouts.hpp>

#include <chrono>
#include <cstddef>
#include <vector>

namespace milter::manager {

struct dns_settings {
    std::vector<endpoint>
        servers; ///< inet or inet6, host an address, service a port or empty (53); none: resolv.conf
    proto::duration deadline = std::chrono::seconds(2);          ///< of a question
    proto::duration positive_ttl_max = std::chrono::hours(1);    ///< however long the answer holds
    proto::duration negative_ttl_max = std::chrono::minutes(10); ///< of "no such name"
    proto::duration failure_ttl =
        std::chrono::seconds(30);        ///< a question that failed is not asked again so long
    std::size_t cache_entries = 100'000; ///< about 100 bytes each
    std::size_t max_outstanding =
        2'000; ///< questions at once, those about one of several zones half of it at most; more fail
    breaker_settings breaker; ///< of each zone

    friend bool operator==(dns_settings const&, dns_settings const&) = default;
};

} // namespace milter::manager
