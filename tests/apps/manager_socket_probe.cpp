// SPDX-License-Identifier: BSL-1.0
// tests/apps/manager_socket_probe.cpp - who listens on a socket, as `check` finds out for a user who may do less

#include "manager/socket_probe.hpp"
#include <milter/net/address.hpp>

#include <boost/test/unit_test.hpp>

#include <support/temp_dir.hpp>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>

using milter::manager::listen_error;

namespace {

/// Of another program.
class open_socket {
public:
    explicit open_socket(std::string const& where, int type = SOCK_STREAM) {
        auto const at = *milter::net::literal_address(*milter::parse_endpoint(where));
        open(at.data(), static_cast<socklen_t>(at.size()), type);
    }
    /// A name without a file.
    struct abstract {
        std::string name;
    };
    explicit open_socket(abstract const& what) {
        auto at = *milter::net::literal_address(*milter::parse_endpoint("unix:@" + what.name));
        auto* const raw = reinterpret_cast<char*>(at.data());
        raw[offsetof(sockaddr_un, sun_path)] = '\0';
        open(at.data(),
             static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + what.name.size()),
             SOCK_STREAM);
    }
    open_socket(open_socket const&) = delete;
    open_socket& operator=(open_socket const&) = delete;
    ~open_socket() { ::close(socket_); }

private:
    void open(sockaddr const* at, socklen_t size, int type) {
        socket_ = ::socket(at->sa_family, type | SOCK_CLOEXEC, 0);
        int const yes = 1;
        ::setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        BOOST_REQUIRE(::bind(socket_, at, size) == 0);
        if (type == SOCK_STREAM) BOOST_REQUIRE(::listen(socket_, 1) == 0);
    }

    int socket_ = -1;
};

/// This process meanwhile.
class nobody {
public:
    nobody() { BOOST_REQUIRE(::seteuid(65534) == 0); }
    nobody(nobody const&) = delete;
    nobody& operator=(nobody const&) = delete;
    ~nobody() {
        if (::seteuid(0) != 0) ::abort();
    }
};

struct fixture {
    support::temp_dir dir;
    std::string path = dir / "x.sock";

    static int error(std::string const& where) {
        return listen_error(*milter::parse_endpoint(where)).value();
    }
    static int error_for_nobody(std::string const& where) {
        nobody const meanwhile;
        return error(where);
    }
    void let_all_in() const { ::chmod((dir / "").c_str(), 0755); }
    void let_nobody_connect() const { ::chmod(path.c_str(), 0600); }
};

bool is_root() { return ::geteuid() == 0; }

constexpr auto privileged_port = "1021";

bool has_privileged_ports() {
    std::ifstream setting("/proc/sys/net/ipv4/ip_unprivileged_port_start");
    int first_free = 0;
    return setting >> first_free && first_free > 1021;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(apps_manager_socket_probe, fixture)

BOOST_AUTO_TEST_CASE(file_is_in_use_while_somebody_has_it_open_in_whatever_spelling) {
    BOOST_TEST(error(path) == 0);
    {
        open_socket const other(path);
        BOOST_TEST(error(path) == EADDRINUSE);
        BOOST_TEST(error(dir / ".//x.sock") == EADDRINUSE);
    }
    BOOST_TEST(error(path) == 0);
}

BOOST_AUTO_TEST_CASE(file_of_a_datagram_socket_is_in_use_and_one_that_is_no_socket_is_not_touched) {
    open_socket const other(path, SOCK_DGRAM);
    BOOST_TEST(error(path) == EADDRINUSE);
    dir.write("file", "x");
    BOOST_TEST(error(dir / "file") == EEXIST);
}

BOOST_AUTO_TEST_CASE(name_of_several_lines_cannot_tell_of_a_listener_that_is_not_there) {
    { open_socket const dead(path); }
    open_socket const forged(
        open_socket::abstract{"\n0: 00000002 00000000 00010000 0001 01 1 " + path + "\n"});
    BOOST_TEST(error(path) == 0);
}

BOOST_AUTO_TEST_CASE(listener_to_whom_this_user_may_not_connect_is_found) {
    if (!is_root()) return;
    let_all_in();
    std::optional<open_socket> other(path);
    let_nobody_connect();
    BOOST_TEST(error_for_nobody(path) == EADDRINUSE);
    ::chmod((dir / "").c_str(), 0700);
    BOOST_TEST(error_for_nobody(path) == EADDRINUSE);
    other.reset();
    BOOST_TEST(error_for_nobody(path) == 0); // nothing to be seen: the directory says why
    let_all_in();
    BOOST_TEST(error_for_nobody(path) == EACCES);
}

BOOST_AUTO_TEST_CASE(names_that_end_in_the_path_are_others) {
    if (!is_root()) return;
    let_all_in();
    { open_socket const dead(path); }
    let_nobody_connect();
    for (auto const& name : {"a " + path, " 1 " + path, "0001 01 1 " + path}) {
        open_socket const other(open_socket::abstract{name});
        BOOST_TEST(error_for_nobody(path) == EACCES, name);
    }
}

BOOST_AUTO_TEST_CASE(port_that_this_user_may_not_have_is_in_use_by_whoever_is_in_the_way) {
    if (!is_root() || !has_privileged_ports()) return;
    std::string const v4 = std::string("inet:") + privileged_port,
                      v6 = std::string("inet6:") + privileged_port;
    struct {
        std::string listens, asked;
        int error;
    } const rows[] = {
        {v4 + "@127.0.0.1", v4 + "@127.0.0.1", EADDRINUSE},
        {v4 + "@127.0.0.1", v4 + "@127.0.0.2", EACCES},
        {v4 + "@127.0.0.1", v4 + "@0.0.0.0", EADDRINUSE},
        {v4 + "@0.0.0.0", v4 + "@127.0.0.1", EADDRINUSE},
        {"inet:1020@127.0.0.1", v4 + "@127.0.0.1", EACCES},
        {v6 + "@::1", v6 + "@::1", EADDRINUSE},
        {v6 + "@::1", v6 + "@::", EADDRINUSE},
        {v6 + "@::1", v6 + "@::2", EACCES},
    };
    bool const has_v6 = error("inet6:0@::1") == 0;
    for (auto const& row : rows) {
        if (row.asked.starts_with("inet6") && !has_v6) continue;
        open_socket const other(row.listens);
        BOOST_TEST(error_for_nobody(row.asked) == row.error, row.listens << " " << row.asked);
        if (row.error == EADDRINUSE) BOOST_TEST(error(row.asked) == EADDRINUSE);
    }
}

BOOST_AUTO_TEST_SUITE_END()
