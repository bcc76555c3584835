// SPDX-License-Identifier: BSL-1.0
// test-filter/service.cpp - listens and runs a session for each connection
#include "test-filter/service.hpp"

#include "test-filter/connection.hpp"
#include "test-filter/recording.hpp"
#include <milter/net/listener.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <exception>
#include <list>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace milter::test_filter {

namespace asio = net::asio;

namespace {

constexpr auto accept_pause = std::chrono::milliseconds(100); // when descriptors have run out

std::unique_ptr<event_sink> make_sink(options const& wanted) {
    if (wanted.level == detail_level::quiet) return make_quiet_sink();
    return wanted.json ? make_json_sink(stdout) : make_text_sink(stdout, wanted.level);
}

class service {
    /// What a session throws ends the program: nobody would wait for that session any more.
    struct stops_at_failure {
        service& all;
        void operator()(std::exception_ptr const& why) const {
            if (!why) return;
            all.failure_ = why;
            all.context_.stop();
        }
    };

public:
    service(asio::io_context& context, options const& wanted)
        : context_(context), wanted_(wanted), events_(make_sink(wanted)),
          watch_(wanted.plan.expected), listener_(context.get_executor()),
          signals_(context, SIGINT, SIGTERM) {}

    error_code listen() {
        error_code ec;
        listener_.open(wanted_.where, wanted_.listening, ec);
        return ec;
    }

    void start() {
        fmt::print(stderr, "milter-test-filter: listening on {}\n",
                   to_string(listener_.local(wanted_.where)));
        signals_.async_wait([this](error_code ec, int) {
            if (!ec) context_.stop();
        });
        asio::co_spawn(context_, accept(), stops_at_failure{*this});
    }

    bool peer_broke_protocol() const noexcept { return broken_; }
    std::vector<std::string> unmet() const { return watch_.unmet(); }
    void rethrow() const {
        if (failure_) std::rethrow_exception(failure_);
    }

    /// @throws std::runtime_error  the file cannot be written
    void record() {
        if (!wanted_.record.empty())
            recording_.emplace(wanted_.record, to_string(listener_.local(wanted_.where)));
    }

    /// Of sessions that go on what there is. @return  whether all that was to be recorded was
    bool finish_recording() {
        for (auto const& one : open_)
            if (*one.heard) keep((*one.heard)->finish(), one.number);
        open_.clear();
        try {
            if (recording_) recording_->finish();
        } catch (std::runtime_error const& why) {
            complain(why.what());
        }
        return !unrecorded_;
    }

private:
    bool enough(std::size_t count) const noexcept {
        return wanted_.sessions != 0 && count >= wanted_.sessions;
    }

    asio::awaitable<void> accept() {
        while (!enough(accepted_)) {
            auto [ec, peer] = co_await listener_.socket().async_accept(net::use_tuple);
            if (ec == asio::error::operation_aborted) co_return;
            if (ec) {
                fmt::print(stderr, "milter-test-filter: accept: {}\n", ec.message());
                asio::steady_timer timer(context_, accept_pause);
                co_await timer.async_wait(net::use_tuple);
                continue;
            }
            asio::co_spawn(context_, serve(std::move(peer), ++accepted_), stops_at_failure{*this});
        }
        listener_.close(); // further connections are refused
    }

    asio::awaitable<void> serve(net::socket peer, std::size_t number) {
        std::optional<recorded_session> heard;
        auto const listed = open_.insert(open_.end(), {number, &heard});
        connection session(std::move(peer), number, wanted_.plan, *events_, watch_);
        if (recording_) session.tap(heard.emplace());
        auto const ec = co_await session.serve();
        open_.erase(listed);
        if (heard) keep(heard->finish(), number);
        broken_ =
            broken_ || ec == milter::condition::malformed || ec == milter::condition::violation;
        if (enough(++finished_)) context_.stop();
    }

    struct open_session {
        std::size_t number;
        std::optional<recorded_session>* heard;
    };

    void keep(corpus::conversation talk, std::size_t number) {
        try {
            recording_->write(std::move(talk), number);
        } catch (std::runtime_error const& why) {
            complain(why.what());
        }
    }

    void complain(char const* why) {
        if (!std::exchange(unrecorded_, true))
            fmt::print(stderr, "milter-test-filter: --record: {}\n", why);
    }

    asio::io_context& context_;
    options const& wanted_;
    std::unique_ptr<event_sink> events_;
    expectation_watch watch_;
    std::optional<recording> recording_;
    std::list<open_session> open_;
    std::exception_ptr failure_;
    bool unrecorded_ = false;
    net::listener listener_;
    asio::signal_set signals_;
    std::size_t accepted_ = 0;
    std::size_t finished_ = 0;
    bool broken_ = false;
};

} // namespace

cli::exit_code run(options const& wanted) {
    std::signal(
        SIGPIPE,
        SIG_IGN); // whoever reads our events may leave: the socket file must still be removed
    asio::io_context context{1};
    service all(context, wanted);
    if (auto const ec = all.listen()) {
        fmt::print(stderr, "milter-test-filter: cannot listen on {}: {}\n", to_string(wanted.where),
                   ec.message());
        return cli::exit_code::unreachable;
    }
    try {
        all.record();
    } catch (std::runtime_error const& why) {
        fmt::print(stderr, "milter-test-filter: --record: {}\n", why.what());
        return cli::exit_code::usage;
    }
    all.start();
    context.run();
    try {
        all.rethrow();
    } catch (std::exception const& why) {
        fmt::print(stderr, "milter-test-filter: {}\n", why.what());
        all.finish_recording();
        return cli::exit_code::differs;
    }
    auto const unmet = all.unmet();
    for (auto const& line : unmet) fmt::print(stderr, "milter-test-filter: {}\n", line);
    bool const right = all.finish_recording() && unmet.empty() && !all.peer_broke_protocol();
    return right ? cli::exit_code::pass : cli::exit_code::differs;
}

} // namespace milter::test_filter
