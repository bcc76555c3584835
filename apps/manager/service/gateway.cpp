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
constexpr auto drain_poll = std::chrono::milliseconds(20);

} // namespace

gateway::gateway(std::shared_ptr<config const> settings, relay_sinks sinks)
    : config_(std::move(settings)), sinks_(std::move(sinks)), workers_(config_->workers),
      drain_timer_(workers_[0]) {
    for (std::size_t i = 0; i < workers_.size(); ++i)
        states_.push_back(std::make_unique<worker>(workers_[i]));
    take_reserve();
}

gateway::~gateway() {
    if (reserve_ >= 0) ::close(reserve_);
}

void gateway::take_reserve() noexcept {
    if (reserve_ < 0) reserve_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

std::string gateway::listen() {
    for (auto const& one : config_->listens) {
        error_code ec;
        auto const all = net::listening_endpoints(one.socket, ec);
        if (ec) return "cannot listen on " + to_string(one.socket) + ": " + ec.message();
        for (auto const& where : all)
            if (auto problem = open(where, one); !problem.empty()) return problem;
    }
    return {};
}

std::string gateway::open(endpoint const& where, listen_config const& as) {
    auto& added = *doors_.emplace_back(std::make_unique<door>(workers_[0].get_executor()));
    error_code ec;
    added.listener.open(where, {as.mode, as.group, 1024}, ec);
    if (ec) {
        auto problem = "cannot listen on " + to_string(where) + ": ";
        if (ec == errc::unknown_group) problem += "group = \"" + as.group + "\": ";
        return problem + ec.message();
    }
    added.where = added.listener.local(where);
    return {};
}

std::vector<std::string> gateway::addresses() const {
    std::vector<std::string> all;
    for (auto const& one : doors_) all.push_back(to_string(one->where));
    return all;
}

void gateway::run() {
    for (auto const& one : doors_) accept(*one);
    workers_.run();
}

void gateway::accept(door& at) {
    if (!at.listener.socket().is_open()) return; // draining
    auto const index = workers_.next();
    at.listener.socket().async_accept(workers_[index].get_executor(),
                                      [this, &at, index](error_code ec, net::socket mta) {
                                          accepted(at, index, ec, std::move(mta));
                                      });
}

void gateway::accepted(door& at, std::size_t index, error_code ec, net::socket mta) {
    if (ec == asio::error::operation_aborted) return; // draining
    if (ec == asio::error::no_descriptors ||
        ec == error_code(ENFILE, boost::system::system_category()))
        return out_of_descriptors(at, index);
    if (ec) {
        sinks_.logged({severity::error, 0, "manager",
                       "accept on " + to_string(at.where) + ": " + ec.message()});
        auto pause = std::make_shared<asio::steady_timer>(workers_[0], accept_pause);
        return pause->async_wait([this, &at, pause](error_code) { accept(at); });
    }
    bool const is_full = count_->load() >= config_->limits.sessions;
    if (is_full)
        sinks_.logged({severity::warning, last_id_ + 1, "manager",
                       "[limits] sessions = " + std::to_string(config_->limits.sessions) +
                           " reached: its mail is refused as on_internal_error says"});
    begin(at, index, std::move(mta), is_full ? room::none : room::enough);
    take_reserve();
    accept(at);
}

void gateway::out_of_descriptors(door& at, std::size_t index) {
    sinks_.logged({severity::error, 0, "manager", "out of file descriptors: a session is refused"});
    if (reserve_ >= 0) ::close(std::exchange(reserve_, -1));
    error_code ec;
    net::socket mta(workers_[index].get_executor());
    at.listener.socket().non_blocking(true, ec);
    at.listener.socket().accept(mta, ec);
    if (!ec) begin(at, index, std::move(mta), room::none);
    auto pause = std::make_shared<asio::steady_timer>(workers_[0], accept_pause);
    pause->async_wait([this, &at, pause](error_code) {
        take_reserve();
        accept(at);
    });
}

void gateway::begin(door& at, std::size_t index, net::socket mta, room there_is) {
    net::prepare(mta, at.where.family == endpoint::kind::unix_path ? AF_UNIX : AF_INET);
    ++*count_;
    std::shared_ptr<void> const ticket(nullptr, [count = count_](void*) { --*count; });
    auto session = std::make_shared<relay>(*states_[index], std::move(mta), config_, ++last_id_,
                                           to_string(at.where), sinks_, ticket);
    if (there_is == room::none) session->refuse_all();
    asio::post(workers_[index], [session = std::move(session)] { session->start(); });
}

void gateway::drain() {
    for (auto const& one : doors_) one->listener.close();
    drain_deadline_ = proto::clock::now() + config_->drain;
    check_drained();
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
