// SPDX-License-Identifier: BSL-1.0
// test-server/session.cpp - runs one session of the MTA against a milter
#include "test-server/session.hpp"

#include "test-server/delivery.hpp"
#include "test-server/played_mta.hpp"
#include <milter/net/connect.hpp>
#include <milter/net/stream.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace milter::test_server {

namespace asio = net::asio;
using code = wire::command_code;

namespace {

class session_run {
public:
    session_run(net::stream& peer, session_plan const& plan, session_outcome& out,
                transcript const& log)
        : plan_(plan), out_(out), mta_(peer, plan, log) {}

    asio::awaitable<void> run() {
        co_await mta_.negotiate();
        if (going_on()) co_await greet();
        for (auto const& line : plan_.unknown_commands)
            if (going_on()) co_await unknown_command(line);
        for (auto const& one : plan_.messages) {
            if (!going_on()) break;
            if (plan_.reset_after && out_.messages.empty())
                co_await deliver(one, plan_.reset_after);
            if (going_on()) co_await deliver(one, std::nullopt);
        }
        mta_.refuse_early_reply();
        bool const settled = out_.ended_early && out_.ended_early->what != status::quit;
        if (!mta_.failed()) co_await mta_.leave(settled);
        out_.agreed = mta_.agreed();
        out_.negotiated = mta_.negotiated();
        out_.failed = mta_.failed();
    }

private:
    bool going_on() const noexcept { return !mta_.failed() && !out_.ended_early && !over_; }

    asio::awaitable<answer> ask(smtp_command const& command) {
        return watched(mta_.ask(command), stage_of(command));
    }

    /// Notes that the session ends with this answer.
    asio::awaitable<answer> watched(asio::awaitable<answer> asked, code stage) {
        auto given = co_await std::move(asked);
        bool const counts = !mta_.values.refused; // statement 127
        if (counts && (ends_session(given) || plan_.quit_after == stage)) over_ = true;
        co_return given;
    }

    // ---- before messages

    asio::awaitable<void> greet() {
        auto given = co_await watched(mta_.say_client(), code::connect);
        if (end_early(given) || !going_on()) co_return;
        given = co_await ask(wire::helo{plan_.helo});
        end_early(given);
    }

    /// DISCARD means nothing here to either MTA.
    bool end_early(answer const& given) {
        if (given.what == status::accept || refuses(given.what)) out_.ended_early = given;
        if (plan_.quit_after == given.stage && !out_.ended_early && !mta_.failed())
            out_.ended_early = answer{status::quit, given.stage, {}};
        return out_.ended_early.has_value();
    }

    asio::awaitable<void> unknown_command(std::string const& line) {
        out_.unknown_commands.push_back(co_await ask(wire::unknown{line}));
        if (plan_.quit_after == code::unknown && !mta_.failed())
            out_.ended_early = answer{status::quit, code::unknown, {}};
    }

    // ---- messages

    asio::awaitable<void> deliver(message_plan const& mail, std::optional<code> reset_after) {
        message_outcome result;
        mta_.message = &result;
        begin_delivery(result, mail, plan_.rules);
        mta_.values = {};
        mta_.values.sender = &mail.sender;
        mta_.values.queue_id = new_queue_id();
        mta_.values.message_id = message_id(mail.headers, mta_.values.queue_id);
        reset_after_ = reset_after;
        result.verdict = co_await transact(mail, result);
        mta_.message = nullptr;
        bool const goes_on = reset_after || &mail != &plan_.messages.back();
        if (!mta_.failed()) co_await leave_transaction(goes_on);
        if (reset_after) co_return;
        finish_delivery(result);
        out_.messages.push_back(std::move(result));
    }

    /// Postfix says ABORT after each message, Sendmail only when one is broken off and the session goes on.
    asio::awaitable<void> leave_transaction(bool goes_on) {
        bool const is_open = goes_on && !over_ && mta_.in_transaction();
        if (plan_.mta.aborts_each_message || is_open) co_await mta_.abort();
    }

    /// Whether the message goes on after this answer; if not, `verdict` is what came of it.
    bool settled(answer const& given, answer& verdict) const {
        verdict = given;
        if (given.what != status::pass) return true;
        bool const stop = over_ || reset_after_ == given.stage;
        if (stop) verdict.what = status::quit;
        return stop;
    }

    asio::awaitable<answer> transact(message_plan const& mail, message_outcome& result) {
        answer verdict;
        auto const sender_args = wire::pack_zstr(mail.sender.args);
        if (settled(co_await ask(wire::mail{mail.sender.address, wire::zstr_list(sender_args)}),
                    verdict))
            co_return verdict;
        if (co_await recipients(mail, result, verdict)) co_return verdict;
        if (settled(co_await ask(wire::data{}), verdict)) co_return verdict;
        if (co_await headers(mail, verdict)) co_return verdict;
        if (settled(co_await ask(wire::end_of_headers{}), verdict)) co_return verdict;
        if (co_await body(mail, verdict)) co_return verdict;
        verdict = co_await ask(wire::end_of_message{});
        co_return verdict;
    }

