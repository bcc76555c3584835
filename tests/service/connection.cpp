// SPDX-License-Identifier: BSL-1.0
// tests/service/connection.cpp - connecting, writing what the peer does not take at once, the end

#include "manager/service/connection.hpp"

#include <boost/test/unit_test.hpp>

#include <poll.h>
#include <support/print_error.hpp>
#include <support/temp_dir.hpp>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using namespace milter;
using manager::connection;
using manager::descriptor;
using manager::poller;

struct recorder : connection::owner {
    void connected(std::size_t, error_code ec) override { on_connected(ec); }
    void readable(std::size_t) override { on_readable(); }
    void drained(std::size_t) override { on_drained(); }
    std::function<void(error_code)> on_connected = [](error_code) {};
    std::function<void()> on_readable = [] {}, on_drained = [] {};
};

struct fixture {
    support::temp_dir dir;
    poller waits;
    recorder owner;
    connection one{waits, owner, 7};
    error_code ec;
    std::vector<char> room = std::vector<char>(65'536);

    /// The other end of `one`.
    descriptor pair(int send_buffer = 0) {
        std::array<int, 2> ends{};
        ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data());
        if (send_buffer > 0)
            ::setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer);
        one.accept(descriptor(ends[0]), ec);
        BOOST_REQUIRE(!ec);
        return descriptor(ends[1]);
    }

    static net::address at(std::string const& path) {
        return boost::asio::local::stream_protocol::endpoint(path);
    }

    static descriptor listen_at(net::address const& where, int backlog) {
        descriptor made(::socket(net::family_of(where), SOCK_STREAM | SOCK_NONBLOCK, 0));
        BOOST_REQUIRE(::bind(made.number(), where.data(), static_cast<socklen_t>(where.size())) ==
                      0);
        BOOST_REQUIRE(::listen(made.number(), backlog) == 0);
        return made;
    }

    /// A port of the loopback at which nobody listens, or `listener` does.
    static net::address port_of(descriptor const& listener) {
        sockaddr_storage where{};
        socklen_t size = sizeof where;
        ::getsockname(listener.number(), reinterpret_cast<sockaddr*>(&where), &size);
        net::address found;
        found.resize(size);
        std::memcpy(found.data(), &where, size);
        return found;
    }
    static descriptor bound_port() {
        descriptor made(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
        sockaddr_in where{};
        where.sin_family = AF_INET;
        where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        BOOST_REQUIRE(
            ::bind(made.number(), reinterpret_cast<sockaddr const*>(&where), sizeof where) == 0);
        return made;
    }

    std::size_t read_all(descriptor const& from) {
        std::size_t all = 0;
        for (auto n = ::recv(from.number(), room.data(), room.size(), 0); n > 0;
             n = ::recv(from.number(), room.data(), room.size(), 0))
            all += static_cast<std::size_t>(n);
        return all;
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(manager_connection, fixture)

BOOST_AUTO_TEST_CASE(unix_socket_is_connected_at_once) {
    auto const where = at(dir / "x.sock");
    auto const listener = listen_at(where, 1);
    int times = 0;
    owner.on_connected = [&](error_code failed) {
        ++times;
        BOOST_TEST(!failed);
    };
    one.connect({where}, {});
    BOOST_TEST(times == 1);
    BOOST_TEST(one.is_open());
}

BOOST_AUTO_TEST_CASE(next_address_is_tried_when_one_does_not_answer) {
    auto const deaf = bound_port();
    auto const listener = bound_port();
    ::listen(listener.number(), 1);
    error_code seen = errc::misuse;
    owner.on_connected = [&](error_code failed) {
        seen = failed;
        waits.stop();
    };
    one.connect({port_of(deaf), at(dir / "none.sock"), port_of(listener)}, {});
    waits.run();
    BOOST_TEST(!seen);
    BOOST_TEST(one.is_open());
}

BOOST_AUTO_TEST_CASE(last_failure_is_told_when_no_address_answers) {
    auto const deaf = bound_port();
    error_code seen;
    owner.on_connected = [&](error_code failed) {
        seen = failed;
        waits.stop();
    };
    one.connect({at(dir / "none.sock"), port_of(deaf)}, {});
    waits.run();
    BOOST_TEST((seen == std::errc::connection_refused));
    BOOST_TEST(!one.is_open());
}

BOOST_AUTO_TEST_CASE(failure_of_the_name_service_is_told) {
    error_code seen;
    owner.on_connected = [&](error_code failed) { seen = failed; };
    one.connect({}, errc::timed_out);
    BOOST_TEST(seen == errc::timed_out);
}

BOOST_AUTO_TEST_CASE(full_queue_is_tried_again_until_there_is_room) {
    auto const where = at(dir / "x.sock");
    auto const listener = listen_at(where, 0);
    std::vector<descriptor> queue;
    int result = 0;
    while (result == 0) {
        queue.emplace_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));
        result =
            ::connect(queue.back().number(), where.data(), static_cast<socklen_t>(where.size()));
    }
    BOOST_REQUIRE(errno == EAGAIN);
    int times = 0;
    owner.on_connected = [&](error_code failed) {
        ++times;
        BOOST_TEST(!failed);
    };
    one.connect({where}, {});
    auto const again = one.deadline(1h);
    BOOST_TEST((again != proto::never));
    BOOST_TEST(one.expire(again, 1h));
    BOOST_TEST(times == 0); // still full
    descriptor const accepted(::accept(listener.number(), nullptr, nullptr));
    BOOST_TEST(one.expire(again + 1s, 1h));
    BOOST_TEST(times == 1);
    BOOST_TEST((one.deadline(1h) == proto::never));
}

