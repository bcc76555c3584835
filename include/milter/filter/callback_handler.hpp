// SPDX-License-Identifier: BSL-1.0
// milter/filter/callback_handler.hpp - a function becomes the handler of one stage
//
// Each class here has the one member by which traits.hpp finds that handler, if the function can be called at all.
#pragma once

#include <milter/filter/client.hpp>
#include <milter/filter/stage.hpp>

#include <string_view>
#include <type_traits>
#include <utility>

namespace milter::filter::detail {

/// Whether a function takes these, the context, both, or nothing.
template <class Function, class Context, class... A>
concept takes =
    std::is_invocable_v<Function&, A&..., Context&> || std::is_invocable_v<Function&, A&...> ||
    std::is_invocable_v<Function&, Context&> || std::is_invocable_v<Function&>;

template <class Function, class Context, class... A>
decltype(auto) call_function(Function& function, Context& context, A&... with) {
    if constexpr (std::is_invocable_v<Function&, A&..., Context&>)
        return function(with..., context);
    else if constexpr (std::is_invocable_v<Function&, A&...>)
        return function(with...);
    else if constexpr (std::is_invocable_v<Function&, Context&>)
        return function(context);
    else
        return function();
}

struct no_state {};

/// The same with the state of the message before the others, where there is one.
template <class State, class Function, class Context, class... A>
inline constexpr bool takes_with = takes<Function, Context, State, A...>;
template <class Function, class Context, class... A>
inline constexpr bool takes_with<no_state, Function, Context, A...> =
    takes<Function, Context, A...>;

template <class State, class Function, class Context, class... A>
decltype(auto) call_with(State& state, Function& function, Context& context, A&... with) {
    if constexpr (std::is_same_v<State, no_state>)
        return call_function(function, context, with...);
    else
        return call_function(function, context, state, with...);
}

/// The handler of one callback.
template <class Stage, class Function, class State> struct calls {};

template <class F, class S> struct calls<at_connect, F, S> {
    template <class C>
    requires takes<F, C, client const>
    decltype(auto) connect(client const& from, C& context) {
        return call_function(*function, context, from);
    }
    F* function;
};
template <class F, class S> struct calls<at_helo, F, S> {
    template <class C>
    requires takes<F, C, std::string_view const>
    decltype(auto) helo(std::string_view name, C& context) {
        return call_function(*function, context, std::as_const(name));
    }
    F* function;
};
template <class F, class S> struct calls<at_unknown, F, S> {
    template <class C>
    requires takes<F, C, std::string_view const>
    decltype(auto) unknown(std::string_view line, C& context) {
        return call_function(*function, context, std::as_const(line));
    }
    F* function;
};
template <class F, class S> struct calls<at_mail, F, S> {
    template <class C>
    requires takes_with<S, F, C, envelope_address const>
    decltype(auto) mail(envelope_address const& from, C& context) {
        return call_with(*state, *function, context, from);
    }
    F* function;
    S* state;
};
template <class F, class S> struct calls<at_rcpt, F, S> {
    template <class C>
    requires takes_with<S, F, C, envelope_address const>
    decltype(auto) rcpt(envelope_address const& to, C& context) {
        return call_with(*state, *function, context, to);
    }
    F* function;
    S* state;
};
template <class F, class S> struct calls<at_data, F, S> {
    template <class C>
    requires takes_with<S, F, C>
    decltype(auto) data(C& context) { return call_with(*state, *function, context); }
    F* function;
    S* state;
};
template <class F, class S> struct calls<at_header, F, S> {
    template <class C>
    requires takes_with<S, F, C, std::string_view const, std::string_view const>
    decltype(auto) header(std::string_view name, std::string_view value, C& context) {
        return call_with(*state, *function, context, std::as_const(name), std::as_const(value));
    }
    F* function;
    S* state;
};
template <class F, class S> struct calls<at_end_of_headers, F, S> {
    template <class C>
    requires takes_with<S, F, C>
    decltype(auto) end_of_headers(C& context) { return call_with(*state, *function, context); }
    F* function;
    S* state;
};
template <class F, class S> struct calls<at_body, F, S> {
    template <class C>
    requires takes_with<S, F, C, std::string_view const>
    decltype(auto) body(std::string_view bytes, C& context) {
        return call_with(*state, *function, context, std::as_const(bytes));
    }
    F* function;
    S* state;
};
template <class F, class S> struct calls<at_end_of_message, F, S> {
    template <class E, class C>
    requires takes_with<S, F, C, E>
    decltype(auto) end_of_message(E& edits, C& context) {
        return call_with(*state, *function, context, edits);
    }
    F* function;
    S* state;
};

} // namespace milter::filter::detail
