// SPDX-License-Identifier: BSL-1.0
// milter/filter/stage.hpp - the handlers that a class may have: their names, and what they are given
//
// A handler is found by its name. One that has the name and cannot be called with what its stage has to give does not
// compile, so that none is passed over for a slip in its parameters.
#pragma once

#include <milter/wire/code.hpp>

#include <type_traits>
#include <utility>

namespace milter::filter::detail {

// Each has: the command; how the handler is called; a class with a member of its name, which makes that name ambiguous
// in who inherits from both, so that the name is found whatever its parameters are.

struct at_connect {
    static constexpr auto code = wire::command_code::connect;
    struct named {
        int connect;
    };
    template <class P> static constexpr bool unambiguous = requires { &P::connect; };
    template <class T, class... A>
    static auto call(T& to, A&&... with) -> decltype(to.connect(std::forward<A>(with)...)) {
        return to.connect(std::forward<A>(with)...);
    }
};

struct at_helo {
    static constexpr auto code = wire::command_code::helo;
    struct named {
        int helo;
    };
    template <class P> static constexpr bool unambiguous = requires { &P::helo; };
    template <class T, class... A>
    static auto call(T& to, A&&... with) -> decltype(to.helo(std::forward<A>(with)...)) {
        return to.helo(std::forward<A>(with)...);
    }
};

struct at_unknown {
    static constexpr auto code = wire::command_code::unknown;
    struct named {
        int unknown;
    };
    template <class P> static constexpr bool unambiguous = requires { &P::unknown; };
    template <class T, class... A>
    static auto call(T& to, A&&... with) -> decltype(to.unknown(std::forward<A>(with)...)) {
        return to.unknown(std::forward<A>(with)...);
    }
};

struct at_mail {
    static constexpr auto code = wire::command_code::mail;
    struct named {
        int mail;
    };
    template <class P> static constexpr bool unambiguous = requires { &P::mail; };
    template <class T, class... A>
    static auto call(T& to, A&&... with) -> decltype(to.mail(std::forward<A>(with)...)) {
        return to.mail(std::forward<A>(with)...);
    }
};

struct at_rcpt {
    static constexpr auto code = wire::command_code::rcpt;
    struct named {
        int rcpt;
    };
    template <class P> static constexpr bool unambiguous = requires { &P::rcpt; };
    template <class T, class... A>
    static auto call(T& to, A&&... with) -> decltype(to.rcpt(std::forward<A>(with)...)) {
        return to.rcpt(std::forward<A>(with)...);
    }
};

struct at_data {
    static constexpr auto code = wire::command_code::data;
    struct named {
        int data;
    };
    template <class P> static constexpr bool unambiguous = requires { &P::data; };
    template <class T, class... A>
    static auto call(T& to, A&&... with) -> decltype(to.data(std::forward<A>(with)...)) {
        return to.data(std::forward<A>(with)...);
    }
};

struct at_header {
    static constexpr auto code = wire::command_code::header;
    struct named {
        int header;
    };
    template <class P> static constexpr bool unambiguous = requires { &P::header; };
    template <class T, class... A>
    static auto call(T& to, A&&... with) -> decltype(to.header(std::forward<A>(with)...)) {
        return to.header(std::forward<A>(with)...);
    }
};

struct at_end_of_headers {
    static constexpr auto code = wire::command_code::end_of_headers;
    struct named {
        int end_of_headers;
    };
    template <class P> static constexpr bool unambiguous = requires { &P::end_of_headers; };
    template <class T, class... A>
    static auto call(T& to, A&&... with) -> decltype(to.end_of_headers(std::forward<A>(with)...)) {
        return to.end_of_headers(std::forward<A>(with)...);
    }
};

struct at_body {
    static constexpr auto code = wire::command_code::body;
    struct named {
        int body;
    };
    template <class P> static constexpr bool unambiguous = requires { &P::body; };
    template <class T, class... A>
    static auto call(T& to, A&&... with) -> decltype(to.body(std::forward<A>(with)...)) {
        return to.body(std::forward<A>(with)...);
    }
};

struct at_end_of_message {
    static constexpr auto code = wire::command_code::end_of_message;
    struct named {
        int end_of_message;
    };
    template <class P> static constexpr bool unambiguous = requires { &P::end_of_message; };
    template <class T, class... A>
    static auto call(T& to, A&&... with) -> decltype(to.end_of_message(std::forward<A>(with)...)) {
        return to.end_of_message(std::forward<A>(with)...);
    }
};

template <class T, class Stage> struct probe : T, Stage::named {};

/// Whether T has anything of the handler's name.
template <class Stage, class T> consteval bool has_name() {
    if constexpr (std::is_class_v<T> && !std::is_final_v<T>)
        return !Stage::template unambiguous<probe<T, Stage>>;
    else
        return false; // XXX a final class cannot be looked into: a slip in its parameters goes unnoticed
}

template <class Stage, class T, class... A>
concept callable = requires(T& to, A&... with) {
    Stage::call(to, with...);
};

/// Whether T has the handler: with what its stage gives, with the context, with both, or with nothing.
template <class Stage, class T, class Context, class... A>
concept handles = callable<Stage, T, A..., Context> || callable<Stage, T, A...> ||
    callable<Stage, T, Context> || callable<Stage, T>;

template <class Stage, class Context, class T, class... A>
decltype(auto) call(T& to, Context& context, A&... with) {
    if constexpr (callable<Stage, T, A..., Context>)
        return Stage::call(to, with..., context);
    else if constexpr (callable<Stage, T, A...>)
        return Stage::call(to, with...);
    else if constexpr (callable<Stage, T, Context>)
        return Stage::call(to, context);
    else
        return Stage::call(to);
}

template <class Stage, class T, class Context, class... A>
using answer_of = decltype(call<Stage, Context>(std::declval<T&>(), std::declval<Context&>(),
                                                std::declval<A&>()...));

} // namespace milter::filter::detail