BOOST_AUTO_TEST_CASE(what_the_peer_says_waits_while_nobody_listens) {
    auto const peer = pair();
    int told = 0;
    owner.on_readable = [&] {
        ++told;
        waits.stop();
    };
    one.listen(false);
    BOOST_TEST(::send(peer.number(), "x", 1, 0) == 1);
    poller::alarm later(waits, [&] {
        BOOST_TEST(told == 0);
        one.listen(true);
    });
    later.set(waits.now() + 20ms);
    waits.run();
    BOOST_TEST(told == 1);
    BOOST_TEST(one.read(room, ec) == 1u);
}

BOOST_AUTO_TEST_CASE(end_is_told_although_nobody_listens) {
    auto peer = pair();
    owner.on_readable = [&] { waits.stop(); };
    one.listen(false);
    peer.close();
    waits.run();
    BOOST_TEST(one.read(room, ec) == 0u);
    BOOST_TEST(ec == errc::connection_closed);
}

BOOST_AUTO_TEST_CASE(what_waits_to_be_written_goes_out_while_nobody_listens) {
    auto const peer = pair();
    owner.on_drained = [&] { waits.stop(); };
    BOOST_TEST(!one.write(std::string(1'000'000, 'a')));
    one.listen(false);
    std::size_t heard = 0;
    poller::alarm read(waits, [&] {
        heard += read_all(peer);
        read.set(waits.now());
    });
    read.set(waits.now());
    waits.run();
    heard += read_all(peer);
    BOOST_TEST(heard == 1'000'000u);
}

BOOST_AUTO_TEST_CASE(bytes_that_the_peer_does_not_take_wait_and_come_in_order) {
    auto const peer = pair();
    std::string const first(300'000, 'a'), second(300'000, 'b');
    BOOST_TEST(!one.write(first));
    BOOST_TEST(!one.write(second));
    BOOST_TEST((one.deadline(10s) == waits.now() + 10s));
    std::string heard;
    bool drained = false;
    owner.on_drained = [&] {
        drained = true;
        waits.stop();
    };
    poller::alarm read(waits, [&] {
        for (auto n = ::recv(peer.number(), room.data(), room.size(), 0); n > 0;
             n = ::recv(peer.number(), room.data(), room.size(), 0))
            heard.append(room.data(), static_cast<std::size_t>(n));
        read.set(waits.now());
    });
    read.set(waits.now());
    waits.run();
    BOOST_TEST(drained);
    heard.resize(heard.size() + read_all(peer), 'b');
    BOOST_TEST((heard == first + second));
    BOOST_TEST((one.deadline(10s) == proto::never));
}

