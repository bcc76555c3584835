// SPDX-License-Identifier: BSL-1.0
// tests/filter/server_base.cpp - a server goes on accepting, whatever goes wrong with one connection

#include "milter/filter/server_base.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/test/unit_test.hpp>

#include <support/raw_client.hpp>
#include <support/temp_dir.hpp>

#include <chrono>
#include <cstdint>
#include <mutex>
#include <new>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace filter = milter::filter;
namespace net = milter::net;

namespace {

/// For its first connections there is no memory; all others are closed at once.
class scarce final : public filter::server_base {
public:
    scarce(filter::server_options options, int failures)
        : server_base(std::move(options)), failures_(failures) {}

protected:
    filter::awaitable<void> serve(net::socket connected, filter::worker_state&,
                                  std::uint64_t) override {
        if (failures_-- > 0) throw std::bad_alloc();
        return close(std::move(connected));
    }

private:
    static filter::awaitable<void> close(net::socket connected) {
        milter::error_code ignored;
        connected.send(boost::asio::buffer("served", 6), 0, ignored);
        co_return;
    }

    int failures_;
};

} // namespace

BOOST_AUTO_TEST_SUITE(server_base)

BOOST_AUTO_TEST_CASE(after_an_exception_it_accepts_again) {
    support::temp_dir dir;
    std::string const path = dir / "x.sock";
    std::mutex lock;
    std::vector<std::string> log;
    filter::server_options options;
    options.listen = {"unix:" + path};
    options.max_connections = 1; // those that failed do not count
    options.timeouts.stop = std::chrono::seconds(0);
    options.hooks.on_log = [&](filter::log_entry const& entry) {
        std::lock_guard const hold(lock);
        log.emplace_back(entry.text);
    };
    scarce server(options, 2);
    server.open();
    std::thread thread([&] { server.run(); });
    BOOST_TEST(support::raw_client(path).rest() == "");
    BOOST_TEST(support::raw_client(path).rest() == "");
    BOOST_TEST(support::raw_client(path).rest() == "served");
    server.stop();
    thread.join();
    std::lock_guard const hold(lock);
    BOOST_TEST(log.size() == 2);
    for (auto const& line : log) BOOST_TEST(line.starts_with("cannot accept: "), line);
}

BOOST_AUTO_TEST_SUITE_END()
