// SPDX-License-Identifier: BSL-1.0
// manager/import/setup.cpp - remarks, names and times of what is imported
#include "manager/import/setup.hpp"

#include "manager/core/unit_text.hpp"
#include <milter/ascii.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

namespace milter::manager {

void remark_list::lost(unsigned line, std::string what, std::string advice) {
    add({line, std::move(what), std::move(advice), remark_weight::lost});
}

void remark_list::note(unsigned line, std::string what, std::string advice) {
    add({line, std::move(what), std::move(advice), remark_weight::note});
}

void remark_list::add(remark&& one) {
    if (entries_.size() < import_remark_limit)
        entries_.push_back(std::move(one));
    else
        ++left_out_;
}

bool remark_list::loses_something() const noexcept {
    return left_out_ > 0 || std::any_of(entries_.begin(), entries_.end(), [](auto const& one) {
               return one.weight == remark_weight::lost;
           });
}

std::string name_giver::give(std::string_view wanted) {
    constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789_.-";
    constexpr std::size_t longest = 64 - 5; // leaves room for a number
    std::string name;
    for (char const c : wanted.substr(0, longest)) {
        char const lower = to_lower(c);
        name += allowed.find(lower) == allowed.npos ? '-' : lower;
    }
    if (name.empty() || name == "mta" || name == "manager") name += name.empty() ? "milter" : "-1";
    auto free = name;
    for (unsigned i = 2; taken_.contains(free); ++i) free = name + '-' + std::to_string(i);
    taken_.insert(free);
    return free;
}

std::optional<proto::duration> taken_timeout(double seconds, std::string_view what, unsigned line,
                                             remark_list& remarks) {
    constexpr double most = 3600;
    if (!(seconds > 0)) { // not a number, too
        remarks.lost(line, std::string(what) + ": no time", "the default of the manager holds");
        return std::nullopt;
    }
    if (seconds > most)
        remarks.lost(line, std::string(what) + ": more than an hour", "it is one hour here");
    auto const milliseconds = std::llround(std::min(seconds, most) * 1000);
    return std::chrono::milliseconds(std::max(milliseconds, 1LL));
}

proto::duration taken_end(proto::duration value, std::string_view what, unsigned line,
                          remark_list& remarks) {
    auto const most = config{}.end_of_message_budget;
    if (value <= most) return value;
    remarks.note(line,
                 std::string(what) + ": " + duration_text(value) +
                     " is longer than [manager] end_of_message_budget, which ends first",
                 "it is " + duration_text(most) +
                     " here: raise both where the MTA waits longer than 5 minutes, too");
    return most;
}

bool loses_something(setup const& all) {
    auto const any = [](auto const& entries) {
        return std::any_of(entries.begin(), entries.end(),
                           [](auto const& one) { return one.remarks.loses_something(); });
    };
    auto const at_a_table = [](auto const& one) { return one.second.loses_something(); };
    return any(all.listens) || any(all.milters) ||
           (all.control && all.control->remarks.loses_something()) ||
           std::any_of(all.remarks.begin(), all.remarks.end(), at_a_table);
}

} // namespace milter::manager
