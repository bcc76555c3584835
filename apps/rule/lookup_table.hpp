// SPDX-License-Identifier: BSL-1.0
// rule/lookup_table.hpp - Postfix' tables as sets: who is found with a result that counts
#pragma once

#include "rule/entry_problem.hpp"
#include "rule/ip.hpp"
#include "rule/mail_address.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace milter::rule {

/// A table is built once and never changes; copies share it, and any thread may ask it.
class lookup_table {
public:
    std::size_t size() const noexcept { return 0; } ///< rules

    bool has(ip const&) const noexcept { return false; }
    bool has_domain(std::string_view) const noexcept { return false; }
    bool has_mail(mail_address const&) const noexcept { return false; }
    bool has_text(std::string_view) const noexcept { return false; }
};

} // namespace milter::rule
