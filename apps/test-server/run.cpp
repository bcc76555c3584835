// SPDX-License-Identifier: BSL-1.0
// test-server/run.cpp - all sessions, and the report
#include "test-server/run.hpp"

#include "test-server/session.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

namespace milter::test_server {

namespace asio = boost::asio;

namespace {

class all_sessions {
public:
    explicit all_sessions(options const& wanted) : wanted_(wanted), outcomes_(wanted.sessions) {}

    void run() {
        asio::io_context context{1};
        asio::signal_set signals(context, SIGINT, SIGTERM);
        signals.async_wait([&](error_code ec, int) {
            if (!ec) context.stop();
        });
        left_ = outcomes_.size();
        for (std::size_t i = 0; i < outcomes_.size(); ++i)
            asio::co_spawn(context, one(i, signals), [](std::exception_ptr const& why) {
                if (why) std::rethrow_exception(why); // out of context.run()
            });
        context.run();
    }

    bool interrupted() const noexcept { return left_ != 0; }

    /// Of the sessions that came to an end.
    std::vector<session_outcome> take() {
        std::vector<session_outcome> done;
        for (auto& one : outcomes_)
            if (one) done.push_back(std::move(*one));
        return done;
    }

private:
    asio::awaitable<void> one(std::size_t index, asio::signal_set& signals) {
        outcomes_[index] = co_await run_session(wanted_.milter, wanted_.plan, log_of(index));
        if (--left_ == 0) signals.cancel();
    }

    transcript log_of(std::size_t index) const {
        if (!wanted_.verbose) return {};
        return [this, index](std::string_view line) {
            if (wanted_.sessions > 1) fmt::print(stderr, "[{}] ", index + 1);
            fmt::print(stderr, "{}\n", line);
        };
    }

    options const& wanted_;
    std::vector<std::optional<session_outcome>> outcomes_;
    std::size_t left_ = 0;
};

void print_text(std::vector<session_outcome> const& outcomes, options const& wanted) {
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        if (wanted.sessions > 1) fmt::print("{}session: {}\n", i == 0 ? "" : "\n", i + 1);
        fmt::print("{}", report_text(outcomes[i], wanted.style));
    }
}

void print_unmet(std::vector<unmet> const& all, options const& wanted) {
    for (auto const& one : all) {
        fmt::print(stderr, "{}: ", wanted.name);
        if (wanted.sessions > 1) fmt::print(stderr, "session {}: ", one.session);
        if (one.message != 0 && wanted.plan.messages.size() > 1)
            fmt::print(stderr, "message {}: ", one.message);
        fmt::print(stderr, "{}\n", one.what);
    }
}

cli::exit_code judge(std::vector<session_outcome> const& outcomes, std::vector<unmet> const& unmet,
                     options const& wanted, bool interrupted) {
    auto const unreachable = [](session_outcome const& one) {
        return one.failed && one.failed->unreachable;
    };
    auto const broken = [](session_outcome const& one) { return one.failed.has_value(); };
    if (interrupted) return cli::exit_code::interrupted;
    if (std::any_of(outcomes.begin(), outcomes.end(), unreachable))
        return cli::exit_code::unreachable;
    if (!unmet.empty()) return cli::exit_code::differs;
    bool const any_broken = std::any_of(outcomes.begin(), outcomes.end(), broken);
    return any_broken && !wanted.expected.verdict ? cli::exit_code::differs : cli::exit_code::pass;
}

} // namespace

cli::exit_code run(options const& wanted) {
    std::signal(SIGPIPE, SIG_IGN); // NOLINT(cert-err33-c): it cannot fail
    all_sessions sessions(wanted);
    sessions.run();
    auto const outcomes = sessions.take();
    std::vector<unmet> missed;
    for (std::size_t i = 0; i < outcomes.size(); ++i)
        for (auto& one : check(wanted.expected, outcomes[i], i + 1))
            missed.push_back(std::move(one));
    if (wanted.json)
        fmt::print("{}\n", report_json(outcomes, missed, to_string(wanted.milter)));
    else
        print_text(outcomes, wanted);
    print_unmet(missed, wanted);
    if (sessions.interrupted()) fmt::print(stderr, "{}: interrupted\n", wanted.name);
    return judge(outcomes, missed, wanted, sessions.interrupted());
}

} // namespace milter::test_server
