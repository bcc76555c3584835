// SPDX-License-Identifier: BSL-1.0
// rule/value.hpp - what a fact is for the mail at hand, and who knows it
#pragma once

#include "rule/fact_table.hpp"
#include "rule/ip.hpp"
#include "rule/mail_address.hpp"

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

/// Of one fact; which members have a meaning, its type says.
struct value { // NOLINT(cppcoreguidelines-pro-type-member-init): of the union one member is
    knowledge state = knowledge::pending;
    union {
        std::int64_t number =
            0; ///< bool as 0 and 1; numbers in the unit of their type; minutes of the week, from Monday
        mail_address const* mail;
        rule::ip const* address;
    };
    std::string_view text; ///< text; domain in its normal form; of an address as a whole

    bool is_known() const noexcept { return state == knowledge::known; }
};

inline value known_number(std::int64_t number) noexcept { return {knowledge::known, {number}, {}}; }
inline value known_text(std::string_view text) noexcept { return {knowledge::known, {0}, text}; }
inline value known_mail(mail_address const& mail) noexcept {
    return {.state = knowledge::known, .mail = &mail, .text = mail.whole};
}
inline value known_ip(ip const& address) noexcept {
    return {.state = knowledge::known, .address = &address, .text = {}};
}
inline value not_available() noexcept { return {knowledge::unavailable, {0}, {}}; }
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
