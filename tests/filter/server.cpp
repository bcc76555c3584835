// SPDX-License-Identifier: BSL-1.0
// tests/filter/server.cpp - a server on its sockets: handlers that wait, deadlines, keepalives, limits, an end in good order
//
// What takes time is decided by the test, through a gate that handlers wait at; deadlines are ones that surely pass.

#include "milter/filter/server.hpp"

#include <milter/wire/command.hpp>

#include <boost/asio/use_awaitable.hpp>
#include <boost/test/unit_test.hpp>

#include <support/print_error.hpp>
#include <support/raw_client.hpp>
#include <support/temp_dir.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace asio = boost::asio;
namespace filter = milter::filter;
namespace wire = milter::wire;
using namespace std::chrono_literals;

namespace {

/// What handlers wait at, until the test opens it.
struct gate {
    std::atomic<bool> open{false};
    std::atomic<int> waiting{0};
    std::atomic<int> messages{0}; ///< alive

    filter::awaitable<void> pass(filter::async_context& context) {
        ++waiting;
        asio::steady_timer again(context.executor());
        while (!open) {
            again.expires_after(1ms);
            co_await again.async_wait(asio::use_awaitable);
        }
    }
};

/// Waits at the gate where the sender says so.
struct waiter {
    using shared = gate;
    gate& at;

    struct message {
        static constexpr auto actions = filter::action::add_header | filter::action::change_body;

        explicit message(waiter& from) : of(from) { ++of.at.messages; }
        message(message const&) = delete;
        message& operator=(message const&) = delete;
        ~message() { --of.at.messages; }

        filter::awaitable<filter::verdict> mail(filter::sender const& from,
                                                filter::async_context& context) {
            sender = from.mailbox();
            if (sender == "mail") co_await of.at.pass(context);
            if (sender == "throw") throw std::runtime_error("no");
            co_return filter::proceed;
        }
        filter::awaitable<void> rcpt(filter::async_context& context) {
            if (sender == "rcpt") co_await of.at.pass(context);
        }
        filter::awaitable<filter::body_verdict> body() { co_return filter::skip; }
        filter::awaitable<void> end_of_message(filter::edits& edits,
                                               filter::async_context& context) {
            if (sender == "body") edits.replace_body("new");
            if (sender == "end" || sender == "body") co_await of.at.pass(context);
            if (sender == "body") edits.replace_body(" body");
            co_await context.progress();
            edits.add_header("X-Waited", "yes");
        }

        waiter& of;
        std::string sender;
    };
};

/// An MTA that hears one reply code after another.
class phone {
public:
    explicit phone(std::string const& path) : client_(path) {}

    template <class Command> phone& say(Command const& command) {
        std::string bytes;
        wire::encode(bytes, command);
        client_.say(bytes);
        return *this;
    }
    /// The code of the next reply, and of all behind that are keepalives the first other; '-' at the end.
    char hear() {
        for (;;) {
            auto const size = client_.some(4);
            if (size.empty() || size[3] == '\0') return '-';
            auto const reply = client_.some(static_cast<unsigned char>(size[3]));
            if (reply[0] != 'p') return reply[0];
            ++keepalives;
            if (on_keepalive) on_keepalive();
        }
    }
    bool closed() { return client_.rest().empty(); }

    template <class Command> char ask(Command const& command) { return say(command).hear(); }
    char mail(std::string_view from) {
        ask(wire::negotiate{});
        return ask(wire::mail{from, {}});
    }

    int keepalives = 0;
    std::function<void()> on_keepalive;

private:
    support::raw_client client_;
};

struct running {
    support::temp_dir dir;
    std::string path = dir / "x.sock";
    gate at;
    std::mutex lock;
    std::vector<std::string> log;
    std::vector<std::string> levels; ///< of the same lines
    filter::server_options options = usual();
    std::optional<filter::server<waiter>> server;
    std::thread thread;

    filter::server_options usual() {
        filter::server_options all;
        all.listen = {"unix:" + path};
        all.timeouts.handler = all.timeouts.end_of_message = 1h;
        all.timeouts.keepalive = 0s;
        all.timeouts.stop = 1h;
        all.timeouts.stop_idle = 0s;
        all.hooks.on_log = [this](filter::log_entry const& entry) {
            std::lock_guard const hold(lock);
            log.emplace_back(entry.text);
            levels.emplace_back(name_of(entry.level));
        };
        return all;
    }

    void start() {
        server.emplace(options, at);
        server->open();
        thread = std::thread([this] { server->run(); });
    }
    void finish() {
        if (!thread.joinable()) return;
        server->stop();
        thread.join();
    }
    running() = default;
    running(running const&) = delete;
    running& operator=(running const&) = delete;
    ~running() {
        at.open = true;
        finish();
    }

