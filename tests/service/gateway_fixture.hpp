// SPDX-License-Identifier: BSL-1.0
// tests/service/gateway_fixture.hpp - a gateway whose first worker can be held up, with steps on its main thread
//
// There is room for no session, so that each connection is a line, and is answered all the same.
#pragma once

#include "manager/service/gateway.hpp"

#include <boost/asio/post.hpp>

#include <support/raw_client.hpp>
#include <support/temp_dir.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace gateway_test {

using namespace milter;
using namespace std::string_view_literals;
using support::raw_client;

inline constexpr auto offer = "\0\0\0\x0dO\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff"sv;

inline sockaddr_in loopback(std::string const& port) {
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(static_cast<std::uint16_t>(std::stoul(port)));
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return where;
}

/// Somebody who has been let in, or refused, but not left alone.
template <class Where> bool is_answered(Where const& where) {
    raw_client const one(where);
    one.say(offer);
    return one.some(5) == "\0\0\0\x0dO"sv;
}

struct gateway_fixture {
    support::temp_dir dir;
    std::string path = dir / "mta.sock";
    manager::inherited_sockets none;
    std::shared_ptr<manager::config const> with = settings({{}, port_section()});
    std::shared_ptr<manager::config const> without = settings({{}});
    std::promise<void> held, released;
    std::atomic<bool> holding = false;
    std::mutex mutex;
    std::vector<std::string> lines;
    manager::gateway one{with,
                         {[](manager::decision&&) {}, [](manager::evaluation&&) {},
                          [this](manager::log_event&& what) { note(std::move(what.text)); }},
                         &none};
    std::thread main;

    gateway_fixture() {
        BOOST_REQUIRE(one.listen().empty());
        main = std::thread([this] { one.run(); });
    }
    gateway_fixture(gateway_fixture const&) = delete;
    gateway_fixture& operator=(gateway_fixture const&) = delete;
    ~gateway_fixture() {
        one.stop();
        main.join();
    }

    static manager::listen_config port_section() {
        return {{endpoint::kind::inet, {}, "127.0.0.1", "0"}, {}, {}, {}, {}};
    }
    std::shared_ptr<manager::config const> settings(std::vector<manager::listen_config> all) const {
        manager::config made;
        all.front().socket = {endpoint::kind::unix_path, path, {}, {}};
        made.listens = std::move(all);
        made.limits.sessions = 0;
        return std::make_shared<manager::config const>(std::move(made));
    }

    void note(std::string text) {
        {
            std::lock_guard const lock(mutex);
            lines.push_back(std::move(text));
        }
        if (!holding.exchange(false)) return;
        held.set_value();
        released.get_future().wait();
    }

    /// The first worker does nothing until released.set_value().
    void hold_worker() {
        holding = true;
        raw_client const somebody(path);
        held.get_future().wait();
    }

    void on_main(std::function<void()> const& step) {
        std::promise<void> done;
        boost::asio::post(one.context(), [&] {
            step();
            done.set_value();
        });
        done.get_future().wait();
    }

    void reload(std::shared_ptr<manager::config const> const& to) {
        auto planned = one.plan(*to);
        if (!planned.problem().empty()) note(planned.problem());
        one.reload(to, std::move(planned));
    }
    manager::door_ptr port() const { return one.listeners().at(1); }
};

} // namespace gateway_test
