// SPDX-License-Identifier: BSL-1.0
// test-server/session.cpp - runs one session of the MTA against a milter
#include "test-server/session.hpp"

#include "test-server/delivery.hpp"
#include "test-server/macro.hpp"
#include <milter/net/connect.hpp>
#include <milter/net/drive_mta.hpp>
#include <milter/net/stream.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace milter::test_server {

namespace asio = net::asio;
using code = wire::command_code;

namespace {

std::string without_nul(std::string_view text) {
    std::string out(text);
    std::erase(out, '\0');
    return out;
}

/// Postfix and Sendmail end the SMTP session on a reply that says so.
bool ends_session(answer const& given) noexcept {
    return given.what == status::shutdown || given.what == status::connection_failure ||
           given.reply.substr(0, 3) == "421";
}

/// Another one each time, in this process and in later ones: logs are searched for it.
std::string new_queue_id() {
    constexpr std::string_view digits = "0123456789BCDFGHJKLMNPQRSTVWXYZ"; // no words
    static std::atomic<std::uint64_t> next =
        static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                       std::chrono::system_clock::now().time_since_epoch())
                                       .count());
    std::string id;
    for (auto left = next++; left > 0; left /= digits.size()) id += digits[left % digits.size()];
    return id;
}

class session_run {
public:
    session_run(net::stream& peer, session_plan const& plan, session_outcome& out,
                transcript const& log)
        : plan_(plan), out_(out), log_(log), session_(plan.protocol),
          drive_(peer, session_, plan.protocol.timeouts.write) {}

    asio::awaitable<void> run() {
        co_await negotiate();
        if (going_on()) co_await greet();
        for (auto const& line : plan_.unknown_commands)
            if (going_on()) co_await unknown_command(line);
        for (auto const& one : plan_.messages) {
            if (!going_on()) break;
            if (plan_.reset_after && out_.messages.empty())
                co_await deliver(one, plan_.reset_after);
            if (going_on()) co_await deliver(one, std::nullopt);
        }
        error_code early;
        if (!out_.failed) refuse_early_reply(early);
        if (early) fail(early);
        if (!out_.failed) co_await leave();
    }

private:
    asio::awaitable<void> leave() {
        bool const is_settled = out_.ended_early && out_.ended_early->what != status::quit;
        if (is_settled && !plan_.mta.quits_with_the_refused) co_return;
        error_code ignored; // a milter that has left already has nothing to say any more
        if (plan_.mta.aborts_before_quit && greeted_) {
            say("> abort");
            session_.abort(proto::clock::now(), ignored);
        }
        session_.quit();
        say("> quit");
        co_await drive_.flush(ignored);
    }

    bool going_on() const noexcept { return !out_.failed && !out_.ended_early && !over_; }

    void say(std::string_view line) const {
        if (log_) log_(line);
    }

    void fail(error_code ec) {
        auto text = session_.failure().empty() ? ec.message() : session_.failure();
        out_.failed = failure{ec, std::move(text), false};
    }

    asio::awaitable<void> negotiate() {
        say("> " + wire::describe(wire::any_command(plan_.protocol.offer)));
        error_code ec;
        out_.agreed = co_await drive_.negotiate(ec);
        if (ec) co_return fail(ec);
        out_.negotiated = true;
        say("< " + wire::describe(wire::any_reply(proto::to_reply(out_.agreed))));
    }

    /// Sends a command with its macros; the answer is `pass` where none is to come. Edits and keepalives go to
    /// `message_`.
    template <class Command> asio::awaitable<answer> ask(Command const& command) {
        answer given{status::pass, Command::code, {}};
        error_code ec;
        skipped_ = false;
        refuse_early_reply(ec);
        if (!ec) send_macros(Command::code, ec);
        if (session_.sends(Command::code)) say("> " + wire::describe(wire::any_command(command)));
        if (!ec)
            co_await drive_.command(
                command, {}, [&](wire::any_reply const& reply) { hear(reply, given); }, ec);
        if (ec) {
            fail(ec);
            given.what = status::error;
        }
        bool const counts = !state_.refused; // statement 127
        if (counts && (ends_session(given) || plan_.quit_after == Command::code)) over_ = true;
        co_return given;
    }

