// SPDX-License-Identifier: BSL-1.0
// manager/import/retired_key.hpp - keys of the older manager that have no counterpart, and what takes their place
#pragma once

#include "manager/import/ruby_text.hpp"
#include "manager/import/setup.hpp"

#include <string>
#include <string_view>

namespace milter::manager {

struct retired_key {
    std::string_view name;  ///< ends in "." when it stands for all that begin so
    std::string_view usual; ///< values that need no remark, with "|" between them
    remark_weight weight;
    std::string_view instead;
};

/// Null: the older manager does not have it either.
retired_key const* find_retired_key(std::string_view name) noexcept;

/// What to do with a statement that only Ruby can run.
std::string_view advice_for_call(std::string_view name) noexcept;

/// "nil", "true", "297.0", "a text"
std::string spelled(ruby_value const& value);

/// Whether the value is one that the older manager has by itself.
bool is_usual(retired_key const& key, ruby_value const& value);

} // namespace milter::manager
