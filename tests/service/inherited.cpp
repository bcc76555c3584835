// SPDX-License-Identifier: BSL-1.0
// tests/service/inherited.cpp - whose sockets they are that came with the environment

#include "manager/service/inherited.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <netinet/in.h>
#include <support/temp_dir.hpp>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <string>
#include <utility>
#include <vector>

using namespace milter;
using namespace milter::manager;

namespace {

/// What a child of its own returns, as descriptors from 3 on are those of the tests here.
int in_child(std::function<int()> const& what) {
    auto const child = ::fork();
    if (child == 0) ::_exit(what());
    int status = 0;
    while (::waitpid(child, &status, 0) < 0) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// The sockets become descriptors 3, 4, ..., for this process.
void hand_over(std::vector<int> const& sockets, char const* names) {
    std::vector<int> away; // of each other's way
    away.reserve(sockets.size());
    for (int const one : sockets) away.push_back(::fcntl(one, F_DUPFD, 100));
    for (std::size_t i = 0; i < away.size(); ++i)
        ::dup2(away[i], first_inherited + static_cast<int>(i));
    // NOLINTBEGIN(concurrency-mt-unsafe): this process has no threads
    ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
    ::setenv("LISTEN_FDS", std::to_string(sockets.size()).c_str(), 1);
    ::setenv("LISTEN_FDNAMES", names, 1);
    // NOLINTEND(concurrency-mt-unsafe)
}

int unix_listener(std::string const& path) {
    int const made = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un where{};
    where.sun_family = AF_UNIX;
    path.copy(where.sun_path, sizeof where.sun_path - 1);
    static_cast<void>(::bind(made, reinterpret_cast<sockaddr const*>(&where), sizeof where));
    ::listen(made, 1);
    return made;
}

/// A port of the loopback, bound but not listened on.
std::pair<int, std::string> bound_port() {
    int const made = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in where{};
    socklen_t size = sizeof where;
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    static_cast<void>(::bind(made, reinterpret_cast<sockaddr const*>(&where), size));
    ::getsockname(made, reinterpret_cast<sockaddr*>(&where), &size);
    return {made, std::to_string(ntohs(where.sin_port))};
}

bool is_open(int descriptor) { return ::fcntl(descriptor, F_GETFD) >= 0; }

} // namespace

BOOST_AUTO_TEST_SUITE(inherited)

BOOST_AUTO_TEST_CASE(sockets_are_for_the_process_that_is_named) {
    auto const ours = parse_inheritance("7", "2", "mta:control", 7);
    BOOST_TEST(ours.count == 2);
    BOOST_TEST(ours.names == (std::vector<std::string>{"mta", "control"}),
               boost::test_tools::per_element());
    BOOST_TEST(parse_inheritance("8", "2", "mta", 7).count == 0);
    BOOST_TEST(parse_inheritance("7", "1", nullptr, 7).count == 1);
}

BOOST_AUTO_TEST_CASE(numbers_that_are_none_mean_no_sockets) {
    for (auto const* fds : {"", "0", "-1", "x", "2x", "257", "99999999999999999999"})
        BOOST_TEST(parse_inheritance("7", fds, nullptr, 7).count == 0, fds);
    for (auto const* pid : {"", "7x", "07 ", "-7"})
        BOOST_TEST(parse_inheritance(pid, "1", nullptr, 7).count == 0, pid);
    BOOST_TEST(parse_inheritance(nullptr, "1", nullptr, 7).count == 0);
    BOOST_TEST(parse_inheritance("7", nullptr, nullptr, 7).count == 0);
    BOOST_TEST(parse_inheritance("7", "256", nullptr, 7).count == 256);
}

BOOST_AUTO_TEST_CASE(sockets_are_ours_alone_and_the_variables_go) {
    support::temp_dir const dir;
    auto const check = [&] {
        hand_over({unix_listener(dir / "a.sock")}, "a");
        auto const found = inherited_sockets::of_environment();
        if ((::fcntl(first_inherited, F_GETFD) & FD_CLOEXEC) == 0) return 1;
        for (auto const* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"})
            if (std::getenv(name)) return 2; // NOLINT(concurrency-mt-unsafe)
        return 0;
    };
    BOOST_TEST(in_child(check) == 0);
}

BOOST_AUTO_TEST_CASE(socket_is_taken_once_by_its_address_and_only_when_it_listens) {
    support::temp_dir const dir;
    auto const check = [&] {
        auto const [listening, port] = bound_port();
        ::listen(listening, 1);
        auto const [idle, idle_port] = bound_port();
        hand_over({unix_listener(dir / "a.sock"), listening, idle}, "a:b");
        auto found = inherited_sockets::of_environment();
        endpoint const a{endpoint::kind::unix_path, dir / "./a.sock", {}, {}};
        if (found.take(a) != first_inherited) return 1;
        if (found.take(a)) return 2;
        if (found.take({endpoint::kind::inet, {}, "127.0.0.1", idle_port})) return 3;
        if (found.take({endpoint::kind::inet, {}, "127.0.0.2", port})) return 4;
        if (found.take({endpoint::kind::inet, {}, "127.0.0.1", port}) != first_inherited + 1)
            return 5;
        return 0;
    };
    BOOST_TEST(in_child(check) == 0);
}

BOOST_AUTO_TEST_CASE(what_nobody_takes_is_closed_and_named) {
    support::temp_dir const dir;
    auto const check = [&] {
        auto const odd = [] { return ::open("/dev/null", O_RDONLY); };
        hand_over({unix_listener(dir / "a.sock"), odd(), odd()}, "mta:odd");
        auto found = inherited_sockets::of_environment();
        if (!is_open(3) || !is_open(4) || !is_open(5)) return 1;
        auto const said = found.close_rest();
        if (is_open(3) || is_open(4) || is_open(5)) return 2;
        if (!found.close_rest().empty()) return 3;
        std::vector<std::string> const expected = {
            "inherited descriptor 3 (mta): no [[listen]] has unix:" + dir / "a.sock" + ": closed",
            "inherited descriptor 4 (odd): not a listening stream socket: closed",
            "inherited descriptor 5: not a listening stream socket: closed"};
        return said == expected ? 0 : 4;
    };
    BOOST_TEST(in_child(check) == 0);
}

BOOST_AUTO_TEST_CASE(socket_that_was_taken_stays_open_and_the_others_are_closed_at_the_end) {
    support::temp_dir const dir;
    auto const check = [&] {
        hand_over({unix_listener(dir / "a.sock"), unix_listener(dir / "b.sock")}, "");
        {
            auto found = inherited_sockets::of_environment();
            found.take({endpoint::kind::unix_path, dir / "a.sock", {}, {}});
        }
        if (!is_open(3)) return 1;
        return is_open(4) ? 2 : 0;
    };
    BOOST_TEST(in_child(check) == 0);
}

BOOST_AUTO_TEST_SUITE_END()
