// SPDX-License-Identifier: BSL-1.0
// milter/filter/make.hpp - the objects of a milter are made with what their constructors take
//
// The first that fits: owner and context, owner, context, nothing. The owner of a message is its connection, else what
// the milter shares. An aggregate takes them as its first members.
#pragma once

#include <exception>
#include <memory>
#include <string>
#include <type_traits>

namespace milter::filter {

namespace detail {

// An aggregate's other members are what their types make of nothing: no news to who wrote `std::string subject;`.
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#endif

/// Without braces an aggregate cannot be made of members by clang 14.
template <class T, class... A> constexpr bool makes() noexcept {
    if constexpr (std::is_aggregate_v<T>) return requires(A & ... with) {
            T{with...};
        };
    else
        return std::is_constructible_v<T, A&...>;
}
template <class T, class... A> std::unique_ptr<T> make_with(A&... with) {
    if constexpr (std::is_aggregate_v<T>)
        return std::unique_ptr<T>(new T{with...});
    else
        return std::make_unique<T>(with...);
}
template <class T, class Owner, class Context>
std::unique_ptr<T> make(Owner& owner, Context& context) {
    if constexpr (makes<T, Owner, Context>())
        return make_with<T>(owner, context);
    else if constexpr (makes<T, Owner>())
        return make_with<T>(owner);
    else if constexpr (makes<T, Context>())
        return make_with<T>(context);
    else
        return make_with<T>();
}

#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

inline std::string text_of(std::exception_ptr const& thrown) {
    try {
        std::rethrow_exception(thrown);
    } catch (std::exception const& e) {
        return e.what();
    } catch (...) {
        return "something that is no std::exception";
    }
}

} // namespace detail

} // namespace milter::filter