    asio::awaitable<bool> recipients(message_plan const& mail, message_outcome& result,
                                     answer& verdict) {
        bool const let_off = co_await refused_recipients();
        if (mta_.failed()) {
            verdict.what = status::error;
            co_return true;
        }
        if (let_off) {
            // the verdict counts for nothing, but the milter is shown no more of this message
            over_ = mta_.closed();
            for (auto const& one : mail.recipients)
                result.recipients.push_back({changed_line::mark::same, one.address});
            verdict = {status::accept, code::rcpt, {}};
            co_return true;
        }
        std::size_t accepted = 0;
        for (auto const& one : mail.recipients) {
            mta_.values.recipient = &one;
            auto const args = wire::pack_zstr(one.args);
            auto const given = co_await ask(wire::rcpt{one.address, wire::zstr_list(args)});
            if (refuses(given.what) && !ends_session(given)) {
                result.refused.push_back({one.address, given});
                verdict = given;
                if (over_ || (reset_after_ == code::rcpt && &one == &mail.recipients.back()))
                    co_return true;
                continue;
            }
            if (given.what != status::pass) {
                verdict = given;
                co_return true;
            }
            ++accepted;
            mta_.values.has_recipient = true;
            result.recipients.push_back({changed_line::mark::same, one.address});
            if (over_) co_return settled(given, verdict);
        }
        mta_.values.recipient = nullptr;
        if (accepted != 0 && reset_after_ != code::rcpt) co_return false;
        if (accepted != 0) verdict = {status::quit, code::rcpt, {}};
        co_return true; // no recipient is left: an MTA sends no DATA
    }

    /// Those that the MTA does not have itself; whatever the milter says about them counts for nothing.
    /// @return whether it is done with the message
    asio::awaitable<bool> refused_recipients() {
        if (!wire::any(mta_.agreed().steps, wire::step::rejected_rcpt)) co_return false;
        bool const begun = mta_.in_transaction();
        for (auto const& one : plan_.refused_recipients) {
            mta_.values.recipient = &one;
            mta_.values.refused = true;
            auto const args = wire::pack_zstr(one.args);
            co_await ask(wire::rcpt{one.address, wire::zstr_list(args)});
            mta_.values.refused = false;
            if (mta_.failed()) break;
            if (begun && !mta_.in_transaction()) co_return true;
        }
        co_return false;
    }

    asio::awaitable<bool> headers(message_plan const& mail, answer& verdict) {
        if (auto refusal = refusal_of_headers(plan_.mta, mail.headers); !refusal.empty()) {
            verdict = {status::reject, code::data, refusal, refusal};
            co_return true;
        }
        for (auto const& one : mail.headers) {
            auto const given = co_await watched(mta_.say_header(one), code::header);
            if (settled(given, verdict)) co_return true;
            if (mta_.skipped() && plan_.mta.skip_ends_headers) break;
        }
        co_return false;
    }

    asio::awaitable<bool> body(message_plan const& mail, answer& verdict) {
        auto const limit = std::min(plan_.chunk_bytes, mta_.agreed().data_limit);
        for (auto const& chunk : mail.chunks)
            for (std::size_t at = 0; at < chunk.size(); at += limit) {
                auto const given =
                    co_await ask(wire::body{std::string_view(chunk).substr(at, limit)});
                if (settled(given, verdict)) co_return true;
                if (mta_.skipped()) co_return false;
                co_await mta_.flush(); // unanswered chunks do not pile up
                if (mta_.failed()) {
                    verdict.what = status::error;
                    co_return true;
                }
            }
        co_return false;
    }

    session_plan const& plan_;
    session_outcome& out_;
    played_mta mta_;
    std::optional<code> reset_after_;
    bool over_ = false; ///< the SMTP session ends
};

} // namespace

// GCC inlines half of the pair of functions that a coroutine's frame comes from and goes to, and warns of the other half.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

asio::awaitable<session_outcome> run_session(endpoint where, session_plan const& plan,
                                             transcript log) {
    session_outcome out;
    auto const begin = proto::clock::now();
    error_code ec;
    auto connected = co_await net::connect(where, begin + plan.connect_timeout, ec);
    if (ec) {
        out.failed =
            failure{ec, "cannot connect to " + to_string(where) + ": " + ec.message(), true};
    } else {
        net::stream peer(std::move(connected));
        session_run one(peer, plan, out, log);
        co_await one.run();
    }
    out.elapsed = proto::clock::now() - begin;
    co_return out;
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

} // namespace milter::test_server
