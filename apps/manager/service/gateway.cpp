// SPDX-License-Identifier: BSL-1.0
// manager/service/gateway.cpp
#include "manager/service/gateway.hpp"

#include <boost/asio/post.hpp>

#include <chrono>
#include <thread>
#include <utility>

namespace milter::manager {

namespace asio = boost::asio;

namespace {

constexpr auto farewell_time = std::chrono::seconds(1);  // the first SYN is repeated after that
constexpr auto take_over_time = std::chrono::seconds(1); // at most, of a worker that is busy
constexpr auto drain_poll = std::chrono::milliseconds(20);

} // namespace

gateway::gateway(std::shared_ptr<config const> const& settings, relay_sinks sinks,
                 inherited_sockets* inherited)
    : work_(context_.get_executor()), config_(with_endpoints(*settings)), sinks_(std::move(sinks)),
      acceptor_(workers_, sinks_),
      doors_(asleep_.get_executor(), context_.get_executor(), inherited), drain_timer_(context_) {
    for (unsigned i = 0; i < config_->workers; ++i)
        workers_.push_back(std::make_unique<worker>(names_, sinks_));
    open_desk();
}

gateway::~gateway() {
    names_.close();            // its threads know the workers
    if (desk_) desk_->close(); // and so does that of the DNS lists
    for (auto const& one : earlier_desks_)
        if (auto const still = one.lock()) still->close();
    for (auto const& one : doors_.all()) one->listener.close(); // handlers may hold on to them
}

std::string gateway::listen() {
    auto planned = doors_.plan(config_->listens);
    if (!planned.problem().empty()) return planned.problem();
    doors_.commit(std::move(planned));
    return {};
}

void gateway::run() {
    tell_acceptor();
    std::vector<std::thread> threads;
    threads.reserve(workers_.size());
    auto const end = [&] {
        for (auto const& one : workers_) one->waits().stop();
        for (auto& one : threads) one.join();
    };
    try {
        for (auto const& one : workers_) threads.emplace_back([&one] { one->run(); });
        context_.run();
    } catch (...) { // not so many threads
        end();
        throw;
    }
    cut_off_ = sessions();
    end();
}

void gateway::open_desk() {
    auto const before = std::move(desk_);
    auto const& book = config_->book;
    if (book && book->needs().has(rule::fact::load_cpu) && !load_)
        load_ = std::make_unique<machine_load>(context_);
    if (book)
        desk_ = std::make_shared<rule_desk const>(*config_, before.get(), load_.get(), sinks_);
    std::erase_if(earlier_desks_, [](auto const& one) { return one.expired(); });
    if (before) earlier_desks_.push_back(before);
}

/// What is in force now.
std::future<void> gateway::tell_acceptor() {
    auto const taken = std::make_shared<std::promise<void>>();
    std::vector<entrance> entrances;
    for (auto const& one : doors_.all())
        if (!one->retiring) entrances.push_back({one, one->asked});
    workers_.front()->waits().post(
        [this, settings = config_, entrances = std::move(entrances), desk = desk_, taken] {
            acceptor_.reload(settings, entrances, desk);
            taken->set_value();
        });
    return taken->get_future();
}

void gateway::reload(std::shared_ptr<config const> const& settings, door_plan&& listeners) {
    config_ = with_endpoints(*settings, config_.get());
    open_desk();
    auto const changed = doors_.commit(std::move(listeners));
    auto const taken = tell_acceptor();
    for (auto const& one : changed.gone) retire(one);
    taken.wait_for(take_over_time); // whoever ordered it may connect as soon as he has his answer
}

/// A while longer for those who have found the way already but do not stand in the queue yet.
void gateway::retire(door_ptr const& at) {
    if (at->inherited) return shut(at);
    auto const retirement = at->begin_retirement();
    at->listener.refuse_newcomers();
    at->farewell.expires_after(farewell_time);
    at->farewell.async_wait([this, at, retirement](error_code ec) {
        if (!ec && retirement == at->retirement) shut(at);
    });
}

void gateway::shut(door_ptr const& at) {
    auto const retirement = at->begin_retirement();
    at->farewell.cancel();
    if (!at->inherited) at->listener.refuse_newcomers();
    workers_.front()->waits().post([this, at, retirement] {
        error_code ec;
        if (at->inherited)
            acceptor_.leave(at);
        else
            ec = acceptor_.shut(at);
        asio::post(context_, [this, at, retirement, ec] { was_shut(at, retirement, ec); });
    });
}

/// A door that a reload wants back meanwhile stays open. The acceptor has it again, as it was told of the reload behind
/// the shut; and the listener hears newcomers again.
void gateway::was_shut(door_ptr const& at, std::uint32_t retirement, error_code ec) {
    if (retirement != at->retirement) return;
    bool const is_shortage = is_shortage_of_descriptors(ec);
    if (is_shortage && !drains()) return retire(at); // the acceptor goes on, one by one
    if (ec)
        sinks_.logged({severity::error, 0, "manager",
                       "who waits on " + to_string(at->where) + " is not served: " + ec.message()});
    if (is_shortage) return refuse_the_rest(at);
    close(at, retirement);
}

void gateway::refuse_the_rest(door_ptr const& at) {
    workers_.front()->waits().post([this, at, retirement = at->retirement] {
        acceptor_.refuse_one(at);
        acceptor_.leave(at);
        asio::post(context_, [this, at, retirement] { close(at, retirement); });
    });
}

/// Once the acceptor has left it.
void gateway::close(door_ptr const& at, std::uint32_t retirement) {
    if (retirement != at->retirement) return;
    at->listener.close();
    doors_.forget(at);
}

void gateway::drain(proto::duration patience) {
    bool const drains_already = drains();
    drain_deadline_ = proto::clock::now() + patience;
    if (drains_already) return;
    auto const all = doors_.all();
    for (auto const& one : all) shut(one);
    check_drained();
}

void gateway::check_drained() {
    bool const all_ended = doors_.all().empty() && sessions() == 0;
    if (all_ended || proto::clock::now() >= drain_deadline_) return stop();
    drain_timer_.expires_after(drain_poll);
    drain_timer_.async_wait([this](error_code ec) {
        if (!ec) check_drained();
    });
}

} // namespace milter::manager
