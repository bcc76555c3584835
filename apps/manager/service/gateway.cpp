// SPDX-License-Identifier: BSL-1.0
// manager/service/gateway.cpp
#include "manager/service/gateway.hpp"

#include <boost/asio/post.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <utility>

namespace milter::manager {

namespace asio = boost::asio;

namespace {

constexpr auto accept_pause =
    std::chrono::milliseconds(100); // after a failure that will not go away at once
constexpr auto farewell_time = std::chrono::seconds(1); // the first SYN is repeated after that
constexpr int queue_limit = 65'536; // connections: twice the longest queue, net.core.somaxconn
constexpr auto drain_poll = std::chrono::milliseconds(20);

/// Of descriptors, ours or the machine's.
bool is_shortage(error_code ec) {
    return ec == asio::error::no_descriptors ||
           ec == error_code(ENFILE, boost::system::system_category());
}

} // namespace

gateway::gateway(std::shared_ptr<config const> const& settings, relay_sinks sinks,
                 inherited_sockets* inherited)
    : config_(with_endpoints(*settings)), sinks_(std::move(sinks)), workers_(config_->workers),
      doors_(workers_[0].get_executor(), inherited), drain_timer_(workers_[0]) {
    for (std::size_t i = 0; i < workers_.size(); ++i)
        states_.push_back(std::make_unique<worker>(workers_[i]));
    take_reserve();
}

gateway::~gateway() {
    for (auto const& one : doors_.all()) one->listener.close(); // handlers may hold on to them
    if (reserve_ >= 0) ::close(reserve_);
}

void gateway::take_reserve() noexcept {
    if (reserve_ < 0) reserve_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

std::string gateway::listen() {
    auto planned = doors_.plan(config_->listens);
    if (!planned.problem().empty()) return planned.problem();
    doors_.commit(std::move(planned));
    return {};
}

void gateway::run() {
    for (auto const& one : doors_.all()) accept(one);
    workers_.run();
}

void gateway::reload(std::shared_ptr<config const> const& settings, door_plan&& listeners) {
    config_ = with_endpoints(*settings, config_.get());
    auto const changed = doors_.commit(std::move(listeners));
    for (auto const& one : changed.come) accept(one);
    for (auto const& one : changed.gone) retire(one);
}

void gateway::accept(door_ptr const& at) {
    if (!at->listener.socket().is_open()) return; // closed meanwhile
    auto const index = workers_.next();
    at->listener.socket().async_accept(workers_[index].get_executor(),
                                       [this, at, index](error_code ec, net::socket mta) {
                                           accepted(at, index, ec, std::move(mta));
                                       });
}

void gateway::accepted(door_ptr const& at, std::size_t index, error_code ec, net::socket mta) {
    if (ec == asio::error::operation_aborted) return; // closed
    if (is_shortage(ec)) return out_of_descriptors(at, index);
    if (ec && !at->listener.socket().is_open()) return;
    if (ec) {
        sinks_.logged({severity::error, 0, "manager",
                       "accept on " + to_string(at->where) + ": " + ec.message()});
        auto pause = std::make_shared<asio::steady_timer>(workers_[0], accept_pause);
        return pause->async_wait([this, at, pause](error_code) { accept(at); });
    }
    admit(at, index, std::move(mta));
    take_reserve();
    accept(at);
}

void gateway::admit(door_ptr const& at, std::size_t index, net::socket mta) {
    bool const is_full = count_->load() >= config_->limits.sessions;
    if (is_full)
        sinks_.logged({severity::warning, last_id_ + 1, "manager",
                       "[limits] sessions = " + std::to_string(config_->limits.sessions) +
                           " reached: its mail is refused as on_internal_error says"});
    begin(at, index, std::move(mta), is_full ? room::none : room::enough);
}

void gateway::out_of_descriptors(door_ptr const& at, std::size_t index) {
    refuse_one(at, index);
    auto pause = std::make_shared<asio::steady_timer>(workers_[0], accept_pause);
    pause->async_wait([this, at, pause](error_code) {
        take_reserve();
        accept(at);
    });
}

/// By the descriptor in reserve.
void gateway::refuse_one(door_ptr const& at, std::size_t index) {
    sinks_.logged({severity::error, 0, "manager", "out of file descriptors: a session is refused"});
    if (reserve_ >= 0) ::close(std::exchange(reserve_, -1));
    error_code ec;
    net::socket mta(workers_[index].get_executor());
    at->listener.socket().non_blocking(true, ec);
    at->listener.socket().accept(mta, ec);
    if (!ec) begin(at, index, std::move(mta), room::none);
}

void gateway::begin(door_ptr const& at, std::size_t index, net::socket mta, room there_is) {
    net::prepare(mta, at->where.family == endpoint::kind::unix_path ? AF_UNIX : AF_INET);
    ++at->accepted;
    ++*count_;
    ++*at->inside;
    std::shared_ptr<void> const ticket(nullptr, [count = count_, inside = at->inside](void*) {
        --*inside;
        --*count;
    });
    auto session = std::make_shared<relay>(*states_[index], std::move(mta), config_, ++last_id_,
                                           to_string(at->where), at->asked.profile, sinks_, ticket);
    if (there_is == room::none) session->refuse_all();
    asio::post(workers_[index], [session = std::move(session)] { session->start(); });
}

/// A while longer for those who have found the way already but do not stand in the queue yet.
void gateway::retire(door_ptr const& at) {
    at->retiring = true;
    if (at->inherited) return shut(at);
    at->listener.refuse_newcomers();
    at->farewell.expires_after(farewell_time);
    at->farewell.async_wait([this, at](error_code ec) {
        if (!ec && at->retiring) shut(at);
    });
}

void gateway::shut(door_ptr const& at) {
    at->retiring = true;
    at->farewell.cancel();
    if (!at->inherited) {
        at->listener.refuse_newcomers();
        auto const ec = accept_waiting(at);
        bool const drains = drain_deadline_ != proto::never;
        if (is_shortage(ec) && !drains) return retire(at); // accept() goes on, one by one
        if (is_shortage(ec)) refuse_one(at, workers_.next());
        if (ec && ec != asio::error::would_block)
            sinks_.logged(
                {severity::error, 0, "manager",
                 "who waits on " + to_string(at->where) + " is not served: " + ec.message()});
    }
    at->listener.close();
    doors_.forget(at);
}

/// Accepts those who stand in the queue. @return  why it stopped; would_block: nobody stands there
error_code gateway::accept_waiting(door_ptr const& at) {
    error_code ec;
    at->listener.socket().non_blocking(true, ec);
    for (int i = 0; !ec && i < queue_limit; ++i) {
        auto const index = workers_.next();
        net::socket mta(workers_[index].get_executor());
        at->listener.socket().accept(mta, ec);
        if (!ec) admit(at, index, std::move(mta));
        if (ec == asio::error::connection_aborted) ec = {};
    }
    return ec;
}

void gateway::drain(proto::duration patience) {
    bool const drains_already = drain_deadline_ != proto::never;
    drain_deadline_ = proto::clock::now() + patience;
    if (drains_already) return;
    auto const all = doors_.all();
    for (auto const& one : all) shut(one);
    asio::post(workers_[0], [this] { check_drained(); }); // behind what has been accepted already
}

void gateway::check_drained() {
    if (count_->load() == 0 || proto::clock::now() >= drain_deadline_) return stop();
    drain_timer_.expires_after(drain_poll);
    drain_timer_.async_wait([this](error_code ec) {
        if (!ec) check_drained();
    });
}

void gateway::stop() { workers_.stop(); }

} // namespace milter::manager
