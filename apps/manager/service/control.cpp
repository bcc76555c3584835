// SPDX-License-Identifier: BSL-1.0
// manager/service/control.cpp
#include "manager/service/control.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <utility>

namespace milter::manager {

namespace asio = boost::asio;

namespace {

constexpr auto request_patience = std::chrono::seconds(10); // for a whole line, or the next one
constexpr auto write_patience = std::chrono::seconds(5);
constexpr auto accept_pause = std::chrono::milliseconds(100); // after a failure

/// Who is at the other end, as the kernel has it; nobody who may order when it does not say.
control_peer peer_of(net::socket& connected) {
    ucred who{};
    socklen_t size = sizeof who;
    if (::getsockopt(connected.native_handle(), SOL_SOCKET, SO_PEERCRED, &who, &size) != 0)
        return {static_cast<unsigned long>(-1), false};
    return {who.uid, who.uid == 0 || who.uid == ::geteuid()};
}

/// As much as goes without waiting.
void write_now(net::socket& to, std::string const& text) {
    error_code ignored;
    to.write_some(asio::buffer(text), ignored);
}

} // namespace

door_plan control::plan(config const& settings) const {
    if (settings.control.socket.path.empty()) return doors_.plan({});
    return doors_.plan({settings.control});
}

void control::reload(door_plan&& planned) {
    auto const changed = doors_.commit(std::move(planned));
    for (auto const& one : changed.come) accept(one);
    for (auto const& one : changed.gone) {
        one->listener.close();
        doors_.forget(one);
    }
}

void control::stop(std::size_t cut_off) {
    for (auto const& one : doors_.all()) one->listener.close();
    for (auto const& one : connections_) {
        if (one->waits) write_now(one->stream.lowest_layer(), stopped_line(cut_off) + '\n');
        one->stream.close();
    }
}

void control::accept(door_ptr const& at) {
    if (!at->listener.socket().is_open()) return; // closed meanwhile
    at->listener.socket().async_accept(
        context_.get_executor(), [self = shared_from_this(), at](error_code ec, net::socket peer) {
            if (ec == asio::error::operation_aborted) return; // closed
            if (!ec) {
                self->admit(std::move(peer));
                return self->accept(at);
            }
            at->farewell.expires_after(accept_pause);
            at->farewell.async_wait([self, at](error_code) { self->accept(at); });
        });
}

void control::admit(net::socket accepted) {
    auto const one = std::make_shared<connection>(std::move(accepted));
    auto& socket = one->stream.lowest_layer();
    one->peer = peer_of(socket);
    if (is_full_for(one->peer))
        return write_now(socket,
                         refusal_line(control_refusal::busy, "too many connections") + '\n');
    connections_.insert(one);
    asio::co_spawn(
        context_,
        [self = shared_from_this(), one]() -> asio::awaitable<void> {
            co_await self->serve(one);
            self->connections_.erase(one);
        },
        asio::detached);
}

bool control::is_full_for(control_peer const& peer) const {
    if (connections_.size() >= control_connection_limit) return true;
    auto const guests = std::count_if(connections_.begin(), connections_.end(),
                                      [](auto const& one) { return !one->peer.may_order; });
    return !peer.may_order && static_cast<std::size_t>(guests) >= control_guest_limit;
}

/// The deadline is for a line, so that nobody stays by sending it byte by byte.
asio::awaitable<void> control::serve(connection_ptr one) {
    std::string bytes; // that came and are not answered
    auto deadline = proto::clock::now() + request_patience;
    std::array<char, 1024> room{};
    for (;;) {
        error_code ec;
        auto const size = co_await one->stream.read(room, deadline, ec);
        if (ec) co_return;
        bytes.append(room.data(), size);
        for (auto end = bytes.find('\n'); end != bytes.npos; end = bytes.find('\n')) {
            auto line = bytes.substr(0, end);
            bytes.erase(0, end + 1);
            bool const goes_on = co_await answer(one, std::move(line));
            if (!goes_on) co_return;
            deadline =
                proto::clock::now() + one->waits.value_or(proto::duration{}) + request_patience;
        }
        if (bytes.size() <= control_line_limit) continue;
        co_await answer(one, std::move(bytes)); // refused, as it is too long
        co_return;
    }
}

/// @return whether it could be written
asio::awaitable<bool> control::answer(connection_ptr one, std::string line) {
    auto given = answer_control(line, one->peer, actions_);
    if (given.waits) one->waits = given.waits;
    given.line += '\n';
    error_code ec;
    co_await one->stream.write(given.line, proto::clock::now() + write_patience, ec);
    co_return !ec;
}

} // namespace milter::manager
