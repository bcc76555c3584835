// SPDX-License-Identifier: BSL-1.0
// tests/apps/manager_activation.cpp - sockets that the manager is given, and what it tells who started it
//
// systemd does not run where the tests do: they stand in for it.

#include "control_fixture.hpp"

#include <netinet/in.h>
#include <sys/un.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

using namespace manager_test;

namespace {

namespace fs = std::filesystem;

sockaddr_un unix_address(std::string const& path) {
    sockaddr_un where{};
    where.sun_family = AF_UNIX;
    path.copy(where.sun_path, sizeof where.sun_path - 1);
    if (path.front() == '@') where.sun_path[0] = '\0';
    return where;
}

/// A socket that listens, and that programs started from here inherit.
class kept_socket {
public:
    explicit kept_socket(std::string const& path) : fd_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
        auto const where = unix_address(path);
        BOOST_REQUIRE(::bind(fd_, reinterpret_cast<sockaddr const*>(&where), sizeof where) == 0);
        ::listen(fd_, 16);
    }
    kept_socket() : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in where{};
        socklen_t size = sizeof where;
        where.sin_family = AF_INET;
        where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        BOOST_REQUIRE(::bind(fd_, reinterpret_cast<sockaddr const*>(&where), size) == 0);
        ::listen(fd_, 16);
        ::getsockname(fd_, reinterpret_cast<sockaddr*>(&where), &size);
        port_ = ntohs(where.sin_port);
    }
    kept_socket(kept_socket const&) = delete;
    kept_socket& operator=(kept_socket const&) = delete;
    ~kept_socket() { ::close(fd_); }

    int fd() const { return fd_; }
    std::string port() const { return std::to_string(port_); }

private:
    int fd_;
    unsigned port_ = 0;
};

struct fixture : control_fixture {
    /// As systemd does it: descriptors from 3 on, and variables that say so.
    void start_with(std::vector<int> const& sockets, std::string const& names) {
        std::string script;
        for (std::size_t i = 0; i < sockets.size(); ++i) // first out of the way of each other
            script += "exec " + std::to_string(20 + i) + "<&" + std::to_string(sockets[i]) + "; ";
        for (std::size_t i = 0; i < sockets.size(); ++i)
            script += "exec " + std::to_string(3 + i) + "<&" + std::to_string(20 + i) + "; ";
        script += "LISTEN_PID=$$ LISTEN_FDS=" + std::to_string(sockets.size()) +
                  " LISTEN_FDNAMES=" + names + R"( exec "$0" run -c "$1")";
        manager = std::make_unique<background_program>(
            "/bin/bash", arguments{"-c", script, program("milter-manager"), configuration()}, dir,
            "listening on ", "manager");
    }
};

/// Where the manager reports to.
class supervisor {
public:
    explicit supervisor(std::string const& path)
        : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        auto const where = unix_address(path);
        auto const size = offsetof(sockaddr_un, sun_path) + path.size() + (path[0] == '@' ? 0 : 1);
        BOOST_REQUIRE(::bind(fd_, reinterpret_cast<sockaddr const*>(&where),
                             static_cast<socklen_t>(size)) == 0);
        timeval const patience{30, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        ::setenv("NOTIFY_SOCKET", path.c_str(), 1); // NOLINT(concurrency-mt-unsafe)
    }
    supervisor(supervisor const&) = delete;
    supervisor& operator=(supervisor const&) = delete;
    ~supervisor() {
        ::unsetenv("NOTIFY_SOCKET"); // NOLINT(concurrency-mt-unsafe)
        ::close(fd_);
    }

