// SPDX-License-Identifier: BSL-1.0
// rule/set.hpp - a named set of a rule: addresses, domains, mail addresses, texts or hours, from a list or from a file
//
// A set is built once and never changes; copies share it, and any thread may ask it. Text comes in: who reads the file is
// somebody else.
#pragma once

#include "rule/entry_problem.hpp"
#include "rule/ip.hpp"
#include "rule/mail_address.hpp"
#include "rule/time_window.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace milter::rule {

class lookup_table;

enum class set_kind {
    addresses, ///< IP addresses and prefixes: prefix_set
    domains,   ///< domain_set
    mail,      ///< mail addresses: mail_set
    text,      ///< whole texts, without regard to case in ASCII
    windows,   ///< time_window
};

/// Each question is one to sets of its kind: of another kind the answer is no. None allocates, but that a mail address
/// with a domain that is not in ASCII is converted, and that RE2 keeps what it learns about a pattern.
class set {
public:
    /// What a Postfix table says of addresses, domains, mail addresses or texts.
    set(set_kind kind, lookup_table table);

    set_kind kind() const noexcept;
    std::size_t size() const noexcept; ///< entries

    bool has(ip const& address) const noexcept;
    bool has_domain(std::string_view normal) const noexcept; ///< a normal_domain()
    bool has_mail(mail_address const& address) const noexcept;
    bool has_text(std::string_view text) const noexcept;
    /// @param weekday, minute_of_day  as for contains() of time_window
    bool has_time(int weekday, int minute_of_day) const noexcept;

private:
    friend class set_builder;
    struct content;

    explicit set(std::shared_ptr<content const> of) noexcept;

    std::shared_ptr<content const> content_;
};

struct set_result {
    std::optional<set> value; ///< none when there is a problem
    std::vector<entry_problem> problems;
};

/// @param entries  as their kind has them. Of domains, mail and text also `/pattern/` and `/pattern/i`: a regular
///                 expression, in any case without regard to case, that is searched for in the domain, in the address
///                 without angle brackets, or in the text.
set_result parse_set(set_kind kind, std::vector<std::string_view> const& entries);

/// @param text  of a file: an entry a line. Empty lines and those that begin with "#" are none; blanks around an entry do
///              not count, nor does what stands behind blanks and "#", except for text and patterns.
set_result parse_set_text(set_kind kind, std::string_view text);

} // namespace milter::rule
