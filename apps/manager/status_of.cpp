// SPDX-License-Identifier: BSL-1.0
// manager/status_of.cpp
#include "manager/status_of.hpp"

#include "manager/config/config_number.hpp"

#include <algorithm>
#include <chrono>

namespace milter::manager {

namespace {

std::string_view state_of(breaker::state state, breaker::experience last) noexcept {
    switch (state) {
    case breaker::state::open: return "down";
    case breaker::state::half_open: return "half_open";
    case breaker::state::closed: break;
    }
    switch (last) {
    case breaker::experience::worked: return "up";
    case breaker::experience::failed: return "failing";
    case breaker::experience::none: break;
    }
    return "untried";
}

endpoint_status status_of(endpoint const& where, endpoint_knowledge const& known) {
    endpoint_status status{to_string(where), state_of(known.state, known.last), {}, {}};
    if (known.state == breaker::state::open)
        status.retry_in = std::chrono::ceil<std::chrono::milliseconds>(known.pause);
    if (known.last == breaker::experience::failed) status.last_error = known.reason;
    return status;
}

void fill(list_status& status, dns_zone_status const& known) {
    status.state = state_of(known.state, known.last);
    if (known.state == breaker::state::open)
        status.retry_in = std::chrono::ceil<std::chrono::milliseconds>(known.pause);
    status.asked = known.asked;
    status.cached = known.cached;
    status.listed = known.listed;
    status.not_listed = known.not_listed;
    status.failed = known.failed;
    if (known.last == breaker::experience::failed) status.last_error = known.reason;
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

void add_lists(status_report& to, config const& settings, rule_desk const* desk) {
    auto const add = [&](std::vector<list_config> const& lists, std::string_view kind) {
        for (auto const& one : lists) {
            auto& status = to.lists.emplace_back();
            status.zone = one.zone.name;
            status.kind = kind;
            status.state = "not asked";
        }
    };
    add(settings.block_lists, "dnsbl");
    add(settings.allow_lists, "dnswl");
    to.answers.limit = settings.dns.cache_entries;
    if (!desk) return;
    auto const known = desk->status();
    to.answers.kept = known.remembered;
    to.answers.questions = known.outstanding;
    for (std::size_t i = 0; i < std::min(known.zones.size(), to.lists.size()); ++i)
        fill(to.lists[i], known.zones[i]);
}

} // namespace milter::manager
