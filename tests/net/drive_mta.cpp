// SPDX-License-Identifier: BSL-1.0
// tests/net/drive_mta.cpp - what the driver of an MTA side writes at once
//
// Numbers in the names of the cases are those of the statements in the protocol description. Whole conversations:
// drivers.cpp.

#include "milter/net/drive_mta.hpp"

#include <boost/test/unit_test.hpp>

#include <support/coroutine.hpp>
#include <support/hex.hpp>
#include <support/print_error.hpp>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

using milter::error_code;
using namespace std::chrono_literals;
using namespace std::string_view_literals;
namespace asio = boost::asio;
namespace net = milter::net;
namespace proto = milter::proto;
namespace wire = milter::wire;
using support::bytes;
using wire::step;

namespace {

/// An MTA side on a socket that keeps the borders between writes; the test is the filter.
class written {
public:
    explicit written(proto::mta_options const& options = {}) : mta_(options) {
        int ends[2];
        BOOST_TEST_REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
        filter_ = ends[0];
        net::socket ours(context_);
        ours.assign(asio::generic::stream_protocol(AF_UNIX, 0), ends[1]);
        net::prepare(ours, AF_UNIX);
        stream_.emplace(std::move(ours));
        drive_.emplace(*stream_, mta_);
    }
    written(written const&) = delete;
    written& operator=(written const&) = delete;
    ~written() { ::close(filter_); }

    void negotiate(step steps) {
        filter_says(wire::negotiate_reply{6, wire::action::all, steps, {}});
        run([&]() -> asio::awaitable<void> { co_await drive_->negotiate(ec); });
        BOOST_TEST(!ec, ec.message());
        next_write();
    }

    template <class Reply> void filter_says(Reply const& reply) const {
        std::string packet;
        wire::encode(packet, reply);
        BOOST_TEST(::send(filter_, packet.data(), packet.size(), MSG_NOSIGNAL) ==
                   static_cast<ssize_t>(packet.size()));
    }

    template <class Command> void say(Command const& command, std::string_view macros = {}) {
        run([&]() -> asio::awaitable<void> {
            co_await drive_->command(
                command, wire::zstr_list(macros), [](wire::any_reply const&) {}, ec);
        });
        BOOST_TEST(!ec, ec.message());
    }

    template <class Command> std::optional<wire::reply_code> asked(Command const& command) {
        std::optional<wire::reply_code> verdict;
        ec = {};
        run([&]() -> asio::awaitable<void> {
            verdict = co_await drive_->command(
                command, {}, [](wire::any_reply const&) {}, ec);
        });
        BOOST_TEST(verdict.has_value() == !ec);
        return verdict;
    }

    void longest_wait(int times) { drive_->longest_wait(times); }

    /// The end of a message, which each keepalive that has come answers with another one.
    void ask_a_filter_that_only_lives(milter::errc stop_with = {}) {
        filter_says(wire::progress{});
        ec = {};
        run([&]() -> asio::awaitable<void> {
            co_await drive_->command(
                wire::end_of_message{}, {},
                [&](wire::any_reply const&) -> error_code {
                    filter_says(wire::progress{});
                    ++keepalives;
                    return stop_with == milter::errc{} ? error_code() : stop_with;
                },
                ec);
        });
    }

    void filter_goes() const { ::shutdown(filter_, SHUT_RDWR); }
    std::string const& unwritten() const noexcept { return mta_.output(); }

    void come_to_header() {
        for (int i = 0; i < 2; ++i) filter_says(wire::proceed{});
        say(wire::mail{"<>", {}});
        say(wire::rcpt{"<a@test>", {}});
        while (!next_write().empty()) {
        }
    }
    void send_nameless_header_and_flush() {
        mta_.send(wire::header{"", "v"}, proto::clock::now(), ec);
        run([&]() -> asio::awaitable<void> { co_await drive_->flush(ec); });
    }

    /// The bytes of one write; "" when there is none.
    std::string next_write() const {
        char room[4096];
        auto const size = ::recv(filter_, room, sizeof room, MSG_DONTWAIT);
        return size > 0 ? support::to_hex({room, static_cast<std::size_t>(size)}) : "";
    }

    error_code ec;
    std::size_t keepalives = 0;

private:
    template <class Work> void run(Work work) { support::run(context_, work()); }

    asio::io_context context_{1};
    int filter_ = -1;
    proto::mta_session mta_;
    std::optional<net::stream> stream_;
    std::optional<net::drive_mta> drive_;
};

} // namespace

BOOST_AUTO_TEST_SUITE(net_drive_mta)

