// SPDX-License-Identifier: BSL-1.0
// test-server/played_mta.cpp - one connection to a milter, a command at a time, as the MTA that is played says it
#include "test-server/played_mta.hpp"

#include "test-server/client_reply.hpp"
#include "test-server/delivery.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <stdexcept>
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

/// Of `name: value` as many whole lines as fit. The first one is shown whatever its length.
std::string_view whole_lines(std::string_view name, std::string_view value, std::size_t limit) {
    auto const before = name.size() + 2;
    if (before + value.size() <= limit) return value;
    auto const end = value.rfind('\n', limit > before ? limit - before : 0);
    return end == value.npos ? value.substr(0, value.find('\n')) : value.substr(0, end);
}

} // namespace

std::string refusal_of_headers(mta_profile const& mta, std::vector<mail_header> const& headers) {
    std::size_t bytes = 0;
    for (auto const& one : headers) bytes += one.name.size() + 1 + one.value.size();
    if (mta.most_headers == 0 || bytes <= mta.most_headers) return {};
    return fmt::format("552 5.6.0 Headers too large ({} max)", mta.most_headers);
}

std::string_view shown_of(mta_profile const& mta, mail_header const& header, bool as_it_stands) {
    auto const shown = message::shown_value(header.value, as_it_stands);
    return mta.longest_header == 0 ? shown : whole_lines(header.name, shown, mta.longest_header);
}

void refuse_unsendable(mta_profile const& mta, std::vector<mail_header> const& headers) {
    if (auto const why = refusal_of_headers(mta, headers); !why.empty())
        throw std::invalid_argument("an MTA refuses the message itself: " + why);
    for (auto const& one : headers)
        if (one.name.size() + shown_of(mta, one, true).size() + 2 > wire::default_data_limit)
            throw std::invalid_argument("the first line of the header \"" + one.name.substr(0, 60) +
                                        "\" is longer than a packet holds; fold it");
}

bool ends_session(answer const& given) noexcept {
    return given.what == status::shutdown || given.what == status::connection_failure ||
           given.reply.substr(0, 3) == "421";
}

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

std::string message_id(std::vector<mail_header> const& headers, std::string const& queue_id) {
    for (auto const& one : headers)
        if (message::same_name(one.name, "Message-Id"))
            return std::string(message::shown_value(one.value, false));
    return "<" + queue_id + "@mail.example.com>";
}

// GCC inlines half of the pair of functions that a coroutine's frame comes from and goes to, and warns of the other half.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

asio::awaitable<void> played_mta::negotiate() {
    tell("> " + wire::describe(wire::any_command(plan_.protocol.offer)));
    error_code ec;
    agreed_ = co_await drive_.negotiate(ec);
    if (ec) co_return fail(ec);
    negotiated_ = true;
    tell("< " + wire::describe(wire::any_reply(proto::to_reply(agreed_))));
}

asio::awaitable<answer> played_mta::ask(smtp_command const& command) {
    if (std::holds_alternative<wire::helo>(command)) greeted_ = true;
    return std::visit([this](auto const& one) { return say(one); }, command);
}

template <class Command> asio::awaitable<answer> played_mta::say(Command const& command) {
    answer given{status::pass, Command::code, {}};
    error_code ec;
    skipped_ = false;
    refuse_early_reply();
    if (failed_) {
        given.what = status::error;
        co_return given;
    }
    send_macros(Command::code, ec);
    if (session_.sends(Command::code)) tell("> " + wire::describe(wire::any_command(command)));
    if (!ec)
        co_await drive_.command(
            command, {}, [&](wire::any_reply const& reply) { return hear(reply, given); }, ec);
    if (ec) {
        fail(ec);
        given.what = status::error;
    }
    note_heard(given);
    co_return given;
}

asio::awaitable<answer> played_mta::say_header(mail_header const& header) {
    bool const raw = wire::any(agreed_.steps, wire::step::leading_space);
    co_return co_await say(wire::header{header.name, shown_of(plan_.mta, header, raw)});
}

