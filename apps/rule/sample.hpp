// SPDX-License-Identifier: BSL-1.0
// rule/sample.hpp - a share of all clients, senders, ...: chosen by a hash and not by chance
//
// So who comes again, after a reload, or to another host with the same rules, is treated alike.
#pragma once

#include "rule/value.hpp"

#include <cstdint>
#include <string_view>

namespace milter::rule {

class sampling {
public:
    sampling() noexcept : sampling(std::string_view()) {}
    /// @param salt  another one chooses others
    explicit sampling(std::string_view salt) noexcept;

    /// @param share  hundredths of a percent
    bool has(type is, value const& of, std::uint32_t share) const noexcept;

private:
    std::uint64_t seed_;
};

} // namespace milter::rule
