// SPDX-License-Identifier: BSL-1.0
// tests/apps/manager_listeners.cpp - listeners that come and go at a reload, and not one connection is lost

#include "control_fixture.hpp"

#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <atomic>
#include <cstring>
#include <filesystem>
#include <thread>
#include <utility>
#include <vector>

using namespace manager_test;

namespace {

namespace fs = std::filesystem;

sockaddr_in loopback(unsigned short port) {
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(port);
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return where;
}

/// One that nobody uses.
unsigned short free_port() {
    auto where = loopback(0);
    socklen_t size = sizeof where;
    int const fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    BOOST_REQUIRE(::bind(fd, reinterpret_cast<sockaddr const*>(&where), size) == 0);
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&where), &size);
    ::close(fd);
    return ntohs(where.sin_port);
}

struct address {
    sockaddr_storage raw{};
    socklen_t size = 0;
};

template <class Raw> address address_of(Raw const& raw) {
    address out;
    std::memcpy(&out.raw, &raw, sizeof raw);
    out.size = sizeof raw;
    return out;
}

address address_of_path(std::string const& path) {
    sockaddr_un where{};
    where.sun_family = AF_UNIX;
    path.copy(where.sun_path, sizeof where.sun_path - 1);
    return address_of(where);
}

/// Opens sessions as fast as it can. Whoever got a connection must get an answer.
class hammer {
public:
    explicit hammer(address const& where)
        : thread_([this, where] {
              while (!stopping_) strike(where);
          }) {}
    hammer(hammer const&) = delete;
    hammer& operator=(hammer const&) = delete;
    ~hammer() { stop(); }

    void stop() {
        stopping_ = true;
        if (thread_.joinable()) thread_.join();
    }
    int served() const { return served_; }
    int lost() const { return lost_; }

private:
    void strike(address const& where) {
        int const fd = ::socket(where.raw.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        timeval const patience{30, 0};
        ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        if (::connect(fd, reinterpret_cast<sockaddr const*>(&where.raw), where.size) == 0) {
            char room[17];
            ::send(fd, offer.data(), offer.size(), MSG_NOSIGNAL);
            bool const answered =
                support::receive(fd, room, sizeof room, MSG_WAITALL) == sizeof room;
            ++(answered ? served_ : lost_);
        }
        ::close(fd);
    }

    std::atomic<bool> stopping_ = false;
    std::atomic<int> served_ = 0, lost_ = 0;
    std::thread thread_;
};

struct fixture : control_fixture {
    std::string const own = settings;
    std::string second = dir / "second.sock";