    void until_waiting(int count) const {
        while (at.waiting != count) std::this_thread::yield();
    }
    void until_logged(std::size_t lines) {
        auto const logged = [this] {
            std::lock_guard const hold(lock);
            return log.size();
        };
        while (logged() < lines) std::this_thread::yield();
    }
    std::string first_line() {
        std::lock_guard const hold(lock);
        return log.empty() ? "" : log.front();
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(server, running)

BOOST_AUTO_TEST_CASE(handlers_may_wait_and_others_are_served_meanwhile) {
    start();
    phone slow(path), quick(path);
    slow.ask(wire::negotiate{});
    slow.say(wire::mail{"mail", {}});
    until_waiting(1);
    BOOST_TEST(quick.mail("x") == 'c');
    BOOST_TEST(quick.say(wire::rcpt{"<b@c>", {}}).ask(wire::body{"text"}) == 's');
    BOOST_TEST(quick.ask(wire::end_of_message{}) == 'h');
    BOOST_TEST(quick.hear() == 'c');
    BOOST_TEST(quick.keepalives == 1);
    at.open = true;
    BOOST_TEST(slow.hear() == 'c');
}

BOOST_AUTO_TEST_CASE(what_a_coroutine_throws_is_tempfail) {
    start();
    phone mta(path);
    BOOST_TEST(mta.mail("throw") == 't');
    BOOST_TEST(first_line() == "mail: \"no\"");
    BOOST_TEST(mta.ask(wire::mail{"x", {}}) == 'c');
    BOOST_TEST(server->counts().exceptions == 1);
}

BOOST_AUTO_TEST_CASE(a_handler_that_is_late_is_cancelled_and_tempfailed) {
    options.timeouts.handler = options.timeouts.end_of_message = 1ms;
    start();
    phone mta(path);
    BOOST_TEST(mta.mail("mail") == 't');
    BOOST_TEST(first_line() == "mail: \"its deadline has passed\"");
    BOOST_TEST(server->counts().late == 1);
    BOOST_TEST(mta.ask(wire::mail{"end", {}}) == 'c');
    BOOST_TEST(mta.say(wire::rcpt{"<b@c>", {}}).ask(wire::end_of_message{}) == 't');
    BOOST_TEST(mta.ask(wire::mail{"x", {}}) == 'c');
}

BOOST_AUTO_TEST_CASE(one_that_is_late_where_nothing_is_answered_is_told_with_the_next_answer) {
    options.timeouts.handler = 1ms;
    start();
    phone mta(path);
    BOOST_TEST(mta.mail("rcpt") == 'c');
    BOOST_TEST(mta.say(wire::rcpt{"<b@c>", {}}).ask(wire::end_of_message{}) == 't');
}

BOOST_AUTO_TEST_CASE(the_mta_is_told_that_the_end_of_message_takes_a_while) {
    options.timeouts.keepalive = 1ms;
    start();
    phone mta(path);
    mta.on_keepalive = [this] { at.open = true; };
    mta.mail("end");
    BOOST_TEST(mta.say(wire::rcpt{"<b@c>", {}}).ask(wire::end_of_message{}) == 'h');
    BOOST_TEST(mta.keepalives >= 2); // the handler's own is one
    BOOST_TEST(mta.hear() == 'c');
}

BOOST_AUTO_TEST_CASE(no_keepalive_comes_between_two_pieces_of_a_body) {
    options.timeouts.keepalive = 1ms;
    start();
    phone mta(path), other(path);
    mta.mail("body");
    mta.say(wire::rcpt{"<b@c>", {}}).say(wire::end_of_message{});
    until_waiting(1);
    other.on_keepalive = [&] {
        if (other.keepalives == 5) at.open = true;
    }; // time has passed for both
    other.mail("end");
    BOOST_TEST(other.say(wire::rcpt{"<b@c>", {}}).ask(wire::end_of_message{}) == 'h');
    BOOST_TEST(mta.hear() == 'b');
    BOOST_TEST(mta.hear() == 'b');
    BOOST_TEST(mta.keepalives == 0);
    BOOST_TEST(mta.hear() == 'h');
    BOOST_TEST(mta.hear() == 'c');
}

BOOST_AUTO_TEST_CASE(more_connections_than_allowed_are_closed_at_once) {
    options.max_connections = 1;
    start();
    phone first(path);
    BOOST_TEST(first.mail("x") == 'c');
    phone second(path);
    BOOST_TEST(second.closed());
    BOOST_TEST(first.ask(wire::mail{"y", {}}) == 'c');
    BOOST_TEST(server->counts().refused == 1);
    BOOST_TEST(server->counts().open == 1);
}

BOOST_AUTO_TEST_CASE(what_is_no_milter_packet_ends_its_connection_alone) {
    start();
    phone good(path);
    BOOST_TEST(good.mail("x") == 'c');
    {
        support::raw_client bad(path);
        bad.say("GET / HTTP/1.0\r\n\r\n");
        BOOST_TEST(bad.rest().empty());
    }
    BOOST_TEST(server->counts().broken == 1);
    BOOST_TEST(first_line().find("HTTP") != std::string::npos, first_line());
    BOOST_TEST(good.ask(wire::mail{"y", {}}) == 'c');
}

BOOST_AUTO_TEST_CASE(a_packet_that_is_larger_than_allowed_ends_the_connection) {
    options.max_command_bytes = 100;
    start();
    phone mta(path);
    BOOST_TEST(mta.mail("x") == 'c');
    mta.say(wire::body{std::string(200, 'x')});
    BOOST_TEST(mta.closed());
}

BOOST_AUTO_TEST_CASE(who_only_looks_whether_it_is_there_is_no_trouble) {
    start();
    { support::raw_client const probe(path); }
    {
        phone negotiates(path);
        negotiates.ask(wire::negotiate{});
    }
    until_logged(2);
    BOOST_TEST(levels == (std::vector<std::string>{"info", "info"}),
               boost::test_tools::per_element());
    BOOST_TEST(first_line() == "connection closed by peer");
    BOOST_TEST(server->counts().broken == 0);
    { BOOST_TEST(phone(path).mail("x") == 'c'); }
    until_logged(3);
    BOOST_TEST(levels.back() == "warning");
    BOOST_TEST(server->counts().broken == 1);
}

BOOST_AUTO_TEST_CASE(an_idle_connection_is_left_when_its_time_is_over) {
    options.timeouts.idle = 1ms;
    start();
    phone mta(path);
    mta.ask(wire::negotiate{});
    BOOST_TEST(mta.closed());
    BOOST_TEST(first_line() == "timed out");
}

BOOST_AUTO_TEST_CASE(a_stop_lets_the_message_end_and_takes_nobody_new) {
    options.workers = 2;
    start();
    phone busy(path), idle(path);
    BOOST_TEST(idle.mail("x") == 'c');
    idle.say(wire::abort{});
    busy.ask(wire::negotiate{});
    busy.say(wire::mail{"mail", {}});
    until_waiting(1);
    server->stop();
    BOOST_TEST(idle.closed());
    BOOST_TEST(!std::filesystem::exists(path));
    at.open = true;
    BOOST_TEST(busy.hear() == 'c');
    BOOST_TEST(busy.say(wire::rcpt{"<b@c>", {}}).ask(wire::end_of_message{}) == 'h');
    BOOST_TEST(busy.hear() == 'c');
    BOOST_TEST(busy.closed());
    thread.join();
    BOOST_TEST(server->counts().open == 0);
    BOOST_TEST(at.messages == 0);
    BOOST_TEST(first_line().empty(), first_line());
}

BOOST_AUTO_TEST_CASE(a_stop_that_is_late_cancels_handlers) {
    options.timeouts.stop = 1ms;
    start();
    phone busy(path);
    busy.ask(wire::negotiate{});
    busy.say(wire::mail{"mail", {}});
    until_waiting(1);
    finish();
    BOOST_TEST(at.messages == 0);
    BOOST_TEST(busy.closed());
}

BOOST_AUTO_TEST_CASE(a_server_listens_where_it_says) {
    options.listen = {"unix:" + path, "inet:0@127.0.0.1"};
    start();
    auto const all = server->endpoints();
    BOOST_REQUIRE(all.size() == 2);
    BOOST_TEST(all[0].path == path);
    BOOST_TEST(all[1].service != "0");
    finish();
    BOOST_TEST(!std::filesystem::exists(path));
}

BOOST_AUTO_TEST_CASE(a_socket_that_cannot_be_had_is_an_exception) {
    options.listen = {"nonsense"};
    server.emplace(options, at);
    BOOST_CHECK_THROW(server->open(), std::invalid_argument);
    options.listen = {"unix:" + (dir / "no") + "/x.sock"};
    server.emplace(options, at);
    BOOST_CHECK_THROW(server->open(), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(a_program_knows_help_and_what_milters_have_before_their_socket) {
    auto const parsed = [](std::vector<std::string> words) {
        std::vector<char*> argv;
        argv.reserve(words.size());
        for (auto& one : words) argv.push_back(one.data());
        return filter::detail::options_of(static_cast<int>(argv.size()), argv.data()).listen;
    };
    std::vector<std::string> const both{"unix:/a", "inet:1@b"};
    BOOST_TEST(parsed({"milter", "unix:/a", "inet:1@b"}) == both, boost::test_tools::per_element());
    BOOST_TEST(parsed({"milter", "-p", "unix:/a", "-p", "inet:1@b"}) == both,
               boost::test_tools::per_element());
    auto const says = [](std::string text) {
        return [text = std::move(text)](std::invalid_argument const& why) {
            return std::string_view(why.what()).starts_with(text);
        };
    };
    BOOST_CHECK_EXCEPTION(parsed({"milter", "-x"}), std::invalid_argument,
                          says("-x: no such option\nusage: milter "));
    BOOST_CHECK_EXCEPTION(parsed({"milter", "-p"}), std::invalid_argument, says("usage: milter "));
    for (auto const* word : {"--help", "-h"}) {
        std::array words{std::string("milter"), std::string(word)};
        std::array<char*, 2> argv{words[0].data(), words[1].data()};
        BOOST_TEST(filter::run<waiter>(2, argv.data(), at) == 0);
    }
}

BOOST_AUTO_TEST_SUITE_END()
