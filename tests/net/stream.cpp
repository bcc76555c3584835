// SPDX-License-Identifier: BSL-1.0
// tests/net/stream.cpp - every wait ends: with bytes, with the end of the connection, or at its deadline

#include "milter/net/stream.hpp"

#include <boost/asio/socket_base.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/test/unit_test.hpp>

#include <support/coroutine.hpp>
#include <support/print_error.hpp>

#include <chrono>
#include <string>

using milter::errc;
using milter::error_code;
using milter::net::stream;
using namespace std::chrono_literals;
namespace asio = boost::asio;
namespace proto = milter::proto;

namespace {

proto::time_point in(proto::duration time) { return proto::clock::now() + time; }

struct both_ends {
    asio::io_context context{1};
    support::socket_pair pair = support::connected_pair(context);
    stream ours{std::move(pair.first)};
    stream theirs{std::move(pair.second)};
};

asio::awaitable<std::string> read_some(stream& from, proto::time_point deadline, error_code& ec) {
    char room[64];
    auto const size = co_await from.read(room, deadline, ec);
    co_return std::string(room, size);
}

} // namespace

BOOST_AUTO_TEST_SUITE(net_stream)

BOOST_AUTO_TEST_CASE(bytes_arrive) {
    both_ends ends;
    error_code written, read;
    support::begin(ends.context, ends.theirs.write("hello", in(1h), written));
    BOOST_TEST(support::run(ends.context, read_some(ends.ours, in(1h), read)) == "hello");
    BOOST_TEST(!written);
    BOOST_TEST(!read);
}

BOOST_AUTO_TEST_CASE(a_read_ends_at_its_deadline_and_the_next_one_works) {
    both_ends ends;
    error_code ec;
    support::run(ends.context, read_some(ends.ours, in(1ms), ec));
    BOOST_TEST(ec == errc::timed_out);
    error_code written, read;
    support::begin(ends.context, ends.theirs.write("late", in(1h), written));
    BOOST_TEST(support::run(ends.context, read_some(ends.ours, in(1h), read)) == "late");
    BOOST_TEST(!read);
}

BOOST_AUTO_TEST_CASE(bytes_that_are_there_are_read_even_after_the_deadline) {
    both_ends ends;
    error_code written, read;
    support::run(ends.context, ends.theirs.write("there", in(1h), written));
    BOOST_TEST(support::run(ends.context, read_some(ends.ours, in(-1h), read)) == "there");
    BOOST_TEST(!read);
}

BOOST_AUTO_TEST_CASE(the_end_of_the_connection_is_told_as_such) {
    both_ends ends;
    error_code ec;
    ends.theirs.close();
    BOOST_TEST(support::run(ends.context, read_some(ends.ours, in(1h), ec)) == "");
    BOOST_TEST(ec == errc::connection_closed);
}

BOOST_AUTO_TEST_CASE(a_write_to_who_has_gone_fails_without_a_signal) {
    both_ends ends;
    error_code ec;
    ends.theirs.close();
    support::run(ends.context, ends.ours.write("anybody?", in(1h), ec));
    BOOST_TEST(ec == errc::connection_closed);
}

BOOST_AUTO_TEST_CASE(a_write_that_nobody_reads_ends_at_its_deadline_196_203) {
    both_ends ends;
    error_code ec;
    ends.ours.lowest_layer().set_option(asio::socket_base::send_buffer_size(4096));
    support::run(ends.context, ends.ours.write(std::string(16 << 20, 'x'), in(5ms), ec));
    BOOST_TEST(ec == errc::timed_out);
}

asio::awaitable<std::size_t> read_all(stream& from, error_code& ec) {
    std::size_t total = 0;
    char room[64 * 1024];
    while (!ec) total += co_await from.read(room, in(1h), ec);
    co_return total;
}

asio::awaitable<void> write_and_close(stream& to, std::string const& bytes, error_code& ec) {
    co_await to.write(bytes, in(1h), ec);
    to.close();
}

