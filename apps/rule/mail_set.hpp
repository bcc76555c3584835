// SPDX-License-Identifier: BSL-1.0
// rule/mail_set.hpp - many mail addresses: single ones, all of a domain, a user wherever
#pragma once

#include "rule/domain_set.hpp"
#include "rule/mail_address.hpp"

#include <cstddef>
#include <string_view>

namespace milter::rule {

/// Addresses are equal as same_mail_address() says.
class mail_set {
public:
    /// @param entry  "user@example.com"; "@example.com" or "example.com": any user of that domain; ".example.com" or
    ///               "*.example.com": any user of the domains under it; "user@": that user in any domain, and in none;
    ///               "<>": the null sender. A domain need not have a dot.
    /// @return  false when it is none of these; "*@example.com" is not
    bool add(std::string_view entry);

    std::size_t size() const noexcept {
        return addresses_.size() + users_.size() + domains_.size() + (has_null_ ? 1 : 0);
    }

    /// Does not allocate, unless the domain is not in ASCII.
    bool has(mail_address const& address) const noexcept;

private:
    bool has_at(mail_address const& address, std::string_view domain) const noexcept;

    name_table addresses_; // "user@example.com", the domain in normal form
    name_table users_;
    domain_set domains_;
    bool has_null_ = false;
};

} // namespace milter::rule
