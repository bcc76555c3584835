// SPDX-License-Identifier: BSL-1.0
// milter/filter/dispatch.hpp - from a command to its handler, from a verdict to the reply; without sockets
//
//     dispatcher<my_milter> dispatch(session, context, wish, shared);
//     while (auto command = session.next(ec)) dispatch.start(*command);
//
// A handler that waits is handed back by start(), and finish() or failed() tells how it ended; next() may be called then.
// The message is made with its first command and destroyed when it ends, however it ends.
// What a handler throws, and a verdict that is not allowed, become tempfail: at once where a reply is owed, else in place
// of the next one.
#pragma once

#include <milter/filter/context.hpp>
#include <milter/filter/edits.hpp>
#include <milter/filter/make.hpp>
#include <milter/filter/traits.hpp>
#include <milter/filter/verdict.hpp>
#include <milter/proto/filter_session.hpp>
#include <milter/wire/describe.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace milter::filter {

template <class Filter, class Context = context> class dispatcher {
public:
    using connection = connection_of<Filter>;
    using message = message_of<Filter>;
    using shared = shared_of<Filter>;
    using pending = typename Context::pending; ///< a handler that waits, or nothing
    static_assert(!detail::has_connection_handler<message>,
                  "connect(), helo() and unknown() belong to the connection: put the handlers of "
                  "the message into a type `message` within the class");
    static_assert(std::is_same_v<connection, detail::nobody> ||
                      !detail::has_message_handler<connection, Context>,
                  "the handlers of a message belong into the type `message`");
    static_assert(detail::has_connection_handler<connection> ||
                      detail::has_message_handler<message, Context>,
                  "a milter without any handler");

    /// All of them must outlive it. `session` negotiates by hand (filter_options::manual_negotiation).
    dispatcher(proto::filter_session& session, Context& context, proto::wish const& wish,
               shared& with) noexcept
        : session_(session), context_(context), wish_(wish), shared_(with) {}
    dispatcher(dispatcher const&) = delete;
    dispatcher& operator=(dispatcher const&) = delete;
    ~dispatcher() = default;

    /// Calls the handler of a command, and answers for it.
    /// @return  what is to be waited for; nothing when it is done
    pending start(wire::any_command const& command);

    /// The handler that waited is done.
    void finish(verdict const& given) {
        answer(given);
        ran();
    }
    void finish() { finish(proceed); }
    /// It threw. @param thrown  of its handler
    void failed(std::exception_ptr const& thrown);
    /// It has not kept its deadline: the MTA is told tempfail now, and what it will say does not count.
    void late();

    /// The negotiation failed: there is no reply to that but to close. @errors  as proto::answer_offer()
    error_code const& error() const noexcept { return error_; }

    /// The last edit that failed as the class does not declare its action: a mistake that no MTA mends.
    std::optional<wire::reply_code> undeclared() const noexcept { return undeclared_; }

    /// The message that is under way; null when there is none, or none with handlers.
    message* current_message() const noexcept { return message_.get(); }
    connection* current_connection() const noexcept { return connection_.get(); }

private:
    using end_edits = detail::end_handler_edits<message, Context>;
    static constexpr bool by_name = detail::edits_by_name<message, Context>;
    struct no_counts {};

    static_assert(
        !(detail::callable<detail::at_end_of_message, message, end_edits, Context> ||
          detail::callable<detail::at_end_of_message, message, end_edits>) ||
            requires { message::actions; } || requires { message::optional_actions; } ||
            requires { connection::actions; } || requires { connection::optional_actions; } ||
            requires { &Filter::negotiate; },
        "end_of_message() takes edits, but the class declares no `static constexpr auto "
        "actions`: all edits would be refused");

    pending on(wire::negotiate const& offer);
    pending on(wire::macros const&) { return {}; }
    pending on(wire::connect const& command) {
        client_.emplace(command);
        return run<detail::at_connect>(the_connection(), std::as_const(*client_));
    }
    pending on(wire::helo const& command) {
        return run<detail::at_helo>(the_connection(), std::as_const(command.name));
    }
    pending on(wire::unknown const& command) {
        return run<detail::at_unknown>(the_connection(), std::as_const(command.line));
    }
    pending on(wire::mail const& command) {
        address_.emplace(command);
        return run<detail::at_mail>(the_message(), std::as_const(*address_));
    }
    pending on(wire::rcpt const& command) {
        address_.emplace(command);
        return run<detail::at_rcpt>(the_message(), std::as_const(*address_));
    }
    pending on(wire::data const&) { return run<detail::at_data>(the_message()); }
    pending on(wire::header const& command) {
        if constexpr (by_name) counts_.add(command.name);
        return run<detail::at_header>(the_message(), command.name, command.value);
    }
    pending on(wire::end_of_headers const&) {
        return run<detail::at_end_of_headers>(the_message());
    }
    pending on(wire::body const& command) {
        if (skipped_) return proceed_without();
        return run<detail::at_body>(the_message(), command.bytes);
    }
    pending on(wire::end_of_message const& command);
    pending on(wire::abort const&) { return {}; }
    pending on(wire::quit const&) { return {}; }
    pending on(wire::quit_new_connection const&) { return {}; }

    template <class Stage, class Target, class... A> pending run(Target* target, A&... with);
    void answer(verdict const& given);
    void send(verdict const& given, error_code& ec);
    void tell(wire::reply_code verdict) noexcept;
    void last_piece(message* target, std::string_view bytes);
    void refuse_for_now();
    void fail();
    void ran();
    void log_error(std::string_view what) const;

    bool is_refused() const noexcept { return message_failed_ || connection_failed_; }
    pending proceed_without() {
        answer(proceed);
        after();
        return {};
    }
    pending refuse_without() {
        refuse_for_now();
        after();
        return {};
    }
    /// Null when it could not be made.
    connection* the_connection();
    message* the_message();
    template <class T, class Owner> void create(std::unique_ptr<T>& one, Owner& owner);
    void before(wire::command_code code);
    void after() noexcept {
        if (!proto::in_transaction(session_.at())) end_message();
    }
    void end_message() noexcept;

    proto::filter_session& session_;
    Context& context_;
    proto::wish const& wish_;
    shared& shared_;
    std::unique_ptr<connection> connection_;
    std::unique_ptr<message> message_;
    std::optional<client> client_;
    std::optional<envelope_address> address_;
    std::optional<end_edits> edits_;
    [[no_unique_address]] std::conditional_t<by_name, header_counts, no_counts> counts_;
    error_code error_;
    wire::command_code stage_ = wire::command_code::negotiate; ///< of the last command
    bool in_message_ = false;
    bool skipped_ = false;           ///< body() wants no more
    bool message_failed_ = false;    ///< tempfail is due
    bool connection_failed_ = false; ///< the same, and again for each message
    bool threw_ = false;             ///< the handler at hand
    std::optional<wire::reply_code> told_;
    std::optional<wire::reply_code> undeclared_;
    proto::time_point began_; ///< the handler; with a hook only
};

