// SPDX-License-Identifier: BSL-1.0
// test-server/scenario/played_connection.cpp - the steps of one connection
#include "test-server/scenario/played_connection.hpp"

#include "test-server/delivery.hpp"
#include <milter/net/connect.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace milter::test_server {

namespace asio = net::asio;

namespace {

constexpr char const* usual_helo = "mx.example.net";
constexpr char const* usual_sender = "sender@example.com";
constexpr char const* usual_recipient = "receiver@example.org";

/// Whose macros a step's are; those of a message go with its end.
std::optional<wire::command_code> macro_stage(step_kind what) noexcept {
    using code = wire::command_code;
    switch (what) {
    case step_kind::connect: return code::connect;
    case step_kind::helo: return code::helo;
    case step_kind::mail: return code::mail;
    case step_kind::rcpt: return code::rcpt;
    case step_kind::data: return code::data;
    case step_kind::header: return code::header;
    case step_kind::end_of_headers: return code::end_of_headers;
    case step_kind::body: return code::body;
    case step_kind::end_of_message:
    case step_kind::message: return code::end_of_message;
    case step_kind::unknown: return code::unknown;
    default: return std::nullopt;
    }
}

std::string said(answer const& given) {
    auto text =
        fmt::format("at {} the milter said {}", wire::name_of(given.stage), name_of(given.what));
    if (!given.reply.empty()) text += fmt::format(" \"{}\"", given.reply);
    return text;
}

} // namespace

// GCC inlines half of the pair of functions that a coroutine's frame comes from and goes to, and warns of the other half.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif

played_connection::played_connection(scenario const& wanted, play_options const& how,
                                     transcript log)
    : wanted_(wanted), how_(how), log_(std::move(log)) {
    plan_.mta = wanted.mta;
    plan_.rules = wanted.mta.rules;
    plan_.protocol.offer = wanted.mta.offer;
    plan_.protocol.how = wanted.mta.how;
    plan_.protocol.timeouts = how.timeouts;
}

asio::awaitable<step_outcome> played_connection::play(scenario_step const& step) {
    out_ = {};
    use_macros(step);
    co_await perform(step);
    bool const is_asked = out_.attempted && step.what != step_kind::close;
    if (is_asked && mta_ && mta_->failed()) out_.failed = mta_->failed();
    if (out_.failed) out_.given.what = status::error;
    co_return std::move(out_);
}

asio::awaitable<std::optional<failure>> played_connection::finish() {
    if (!mta_ || left_ || mta_->failed()) co_return std::nullopt;
    left_ = true;
    mta_->refuse_early_reply();
    if (!mta_->failed()) co_await mta_->leave(refused_client_);
    co_return mta_->failed();
}

asio::awaitable<void> played_connection::perform(scenario_step const& step) {
    switch (step.what) {
    case step_kind::negotiate:
        if (at_ != progress::nothing) co_return refuse("this connection has been negotiated");
        co_return co_await negotiate(step.offer);
    case step_kind::connect:
        if (at_ > progress::negotiated) co_return refuse("the client has been said");
        plan_.client = step.client;
        if (co_await reach(progress::negotiated)) co_await say_client();
        co_return;
    case step_kind::helo:
        if (co_await reach(progress::connected)) co_await say_helo(step.text);
        co_return;
    case step_kind::mail:
        if (at_ > progress::greeted)
            co_return refuse("the message before it has not ended; a step rset ends it");
        message_over_.clear();
        if (co_await reach(progress::greeted)) co_await begin_message(step.text);
        co_return;
    case step_kind::rcpt:
        if (at_ > progress::rcpt) co_return refuse("the content of the message has begun");
        if (co_await reach(progress::mail)) co_await add_recipient(step.text);
        co_return;
    case step_kind::data:
        if (co_await reach(progress::rcpt)) co_await begin_content();
        co_return;
    case step_kind::header:
        if (at_ > progress::data) co_return refuse("the headers have ended");
        if (co_await reach(progress::data))
            for (auto const& one : step.headers)
                if (out_.given.what == status::pass) co_await add_header(one);
        co_return;
    case step_kind::end_of_headers:
        if (at_ > progress::data) co_return refuse("the headers have ended");
        if (co_await reach(progress::data)) co_await end_headers();
        co_return;
    case step_kind::body:
        if (co_await reach(progress::content)) co_await add_body(step.text);
        co_return;
    case step_kind::end_of_message:
        if (co_await reach(progress::content)) co_await end_message();
        co_return;
    case step_kind::message:
        if (at_ > progress::rcpt) co_return refuse("the content of the message has begun");
        if (content_said_) message_over_.clear(); // another one begins
        if (co_await reach(progress::rcpt)) {
            co_await whole_message(step.content);
            content_said_ = out_.attempted;
        }
        co_return;
    case step_kind::unknown:
        if (co_await reach(progress::connected)) co_await ask(wire::unknown{step.text});
        co_return;
    case step_kind::rset: co_return co_await reset();
    case step_kind::quit:
        if (mta_ && mta_->failed())
            co_return refuse("the session broke before: " + mta_->failed()->text);
        co_await finish();
        co_return;
    case step_kind::close:
        if (peer_) peer_->close();
        co_return;
    case step_kind::wait: co_return;
    }
}

