// SPDX-License-Identifier: BSL-1.0
// milter/filter/traits.hpp - what follows from the members of a milter's class: what is negotiated, and how
//
// A class with a type `message` within it is one of a connection; connect(), helo() and unknown() are its handlers, and
// those of `message` the others. A class without is that of a message, if it has a handler of one.
#pragma once

#include <milter/filter/client.hpp>
#include <milter/filter/context.hpp>
#include <milter/filter/edits.hpp>
#include <milter/filter/stage.hpp>
#include <milter/filter/verdict.hpp>
#include <milter/proto/negotiation.hpp>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <type_traits>

namespace milter::filter {

using wire::step;

/// Macros that a milter asks for, by the command that they come with: "i {auth_authen}". Without a word for a stage the
/// MTA sends what it always does, with "" none. The ends of the headers and of the message go together, as Sendmail takes no
/// list of one alone: that of one is both's where the other has none.
struct macro_names {
    char const* connect = nullptr;
    char const* helo = nullptr;
    char const* mail = nullptr;
    char const* rcpt = nullptr;
    char const* data = nullptr;
    char const* end_of_headers = nullptr;
    char const* end_of_message = nullptr;
};

/// For who needs nothing that is shared.
struct nothing_shared {};

namespace detail {

struct nobody {}; // a connection or a message without handlers

template <class T, class Context>
inline constexpr bool has_message_handler =
    has_name<at_mail, T>() || has_name<at_rcpt, T>() || has_name<at_data, T>() ||
    has_name<at_header, T>() || has_name<at_end_of_headers, T>() || has_name<at_body, T>() ||
    has_name<at_end_of_message, T>();

template <class T>
inline constexpr bool has_connection_handler =
    has_name<at_connect, T>() || has_name<at_helo, T>() || has_name<at_unknown, T>();

template <class Filter> struct parts {
    using connection = std::conditional_t<has_message_handler<Filter, context>, nobody, Filter>;
    using message = std::conditional_t<has_message_handler<Filter, context>, Filter, nobody>;
};
template <class Filter>
requires requires { typename Filter::message; }
struct parts<Filter> {
    using connection = Filter;
    using message = typename Filter::message;
};

template <class Filter> struct shared_by { using type = nothing_shared; };
template <class Filter>
requires requires { typename Filter::shared; }
struct shared_by<Filter> {
    using type = typename Filter::shared;
};

/// Whether a handler's result is one that is waited for: neither nothing nor a verdict.
template <class Answer>
concept waits = !std::is_void_v<Answer> && !std::is_convertible_v<Answer, body_verdict>;

/// Whether no answer follows from it. A coroutine tells by its value.
template <class Answer> struct silent : std::is_void<Answer> {};
template <class Answer>
requires waits<Answer> && requires { typename Answer::value_type; }
struct silent<Answer> : std::is_void<typename Answer::value_type> {};

template <class Answer> struct may_skip : std::is_same<Answer, body_verdict> {};
template <class Answer>
requires waits<Answer> && requires { typename Answer::value_type; }
struct may_skip<Answer> : std::is_same<typename Answer::value_type, body_verdict> {};

/// One handler of one class: whether it is there, and what is negotiated for that.
template <class Stage, class T, class Context, class... A> struct handler {
    static constexpr bool exists = handles<Stage, T, Context, A...>;
    static_assert(exists || !has_name<Stage, T>(),
                  "a handler has the right name but cannot be called: look up its parameters "
                  "(docs/library/filter.md), and whether it is public");

    static constexpr bool waiting = [] {
        if constexpr (exists)
            return waits<answer_of<Stage, T, Context, A...>>;
        else
            return false;
    }();

    /// @param asked  the stage's macros are asked for, which come with its command only
    static constexpr step steps(bool asked) noexcept {
        auto const& row = wire::row_of(Stage::code);
        if constexpr (exists)
            return silent<answer_of<Stage, T, Context, A...>>::value ? row.no_reply : step::none;
        else
            return asked ? row.no_reply : row.suppressed_by;
    }
};

template <class T, class Context>
using end_handler_edits =
    std::conditional_t<!handles<at_end_of_message, T, Context, edits> &&
                           handles<at_end_of_message, T, Context, named_edits>,
                       named_edits, edits>;

/// Whether headers are counted for end_of_message().
template <class T, class Context>
inline constexpr bool edits_by_name = std::is_same_v<end_handler_edits<T, Context>, named_edits>;

template <class T, class Context> constexpr step body_skip() noexcept {
    if constexpr (handles<at_body, T, Context, std::string_view const>)
        return may_skip<answer_of<at_body, T, Context, std::string_view const>>::value ? step::skip
                                                                                       : step::none;
    else
        return step::none;
}

// ---- what a class declares

template <class T> constexpr action needed_actions() noexcept {
    if constexpr (requires { T::actions; })
        return T::actions;
    else
        return action::none;
}
template <class T> constexpr action optional_actions() noexcept {
    if constexpr (requires { T::optional_actions; })
        return T::optional_actions;
    else
        return action::none;
}
template <class T> constexpr step more_steps() noexcept {
    if constexpr (requires { T::steps; })
        return T::steps;
    else
        return step::none;
}
template <class T> constexpr macro_names macros_of() noexcept {
    if constexpr (requires { T::macros; })
        return T::macros;
    else
        return {};
}

inline constexpr char const* macro_names::*macro_name_lists[] = {
    &macro_names::connect,        &macro_names::helo, &macro_names::mail,
    &macro_names::rcpt,           &macro_names::data, &macro_names::end_of_headers,
    &macro_names::end_of_message,
};

/// Whether both ask for the macros of a stage.
constexpr bool overlap(macro_names const& one, macro_names const& other) noexcept {
    return std::any_of(std::begin(macro_name_lists), std::end(macro_name_lists),
                       [&](auto const list) { return one.*list && other.*list; });
}

/// What the connection asks for, and the message.
template <class Connection, class Message> constexpr macro_names names_of() noexcept {
    constexpr auto of_message = macros_of<Message>();
    auto names = macros_of<Connection>();
    static_assert(!overlap(macros_of<Connection>(), of_message),
                  "the class and its type `message` both have `macros` for the same stage: name "
                  "them in one place");
    for (auto const list : macro_name_lists)
        if (of_message.*list) names.*list = of_message.*list;
    return names;
}

inline void ask(proto::wish& wish, macro_names const& names) {
    using wire::macro_stage;
    auto const one = [&](macro_stage stage, char const* list) {
        if (list) wish.ask_for(stage, list);
    };
    one(macro_stage::connect, names.connect);
    one(macro_stage::helo, names.helo);
    one(macro_stage::mail, names.mail);
    one(macro_stage::rcpt, names.rcpt);
    one(macro_stage::data, names.data);
    one(macro_stage::end_of_headers, names.end_of_headers);
    one(macro_stage::end_of_message, names.end_of_message);
}

/// Source: protocol.md 2.5, statement 55.
inline void pair_lists_of_ends(proto::wish& wish) {
    using wire::command_code;
    auto& headers = wish.lists[wire::macro_stage_index(command_code::end_of_headers)];
    auto& message = wish.lists[wire::macro_stage_index(command_code::end_of_message)];
    if (!headers) headers = message;
    if (!message) message = headers;
}

template <class Connection, class Message, class Context> struct handlers {
    using text = std::string_view const;
    using address = envelope_address const;
    using connect = handler<at_connect, Connection, Context, client const>;
    using helo = handler<at_helo, Connection, Context, text>;
    using unknown = handler<at_unknown, Connection, Context, text>;
    using mail = handler<at_mail, Message, Context, address>;
    using rcpt = handler<at_rcpt, Message, Context, address>;
    using data = handler<at_data, Message, Context>;
    using header = handler<at_header, Message, Context, text, text>;
    using end_of_headers = handler<at_end_of_headers, Message, Context>;
    using body = handler<at_body, Message, Context, text>;
    using end_of_message =
        handler<at_end_of_message, Message, Context, end_handler_edits<Message, Context>>;

    static constexpr bool wait = connect::waiting || helo::waiting || unknown::waiting ||
                                 mail::waiting || rcpt::waiting || data::waiting ||
                                 header::waiting || end_of_headers::waiting || body::waiting ||
                                 end_of_message::waiting;

    static constexpr step steps(macro_names const& names) noexcept {
        auto const given = [](char const* list) { return list && *list; };
        return connect::steps(given(names.connect)) | helo::steps(given(names.helo)) |
               unknown::steps(false) | mail::steps(given(names.mail)) |
               rcpt::steps(given(names.rcpt)) | data::steps(given(names.data)) |
               header::steps(edits_by_name<Message, Context>) |
               end_of_headers::steps(given(names.end_of_headers)) | body::steps(false) |
               body_skip<Message, Context>() | more_steps<Connection>() | more_steps<Message>();
    }
};

} // namespace detail

template <class Filter> using connection_of = typename detail::parts<Filter>::connection;
template <class Filter> using message_of = typename detail::parts<Filter>::message;
template <class Filter> using shared_of = typename detail::shared_by<Filter>::type;

/// What those share that share nothing.
template <class Filter> shared_of<Filter>& not_shared() noexcept {
    static_assert(std::is_same_v<shared_of<Filter>, nothing_shared>,
                  "the class has a type `shared`: an object of it is to be given");
    static nothing_shared nothing;
    return nothing;
}

/// Whether any handler is a coroutine.
template <class Filter, class Context>
inline constexpr bool has_coroutines =
    detail::handlers<connection_of<Filter>, message_of<Filter>, Context>::wait;

/// What a milter asks for in the negotiation, by its class: commands without a handler are not sent, those whose handler
/// returns nothing not answered. A static member `void negotiate(proto::wish&, shared const&)` may change it.
template <class Filter, class Context = context>
proto::wish wish_of(shared_of<Filter> const& shared) {
    using connection = connection_of<Filter>;
    using message = message_of<Filter>;
    constexpr auto names = detail::names_of<connection, message>();
    proto::wish wish;
    wish.needs = detail::needed_actions<connection>() | detail::needed_actions<message>();
    wish.actions = detail::optional_actions<connection>() | detail::optional_actions<message>();
    wish.steps = detail::handlers<connection, message, Context>::steps(names);
    detail::ask(wish, names);
    if constexpr (requires { Filter::negotiate(wish, shared); }) Filter::negotiate(wish, shared);
    detail::pair_lists_of_ends(wish);
    return wish;
}

} // namespace milter::filter