template <class Filter, class Context>
auto dispatcher<Filter, Context>::start(wire::any_command const& command) -> pending {
    before(wire::code_of(command));
    if (session_.out_of_order()) {
        refuse_for_now(); // its handler could not know what it belongs to
        return {};
    }
    return std::visit([this](auto const& one) { return this->on(one); }, command);
}

template <class Filter, class Context>
void dispatcher<Filter, Context>::before(wire::command_code code) {
    using wire::command_code;
    stage_ = code;
    if (context_.common().hooks.on_handler) began_ = proto::clock::now();
    told_.reset();
    threw_ = false;
    if (session_.implicitly_aborted() || code == command_code::mail ||
        !proto::in_transaction(session_.at()))
        end_message();
    if (code == command_code::connect || code == command_code::quit ||
        code == command_code::quit_new_connection) {
        connection_.reset();
        connection_failed_ = false;
    }
    if (!in_message_ && proto::in_transaction(session_.at())) {
        in_message_ = true;
        tally::add(context_.common().counts.messages);
    }
}

template <class Filter, class Context> void dispatcher<Filter, Context>::end_message() noexcept {
    edits_.reset();
    message_.reset();
    if constexpr (by_name) counts_.clear();
    in_message_ = skipped_ = message_failed_ = false;
}

template <class Filter, class Context>
template <class T, class Owner>
void dispatcher<Filter, Context>::create(std::unique_ptr<T>& one, Owner& owner) {
    if (one) return;
    try {
        one = detail::make<T>(owner, context_);
    } catch (...) {
        failed(std::current_exception());
    }
}

template <class Filter, class Context>
auto dispatcher<Filter, Context>::the_connection() -> connection* {
    create(connection_, shared_);
    return connection_.get();
}

template <class Filter, class Context> auto dispatcher<Filter, Context>::the_message() -> message* {
    if (message_failed_) return message_.get();
    if constexpr (std::is_same_v<connection, detail::nobody>)
        create(message_, shared_);
    else if (auto* const owner = the_connection())
        create(message_, *owner);
    return message_.get();
}

template <class Filter, class Context>
template <class Stage, class Target, class... A>
auto dispatcher<Filter, Context>::run(Target* target, A&... with) -> pending {
    if constexpr (!detail::handles<Stage, Target, Context, A...>) {
        return is_refused() ? refuse_without() : proceed_without();
    } else {
        if (!target || is_refused()) return refuse_without();
        using result = detail::answer_of<Stage, Target, Context, A...>;
        try {
            if constexpr (detail::waits<result>) {
                static_assert(std::is_constructible_v<pending, result>,
                              "a handler returns nothing, a verdict, or a coroutine with either; "
                              "one that waits needs milter/filter/server.hpp");
                return pending(detail::call<Stage>(*target, context_, with...));
            } else if constexpr (std::is_void_v<result>) {
                detail::call<Stage>(*target, context_, with...);
                answer(proceed);
            } else {
                static_assert(std::is_same_v<Stage, detail::at_body> ||
                                  std::is_convertible_v<result, verdict>,
                              "skip is an answer of body() alone");
                body_verdict const given = detail::call<Stage>(*target, context_, with...);
                answer(given);
            }
        } catch (...) {
            failed(std::current_exception());
            return {};
        }
        ran();
        return {};
    }
}