    /// A reply that is there before its command would be taken for the answer to it.
    void refuse_early_reply(error_code& ec) { session_.next(proto::clock::now(), ec); }

    /// Also of a command that was negotiated away, unless it is one of the content (statement 57).
    void send_macros(code stage, error_code& ec) {
        if (!session_.sends(stage) && is_content(stage)) return;
        auto const packed = macros_for(stage, plan_, state_, out_.agreed);
        if (!packed) return;
        wire::macros const all{stage, wire::zstr_list(*packed)};
        if (session_.sends(stage)) say("> " + wire::describe(wire::any_command(all)));
        session_.send(all, proto::clock::now(), ec);
    }

    static bool is_content(code stage) noexcept {
        return stage == code::header || stage == code::end_of_headers || stage == code::body ||
               stage == code::end_of_message;
    }

    void hear(wire::any_reply const& reply, answer& given) {
        say("< " + wire::describe(reply));
        auto const heard = wire::code_of(reply);
        if (wire::row_of(heard).kind == wire::reply_kind::verdict) {
            auto const* const text = std::get_if<wire::reply_text>(&reply);
            given.reply = text ? without_nul(text->text) : std::string();
            given.what = status_of(heard, given.reply);
            skipped_ = heard == wire::reply_code::skip;
        } else if (message_) {
            note_edit(*message_, reply, wire::any(out_.agreed.steps, wire::step::leading_space));
        }
    }

    // ---- before messages

    asio::awaitable<void> greet() {
        auto const& client = plan_.client;
        bool const tagged = plan_.mta.tags_ipv6 && client.family == wire::family::inet6;
        auto const address = (tagged ? "IPv6:" : "") + client.address;
        auto given = co_await ask(wire::connect{client.host, client.family, client.port, address});
        if (end_early(given) || !going_on()) co_return;
        greeted_ = true;
        given = co_await ask(wire::helo{plan_.helo});
        end_early(given);
    }

    /// DISCARD means nothing here to either MTA.
    bool end_early(answer const& given) {
        if (given.what == status::accept || refuses(given.what)) out_.ended_early = given;
        if (plan_.quit_after == given.stage && !out_.ended_early && !out_.failed)
            out_.ended_early = answer{status::quit, given.stage, {}};
        return out_.ended_early.has_value();
    }

    asio::awaitable<void> unknown_command(std::string const& line) {
        out_.unknown_commands.push_back(co_await ask(wire::unknown{line}));
        end_if_wanted(code::unknown);
    }

    void end_if_wanted(code stage) {
        if (plan_.quit_after == stage && !out_.failed)
            out_.ended_early = answer{status::quit, stage, {}};
    }

    // ---- messages

    asio::awaitable<void> deliver(message_plan const& mail, std::optional<code> reset_after) {
        message_outcome result;
        message_ = &result;
        begin_delivery(result, mail, plan_.rules);
        state_ = {};
        state_.sender = &mail.sender;
        state_.queue_id = new_queue_id();
        state_.message_id = message_id(mail, state_.queue_id);
        reset_after_ = reset_after;
        result.verdict = co_await transact(mail, result);
        message_ = nullptr;
        bool const goes_on = reset_after || &mail != &plan_.messages.back();
        if (!out_.failed) co_await leave_transaction(goes_on);
        if (reset_after) co_return;
        finish_delivery(result);
        out_.messages.push_back(std::move(result));
    }

