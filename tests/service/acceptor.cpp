// SPDX-License-Identifier: BSL-1.0
// tests/service/acceptor.cpp - what it says of those it refuses, and that each worker has its share

#include "manager/service/acceptor.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <support/raw_client.hpp>
#include <support/temp_dir.hpp>
#include <sys/resource.h>

#include <charconv>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace milter;
using namespace milter::manager;
using namespace std::string_view_literals;
using support::raw_client;

constexpr auto offer = "\0\0\0\x0dO\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff"sv;

std::string answer_to(raw_client const& one) {
    one.say(offer);
    return one.some(5);
}

/// Events that a line stands for: itself, and those it says were left out.
std::size_t events_of(std::string_view line) {
    auto const at = line.rfind(" (");
    std::size_t more = 0;
    if (at != line.npos && line.ends_with(" more before)"))
        std::from_chars(line.data() + at + 2, line.data() + line.size(), more);
    return 1 + more;
}

std::size_t total(std::vector<std::string> const& lines) {
    std::size_t events = 0;
    for (auto const& line : lines) events += events_of(line);
    return events;
}

struct fixture {
    support::temp_dir dir;
    boost::asio::io_context context{1};
    lookups names;
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<std::string> lines;
    std::set<std::thread::id> threads; ///< that said one
    relay_sinks sinks{[](decision&&) {}, [](evaluation&&) {},
                      [this](log_event&& what) { note(std::move(what.text)); }};
    acceptor::workers workers;
    std::vector<door_ptr> doors;
    config settings;
    std::unique_ptr<acceptor> one;
    std::vector<std::thread> running;

    fixture() = default;
    fixture(fixture const&) = delete;
    fixture& operator=(fixture const&) = delete;
    ~fixture() {
        for (auto const& each : workers) each->waits().stop();
        for (auto& each : running) each.join();
    }

    void note(std::string text) {
        std::lock_guard const lock(mutex);
        lines.push_back(std::move(text));
        threads.insert(std::this_thread::get_id());
        changed.notify_all();
    }

    door& listen(endpoint const& where) {
        auto fresh = std::make_shared<door>(context.get_executor(), context.get_executor());
        error_code ec;
        fresh->listener.open(where, {}, ec);
        BOOST_REQUIRE(!ec);
        fresh->asked.socket = where;
        fresh->where = fresh->listener.local(where);
        return *doors.emplace_back(std::move(fresh));
    }
    std::string path() const { return dir / "mta.sock"; }
    door& listen_here() { return listen({endpoint::kind::unix_path, path(), {}, {}}); }
    door& listen_tcp() { return listen({endpoint::kind::inet, {}, "127.0.0.1", "0"}); }
    static sockaddr_in address_of(door const& at) {
        sockaddr_in where{};
        where.sin_family = AF_INET;
        where.sin_port = htons(static_cast<std::uint16_t>(std::stoul(at.where.service)));
        where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return where;
    }

    void start(unsigned count = 1, std::size_t addresses = peer_count::default_capacity) {
        for (unsigned i = 0; i < count; ++i)
            workers.push_back(std::make_unique<worker>(names, sinks));
        one = std::make_unique<acceptor>(workers, sinks, addresses);
        std::vector<entrance> entrances;
        for (auto const& each : doors) entrances.push_back({each, each->asked});
        one->reload(with_endpoints(settings), entrances);
        for (auto const& each : workers) running.emplace_back([&each] { each->run(); });
    }

    /// Lines with `part`, when they stand for so many events; all that is there when it takes too long.
    std::vector<std::string> lines_with(std::string_view part, std::size_t events) {
        std::vector<std::string> found;
        std::unique_lock lock(mutex);
        changed.wait_for(lock, std::chrono::seconds(60), [&] {
            found.clear();
            for (auto const& text : lines)
                if (text.find(part) != text.npos) found.push_back(text);
            return total(found) >= events;
        });
        return found;
    }
};

/// This process can open so many descriptors and no more, while it lives.
class shortage {
public:
    explicit shortage(std::size_t left) {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        std::vector<descriptor> free;
        while (free.size() <= left) free.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        rlimit const now{static_cast<rlim_t>(free.back().number()), before_.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &now);
    }
    shortage(shortage const&) = delete;
    shortage& operator=(shortage const&) = delete;
    ~shortage() { ::setrlimit(RLIMIT_NOFILE, &before_); }

private:
    rlimit before_{};
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(manager_acceptor, fixture)

BOOST_AUTO_TEST_CASE(every_session_beyond_the_limit_is_in_a_line_or_in_its_count) {
    settings.limits.sessions = 0;
    listen_here();
    start();
    for (int i = 0; i < 5; ++i) BOOST_TEST(answer_to(raw_client(path())) == "\0\0\0\x0dO"sv);
    BOOST_TEST(total(lines_with("[limits] sessions = 0 reached", 5)) == 5U);
}

BOOST_AUTO_TEST_CASE(listener_that_fails_again_and_again_is_a_line_a_second) {
    auto& at = listen_tcp();
    start();
    ::shutdown(at.listener.socket().native_handle(), SHUT_RD);
    auto const said = lines_with("accept on inet:" + at.where.service + "@", 3);
    BOOST_TEST(said.size() == 2U);
    BOOST_TEST(said.back().ends_with(" more before)"), said.back());
    BOOST_TEST(total(said) < 100U); // each after a pause
}

BOOST_AUTO_TEST_CASE(addresses_beyond_the_capacity_are_refused_for_what_it_is) {
    auto const where = address_of(listen_tcp());
    start(1, 0);
    BOOST_TEST(answer_to(raw_client(where)) == "\0\0\0\x0dO"sv);
    auto const said = lines_with("addresses", 1);
    BOOST_REQUIRE(said.size() == 1U);
    BOOST_TEST(said[0] == "sessions of 0 addresses, the most there can be; none for 127.0.0.1: "
                          "its mail is refused as on_internal_error says");
    BOOST_TEST(lines_with("sessions_per_address", 0).empty());
}

BOOST_AUTO_TEST_CASE(each_worker_has_its_share_of_the_sessions) {
    milter_config gone;
    gone.name = "gone";
    gone.sockets = {{endpoint::kind::unix_path, dir / "none.sock", {}, {}}};
    settings.milters = {gone};
    listen_here();
    start(3);
    for (int i = 0; i < 3; ++i) BOOST_TEST(answer_to(raw_client(path())) == "\0\0\0\x0dO"sv);
    BOOST_TEST(lines_with("cannot connect to", 3).size() == 3U); // each on its worker's thread
    std::lock_guard const lock(mutex);
    BOOST_TEST(threads.size() == 3U);
}

BOOST_AUTO_TEST_CASE(
    who_comes_without_a_free_descriptor_is_answered_each_time_there_is_a_shortage) {
    listen_here();
    start();
    for (std::size_t i = 1; i <= 2; ++i) {
        while (one->sessions() > 0) std::this_thread::yield(); // their descriptors are free again
        {
            shortage const none(1); // the client's own
            BOOST_TEST(answer_to(raw_client(path())) == "\0\0\0\x0dO"sv);
        }
        BOOST_TEST(total(lines_with("out of file descriptors: a session is refused", i)) == i);
        BOOST_TEST(answer_to(raw_client(path())) == "\0\0\0\x0dO"sv); // after a pause
    }
}

BOOST_AUTO_TEST_SUITE_END()
