// SPDX-License-Identifier: BSL-1.0
// milter/filter/callbacks.hpp - a milter of functions instead of a class
//
//     filter::run(argc, argv, filter::on_rcpt([](filter::recipient const& to) -> filter::verdict {
//         if (to.domain() == "example.org") return filter::proceed;
//         return filter::reply("550 5.7.1 Not here");
//     }));
//
// A function takes what a handler of its stage takes. With per_message<T> in the list, those of a message take a T& before
// all else, which is made anew for each. Edits are asked for by uses<action::...>, macros by macro_names. All workers call
// the same functions, so what they capture by reference is shared by threads.
#pragma once

#include <milter/filter/callback_handler.hpp>
#include <milter/filter/traits.hpp>

#include <tuple>
#include <type_traits>
#include <utility>

namespace milter::filter {

namespace detail {

template <class Stage, class Function> struct callback { Function function; };
template <action Needed> struct used_actions {};
template <class State> struct message_state {};

template <class T> inline constexpr bool is_callback_item = std::is_same_v<T, macro_names>;
template <class Stage, class Function>
inline constexpr bool is_callback_item<callback<Stage, Function>> = true;
template <action Needed> inline constexpr bool is_callback_item<used_actions<Needed>> = true;
template <class State> inline constexpr bool is_callback_item<message_state<State>> = true;

template <class... Items> struct state_among { using type = no_state; };
template <class State, class... Items> struct state_among<message_state<State>, Items...> {
    using type = State;
};
template <class Item, class... Items> struct state_among<Item, Items...> : state_among<Items...> {};

template <class Stage>
inline constexpr bool of_connection =
    std::is_same_v<Stage, at_connect> || std::is_same_v<Stage, at_helo> ||
    std::is_same_v<Stage, at_unknown>;

/// What an item of the list adds to the connection: its handler, or nothing.
template <class Item> struct connection_part {
    explicit connection_part(Item&) noexcept {}
};
template <class Stage, class Function>
requires of_connection<Stage>
struct connection_part<callback<Stage, Function>> : calls<Stage, Function, no_state> {
    explicit connection_part(callback<Stage, Function>& item) noexcept
        : calls<Stage, Function, no_state>{&item.function} {}
};

/// What it adds to the message.
template <class Item, class State> struct message_part {
    message_part(Item&, State&) noexcept {}
};
template <class Stage, class Function, class State>
requires(!of_connection<Stage>) struct message_part<callback<Stage, Function>, State>
    : calls<Stage, Function, State> {
    message_part(callback<Stage, Function>& item, State& of_message) noexcept
        : calls<Stage, Function, State>{&item.function, &of_message} {}
};

template <class State> struct state_holder { State held{}; };

inline void ask_for(proto::wish& wish, macro_names const& names) { ask(wish, names); }
template <action Needed> void ask_for(proto::wish& wish, used_actions<Needed>) noexcept {
    wish.needs |= Needed;
}
inline void ask_for(proto::wish&, ...) noexcept {}

} // namespace detail

/// The functions of a milter, to be kept as long as it runs: `shared` of callback_milter.
template <class... Items> struct callbacks {
    static_assert((detail::is_callback_item<Items> && ...),
                  "a list of callbacks has on_connect(...) and the like, uses<...>, "
                  "per_message<...> and macro_names");

    explicit callbacks(Items... list) : items(std::move(list)...) {}

    std::tuple<Items...> items;
};

/// What a dispatcher makes of them.
template <class... Items> struct callback_milter : detail::connection_part<Items>... {
    using shared = callbacks<Items...>;
    using state = typename detail::state_among<Items...>::type;

    explicit callback_milter(shared& with)
        : detail::connection_part<Items>(std::get<Items>(with.items))..., functions(with) {}

    struct message : detail::state_holder<state>, detail::message_part<Items, state>... {
        explicit message(callback_milter& from)
            : detail::message_part<Items, state>(std::get<Items>(from.functions.items),
                                                 this->held)... {}
    };

    static void negotiate(proto::wish& wish, shared const& with) {
        (detail::ask_for(wish, std::get<Items>(with.items)), ...);
    }

    shared& functions;
};

template <class F> auto on_connect(F f) {
    return detail::callback<detail::at_connect, F>{std::move(f)};
}
template <class F> auto on_helo(F f) { return detail::callback<detail::at_helo, F>{std::move(f)}; }
template <class F> auto on_unknown(F f) {
    return detail::callback<detail::at_unknown, F>{std::move(f)};
}
template <class F> auto on_mail(F f) { return detail::callback<detail::at_mail, F>{std::move(f)}; }
template <class F> auto on_rcpt(F f) { return detail::callback<detail::at_rcpt, F>{std::move(f)}; }
template <class F> auto on_data(F f) { return detail::callback<detail::at_data, F>{std::move(f)}; }
template <class F> auto on_header(F f) {
    return detail::callback<detail::at_header, F>{std::move(f)};
}
template <class F> auto on_end_of_headers(F f) {
    return detail::callback<detail::at_end_of_headers, F>{std::move(f)};
}
template <class F> auto on_body(F f) { return detail::callback<detail::at_body, F>{std::move(f)}; }
template <class F> auto on_end_of_message(F f) {
    return detail::callback<detail::at_end_of_message, F>{std::move(f)};
}

/// Edits that the functions make.
template <action Needed> inline constexpr detail::used_actions<Needed> uses{};
/// A State of its own for each message, made by its default constructor.
template <class State> inline constexpr detail::message_state<State> per_message{};

} // namespace milter::filter