asio::awaitable<answer> played_mta::say_client() {
    auto const& client = plan_.client;
    bool const tagged = plan_.mta.tags_ipv6 && client.family == wire::family::inet6;
    auto const address = (tagged ? "IPv6:" : "") + client.address;
    co_return co_await say(wire::connect{client.host, client.family, client.port, address});
}

asio::awaitable<void> played_mta::abort() {
    tell("> abort");
    error_code ec;
    session_.abort(proto::clock::now(), ec);
    if (!ec) co_await drive_.flush(ec);
    if (ec) fail(ec);
}

asio::awaitable<void> played_mta::flush() {
    error_code ec;
    co_await drive_.flush(ec);
    if (ec) fail(ec);
}

asio::awaitable<void> played_mta::leave(bool settled) {
    if (settled && !plan_.mta.quits_with_the_refused) co_return;
    error_code ignored; // a milter that has left already has nothing to say any more
    if (plan_.mta.aborts_before_quit && greeted_) {
        tell("> abort");
        session_.abort(proto::clock::now(), ignored);
    }
    session_.quit();
    tell("> quit");
    co_await drive_.flush(ignored);
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

void played_mta::refuse_early_reply() {
    error_code ec;
    if (failed_) return;
    session_.next(proto::clock::now(), ec);
    if (ec) fail(ec);
}

/// Also of a command that was negotiated away, unless it is one of the content (statement 57).
void played_mta::send_macros(code stage, error_code& ec) {
    if (!session_.sends(stage) && wire::is_content(stage)) return;
    auto const packed = macros_for(stage, plan_, values, agreed_);
    if (!packed) return;
    wire::macros const all{stage, wire::zstr_list(*packed)};
    if (session_.sends(stage)) tell("> " + wire::describe(wire::any_command(all)));
    session_.send(all, proto::clock::now(), ec);
}

error_code played_mta::hear(wire::any_reply const& reply, answer& given) {
    tell("< " + wire::describe(reply));
    auto const heard = wire::code_of(reply);
    if (wire::row_of(heard).kind == wire::reply_kind::verdict) {
        auto const* const text = std::get_if<wire::reply_text>(&reply);
        given.reply = text ? without_nul(text->text) : std::string();
        given.what = status_of(heard, given.reply);
        skipped_ = heard == wire::reply_code::skip;
        if (skipped_) return check_skip(given.stage);
    } else if (message) {
        auto const leading_space = wire::any(agreed_.steps, wire::step::leading_space);
        if (auto const ec = message->edits.note(reply, leading_space)) {
            fail(ec, "the milter asks for more edits of one message than we keep");
            return ec;
        }
    }
    return {};
}

/// Statements 101 and 102. Where it may not stand Postfix and Sendmail do what they like with it, and tell nobody.
error_code played_mta::check_skip(code stage) {
    if (plan_.protocol.how != proto::strictness::strict) return {};
    bool const is_agreed = wire::any(agreed_.steps, wire::step::skip);
    if (stage == code::body && is_agreed) return {};
    auto const* const why =
        stage != code::body ? "which is an answer to body only" : "which was not negotiated";
    error_code const ec = stage != code::body ? errc::reply_not_allowed : errc::not_negotiated;
    fail(ec, fmt::format("the milter answers {} with skip, {}", wire::name_of(stage), why));
    return ec;
}

/// A text that is no SMTP reply costs the milter the session, where the MTA looks at it.
void played_mta::note_heard(answer& given) {
    if (!given.reply.empty() && is_malformed(plan_.mta, given.reply)) {
        fail(errc::bad_reply_text,
             "\"" + given.reply + "\" is no SMTP reply: the MTA gives the milter up");
        given.what = status::error;
        return;
    }
    auto const* const path = given.stage == code::mail   ? values.sender
                             : given.stage == code::rcpt ? values.recipient
                                                         : nullptr;
    given.heard = client_reply(plan_.mta, given, path ? path->address : std::string_view());
}

void played_mta::fail(error_code ec, std::string text) {
    if (failed_) return;
    if (text.empty()) text = session_.failure().empty() ? ec.message() : session_.failure();
    failed_ = failure{ec, std::move(text), false};
}

} // namespace milter::test_server
