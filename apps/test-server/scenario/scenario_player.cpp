// SPDX-License-Identifier: BSL-1.0
// test-server/scenario/scenario_player.cpp - plays a scenario against a milter, and compares what it answers
#include "test-server/scenario/scenario_player.hpp"

#include "test-server/scenario/played_connection.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

namespace milter::test_server {

namespace asio = net::asio;

namespace {

/// Verdicts with which a conversation goes on as whoever wrote the step must have meant it.
std::vector<status> goes_on(step_kind what) {
    bool const is_end = what == step_kind::end_of_message || what == step_kind::message;
    if (is_end) return {status::pass, status::accept};
    return {status::pass};
}

/// What a quarantine is called, if one is expected.
step_expectation with_quarantine(step_expectation wanted) {
    if (wanted.message.quarantine && !wanted.verdict) {
        wanted.verdict.emplace();
        wanted.verdict->any_of = {status::quarantine};
        wanted.verdict->text = "quarantine";
    }
    return wanted;
}

/// Of thousands of scenarios the messages would be a lot; what is told of them later are their edits.
void keep_edits_only(message_outcome& one) {
    message_outcome kept;
    kept.edits.texts = std::move(one.edits.texts);
    kept.edits_stand = one.edits_stand;
    one = std::move(kept);
}

// GCC inlines half of the pair of functions that a coroutine's frame comes from and goes to, and warns of the other half.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

class scenario_player {
public:
    scenario_player(scenario const& wanted, play_options const& how, transcript const& log)
        : wanted_(wanted), how_(how), log_(log) {}

    asio::awaitable<scenario_result> play() {
        auto const begin = proto::clock::now();
        for (auto const& one : wanted_.steps) {
            auto outcome = co_await attempt(one);
            if (outcome.failed && outcome.failed->unreachable) {
                result_.unreachable = outcome.failed->text;
                break;
            }
            auto findings = check_step(with_quarantine(one.expected), outcome, goes_on(one.what));
            if (outcome.message) keep_edits_only(*outcome.message);
            result_.steps.push_back({std::move(outcome), std::move(findings)});
        }
        for (auto& [name, open] : connections_) co_await finish(name, open.get());
        result_.took = proto::clock::now() - begin;
        co_return std::move(result_);
    }

private:
    asio::awaitable<step_outcome> attempt(scenario_step const& one) {
        if (one.what == step_kind::wait) {
            asio::steady_timer timer(co_await asio::this_coro::executor, one.time);
            co_await timer.async_wait(net::use_tuple);
            co_return step_outcome{};
        }
        auto& open = connections_[one.connection]; // references into a map stay good
        if (!open)
            open = std::make_unique<played_connection>(wanted_, how_, log_for(one.connection));
        auto outcome = co_await open->play(one);
        bool const over = one.what == step_kind::quit || one.what == step_kind::close;
        if (over) open.reset();
        co_return outcome;
    }

    /// @param open  null: its steps have ended it
    asio::awaitable<void> finish(std::string const& name, played_connection* open) {
        if (!open) co_return;
        auto const failed = co_await open->finish();
        if (failed) note_bad_end(name, *failed);
    }

    /// With the last step of the connection.
    void note_bad_end(std::string const& connection, failure const& why) {
        for (auto i = result_.steps.size(); i-- > 0;)
            if (wanted_.steps[i].connection == connection &&
                wanted_.steps[i].what != step_kind::wait) {
                result_.steps[i].findings.push_back(
                    {"a good end", "error (" + why.text + ")", false});
                return;
            }
    }

    transcript log_for(std::string const& connection) const {
        if (!log_ || connection.empty()) return log_;
        return [this, connection](std::string_view line) {
            log_(connection + ": " + std::string(line));
        };
    }

    scenario const& wanted_;
    play_options const& how_;
    transcript const& log_;
    std::map<std::string, std::unique_ptr<played_connection>> connections_;
    scenario_result result_;
};

} // namespace

bool scenario_result::passed() const noexcept {
    return unreachable.empty() && std::all_of(steps.begin(), steps.end(),
                                              [](auto const& one) { return one.findings.empty(); });
}

bool scenario_result::missed_latency_only() const noexcept {
    if (passed() || !unreachable.empty()) return false;
    return std::all_of(steps.begin(), steps.end(), [](auto const& one) {
        return std::all_of(one.findings.begin(), one.findings.end(),
                           [](step_finding const& finding) { return finding.is_latency; });
    });
}

asio::awaitable<scenario_result> play(scenario const& wanted, play_options const& how,
                                      transcript const& log) {
    scenario_player one(wanted, how, log);
    co_return co_await one.play();
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

} // namespace milter::test_server
