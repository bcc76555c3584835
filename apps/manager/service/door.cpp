// SPDX-License-Identifier: BSL-1.0
// manager/service/door.cpp
#include "manager/service/door.hpp"

#include "manager/config/config_socket.hpp"

#include <algorithm>
#include <utility>

namespace milter::manager {

namespace {

bool is_unix(endpoint const& where) { return where.family == endpoint::kind::unix_path; }

/// Whether it can stay as it is: one whose file has been taken away from it cannot.
bool can_stay(door const& one) {
    return one.listener.is_there() && !(one.retiring && is_unix(one.where));
}

net::listen_options options_of(listen_config const& as) {
    return {as.mode, as.group, net::listen_options{}.backlog};
}

/// The system says EPERM, as it does of other things.
bool is_foreign_group(listen_config const& as, error_code ec) {
    if (as.group.empty() || ec != boost::system::errc::operation_not_permitted) return false;
    auto const group = net::group_id(as.group);
    return group && !net::in_group(*group);
}

std::string why_not(endpoint const& where, listen_config const& as, error_code ec) {
    if (is_foreign_group(as, ec))
        return "cannot give " + to_string(where) + " to group " + as.group +
               ": this user is not a member of it";
    auto problem = "cannot listen on " + to_string(where) + ": ";
    if (ec == errc::unknown_group) problem += "group = \"" + as.group + "\": ";
    return problem + ec.message();
}

/// `where` in digits, as it will be bound.
endpoint literal_of(endpoint const& where, error_code& ec) {
    auto const found = net::resolve(where, true, ec);
    if (ec) return {};
    if (found.empty()) ec = errc::bad_endpoint;
    return found.empty() ? endpoint{} : net::endpoint_of(found.front());
}

} // namespace

door_plan::~door_plan() {
    for (auto const& one : entries_) {
        error_code ignored;
        if (one.access_set) one.which->listener.set_access(options_of(one.which->asked), ignored);
    }
}

door_plan doors::plan(std::vector<listen_config> const& wanted) const {
    door_plan made;
    for (auto const& one : wanted) {
        find_or_open(one, made);
        if (!made.problem_.empty()) return made;
    }
    set_access(made);
    return made;
}

void doors::find_or_open(listen_config const& wanted, door_plan& into) const {
    if (find_asked(wanted, into)) return;
    error_code ec;
    auto const all = net::listening_endpoints(wanted.socket, ec);
    for (auto const& where : all) {
        auto const literal = ec ? endpoint{} : literal_of(where, ec);
        if (ec) break;
        if (auto const found = find_bound(literal)) {
            into.entries_.push_back({found, wanted});
            continue;
        }
        auto fresh = open(where, literal, wanted, into.problem_);
        if (!fresh) return;
        into.entries_.push_back({std::move(fresh), wanted, true});
    }
    if (ec) into.problem_ = why_not(wanted.socket, wanted, ec);
}

/// Spelled the same: no name service is asked, and a port that the system picked stays. Of those ports each is for one
/// [[listen]]; else a name may have several addresses.
bool doors::find_asked(listen_config const& wanted, door_plan& into) const {
    auto const before = into.entries_.size();
    auto const is_taken = [&](door_ptr const& which) {
        return std::any_of(into.entries_.begin(), into.entries_.end(),
                           [&](auto const& entry) { return entry.which == which; });
    };
    for (auto const& one : all_) {
        if (one->asked.socket != wanted.socket || !can_stay(*one) || is_taken(one)) continue;
        into.entries_.push_back({one, wanted});
        if (wanted.socket.service == "0") break;
    }
    return into.entries_.size() > before;
}

door_ptr doors::find_bound(endpoint const& where) const {
    for (auto const& one : all_) {
        auto const bound = one->listener.local();
        if (bound && can_stay(*one) &&
            (is_unix(where) ? same_place(*bound, where) : *bound == where))
            return one;
    }
    return {};
}

door_ptr doors::open(endpoint const& where, endpoint const& literal, listen_config const& as,
                     std::string& problem) const {
    auto fresh = std::make_shared<door>(listens_, waits_);
    error_code ec;
    if (auto const descriptor = inherited_->take(literal)) {
        fresh->inherited = true;
        fresh->listener.take(*descriptor, ec);
    } else {
        fresh->listener.open(where, options_of(as), ec);
    }
    if (ec) {
        problem = why_not(where, as, ec) + overlap_with(where);
        return {};
    }
    fresh->asked = as;
    fresh->where = fresh->listener.local(where);
    return fresh;
}

/// A port on all addresses and on one cannot be listened on at the same time, so neither can follow the other.
std::string doors::overlap_with(endpoint const& where) const {
    for (auto const& one : all_)
        if (same_place(one->where, where))
            return "; " + to_string(one->where) + " is in its way until a restart";
    return {};
}

void doors::set_access(door_plan& of) {
    for (auto& one : of.entries_) {
        auto const& before = one.which->asked;
        if (one.is_new || (before.mode == one.as.mode && before.group == one.as.group)) continue;
        error_code ec;
        one.access_set = true;
        one.which->listener.set_access(options_of(one.as), ec);
        if (!ec) continue;
        of.problem_ = why_not(one.as.socket, one.as, ec);
        return;
    }
}

doors::change doors::commit(door_plan&& made) {
    auto const entries = std::exchange(made.entries_, {});
    change made_now;
    for (auto const& one : entries) {
        one.which->asked = one.as;
        if (one.is_new) {
            all_.push_back(one.which);
            made_now.come.push_back(one.which);
        } else if (one.which->retiring) {
            one.which->end_retirement();
            one.which->farewell.cancel();
            one.which->listener.welcome_newcomers();
        }
    }
    for (auto const& one : all_) {
        bool const stays = std::any_of(entries.begin(), entries.end(),
                                       [&](auto const& entry) { return entry.which == one; });
        if (!stays && !one->retiring) made_now.gone.push_back(one);
    }
    return made_now;
}

void doors::forget(door_ptr const& which) { std::erase(all_, which); }

} // namespace milter::manager