    /// Postfix says ABORT after each message, Sendmail only when one is broken off and the session goes on.
    asio::awaitable<void> leave_transaction(bool goes_on) {
        bool const is_open = goes_on && !over_ && proto::in_transaction(session_.at());
        if (!plan_.mta.aborts_each_message && !is_open) co_return;
        say("> abort");
        error_code ec;
        session_.abort(proto::clock::now(), ec);
        if (!ec) co_await drive_.flush(ec);
        if (ec) fail(ec);
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
        if (out_.failed) {
            verdict.what = status::error;
            co_return true;
        }
        if (let_off) {
            // the verdict counts for nothing, but the milter is shown no more of this message
            over_ = session_.closed();
            for (auto const& one : mail.recipients)
                result.recipients.push_back({changed_line::mark::same, one.address});
            verdict = {status::accept, code::rcpt, {}};
            co_return true;
        }
        std::size_t accepted = 0;
        for (auto const& one : mail.recipients) {
            state_.recipient = &one;
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
            state_.has_recipient = true;
            result.recipients.push_back({changed_line::mark::same, one.address});
            if (over_) co_return settled(given, verdict);
        }
        state_.recipient = nullptr;
        if (accepted != 0 && reset_after_ != code::rcpt) co_return false;
        if (accepted != 0) verdict = {status::quit, code::rcpt, {}};
        co_return true; // no recipient is left: an MTA sends no DATA
    }

    /// Those that the MTA does not have itself; whatever the milter says about them counts for nothing.
    /// @return whether it is done with the message
    asio::awaitable<bool> refused_recipients() {
        if (!wire::any(out_.agreed.steps, wire::step::rejected_rcpt)) co_return false;
        bool const begun = proto::in_transaction(session_.at());
        for (auto const& one : plan_.refused_recipients) {
            state_.recipient = &one;
            state_.refused = true;
            auto const args = wire::pack_zstr(one.args);
            co_await ask(wire::rcpt{one.address, wire::zstr_list(args)});
            state_.refused = false;
            if (out_.failed) break;
            if (begun && !proto::in_transaction(session_.at())) co_return true;
        }
        co_return false;
    }

    asio::awaitable<bool> headers(message_plan const& mail, answer& verdict) {
        bool const raw = wire::any(out_.agreed.steps, wire::step::leading_space);
        for (auto const& one : mail.headers) {
            auto const given =
                co_await ask(wire::header{one.name, message::shown_value(one.value, raw)});
            if (settled(given, verdict)) co_return true;
            if (skipped_ && plan_.mta.skip_ends_headers) break;
        }
        co_return false;
    }

    asio::awaitable<bool> body(message_plan const& mail, answer& verdict) {
        auto const limit = std::min(plan_.chunk_bytes, out_.agreed.data_limit);
        for (auto const& chunk : mail.chunks)
            for (std::size_t at = 0; at < chunk.size(); at += limit) {
                auto const given =
                    co_await ask(wire::body{std::string_view(chunk).substr(at, limit)});
                if (settled(given, verdict)) co_return true;
                if (skipped_) co_return false;
                error_code ec;
                co_await drive_.flush(ec); // unanswered chunks do not pile up
                if (ec) {
                    fail(ec);
                    verdict.what = status::error;
                    co_return true;
                }
            }
        co_return false;
    }

    /// An MTA gives one to a message without.
    static std::string message_id(message_plan const& mail, std::string const& queue_id) {
        for (auto const& one : mail.headers)
            if (message::same_name(one.name, "Message-Id"))
                return std::string(message::shown_value(one.value, false));
        return "<" + queue_id + "@mail.example.com>";
    }

    session_plan const& plan_;
    session_outcome& out_;
    transcript const& log_;
    proto::mta_session session_;
    net::drive_mta drive_;
    macro_state state_;
    message_outcome* message_ = nullptr; ///< the one in transfer
    std::optional<code> reset_after_;
    bool greeted_ = false; ///< HELO was said
    bool skipped_ = false; ///< the last answer was SKIP
    bool over_ = false;    ///< the SMTP session ends
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
