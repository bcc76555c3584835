// SPDX-License-Identifier: BSL-1.0
// rule/domain_set.hpp - many domains, each itself or all that lies under it
#pragma once

#include "rule/name_table.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace milter::rule {

class domain_set {
public:
    /// @param entry  "example.com": this name alone; ".example.com" or "*.example.com": all names under it, without itself
    /// @return  false when no name can be meant: "", "mail.*"
    bool add(std::string_view entry);

    std::size_t size() const noexcept { return size_; }

    /// @param normal  in the form of normal_domain()
    bool has(std::string_view normal) const noexcept;

private:
    /// Numbers of labels that some name has; many count as one number.
    class levels {
    public:
        void add(std::size_t labels) noexcept { bits_ |= bit_of(labels); }
        bool has(std::size_t labels) const noexcept { return (bits_ & bit_of(labels)) != 0; }

    private:
        static std::uint64_t bit_of(std::size_t labels) noexcept {
            return std::uint64_t{1} << std::min<std::size_t>(labels, 63);
        }

        std::uint64_t bits_ = 0;
    };

    bool has(std::string_view name, std::uint32_t meant) const noexcept;

    name_table names_;         // the bits of what is meant
    levels itself_, under_it_; // of those names: others need not be looked up
    std::size_t size_ = 0;
};

} // namespace milter::rule
