// SPDX-License-Identifier: BSL-1.0
// manager/service/rule_desk.cpp
#include "manager/service/rule_desk.hpp"

#include <chrono>
#include <cstdint>
#include <ctime>
#include <exception>
#include <span>
#include <string>
#include <utility>

namespace milter::manager {

namespace {

/// By the local time of the machine; Monday is the first day.
std::chrono::seconds since_monday() {
    auto const now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    std::tm local{};
    ::localtime_r(&now, &local);
    int const day = (local.tm_wday + 6) % 7;
    return std::chrono::hours(24 * day + local.tm_hour) + std::chrono::minutes(local.tm_min) +
           std::chrono::seconds(local.tm_sec);
}

} // namespace

rule_desk::rule_desk(config const& settings, rule_desk const* before, machine_load const* load,
                     relay_sinks const& sinks)
    : dns_(settings.dns), load_(load), process_limit_(settings.process_limit) {
    if (!settings.book) return;
    tells_time_ = settings.book->needs().has(rule::fact::now);
    if (settings.list_count() > 0) know_lists(settings, before, sinks);
}

/// Without a name service the lists are unavailable, which rules can bear.
void rule_desk::know_lists(config const& settings, rule_desk const* before,
                           relay_sinks const& sinks) {
    auto const tell = [to = sinks.logged](std::string const& what) {
        to({severity::warning, 0, "manager", what});
    };
    try {
        bool const is_same = before && before->lists_ && before->dns_ == dns_;
        lists_ = is_same ? before->lists_ : std::make_shared<dns_lists>(dns_, tell);
        for (auto const* const lists : {&settings.block_lists, &settings.allow_lists})
            for (auto const& one : *lists) numbers_.push_back(lists_->know(one.zone));
    } catch (std::exception const& failed) {
        sinks.logged({severity::error, 0, "manager",
                      std::string("DNS lists cannot be asked: ") + failed.what()});
        numbers_.clear();
    }
}

surroundings rule_desk::look(std::size_t sessions, std::size_t listener_sessions,
                             proto::time_point now) const {
    surroundings known;
    known.sessions = sessions;
    known.listener_sessions = listener_sessions;
    if (load_) known.cpu_percent = load_->snapshot(sessions).cpu_percent;
    known.process_limit = process_limit_;
    known.at = now;
    if (tells_time_) known.since_monday = since_monday();
    return known;
}

void rule_desk::ask(std::size_t list, std::string_view address, poller& whom,
                    std::function<void(listing)> tell) const {
    if (list >= numbers_.size()) return tell(listing::failed);
    std::span const bytes(reinterpret_cast<std::uint8_t const*>(address.data()), address.size());
    lists_->ask(numbers_[list], bytes, whom, std::move(tell));
}

/// Others may have asked about lists that are in the configuration no more.
dns_status rule_desk::status() const {
    if (!lists_) return {};
    auto all = lists_->status();
    std::vector<dns_zone_status> own;
    own.reserve(numbers_.size());
    for (auto const number : numbers_) own.push_back(all.zones[number]);
    all.zones = std::move(own);
    return all;
}

void rule_desk::close() const {
    if (lists_) lists_->close();
}

} // namespace milter::manager
