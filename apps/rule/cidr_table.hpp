// SPDX-License-Identifier: BSL-1.0
// rule/cidr_table.hpp - Postfix' tables of type cidr
#pragma once

#include "rule/ip.hpp"
#include "rule/prefix_set.hpp"
#include "rule/rule_table.hpp"
#include "rule/table_text.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace milter::rule {

/// Unlike Postfix, it takes ::ffff:192.0.2.1 for the address of IPv4 that it is.
class cidr_table {
public:
    static cidr_table parse(std::string_view text, counting_results const& results,
                            table_problems& problems);

    std::size_t size() const noexcept { return rules_.size(); }
    /// @return  that the result counts; empty: not found
    std::optional<bool> find(ip const& address) const noexcept { return rules_.find(address); }

private:
    friend class cidr_reader;

    /// Negated or not, a pattern never matches addresses of the other family.
    struct test {
        prefix network;
        bool negated = false;

        bool matches(ip const& address) const noexcept {
            return network.base.is_v6 == address.is_v6 && contains(network, address) != negated;
        }
    };
    class run {
    public:
        void add(test const& one, std::uint32_t number) { prefixes_.add(one.network, number); }
        void build() { prefixes_.build(prefix_choice::first); }
        std::optional<std::uint32_t> first(ip const& address) const noexcept {
            return prefixes_.find(address);
        }

    private:
        prefix_set prefixes_;
    };

    rule_table<run, test> rules_;
};

} // namespace milter::rule
