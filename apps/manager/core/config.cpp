// SPDX-License-Identifier: BSL-1.0
// manager/core/config.cpp - what a configuration takes over from the one before it
#include "manager/core/config.hpp"

#include "manager/core/needed_commands.hpp"
#include "manager/core/needed_macros.hpp"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <utility>

namespace milter::manager {

namespace {

/// Longer than any milter may take: its own timeouts hold.
constexpr auto evaluation_patience = std::chrono::hours(2);

milter_config const* find_milter(config const* in, std::string const& name) noexcept {
    if (!in) return nullptr;
    for (auto const& one : in->milters)
        if (one.name == name) return &one;
    return nullptr;
}

/// Whose rules ask about another comes after it; else they stay in the order in which they were written.
class rule_order {
public:
    rule_order(std::vector<std::size_t> written, rule::book const* book)
        : written_(std::move(written)), book_(book) {}

    std::vector<std::size_t> sorted() {
        if (!book_) return written_;
        for (auto const one : written_) place(one);
        return std::move(sorted_);
    }

private:
    static bool has(std::vector<std::size_t> const& list, std::size_t one) {
        return std::find(list.begin(), list.end(), one) != list.end();
    }
    /// There are no circles in a book.
    void place(std::size_t one) {
        if (has(sorted_, one)) return;
        for (auto const first : book_->milters()[one].after)
            if (has(written_, first)) place(first);
        sorted_.push_back(one);
    }

    std::vector<std::size_t> written_;
    rule::book const* book_;
    std::vector<std::size_t> sorted_;
};

void share_memory(std::shared_ptr<message::memory_budget>& of,
                  std::shared_ptr<message::memory_budget> before, std::size_t limit) {
    of = before ? std::move(before) : std::make_shared<message::memory_budget>(limit);
    of->limit(limit);
}

/// By its mode, or for some mail by a rule.
bool is_evaluated(config const& in, std::size_t place) {
    bool const by_rule = in.book && !in.book->milters()[place].evaluate.empty();
    return by_rule || in.milters[place].mode == milter_mode::evaluate;
}

/// As if there were no other milter, and an MTA with all the time in the world.
std::shared_ptr<config const> alone(config const& all, std::size_t place) {
    auto one = all;
    one.evaluated.clear();
    one.profiles.clear();
    for (auto& other : one.milters) other.enabled = false;
    auto& milter = one.milters[place];
    milter.enabled = true;
    milter.max_sessions = most_sessions(milter);
    milter.mode = milter_mode::enforce;
    milter.on_error = on_error::tempfail;
    one.on_internal_error = on_internal_error::tempfail;
    one.command_budget = evaluation_patience;
    one.end_of_message_budget = evaluation_patience;
    one.spool.budget = all.evaluation_budget;
    return std::make_shared<config const>(std::move(one));
}

} // namespace

std::shared_ptr<config const> with_endpoints(config what, config const* before) {
    for (auto& one : what.milters) {
        auto const* same = find_milter(before, one.name);
        if (same && same->mode != one.mode) same = nullptr; // copies still at work take no place
        one.endpoints = std::make_shared<endpoint_pool>(one.sockets, one.balance, one.breaker,
                                                        same ? same->endpoints.get() : nullptr);
        one.seats = same ? same->seats : std::make_shared<seat_counter>();
        one.wishes = same ? same->wishes : std::make_shared<macro_wishes>();
    }
    share_memory(what.spool.budget, before ? before->spool.budget : nullptr, what.limits.memory);
    share_memory(what.evaluation_budget, before ? before->evaluation_budget : nullptr,
                 what.limits.evaluation_memory);
    if (what.book) {
        what.rule_macros = macros_of(what.book->needs());
        what.rule_steps = steps_against(rule::commands_needed(*what.book));
    }
    what.order = asked_order(what, nullptr);
    for (auto& one : what.profiles) one.order = asked_order(what, &one);
    auto const is_sampled = [](milter_config const& one) { return !one.sample.is_whole(); };
    if (std::any_of(what.milters.begin(), what.milters.end(), is_sampled))
        what.selection = std::make_shared<sampled_selection>(what.milters, what.selection);
    for (std::size_t i = 0; i < what.milters.size(); ++i)
        if (what.milters[i].enabled && is_evaluated(what, i))
            what.evaluated.push_back({i, alone(what, i)});
    return std::make_shared<config const>(std::move(what));
}

std::vector<std::size_t> written_order(config const& in, profile_config const* profile) {
    std::vector<std::size_t> order;
    if (!profile) {
        order.resize(in.milters.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        return order;
    }
    for (auto const& name : profile->milters)
        for (std::size_t i = 0; i < in.milters.size(); ++i)
            if (in.milters[i].name == name) order.push_back(i);
    return order;
}

std::vector<std::size_t> asked_order(config const& in, profile_config const* profile) {
    return rule_order(written_order(in, profile), in.book.get()).sorted();
}

bool is_in(profile_config const* profile, std::size_t place) noexcept {
    return !profile ||
           std::find(profile->order.begin(), profile->order.end(), place) != profile->order.end();
}

profile_config const* find_profile(config const& in, std::string_view name) noexcept {
    for (auto const& one : in.profiles)
        if (one.name == name) return &one;
    return nullptr;
}

} // namespace milter::manager