BOOST_AUTO_TEST_CASE(bytes_come_in_order_also_to_a_peer_that_reads_meanwhile) {
    auto const peer = pair(8192); // so that it is full, and has room again, many times
    std::string sent;
    for (std::uint32_t i = 0; sent.size() < 8'000'000; ++i)
        sent.append(reinterpret_cast<char const*>(&i), sizeof i);
    std::string heard;
    std::thread reader([&] {
        std::vector<char> mine(65'536);
        while (heard.size() < sent.size()) {
            pollfd wait{peer.number(), POLLIN, 0};
            ::poll(&wait, 1, 60'000);
            auto const n = ::recv(peer.number(), mine.data(), mine.size(), 0);
            if (n <= 0) break;
            heard.append(mine.data(), static_cast<std::size_t>(n));
        }
    });
    owner.on_drained = [&] { waits.stop(); };
    if (!one.write(sent)) waits.run();
    reader.join();
    BOOST_TEST((heard == sent));
}

BOOST_AUTO_TEST_CASE(that_all_is_written_is_told_once) {
    auto const peer = pair();
    BOOST_TEST(!one.write(std::string(300'000, 'a')));
    int times = 0;
    owner.on_drained = [&] {
        ++times;
        read_all(peer); // so that there is room all the time
    };
    read_all(peer);
    poller::alarm end(waits, [&] {
        if (times == 0) return end.set(waits.now() + 1ms);
        waits.stop();
    });
    end.set(waits.now() + 5ms);
    waits.run();
    BOOST_TEST(times == 1);
}

BOOST_AUTO_TEST_CASE(nothing_is_told_of_a_closed_connection_that_a_child_has_a_copy_of) {
    std::array<int, 2> ends{};
    ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data());
    descriptor const copy(::dup(ends[0])),
        peer(ends[1]); // a child has one until it runs its program
    one.accept(descriptor(ends[0]), ec);
    BOOST_REQUIRE(!ec);
    int times = 0;
    owner.on_readable = [&] { ++times; };
    one.close();
    BOOST_REQUIRE(::write(peer.number(), "x", 1) == 1);
    waits.post([&] { waits.stop(); });
    waits.run();
    BOOST_TEST(times == 0);
}

BOOST_AUTO_TEST_CASE(peer_that_does_not_read_is_found_after_a_while) {
    auto const peer = pair();
    BOOST_TEST(!one.write(std::string(1'000'000, 'a')));
    auto const late = one.deadline(10s);
    BOOST_TEST(one.expire(late - 1ms, 10s));
    BOOST_TEST(!one.expire(late, 10s));
}

BOOST_AUTO_TEST_CASE(what_the_peer_said_is_read_before_its_end) {
    auto peer = pair();
    ::send(peer.number(), "last", 4, MSG_NOSIGNAL);
    peer.close();
    std::string heard;
    owner.on_readable = [&] {
        auto const size = one.read(room, ec);
        heard.append(room.data(), size);
        if (ec) waits.stop();
    };
    waits.run();
    BOOST_TEST(heard == "last");
    BOOST_TEST(ec == errc::connection_closed);
}

BOOST_AUTO_TEST_CASE(deaf_connection_is_told_of_nothing) {
    auto peer = pair();
    peer.close();
    int times = 0;
    owner.on_readable = [&] { ++times; };
    one.deafen();
    poller::alarm end(waits, [&] { waits.stop(); });
    end.set(waits.now() + 5ms);
    waits.run();
    BOOST_TEST(times == 0);
}

BOOST_AUTO_TEST_CASE(stuck_connection_that_was_deafened_has_no_deadline_and_says_nothing_more) {
    auto const peer = pair();
    BOOST_TEST(!one.write(std::string(1'000'000, 'a')));
    auto const late = one.deadline(10s);
    BOOST_TEST(!one.expire(late, 10s));
    one.deafen();
    BOOST_TEST((one.deadline(10s) == proto::never));
    BOOST_TEST(one.expire(late, 10s));
    auto const piece = read_all(peer);
    BOOST_TEST(piece < 1'000'000U);
    BOOST_TEST(!one.write("late"));
    BOOST_TEST((one.deadline(10s) == proto::never));
    one.close("bye");
    BOOST_TEST(read_all(peer) == 0U); // it would stand in the middle of what was cut off
}

BOOST_AUTO_TEST_CASE(deaf_connection_that_is_stuck_later_is_found_once) {
    auto const peer = pair();
    one.deafen();
    BOOST_TEST(!one.write(std::string(1'000'000, 'a')));
    auto const late = one.deadline(10s);
    BOOST_TEST(!one.expire(late, 10s));
    one.deafen();
    BOOST_TEST((one.deadline(10s) == proto::never));
}

BOOST_AUTO_TEST_CASE(last_words_go_out_but_not_before_what_waits) {
    auto const peer = pair();
    one.close("bye");
    BOOST_TEST(read_all(peer) == 3U);
    auto const serial = one.serial();
    auto const other = pair();
    BOOST_TEST(!one.write(std::string(1'000'000, 'a')));
    one.close("bye");
    BOOST_TEST(one.serial() != serial);
    read_all(other);
    BOOST_TEST(room[0] == 'a');
    BOOST_TEST(std::string_view(room.data(), room.size()).find("bye") == std::string_view::npos);
}

BOOST_AUTO_TEST_CASE(connection_that_is_used_again_while_it_is_told_is_not_told_of_the_old_one) {
    auto const peer = pair();
    BOOST_TEST(!one.write(std::string(300'000, 'a')));
    ::send(peer.number(), "old", 3, MSG_NOSIGNAL);
    descriptor next;
    int readable = 0;
    owner.on_drained = [&] {
        one.close();
        next = pair();
    };
    owner.on_readable = [&] {
        ++readable;
        one.read(room, ec);
        BOOST_TEST(room[0] == 'o'); // of the first, before it was drained
    };
    poller::alarm end(waits, [&] { waits.stop(); });
    poller::alarm read(waits, [&] {
        read_all(peer);
        read.set(waits.now());
    });
    read.set(waits.now());
    end.set(waits.now() + 20ms);
    waits.run();
    BOOST_TEST(readable <= 1);
    BOOST_TEST(next.is_open());
}

BOOST_AUTO_TEST_CASE(
    what_was_there_to_read_is_not_told_of_the_connection_that_follows_in_the_same_turn) {
    auto const peer = pair();
    BOOST_TEST(!one.write(std::string(300'000, 'a')));
    read_all(peer);
    ::send(peer.number(), "old", 3, MSG_NOSIGNAL); // so both are told at once
    descriptor next;
    int readable = 0;
    owner.on_drained = [&] {
        one.close();
        next = pair();
        waits.stop();
    };
    owner.on_readable = [&] { ++readable; };
    waits.run();
    BOOST_TEST(next.is_open());
    BOOST_TEST(readable == 0);
}

BOOST_AUTO_TEST_SUITE_END()
