// SPDX-License-Identifier: BSL-1.0
// rule/lookup_table.hpp - Postfix' tables as sets: who is found with a result that counts
//
// What stands in a table is read as Postfix reads it (the heads of cidr_table.hpp, pattern_table.hpp and hash_table.hpp say
// where not), but a line that Postfix would warn of and skip is a problem.
#pragma once

#include "rule/entry_problem.hpp"
#include "rule/hash_table.hpp"
#include "rule/ip.hpp"
#include "rule/mail_address.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace milter::rule {

enum class table_kind { cidr, regexp, pcre, texthash };

/// By Postfix' name of it.
std::optional<table_kind> parse_table_kind(std::string_view name) noexcept;

struct table_options {
    /// First words of the results that make a member, in any case; empty: all but DUNNO.
    std::vector<std::string> results;
    parent_keys parents = parent_keys::both; ///< texthash
};

struct lookup_table_result;

/// A table is built once and never changes; copies share it, and any thread may ask it. No question allocates, with the
/// exceptions of `set`.
class lookup_table {
public:
    static lookup_table_result parse(table_kind kind, std::string_view text,
                                     table_options const& options = {});

    table_kind kind() const noexcept;
    std::size_t size() const noexcept; ///< rules

    /// Tables of patterns are asked for the address as text, in RFC 5952's spelling.
    bool has(ip const& address) const noexcept;
    bool has_domain(std::string_view normal) const noexcept; ///< never in a cidr table
    /// Tables of patterns are asked for the whole address without brackets, or "<>". Never in a cidr table.
    bool has_mail(mail_address const& address) const noexcept;
    bool
    has_text(std::string_view text) const noexcept; ///< of a cidr table: the text of an address

private:
    struct content;

    explicit lookup_table(std::shared_ptr<content const> of) noexcept : content_(std::move(of)) {}

    std::shared_ptr<content const> content_;
};

struct lookup_table_result {
    std::optional<lookup_table> value; ///< none when there is a problem
    std::vector<entry_problem> problems;
};

} // namespace milter::rule