template <class Filter, class Context>
auto dispatcher<Filter, Context>::on(wire::negotiate const& offer) -> pending {
    auto const agreed = proto::answer_offer(offer, wish_);
    if (agreed)
        session_.negotiate(*agreed, error_);
    else
        error_ = agreed.error();
    if (error_) log_error(error_.message() + ": " + wire::describe(wire::any_command{offer}));
    return {};
}

template <class Filter, class Context>
auto dispatcher<Filter, Context>::on(wire::end_of_message const& command) -> pending {
    auto* const target = the_message();
    if constexpr (by_name)
        edits_.emplace(session_, counts_);
    else
        edits_.emplace(session_);
    if (!command.bytes.empty()) last_piece(target, command.bytes);
    if (!session_.awaits_reply()) return {}; // answered, and the message has gone with it
    return run<detail::at_end_of_message>(target, *edits_);
}

/// Very old MTAs send the end of the body with the end of the message: a verdict of body() is then the answer to both.
template <class Filter, class Context>
void dispatcher<Filter, Context>::last_piece(message* target, std::string_view const bytes) {
    if constexpr (detail::handles<detail::at_body, message, Context, std::string_view const>) {
        if (!target || skipped_ || is_refused()) return;
        using result = detail::answer_of<detail::at_body, message, Context, std::string_view const>;
        try {
            if constexpr (detail::waits<result>) {
                throw std::runtime_error("body() waits, and the MTA sends no BODY");
            } else if constexpr (std::is_void_v<result>) {
                detail::call<detail::at_body>(*target, context_, bytes);
            } else {
                body_verdict const given = detail::call<detail::at_body>(*target, context_, bytes);
                auto const code = given.code();
                if (code != wire::reply_code::proceed && code != wire::reply_code::skip)
                    finish(given);
            }
        } catch (...) {
            failed(std::current_exception());
        }
    }
}

template <class Filter, class Context>
void dispatcher<Filter, Context>::answer(verdict const& given) {
    if (given.code() == wire::reply_code::skip) skipped_ = true; // until the message ends
    if (!session_.awaits_reply()) return;
    error_code ec;
    send(given, ec);
    if (!ec) return tell(given.code());
    tally::add(context_.common().counts.mistakes);
    log_error(std::string(wire::name_of(given.code())) + ": " + ec.message());
    refuse_for_now();
}

template <class Filter, class Context>
void dispatcher<Filter, Context>::send(verdict const& given, error_code& ec) {
    using wire::reply_code;
    switch (given.code()) {
    case reply_code::accept: return session_.reply(wire::accept{}, ec);
    case reply_code::reject: return session_.reply(wire::reject{}, ec);
    case reply_code::discard: return session_.reply(wire::discard{}, ec);
    case reply_code::skip: return session_.reply(wire::skip{}, ec);
    case reply_code::reply_text: return session_.reply(wire::reply_text{given.text()}, ec);
    case reply_code::proceed: return session_.reply(wire::proceed{}, ec);
    default: return session_.reply(wire::tempfail{}, ec);
    }
}

template <class Filter, class Context> void dispatcher<Filter, Context>::refuse_for_now() {
    if (!session_.awaits_reply()) return;
    error_code ec;
    session_.reply(wire::tempfail{}, ec);
    tell(wire::reply_code::tempfail);
}

template <class Filter, class Context>
void dispatcher<Filter, Context>::tell(wire::reply_code verdict) noexcept {
    told_ = verdict;
    context_.common().counts.told(stage_, verdict);
}

template <class Filter, class Context>
void dispatcher<Filter, Context>::failed(std::exception_ptr const& thrown) {
    threw_ = true;
    tally::add(context_.common().counts.exceptions);
    if (auto const edit = detail::undeclared_edit(thrown, wish_.needs | wish_.actions)) {
        undeclared_ = edit;
        log_error(detail::undeclared_text(*edit));
    } else {
        log_error(detail::text_of(thrown));
    }
    fail();
    ran();
}

template <class Filter, class Context> void dispatcher<Filter, Context>::late() {
    tally::add(context_.common().counts.late);
    log_error("its deadline has passed");
    fail();
}

/// Tempfail: now, or where it is due next.
template <class Filter, class Context> void dispatcher<Filter, Context>::fail() {
    if (session_.awaits_reply())
        refuse_for_now();
    else if (!told_)
        (in_message_ ? message_failed_ : connection_failed_) = true;
}

template <class Filter, class Context> void dispatcher<Filter, Context>::ran() {
    auto const& hooks = context_.common().hooks;
    if (hooks.on_handler)
        hooks::tell(hooks.on_handler, handler_run{context_.connection(), stage_, told_, threw_,
                                                  proto::clock::now() - began_});
    after();
}

template <class Filter, class Context>
void dispatcher<Filter, Context>::log_error(std::string_view what) const {
    if (!context_.common().hooks.on_log) return;
    context_.log(log_level::error, std::string(wire::name_of(stage_)) + ": " + wire::quoted(what));
}

} // namespace milter::filter