    /// Reloads with the second listener and without it, several times, under fire.
    void comes_and_goes(std::string const& socket, address const& where) {
        settings = own + "[manager]\nworkers = 2\n";
        auto const without = settings;
        start();
        hammer first(address_of_path(path)), other(where);
        for (int i = 0; i < 4; ++i) {
            settings = listen_section(socket) + without;
            reloads();
            for (auto const before = other.served(); other.served() < before + 5;)
                std::this_thread::yield();
            settings = without;
            reloads();
        }
        first.stop();
        other.stop();
        BOOST_TEST(first.lost() == 0);
        BOOST_TEST(other.lost() == 0);
        BOOST_TEST(first.served() > 0);
        BOOST_TEST(manager->stop() == 0);
        BOOST_TEST(!contains(manager->err(), "accept on"), manager->err());
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(apps_manager_listeners, fixture)

BOOST_AUTO_TEST_CASE(a_unix_socket_comes_and_goes_and_loses_no_connection) {
    comes_and_goes("unix:" + second, address_of_path(second));
}

BOOST_AUTO_TEST_CASE(a_port_comes_and_goes_and_loses_no_connection) {
    auto const port = free_port();
    comes_and_goes("inet:" + std::to_string(port) + "@127.0.0.1", address_of(loopback(port)));
}

BOOST_AUTO_TEST_CASE(a_port_that_goes_and_is_wanted_back_at_once_goes_on_listening) {
    auto const port = free_port();
    auto const with = own + listen_section("inet:" + std::to_string(port) + "@127.0.0.1");
    settings = with;
    start();
    for (int i = 0; i < 25; ++i) {
        settings = own;
        reloads();
        settings = with;
        reloads();
        raw_client const one(loopback(port));
        one.say(offer);
        BOOST_TEST_REQUIRE(one.some(5) == "\0\0\0\x0dO"sv);
    }
    BOOST_TEST(listeners().size() == 2U);
    BOOST_TEST(manager->stop() == 0);
    BOOST_TEST(!contains(manager->err(), "cannot"), manager->err());
}

BOOST_AUTO_TEST_CASE(who_connected_before_the_listener_went_is_served) {
    settings = listen_section("unix:" + second) + own;
    start();
    raw_client const early(second);
    settings = own;
    reloads();
    BOOST_TEST(listeners() == json({"unix:" + path}));
    BOOST_TEST(!fs::exists(second));
    early.say(offer);
    BOOST_TEST(early.some(5) == "\0\0\0\x0dO"sv);
}

BOOST_AUTO_TEST_CASE(one_listener_that_cannot_be_opened_changes_nothing) {
    start();
    auto const third = dir / "third.sock";
    fs::create_directory(second);
    settings = listen_section("unix:" + third) + listen_section("unix:" + second) + own +
               "[limits]\nsessions = 5\n";
    configuration();
    auto const done = verb({"reload"});
    BOOST_TEST(done.exit_code == 69);
    BOOST_TEST(contains(done.err, "cannot listen on unix:" + second), done.err);
    BOOST_TEST(!fs::exists(third));
    auto const said = status();
    BOOST_TEST(listeners() == json({"unix:" + path}));
    BOOST_TEST(said["sessions"]["limit"] == 10000);
    BOOST_TEST(said["last_reload"]["ok"] == false);
    BOOST_TEST(contains(said["last_reload"]["problems"].back().get<std::string>(),
                        "cannot listen on unix:" + second));
    fs::remove(second);
    reloads();
    BOOST_TEST(listeners().size() == 3U);
    BOOST_TEST(status()["sessions"]["limit"] == 5);
}

BOOST_AUTO_TEST_CASE(a_control_socket_that_cannot_be_opened_changes_nothing) {
    start();
    auto const there = control;
    control = dir / "none/control.sock";
    settings = listen_section("unix:" + second) + control_section();
    configuration();
    control = there;
    BOOST_TEST(verb({"reload"}).exit_code == 69);
    BOOST_TEST(listeners() == json({"unix:" + path}));
    BOOST_TEST(!fs::exists(second));
}

BOOST_AUTO_TEST_CASE(a_port_on_all_addresses_waits_for_the_one_on_one_address) {
    auto const port = std::to_string(free_port());
    settings = listen_section("inet:" + port + "@127.0.0.1") + own;
    start();
    settings = listen_section("inet:" + port) + own;
    configuration();
    auto const done = verb({"reload"});
    BOOST_TEST(done.exit_code == 69);
    BOOST_TEST(contains(done.err, "inet:" + port + "@[127.0.0.1] is in its way until a restart"),
               done.err);
    settings =
        listen_section("inet:" + port + "@localhost") + own; // the same one, spelled otherwise
    reloads();
}

BOOST_AUTO_TEST_CASE(mode_of_a_socket_changes_and_the_socket_stays) {
    settings = listen_section("unix:" + second) + "mode = \"0600\"\n" + own;
    start();
    struct stat before {
    }, after{};
    ::stat(second.c_str(), &before);
    settings = listen_section("unix:" + second) + "mode = \"0666\"\n" + own;
    reloads();
    ::stat(second.c_str(), &after);
    BOOST_TEST(before.st_ino == after.st_ino);
    BOOST_TEST((after.st_mode & 0777U) == 0666U);
}

BOOST_AUTO_TEST_CASE(a_socket_whose_file_was_taken_away_is_opened_anew) {
    settings = listen_section("unix:" + second) + own;
    start();
    fs::remove(second);
    reloads();
    raw_client const one(second);
    one.say(offer);
    BOOST_TEST(one.some(5) == "\0\0\0\x0dO"sv);
}

BOOST_AUTO_TEST_CASE(the_control_socket_moves_at_a_reload) {
    start();
    auto const before = std::exchange(control, dir / "moved.sock");
    settings = control_section();
    configuration();
    control = before;
    BOOST_TEST(verb({"reload"}).exit_code == 0);
    BOOST_TEST(!fs::exists(control));
    control = dir / "moved.sock";
    BOOST_TEST(status()["state"] == "running");
}

BOOST_AUTO_TEST_CASE(an_address_has_no_more_sessions_than_allowed_and_others_are_served) {
    auto const port = free_port();
    auto const socket = "inet:" + std::to_string(port) + "@127.0.0.1";
    settings = own + listen_section(socket) +
               "[limits]\nsessions_per_address = 1\n"
               "[manager]\non_internal_error = \"reject\"\n";
    filter("x", {});
    start();
    {
        raw_client const first(loopback(port));
        first.say(offer);
        first.some(17);
        auto const over_tcp = [&](char const* expected) {
            return support::run_program(program("milter-test-server"),
                                        {"-s", socket, "--expect", expected}, dir);
        };
        for (int i = 0; i < 3; ++i) BOOST_TEST(over_tcp("reject").exit_code == 0);
        meets({"--expect", "pass|accept"}); // a unix socket is not limited
    }
    manager->stop();
    BOOST_TEST(contains(manager->err(),
                        "session 2: manager: warning: [limits] sessions_per_address = 1 reached by "
                        "127.0.0.1: its mail is refused as on_internal_error says\n"),
               manager->err());
}

BOOST_AUTO_TEST_CASE(listener_asks_the_milters_of_its_profile_and_of_another_one_after_a_reload) {
    filter("refuses", {"--on", "mail=reject"});
    filter("passes", {});
    auto const with = [&](std::string const& profile) {
        settings = own + listen_section("unix:" + second) + "profile = \"" + profile +
                   "\"\n[profile.strict]\nmilters = [\"passes\", \"refuses\"]\n"
                   "[profile.mild]\nmilters = [\"passes\"]\n";
    };
    auto const second_meets = [&](char const* expected) {
        auto const done = support::run_program(program("milter-test-server"),
                                               {"-s", "unix:" + second, "--expect", expected}, dir);
        BOOST_TEST(done.exit_code == 0, done.out);
    };
    with("mild");
    start();
    second_meets("pass|accept");
    meets({"--expect", "reject@mail"}); // without a profile: all of them
    raw_client const early(second);
    early.say(offer);
    early.some(17);
    with("strict");
    reloads();
    second_meets("reject@mail");
    with("mild");
    reloads();
    second_meets("pass|accept");
    BOOST_TEST(status()["listeners"][1]["sessions"] == 1); // the same socket all the time
}

BOOST_AUTO_TEST_SUITE_END()