/// Says what was left out, with its usual values. @return false: what is wanted cannot be said
asio::awaitable<bool> played_connection::reach(progress wanted) {
    bool const in_message = wanted > progress::greeted;
    while (goes_on(in_message) && at_ < wanted) {
        co_await say_next();
        bool const expected = out_.given.what == status::pass || !goes_on(in_message);
        if (!expected) refuse(said(out_.given));
    }
    bool const possible = out_.attempted && !out_.failed && goes_on(in_message);
    if (possible) out_ = {}; // those were not the step's own
    co_return possible;
}

asio::awaitable<void> played_connection::say_next() {
    switch (at_) {
    case progress::nothing: return negotiate({});
    case progress::negotiated: return say_client();
    case progress::connected: return say_helo(usual_helo);
    case progress::greeted: return begin_message(usual_sender);
    case progress::mail: return add_recipient(usual_recipient);
    case progress::rcpt: return begin_content();
    default: return end_headers();
    }
}

/// Whether anything more is said in this connection and message; if not, the outcome says why.
bool played_connection::goes_on(bool in_message) {
    if (!out_.attempted || out_.failed) return false;
    if (mta_ && mta_->failed())
        refuse("the session broke before: " + mta_->failed()->text);
    else if (left_)
        refuse("the session has ended");
    else if (!settled_.empty())
        refuse(settled_);
    else if (in_message && !message_over_.empty())
        refuse(message_over_);
    return out_.attempted;
}

void played_connection::refuse(std::string why) {
    out_.attempted = false;
    out_.why_not = std::move(why);
}

void played_connection::use_macros(scenario_step const& step) {
    plan_.macros = wanted_.macros;
    auto const stage = macro_stage(step.what);
    if (!stage) return;
    auto& own = plan_.macros[*stage];
    own.insert(own.end(), step.macros.begin(), step.macros.end());
}

// ---- before messages

asio::awaitable<void> played_connection::negotiate(offer_change change) {
    error_code ec;
    auto connected =
        co_await net::connect(how_.milter, proto::clock::now() + how_.connect_timeout, ec);
    if (ec) {
        out_.failed =
            failure{ec, "cannot connect to " + to_string(how_.milter) + ": " + ec.message(), true};
        out_.given.what = status::error;
        co_return;
    }
    peer_.emplace(std::move(connected));
    auto& offer = plan_.protocol.offer;
    if (change.version) {
        offer.version = *change.version;
        offer.steps = proto::steps_of(*change.version);
    }
    if (change.actions) offer.actions = *change.actions;
    if (change.steps) offer.steps = *change.steps;
    mta_.emplace(*peer_, plan_, log_);
    auto const begin = proto::clock::now();
    co_await mta_->negotiate();
    out_.took = proto::clock::now() - begin;
    out_.given = {mta_->failed() ? status::error : status::pass, code::negotiate, {}};
    out_.failed = mta_->failed();
    at_ = progress::negotiated;
    if (mta_->negotiated()) out_.agreed = mta_->agreed();
}

asio::awaitable<void> played_connection::say_client() {
    at_ = progress::connected;
    co_await note(mta_->say_client(), code::connect);
}

asio::awaitable<void> played_connection::say_helo(std::string name) {
    at_ = progress::greeted;
    co_await ask(wire::helo{name});
}

/// DISCARD means nothing before messages to either MTA.
asio::awaitable<void> played_connection::note(asio::awaitable<answer> asked, code stage) {
    out_.sent = mta_->sends(stage);
    auto const begin = proto::clock::now();
    out_.given = co_await std::move(asked);
    out_.took += proto::clock::now() - begin;
    out_.failed = mta_->failed();
    bool const early = stage == code::connect || stage == code::helo;
    bool const settles = out_.given.what == status::accept || refuses(out_.given.what);
    if ((early && settles) || ends_session(out_.given)) {
        settled_ = said(out_.given);
        refused_client_ = early;
    }
}

asio::awaitable<void> played_connection::ask(smtp_command const& command) {
    return note(mta_->ask(command), stage_of(command));
}

// ---- messages

