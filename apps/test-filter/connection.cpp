// SPDX-License-Identifier: BSL-1.0
// test-filter/connection.cpp - one session of the filter on its socket: carries the script out
#include "test-filter/connection.hpp"

#include <milter/message/headers.hpp>
#include <milter/net/serve_filter.hpp>

#include <boost/asio/steady_timer.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

namespace milter::test_filter {

namespace asio = net::asio;

namespace {

proto::filter_options options_for(script const& plan) {
    proto::filter_options options;
    options.wants = to_wish(plan);
    options.manual_negotiation = true;
    return options;
}

/// The reply of a rule, as views into `frame`; empty when it was forced to be what no MTA can read.
std::optional<wire::any_reply> decode(std::string const& frame) {
    error_code ec;
    auto const whole = wire::first_frame(frame, frame.size(), ec);
    return whole ? wire::decode_reply(*whole, ec) : std::nullopt;
}

/// As the MTA wants header values: with their leading blank, or without.
template <class Reply> Reply suit(Reply reply, bool leading_space) {
    if constexpr (requires { reply.name; })
        reply.value = message::shown_value(reply.value, leading_space);
    return reply;
}

} // namespace

connection::connection(net::socket connected, std::size_t number, script const& plan,
                       event_sink& events, expectation_watch& watch)
    : stream_(std::move(connected)), number_(number), plan_(plan), events_(events), watch_(watch),
      session_(options_for(plan)) {
    seen_.session = number;
}

asio::awaitable<error_code> connection::serve() {
    auto ec = co_await net::serve_filter(
        stream_, session_, [this](wire::any_command const& command, proto::filter_session&) {
            return handle(command);
        });
    if (ended_here_) ec = {};
    if (gave_up_) ec = gave_up_;
    bool const in_words = !gave_up_ && !session_.failure().empty();
    auto const why = in_words ? session_.failure() : ec.message();
    events_.finished(number_, ec ? why : std::string());
    stream_.close();
    co_return ec;
}

asio::awaitable<void> connection::handle(wire::any_command const& command) {
    if (ended_here_) co_return;
    auto const stage = wire::code_of(command);
    seen_.take(command, wire::any(session_.agreed().steps, wire::step::leading_space));
    events_.command(number_, command, session_);
    watch_.command(stage, seen_, session_.macros());
    if (auto const* offer = std::get_if<wire::negotiate>(&command)) offer_ = *offer;
    auto actions = choose(plan_, seen_, session_.macros(), stage);
    if (stage != wire::command_code::negotiate && session_.awaits_reply())
        if (auto const* const fault = plan_.faults.at(number_, answered_++)) actions = {fault};
    co_await perform(std::move(actions), stage);
    if (stage == wire::command_code::end_of_message) seen_.clear_message();
}

asio::awaitable<void> connection::perform(std::vector<action const*> actions,
                                          wire::command_code stage) {
    for (auto const* step : actions) {
        if (ended_here_) co_return;
        if (auto const* reply = std::get_if<send_reply>(step)) {
            send(*reply, stage);
        } else if (auto const* time = std::get_if<wait_for>(step)) {
            co_await pause(time->time);
        } else if (auto const* keepalive = std::get_if<send_progress>(step)) {
            co_await keep_alive(*keepalive, stage);
        } else if (auto const* raw = std::get_if<send_bytes>(step)) {
            session_.output() += raw->bytes;
            events_.answer(number_, stage, nullptr,
                           fmt::format("bytes {}", wire::quoted(raw->bytes)));
        } else if (auto const* packet = std::get_if<send_packet>(step)) {
            pretend_reply(wire::reply_code::proceed);
            session_.output() += packet->bytes;
            events_.answer(number_, stage, nullptr,
                           fmt::format("packet {}", wire::quoted(packet->bytes)));
        } else if (auto const* answer = std::get_if<send_answer>(step)) {
            negotiate(offer_, answer);
        } else if (auto const* over = std::get_if<end_connection>(step)) {
            co_await flush();
            end(over->way);
            bool const reset = over->way == end_connection::how::reset;
            events_.answer(number_, stage, nullptr, reset ? "reset" : "close");
        } else {
            events_.answer(number_, stage, nullptr, "silence");
        }
    }
    bool const answered =
        std::any_of(actions.begin(), actions.end(), [](auto const* one) { return is_final(*one); });
    if (ended_here_ || !session_.awaits_reply()) co_return;
    if (answered) {
        co_await stay_silent();
        co_return;
    }
    if (stage == wire::command_code::negotiate)
        negotiate(offer_, nullptr);
    else
        send_one(wire::proceed{}, false, stage);
}

asio::awaitable<void> connection::flush() {
    error_code ignored; // the next read reports it
    co_await net::flush(stream_, session_, proto::filter_write_timeout, ignored);
}

/// Until the MTA has enough of it.
asio::awaitable<void> connection::stay_silent() {
    co_await flush();
    std::array<char, 4096> unheard{};
    while (!gave_up_)
        co_await stream_.read(unheard, proto::clock::now() + proto::filter_idle_timeout, gave_up_);
    error_code ignored;
    session_.ended(ignored);
}

asio::awaitable<void> connection::pause(proto::duration time) {
    co_await flush();
    asio::steady_timer timer(stream_.lowest_layer().get_executor(), time);
    co_await timer.async_wait(net::use_tuple);
}

asio::awaitable<void> connection::keep_alive(send_progress const& step, wire::command_code stage) {
    for (unsigned i = 0; i < step.count; ++i) {
        if (step.interval > proto::duration::zero()) co_await pause(step.interval);
        send_one(wire::progress{}, step.forced, stage);
    }
}

void connection::negotiate(wire::negotiate const& offer, send_answer const* instead) {
    error_code ec;
    if (instead) {
        auto const& wrong = instead->answer;
        proto::agreement agreed;
        agreed.version = wrong.version;
        agreed.actions = wrong.actions;
        agreed.steps = wrong.steps;
        agreed.lists = plan_.negotiation.lists;
        session_.negotiate(agreed, ec);
    } else {
        auto agreed = proto::answer_offer(offer, to_wish(plan_));
        if (!agreed) {
            events_.answer(number_, wire::command_code::negotiate, nullptr,
                           "close: " + agreed.error().message());
            return end(end_connection::how::close);
        }
        // without a list to ask for it is not wanted, unless it was named
        if (plan_.negotiation.actions)
            agreed->actions |=
                *plan_.negotiation.actions & offer.actions & wire::action::set_macro_list;
        if (plan_.negotiation.version)
            agreed->version = std::min(agreed->version, *plan_.negotiation.version);
        session_.negotiate(*agreed, ec);
    }
    if (ec) return;
    wire::any_reply const said = proto::to_reply(session_.agreed());
    events_.answer(number_, wire::command_code::negotiate, &said, wire::describe(said));
}

void connection::send(send_reply const& step, wire::command_code stage) {
    bool const leading_space = wire::any(session_.agreed().steps, wire::step::leading_space);
    auto const reply = decode(step.frame);
    if (!reply) return force(step, stage);
    if (auto const* body = std::get_if<wire::replace_body>(&*reply)) {
        auto rest = body->bytes;
        do {
            auto const piece = rest.substr(0, session_.agreed().data_limit);
            rest.remove_prefix(piece.size());
            send_one(wire::replace_body{piece}, step.forced, stage);
        } while (!rest.empty());
        return;
    }
    std::visit([&](auto const& one) { send_one(suit(one, leading_space), step.forced, stage); },
               *reply);
}

template <class Reply>
void connection::send_one(Reply const& reply, bool forced, wire::command_code stage) {
    wire::any_reply const any = reply;
    auto words = wire::describe(any);
    bool const due = session_.awaits_reply();
    if (forced) {
        force(reply);
        return events_.answer(number_, stage, &any, words + " (forced)");
    }
    error_code ec;
    session_.reply(reply, ec);
    if (ec)
        words += " (not sent: " + ec.message() + ")";
    else if (!due)
        words += " (not sent: no reply is due)";
    events_.answer(number_, stage, ec || !due ? nullptr : &any, words);
    if (!ec || wire::row_of(Reply::code).kind != wire::reply_kind::verdict ||
        !session_.awaits_reply())
        return;
    if (stage == wire::command_code::negotiate) return negotiate(offer_, nullptr);
    send_one(wire::tempfail{}, false, stage); // what may not be said must not leave the MTA waiting
}

void connection::force(send_reply const& step, wire::command_code stage) {
    pretend_reply(step.code());
    session_.output() += step.frame;
    events_.answer(number_, stage, nullptr, wire::quoted(step.frame) + " (forced)");
}

/// Past the checks of the session.
template <class Reply> void connection::force(Reply const& reply) {
    pretend_reply(Reply::code);
    wire::encode(session_.output(), reply);
}

/// Lets the session believe that it said CONTINUE, if a verdict is about to be said.
void connection::pretend_reply(wire::reply_code code) {
    bool const verdict = wire::row_of(code).kind == wire::reply_kind::verdict;
    if (!verdict || !session_.awaits_reply() || session_.owed() == wire::command_code::negotiate)
        return;
    auto const size = session_.output().size();
    error_code ignored;
    session_.reply(wire::proceed{}, ignored);
    session_.output().resize(size);
}

void connection::end(end_connection::how way) {
    ended_here_ = true;
    session_.output().clear();
    if (way == end_connection::how::reset)
        stream_.reset();
    else
        stream_.close();
}

} // namespace milter::test_filter
