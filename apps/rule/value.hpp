// SPDX-License-Identifier: BSL-1.0
// rule/value.hpp - what a fact is for the mail at hand, and who knows it
#pragma once

#include "rule/fact_table.hpp"
#include "rule/ip.hpp"
#include "rule/mail_address.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace milter::rule {

enum class knowledge : unsigned char {
    pending,     ///< it will be known later
    unavailable, ///< it never will
    known,
};

/// Of one fact; which members have a meaning, its type says. Small enough to be returned in two registers.
struct value { // NOLINT(cppcoreguidelines-pro-type-member-init): of the union one member is
    union {
        std::int64_t number =
            0; ///< bool as 0 and 1; numbers in the unit of their type; minutes of the week, from Monday
        mail_address const* mail;
        rule::ip const* address;
        char const* first; ///< of a text
    };
    std::uint32_t length = 0; ///< of a text; of a mail address `is_mail`
    knowledge state = knowledge::pending;

    static constexpr std::uint32_t is_mail = UINT32_MAX;

    bool is_known() const noexcept { return state == knowledge::known; }
    /// Text; domain in its normal form; of a mail address as a whole.
    std::string_view text() const noexcept {
        return length == is_mail ? mail->whole : std::string_view(first, length);
    }
};
static_assert(sizeof(value) == 16);

inline value known_number(std::int64_t number) noexcept { return {{number}, 0, knowledge::known}; }
/// Of a text of 4 GiB and more the front.
inline value known_text(std::string_view text) noexcept {
    auto const length = std::min<std::size_t>(text.size(), value::is_mail - 1);
    return {.first = text.data(),
            .length = static_cast<std::uint32_t>(length),
            .state = knowledge::known};
}
inline value known_mail(mail_address const& mail) noexcept {
    return {.mail = &mail, .length = value::is_mail, .state = knowledge::known};
}
inline value known_ip(ip const& address) noexcept {
    return {.address = &address, .state = knowledge::known};
}
inline value not_available() noexcept { return {{0}, 0, knowledge::unavailable}; }
inline value not_yet() noexcept { return {}; }

/// What stands in the parentheses of a fact, resolved when the rules were read.
struct argument {
    std::string text; ///< parameter in upper case; name of a header or macro
    std::size_t index =
        0; ///< of a milter or zone, as the names that the rules were read with count them
};

/// Where any(), all(), none() and count() are in what they go through.
struct cursor {
    std::size_t index = 0; ///< of the element at hand
    std::size_t mark =
        0;         ///< of recipients: how many have been passed; of others for whoever knows them
    value element; ///< of a header field: its text
};

/// One mail, as far as it is known. What was known once does not change; the views live as long as the question.
class fact_source {
public:
    /// @param with  null where the fact takes no argument
    /// @param at    of recipients: which one; else null
    virtual value read(fact which, argument const* with, cursor const* at) const noexcept = 0;

    /// Begins with a fresh cursor, or behind the first recipients, as `mark` says. @return false when there is no other one (yet, unless is_complete())
    virtual bool next(quantity of, argument const* with, cursor& at) const noexcept = 0;

    /// There will be no others.
    virtual knowledge is_complete(quantity of, argument const* with) const noexcept = 0;

protected:
    ~fact_source() = default;
};

} // namespace milter::rule
