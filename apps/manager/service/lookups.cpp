// SPDX-License-Identifier: BSL-1.0
// manager/service/lookups.cpp
#include "manager/service/lookups.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/errc.hpp>

#include <map>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

namespace milter::manager {

namespace {

lookups::addresses ask_system(endpoint const& where, error_code& ec) {
    namespace ip = boost::asio::ip;
    boost::asio::io_context unused;
    ip::tcp::resolver resolver(unused);
    bool const is_v6 = where.family == endpoint::kind::inet6;
    lookups::addresses found;
    for (auto const& one :
         resolver.resolve(is_v6 ? ip::tcp::v6() : ip::tcp::v4(), where.host, where.service, ec))
        found.emplace_back(one.endpoint());
    return found;
}

struct waiter {
    poller* who;
    lookups::answer tell;
};

struct name {
    lookups::addresses last;
    proto::time_point since{}; ///< of `last`
    bool being_asked = false;
    std::vector<waiter> waiting;

    bool is_usable(proto::time_point now, proto::duration time) const noexcept {
        return !last.empty() && now - since < time;
    }
};

} // namespace

struct lookups::shared {
    std::mutex mutex;
    std::map<std::string, name> names;
    bool closed = false;
    service asks;

    /// In a thread of its own.
    void look_up(endpoint const& where) {
        error_code ec;
        auto const found = asks(where, ec);
        if (!ec && found.empty()) ec = boost::asio::error::host_not_found;
        answered(to_string(where), found, ec);
    }

    void answered(std::string const& key, addresses const& found, error_code ec) {
        std::lock_guard const lock(mutex);
        auto& one = names[key];
        one.being_asked = false;
        if (!ec) {
            one.last = found;
            one.since = proto::clock::now();
        }
        for (auto& [who, tell] : std::exchange(one.waiting, {}))
            if (!closed) who->post([tell = std::move(tell), found, ec] { tell(found, ec); });
    }
};

lookups::lookups(service asks) : shared_(std::make_shared<shared>()) {
    shared_->asks = asks ? std::move(asks) : ask_system;
}

void lookups::ask(endpoint const& where, poller& whom, answer const& tell) {
    auto const key = to_string(where);
    auto const now = proto::clock::now();
    std::unique_lock lock(shared_->mutex);
    auto& one = shared_->names[key];
    bool const starts = !one.is_usable(now, fresh_for) && !std::exchange(one.being_asked, true);
    auto const usable = one.is_usable(now, usable_for) ? one.last : addresses();
    bool const waits = usable.empty() && one.waiting.size() < most_waiting;
    if (waits) one.waiting.push_back({&whom, tell});
    lock.unlock();
    if (starts) {
        try {
            std::thread([kept = shared_, where] { kept->look_up(where); }).detach();
        } catch (std::system_error const&) {
            namespace errc = boost::system::errc;
            shared_->answered(key, {}, errc::make_error_code(errc::not_enough_memory));
        }
    }
    if (!waits) tell(usable, usable.empty() ? errc::connect_failed : error_code());
}

void lookups::close() {
    std::lock_guard const lock(shared_->mutex);
    shared_->closed = true;
}

} // namespace milter::manager
