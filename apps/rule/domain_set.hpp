// SPDX-License-Identifier: BSL-1.0
// rule/domain_set.hpp - many domains, each itself or all that lies under it
#pragma once

#include "rule/name_table.hpp"

#include <cstddef>
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
    name_table names_; // the bits of what is meant
    std::size_t size_ = 0;
};

} // namespace milter::rule
