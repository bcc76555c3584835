// SPDX-License-Identifier: BSL-1.0
// rule/hash_table.hpp - Postfix' tables of type texthash, asked as access(5) says
//
// The keys are asked for one after the other, and the first that is there counts: a DUNNO for an address keeps the entry of
// its domain from counting.
#pragma once

#include "rule/ip.hpp"
#include "rule/mail_address.hpp"
#include "rule/name_table.hpp"
#include "rule/table_text.hpp"

#include <cstddef>
#include <optional>
#include <string_view>

namespace milter::rule {

/// How a table says "the names under example.com": parent_domain_matches_subdomains of Postfix.
enum class parent_keys {
    plain,  ///< "example.com", which also is that name itself: Postfix' default for access tables
    dotted, ///< ".example.com"
    both,
};

class hash_table {
public:
    static hash_table parse(std::string_view text, parent_keys parents,
                            counting_results const& results, table_problems& problems);

    std::size_t size() const noexcept { return keys_.size(); }

    // @return  that the result counts; empty: not found

    /// The address, then shorter and shorter fronts of it: 192.0.2.1, 192.0.2, 192.0, 192; 2001:db8::1, 2001:db8, 2001.
    std::optional<bool> find(ip const& address) const noexcept;
    /// The name, then its parents, the nearest first.
    std::optional<bool> find_domain(std::string_view normal) const noexcept;
    /// user@example.com, then the domain and its parents, then user@; or "<>". Address extensions are not taken off.
    std::optional<bool> find_mail(mail_address const& address) const noexcept;
    /// The text and nothing else.
    std::optional<bool> find_text(std::string_view text) const noexcept;

private:
    friend class hash_table_reader;

    std::optional<bool> find_key(name_table::parts of_key) const noexcept;

    name_table keys_; // key_value of each
    parent_keys parents_ = parent_keys::both;
};

} // namespace milter::rule
