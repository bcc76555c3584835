// SPDX-License-Identifier: BSL-1.0
// manager/status_of.cpp
#include "manager/status_of.hpp"

#include "manager/config/config_number.hpp"

#include <chrono>

namespace milter::manager {

namespace {

std::string_view state_of(endpoint_knowledge const& known) noexcept {
    switch (known.state) {
    case breaker::state::open: return "down";
    case breaker::state::half_open: return "half_open";
    case breaker::state::closed: break;
    }
    switch (known.last) {
    case breaker::experience::worked: return "up";
    case breaker::experience::failed: return "failing";
    case breaker::experience::none: break;
    }
    return "untried";
}

endpoint_status status_of(endpoint const& where, endpoint_knowledge const& known) {
    endpoint_status status{to_string(where), state_of(known), {}, {}};
    if (known.state == breaker::state::open)
        status.retry_in = std::chrono::ceil<std::chrono::milliseconds>(known.pause);
    if (known.last == breaker::experience::failed) status.last_error = known.reason;
    return status;
}

} // namespace

listener_status status_of(door const& one) {
    return {to_string(one.where), one.asked.profile, one.accepted,
            *one.inside,          one.inherited,     one.retiring};
}

milter_status status_of(milter_config const& one) {
    milter_status status;
    status.name = one.name;
    auto const now = proto::clock::now();
    for (std::size_t i = 0; i < one.endpoints->size(); ++i)
        status.endpoints.push_back(
            status_of(one.endpoints->where(i), one.endpoints->known_of(i, now)));
    status.enabled = one.enabled;
    status.share = percentage_text(one.sample.share);
    status.sessions = one.seats->taken();
    status.evaluated = one.mode == milter_mode::evaluate;
    status.max_sessions = most_sessions(one);
    return status;
}

} // namespace milter::manager