    /// First line of the next message.
    std::string hears() const {
        char room[256];
        auto const size = ::recv(fd_, room, sizeof room, 0);
        std::string const said(room, size > 0 ? static_cast<std::size_t>(size) : 0);
        return said.substr(0, said.find('\n'));
    }

private:
    int fd_;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(apps_manager_activation, fixture)

BOOST_AUTO_TEST_CASE(who_connects_while_no_manager_runs_is_served_by_the_next_one) {
    kept_socket const kept(path);
    for (int run = 0; run < 2; ++run) {
        raw_client const early(path);
        early.say(offer);
        start_with({kept.fd()}, "mta");
        BOOST_TEST(early.some(5) == "\0\0\0\x0dO"sv);
        BOOST_TEST(status()["listeners"][0]["inherited"] == true);
        early.end();
        early.rest();
        BOOST_TEST(manager->stop() == 0);
        BOOST_TEST(contains(manager->err(), "warning: mode and group of unix:" + path +
                                                " are left as they are: it is inherited\n"),
                   manager->err());
        BOOST_TEST(fs::exists(path));
    }
}

BOOST_AUTO_TEST_CASE(ports_are_found_by_number_and_the_control_socket_by_its_path) {
    kept_socket const port, orders(control);
    settings = listen_section("inet:" + port.port() + "@127.0.0.1") + settings;
    start_with({orders.fd(), port.fd()}, "orders:port");
    auto const said = status();
    BOOST_TEST(said["listeners"][0]["address"] == "unix:" + path);
    BOOST_TEST(!said["listeners"][0].contains("inherited"));
    BOOST_TEST(said["listeners"][1]["address"] == "inet:" + port.port() + "@[127.0.0.1]");
    BOOST_TEST(said["listeners"][1]["inherited"] == true);
    reloads();
    BOOST_TEST(manager->stop() == 0);
    BOOST_TEST(!contains(manager->err(), "no [[listen]] has"), manager->err());
    BOOST_TEST(fs::exists(control));
    BOOST_TEST(!fs::exists(path));
}

BOOST_AUTO_TEST_CASE(
    check_is_content_with_a_socket_that_was_inherited_where_nobody_else_could_make_it) {
    if (!can_be_nobody()) return;
    let_all_in();
    kept_socket const kept(path);
    milter("x");
    settings = "group = \"0\"\n" + control_section("mode = \"0666\"\n");
    start_with({kept.fd()}, "mta");
    auto const checked = as_nobody({"check", "-c", config_file});
    BOOST_TEST(checked.err == "");
    BOOST_TEST(checked.out == config_file + ": 1 listener, 1 milter, no errors\n");
}

BOOST_AUTO_TEST_CASE(check_takes_nobody_for_another_program_while_no_manager_runs) {
    kept_socket const kept(path), orders(control);
    milter("x");
    auto const checked =
        support::run_program(program("milter-manager"), {"check", "-c", configuration()}, dir);
    BOOST_TEST(checked.err == "");
    for (auto const& one : {path, control})
        BOOST_TEST(contains(checked.out, "note: socket: unix:" + one + " is listened on already\n"),
                   checked.out);
    BOOST_TEST(contains(checked.out, "does not tell: no answer in time"), checked.out);
}

BOOST_AUTO_TEST_CASE(a_socket_that_no_listener_names_is_closed_and_told_of) {
    kept_socket const odd(dir / "odd.sock");
    auto const no_socket = ::dup(0);
    start_with({odd.fd(), no_socket}, "odd");
    ::close(no_socket);
    manager->stop();
    BOOST_TEST(
        contains(manager->err(), "warning: inherited descriptor 3 (odd): no [[listen]] has unix:" +
                                     dir / "odd.sock: closed\n"),
        manager->err());
    BOOST_TEST(contains(manager->err(),
                        "warning: inherited descriptor 4: not a listening stream socket: closed\n"),
               manager->err());
    BOOST_TEST(fs::exists(dir / "odd.sock"));
}

BOOST_AUTO_TEST_CASE(who_waits_at_a_drain_is_left_to_the_next_manager) {
    kept_socket const kept(path);
    filter("x", {});
    start_with({kept.fd()}, "mta");
    raw_client const slow(path);
    slow.say(offer);
    slow.some(17);
    BOOST_TEST(verb({"drain"}).exit_code == 0);
    raw_client const next(path);
    next.say(offer);
    slow.end();
    slow.rest();
    BOOST_TEST(manager->wait() == 0);
    start_with({kept.fd()}, "mta");
    BOOST_TEST(next.some(5) == "\0\0\0\x0dO"sv);
}

BOOST_AUTO_TEST_CASE(whoever_started_it_hears_how_it_is) {
    for (auto const& at : {dir / "notify", "@" + dir / "notify"}) {
        supervisor const above(at);
        start();
        BOOST_TEST(above.hears() == "READY=1");
        reloads();
        BOOST_TEST(above.hears() == "RELOADING=1");
        BOOST_TEST(above.hears() == "READY=1");
        BOOST_TEST(manager->stop() == 0);
        BOOST_TEST(above.hears() == "STOPPING=1");
    }
}

BOOST_AUTO_TEST_SUITE_END()