BOOST_AUTO_TEST_CASE(macros_and_their_command_are_one_write_macros_first_21_181) {
    written mta;
    mta.negotiate(step::none);
    mta.filter_says(wire::proceed{});
    mta.say(wire::helo{"client.test"}, "j\0mx.test\0"sv);
    BOOST_TEST(mta.next_write() == support::to_hex(bytes("0000000c 44 48 'j' 00 'mx.test' 00"
                                                         "0000000d 48 'client.test' 00")));
    mta.filter_says(wire::proceed{});
    mta.say(wire::mail{"<a@test>", {}}, "{mail_addr}\0a@test\0"sv);
    BOOST_TEST(mta.next_write() ==
               support::to_hex(bytes("00000015 44 4d '{mail_addr}' 00 'a@test' 00"
                                     "0000000a 4d '<a@test>' 00")));
    BOOST_TEST(mta.next_write() == "");
}

BOOST_AUTO_TEST_CASE(commands_without_reply_wait_for_the_next_write_and_go_out_together_61) {
    written mta;
    mta.negotiate(step::nr_mail | step::nr_header | step::nr_end_of_headers | step::nr_body);
    mta.say(wire::mail{"<>", {}});
    mta.say(wire::header{"A", "1"});
    mta.say(wire::header{"B", "2"});
    mta.say(wire::end_of_headers{});
    mta.say(wire::body{"x"});
    BOOST_TEST(mta.next_write() == "");
    mta.filter_says(wire::accept{});
    mta.say(wire::end_of_message{});
    BOOST_TEST(mta.next_write() ==
               support::to_hex(bytes("00000004 4d '<>' 00 00000005 4c 'A' 00 '1' 00"
                                     "00000005 4c 'B' 00 '2' 00 00000001 4e 00000002 42 'x'"
                                     "00000001 45")));
    BOOST_TEST(mta.next_write() == "");
}

BOOST_AUTO_TEST_CASE(nothing_is_written_behind_an_error_and_the_error_stays) {
    written mta;
    mta.negotiate(step::nr_header);
    mta.come_to_header();
    mta.say(wire::header{"A", "1"});
    mta.send_nameless_header_and_flush();
    BOOST_TEST(mta.ec == milter::errc::empty_name);
    BOOST_TEST(mta.next_write() == "");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_written_any_more_is_dropped) {
    written mta;
    mta.negotiate(step::none);
    mta.filter_goes();
    BOOST_TEST(!mta.asked(wire::helo{"client.test"}));
    BOOST_TEST(mta.ec == milter::errc::connection_closed);
    BOOST_TEST(mta.unwritten() == "");
}

BOOST_AUTO_TEST_CASE(filter_that_says_for_ever_that_it_lives_is_given_up_when_a_wait_has_an_end) {
    proto::mta_options options;
    options.timeouts.end_of_message = 20ms;
    written mta(options);
    mta.negotiate(step::none);
    mta.longest_wait(2);
    mta.come_to_header();
    mta.filter_says(wire::proceed{});
    mta.say(wire::data{});
    mta.filter_says(wire::proceed{});
    mta.say(wire::end_of_headers{});
    mta.ask_a_filter_that_only_lives();
    BOOST_TEST(mta.ec == milter::errc::timed_out);
    BOOST_TEST(mta.keepalives >= 1U);
}

BOOST_AUTO_TEST_CASE(who_hears_a_reply_may_end_the_wait) {
    written mta;
    mta.negotiate(step::none);
    mta.come_to_header();
    mta.filter_says(wire::proceed{});
    mta.say(wire::data{});
    mta.filter_says(wire::proceed{});
    mta.say(wire::end_of_headers{});
    mta.ask_a_filter_that_only_lives(milter::errc::limit_exceeded);
    BOOST_TEST(mta.ec == milter::errc::limit_exceeded);
    BOOST_TEST(mta.keepalives == 1U);
}

BOOST_AUTO_TEST_CASE(verdict_is_returned_and_none_on_failure) {
    written mta;
    mta.negotiate(step::nr_mail);
    mta.filter_says(wire::tempfail{});
    BOOST_TEST((mta.asked(wire::helo{"client.test"}) == wire::reply_code::tempfail));
    BOOST_TEST((mta.asked(wire::mail{"<>", {}}) == wire::reply_code::proceed));
    mta.filter_says(wire::negotiate_reply{});
    BOOST_TEST(!mta.asked(wire::rcpt{"<a@test>", {}}));
    BOOST_TEST(mta.ec == milter::errc::reply_not_allowed);
    BOOST_TEST(!mta.asked(wire::data{}));
    BOOST_TEST(mta.ec == milter::errc::misuse);
}

BOOST_AUTO_TEST_SUITE_END()
