// SPDX-License-Identifier: BSL-1.0
// rule/truth.hpp - Kleene's logic, with two kinds of not knowing
//
// `pending` will be known later, `unavailable` never. Only pending ones can still change, so an answer that is anything
// else is final: what becomes known later cannot turn it.
#pragma once

#include <array>
#include <string_view>

namespace milter::rule {

enum class truth : unsigned char { no, yes, pending, unavailable };

inline constexpr std::array all_truths = {truth::no, truth::yes, truth::pending,
                                          truth::unavailable};

constexpr bool is_final(truth of) noexcept { return of != truth::pending; }

constexpr truth truth_of(bool is_true) noexcept { return is_true ? truth::yes : truth::no; }

constexpr truth not_(truth of) noexcept {
    switch (of) {
    case truth::no: return truth::yes;
    case truth::yes: return truth::no;
    default: return of;
    }
}

/// One no is enough. Before that is known, a pending one may still be it.
constexpr truth and_(truth a, truth b) noexcept {
    if (a == truth::no || b == truth::no) return truth::no;
    if (a == truth::pending || b == truth::pending) return truth::pending;
    if (a == truth::unavailable || b == truth::unavailable) return truth::unavailable;
    return truth::yes;
}

constexpr truth or_(truth a, truth b) noexcept { return not_(and_(not_(a), not_(b))); }

/// and_() or or_() of many: one that is decisive settles it; else it is open while one is pending, then unavailable.
class truths {
public:
    static constexpr truths that_all_hold() noexcept { return truths(truth::no); }
    static constexpr truths that_one_holds() noexcept { return truths(truth::yes); }

    /// @return  true: settled, whatever else comes
    constexpr bool add(truth one) noexcept {
        if (one == neutral_) return false;
        if (answer_ != truth::pending || one == decisive_) answer_ = one;
        return one == decisive_;
    }
    constexpr truth answer() const noexcept { return answer_; }
    /// None has come but those that settle nothing.
    constexpr bool is_neutral() const noexcept { return answer_ == neutral_; }

private:
    constexpr explicit truths(truth decisive) noexcept
        : decisive_(decisive), neutral_(not_(decisive)), answer_(neutral_) {}

    truth decisive_, neutral_, answer_;
};

constexpr std::string_view name_of(truth of) noexcept {
    constexpr std::string_view names[] = {"false", "true", "not known yet", "unavailable"};
    return names[static_cast<unsigned char>(of)];
}

} // namespace milter::rule
