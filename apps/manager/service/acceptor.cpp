// SPDX-License-Identifier: BSL-1.0
// manager/service/acceptor.cpp
#include "manager/service/acceptor.hpp"

#include "manager/core/listener_name.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string_view>
#include <utility>

namespace milter::manager {

namespace {

constexpr auto accept_pause = std::chrono::milliseconds(100);
constexpr std::string_view refused = ": its mail is refused as on_internal_error says";
constexpr int queue_limit = 65'536; // connections: twice the longest queue, net.core.somaxconn

/// Empty: no TCP.
std::optional<boost::asio::ip::address> address_of(sockaddr_storage const& from) {
    namespace ip = boost::asio::ip;
    if (from.ss_family == AF_INET) {
        auto const& v4 = reinterpret_cast<sockaddr_in const&>(from);
        return ip::address_v4(ntohl(v4.sin_addr.s_addr));
    }
    if (from.ss_family != AF_INET6) return std::nullopt;
    ip::address_v6::bytes_type bytes;
    std::memcpy(bytes.data(), &reinterpret_cast<sockaddr_in6 const&>(from).sin6_addr, bytes.size());
    return ip::address_v6(bytes);
}

} // namespace

acceptor::acceptor(workers& all, relay_sinks const& sinks, std::size_t addresses)
    : workers_(all), sinks_(sinks), peers_(addresses) {
    take_reserve();
}

void acceptor::take_reserve() noexcept {
    if (!reserve_.is_open()) reserve_ = descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

void acceptor::reload(std::shared_ptr<config const> settings,
                      std::vector<entrance> const& entrances,
                      std::shared_ptr<rule_desk const> desk) {
    config_ = std::move(settings);
    desk_ = std::move(desk);
    if (!lines_) lines_.emplace(first().waits(), sinks_.logged);
    for (auto const& one : entrances) {
        if (auto* const known = find(one.door)) {
            known->as = one.as;
            continue;
        }
        auto& added = *entries_.emplace_back(std::make_unique<entry>(*this, one.door, one.as));
        error_code ec;
        one.door->listener.socket().native_non_blocking(true, ec);
        first().waits().watch(added.descriptor(), EPOLLIN, added, ec);
        if (ec)
            sinks_.logged({severity::error, 0, "manager",
                           "cannot wait on " + to_string(one.door->where) + ": " + ec.message()});
    }
}

acceptor::entry* acceptor::find(door_ptr const& which) noexcept {
    auto const found = std::find_if(entries_.begin(), entries_.end(),
                                    [&](auto const& one) { return one->door == which; });
    return found == entries_.end() ? nullptr : found->get();
}

// ---- one at a time

/// @errors  what the system says; resource_unavailable_try_again: nobody stands in the queue
acceptor::newcomer acceptor::accept_one(entry const& at, error_code& ec) noexcept {
    for (;;) {
        sockaddr_storage from{};
        socklen_t size = sizeof from;
        descriptor accepted(::accept4(at.descriptor(), reinterpret_cast<sockaddr*>(&from), &size,
                                      SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (accepted.is_open()) return {std::move(accepted), address_of(from)};
        if (errno == EINTR || errno == ECONNABORTED) continue;
        ec.assign(errno, boost::system::system_category());
        return {};
    }
}

void acceptor::accept(entry& at) {
    error_code ec;
    auto mta = accept_one(at, ec);
    if (ec == std::errc::resource_unavailable_try_again) return;
    if (is_shortage_of_descriptors(ec)) {
        refuse_one(at);
        return rest(at);
    }
    if (ec) {
        at.failed.say({severity::error, 0, "manager",
                       "accept on " + to_string(at.door->where) + ": " + ec.message()});
        return rest(at);
    }
    let_in(at, std::move(mta));
    take_reserve();
}

/// Not even its end is told of meanwhile, as a socket that somebody has shut down would be at an end all the time.
void acceptor::rest(entry& at) {
    first().waits().forget(at.descriptor(), at);
    at.pause.set(proto::clock::now() + accept_pause);
}

void acceptor::resume(entry& at) {
    take_reserve();
    error_code ec;
    first().waits().watch(at.descriptor(), EPOLLIN, at, ec);
    if (ec) at.pause.set(proto::clock::now() + accept_pause);
}

void acceptor::let_in(entry const& at, newcomer who) {
    bool const is_full = inside_->load() >= config_->limits.sessions;
    auto his = std::make_shared<pass>(inside_, at.door->inside);
    auto crowd = peer_count::refusal::none;
    if (who.address)
        his->of_address = peers_.enter(*who.address, config_->limits.sessions_per_address, &crowd);
    bool const is_crowded = crowd != peer_count::refusal::none;
    std::string no_room;
    if (is_full)
        no_room = "[limits] sessions = " + std::to_string(config_->limits.sessions) + " reached";
    else if (is_crowded)
        no_room = crowd_text(crowd, *who.address);
    if (!no_room.empty())
        (is_full ? lines_->full : lines_->crowded)
            .say({severity::warning, last_id_ + 1, "manager", no_room + std::string(refused)});
    begin(at, std::move(who.socket), std::move(his), std::move(no_room));
}

std::string acceptor::crowd_text(peer_count::refusal why,
                                 boost::asio::ip::address const& who) const {
    if (why == peer_count::refusal::too_many_addresses)
        return "sessions of " + std::to_string(peers_.capacity()) +
               " addresses, the most there can be; none for " + who.to_string();
    return "[limits] sessions_per_address = " +
           std::to_string(config_->limits.sessions_per_address) + " reached by " + who.to_string();
}

void acceptor::refuse_one(entry& at) {
    lines_->short_of_descriptors.say(
        {severity::error, 0, "manager", "out of file descriptors: a session is refused"});
    reserve_.close();
    error_code ec;
    auto mta = accept_one(at, ec);
    if (!ec)
        begin(at, std::move(mta.socket), std::make_shared<pass>(inside_, at.door->inside),
              "out of file descriptors");
}

void acceptor::begin(entry const& at, descriptor mta, std::shared_ptr<pass> his,
                     std::string no_room) {
    auto const& where = at.door->where;
    int const yes = 1;
    if (where.family != endpoint::kind::unix_path)
        ::setsockopt(mta.number(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    ++at.door->accepted;
    auto name = listener_name(at.as, where);
    arrival who{++last_id_,         std::move(name), at.as.profile, config_,
                std::move(no_room), std::move(his),  desk_,         {}};
    if (desk_)
        who.known = desk_->look(inside_->load(), at.door->inside->load(), proto::clock::now());
    auto& one = *workers_[turn_++ % workers_.size()];
    if (&one == &first()) return one.begin(std::move(mta), std::move(who));
    auto const handed = std::make_shared<descriptor>(std::move(mta));
    one.waits().post([&one, handed, who = std::move(who)]() mutable {
        one.begin(std::move(*handed), std::move(who));
    });
}

// ---- the end of a listener

error_code acceptor::shut(door_ptr const& which) {
    auto* const at = find(which);
    if (!at) return {};
    error_code ec;
    for (int i = 0; i < queue_limit; ++i) {
        auto mta = accept_one(*at, ec);
        if (ec) break;
        let_in(*at, std::move(mta));
    }
    if (ec == std::errc::resource_unavailable_try_again) ec = {};
    if (!is_shortage_of_descriptors(ec)) leave(which);
    return ec;
}

void acceptor::leave(door_ptr const& which) {
    auto* const at = find(which);
    if (!at) return;
    first().waits().forget(at->descriptor(), *at);
    std::erase_if(entries_, [&](auto const& one) { return one.get() == at; });
}

void acceptor::refuse_one(door_ptr const& which) {
    if (auto* const at = find(which)) refuse_one(*at);
}

} // namespace milter::manager