BOOST_AUTO_TEST_CASE(a_large_write_goes_out_whole) {
    both_ends ends;
    std::string const bytes(3 << 20, 'x');
    error_code written, read;
    support::begin(ends.context, write_and_close(ends.theirs, bytes, written));
    BOOST_TEST(support::run(ends.context, read_all(ends.ours, read)) == bytes.size());
    BOOST_TEST(!written);
    BOOST_TEST(read == errc::connection_closed);
}

BOOST_AUTO_TEST_CASE(others_get_their_turn_whatever_need_not_wait) {
    both_ends ends;
    error_code ec;
    int in_a_row = 0;
    for (; in_a_row < 100 && ends.ours.try_write("x", ec) == 1; ++in_a_row) BOOST_TEST(!ec);
    BOOST_TEST(in_a_row > 1);
    BOOST_TEST(in_a_row < 100, "a writer does not wait");
    BOOST_TEST(!ec);
    BOOST_TEST(ends.ours.try_write("x", ec) == 0u);
    support::run(ends.context, ends.ours.write(std::string(99, 'y'), in(1h), ec));
    BOOST_TEST(!ec);
    BOOST_TEST(ends.ours.try_write("z", ec) == 1u);

    char room[1];
    int read = 0;
    while (read < 100 && ends.theirs.try_read(room, ec) == 1) ++read;
    BOOST_TEST(read > 1);
    BOOST_TEST(read < 100, "a reader does not wait");
    BOOST_TEST(!ec);
    BOOST_TEST(ends.theirs.try_read(room, ec) == 1u);
}

BOOST_AUTO_TEST_CASE(closing_ends_a_read_that_waits) {
    both_ends ends;
    error_code ec;
    asio::steady_timer later(ends.context, 1ms);
    later.async_wait([&](error_code) { ends.ours.close(); });
    support::run(ends.context, read_some(ends.ours, in(1h), ec));
    BOOST_TEST(ec == asio::error::operation_aborted);
}

BOOST_AUTO_TEST_CASE(tap_is_told_all_bytes_that_pass_whichever_way) {
    struct listening final : milter::net::stream_tap {
        void received(std::string_view bytes) override { heard.append(bytes); }
        void sent(std::string_view bytes) override { said.append(bytes); }
        void peer_ended(milter::net::stream_end how) override { heard += name(how); }
        void ended(milter::net::stream_end how) override { said += name(how); }
        static std::string name(milter::net::stream_end how) {
            return how == milter::net::stream_end::reset ? "(reset)" : "(closed)";
        }
        std::string heard, said;
    } tap;
    both_ends ends;
    ends.ours.tap(&tap);
    error_code ec;
    std::string const large(1 << 20, 'x'); // more than the system takes at once
    support::begin(ends.context, ends.ours.write(large, in(1h), ec));
    std::size_t seen = 0;
    while (seen < large.size())
        seen += support::run(ends.context, read_some(ends.theirs, in(1h), ec)).size();
    BOOST_TEST((tap.said == large));
    error_code written;
    support::run(ends.context, ends.theirs.write("hello", in(1h), written));
    support::run(ends.context, read_some(ends.ours, in(1h), ec));
    support::run(ends.context, ends.theirs.write(" again", in(1h), written));
    char room[16];
    std::size_t got = 0;
    while (got == 0) got = ends.ours.try_read(room, ec);
    BOOST_TEST(tap.heard == "hello again");
    ends.ours.tap(nullptr);
    support::run(ends.context, ends.ours.write("unheard", in(1h), ec));
    BOOST_TEST((tap.said == large));
    support::run(ends.context, read_some(ends.theirs, in(1h), ec)); // else its end is a reset
    ends.ours.tap(&tap);
    ends.theirs.close();
    support::run(ends.context, read_some(ends.ours, in(1h), ec));
    BOOST_TEST(tap.heard == "hello again(closed)");
    ends.ours.reset();
    ends.ours.close(); // it is closed
    BOOST_TEST((tap.said == large + "(reset)"));
}

BOOST_AUTO_TEST_SUITE_END()