asio::awaitable<void> played_connection::begin_message(std::string sender) {
    if (mta_->in_transaction()) co_await mta_->abort(); // Sendmail: only now
    at_ = progress::mail;
    content_said_ = false;
    mail_ = {};
    mail_.sender = parse_path(sender);
    recipients_.clear();
    result_ = message_outcome{};
    skips_headers_ = skips_body_ = false;
    mta_->message = &result_;
    mta_->values = {};
    mta_->values.sender = &mail_.sender;
    mta_->values.queue_id = new_queue_id();
    auto const args = wire::pack_zstr(mail_.sender.args);
    co_await ask(wire::mail{mail_.sender.address, wire::zstr_list(args)});
    if (out_.given.what != status::pass) co_await settle_message();
}

asio::awaitable<void> played_connection::add_recipient(std::string recipient) {
    at_ = progress::rcpt;
    auto const& one = recipients_.emplace_back(parse_path(recipient));
    mta_->values.recipient = &one;
    auto const args = wire::pack_zstr(one.args);
    co_await ask(wire::rcpt{one.address, wire::zstr_list(args)});
    auto const& given = out_.given;
    if (refuses(given.what) && !ends_session(given)) {
        result_.refused.push_back({one.address, given});
    } else if (given.what != status::pass) {
        co_await settle_message();
    } else {
        mta_->values.has_recipient = true;
        result_.recipients.push_back({changed_line::mark::same, one.address});
    }
}

asio::awaitable<void> played_connection::begin_content() {
    if (result_.recipients.empty()) co_return refuse("no recipient is left");
    at_ = progress::data;
    mta_->values.recipient = nullptr;
    co_await ask(wire::data{});
    if (out_.given.what != status::pass) co_await settle_message();
}

asio::awaitable<void> played_connection::add_header(mail_header const& header) {
    mail_.headers.push_back(header);
    out_.sent = !skips_headers_ && mta_->sends(code::header);
    if (skips_headers_) co_return;
    co_await note(mta_->say_header(header), code::header);
    skips_headers_ = mta_->skipped() && plan_.mta.skip_ends_headers;
    if (out_.given.what != status::pass) co_await settle_message();
}

asio::awaitable<void> played_connection::end_headers() {
    at_ = progress::content;
    co_await ask(wire::end_of_headers{});
    if (out_.given.what != status::pass) co_await settle_message();
}

asio::awaitable<void> played_connection::add_body(std::string_view bytes) {
    mail_.chunks.emplace_back(bytes);
    out_.sent = !skips_body_ && mta_->sends(code::body);
    auto const limit = std::min(how_.chunk_bytes, mta_->agreed().data_limit);
    for (std::size_t at = 0; at < bytes.size() && !skips_body_; at += limit) {
        co_await ask(wire::body{bytes.substr(at, limit)});
        skips_body_ = mta_->skipped();
        if (out_.given.what == status::pass) co_await mta_->flush(); // they do not pile up
        if (mta_->failed()) co_return;
        if (out_.given.what != status::pass) co_return co_await settle_message();
    }
}

asio::awaitable<void> played_connection::end_message() {
    mta_->values.message_id = message_id(mail_.headers, mta_->values.queue_id);
    co_await ask(wire::end_of_message{});
    co_await settle_message();
}

asio::awaitable<void> played_connection::whole_message(mail const& content) {
    auto const open = [&] { return message_over_.empty() && out_.attempted && !mta_->failed(); };
    if (at_ < progress::data) co_await begin_content();
    if (auto refusal = refusal_of_headers(plan_.mta, content.headers); !refusal.empty() && open()) {
        out_.given = {status::reject, code::data, refusal, refusal};
        co_return co_await settle_message();
    }
    for (auto const& one : content.headers)
        if (open()) co_await add_header(one);
    if (open()) co_await end_headers();
    if (open() && !content.body.empty()) co_await add_body(content.body);
    if (open()) co_await end_message();
    out_.sent = out_.attempted;
}

/// The message has its verdict: what became of it goes with the step.
asio::awaitable<void> played_connection::settle_message() {
    bool const at_end = out_.given.stage == code::end_of_message;
    message_over_ = at_end ? "the message has ended; a step mail begins another" : said(out_.given);
    content_said_ = at_end;
    at_ = progress::greeted;
    mta_->message = nullptr;
    result_.verdict = out_.given;
    begin_delivery(result_, mail_, plan_.rules);
    finish_delivery(result_);
    out_.given = result_.verdict;
    out_.message = std::move(result_);
    if (!mta_->failed() && plan_.mta.aborts_each_message) co_await mta_->abort();
}

/// RSET; neither MTA tells a milter of one outside of a message.
asio::awaitable<void> played_connection::reset() {
    message_over_.clear();
    bool const possible =
        co_await reach(progress::greeted); // negated in a condition GCC 12 miscompiles it
    if (!possible) co_return;
    out_.given = {status::pass, code::abort, {}};
    out_.sent = mta_->in_transaction();
    if (out_.sent) co_await mta_->abort();
    at_ = progress::greeted;
    mta_->message = nullptr;
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

} // namespace milter::test_server
