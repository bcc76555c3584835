// SPDX-License-Identifier: BSL-1.0
// manager/config/config_value.hpp - the kinds of values in the configuration file: text to field and back
//
// A field points to a member of a config and says by its type how the value is spelled. Knows nothing of TOML's
// parser: what stood in the file comes in as a raw_value.
#pragma once

#include "manager/core/config.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace milter::manager {

/// A value that no key takes.
struct other_value {
    std::string_view what; ///< "a table", "a date"
};

/// As it stands in the file.
using raw_value =
    std::variant<other_value, bool, std::int64_t, std::string, std::vector<std::string>>;

// clang-format off
struct byte_size     { std::size_t* to; };             ///< 65536 or "64KiB"
struct octal_mode    { std::optional<unsigned>* to; }; ///< "0660"
struct milter_name   { std::string* to; };             ///< lower-case letters, digits, "_.-"
struct group_name    { std::string* to; };
struct absolute_path { std::string* to; };
struct log_file      { std::string* to; };             ///< absolute path or "-", which is kept as empty
struct macro_names   { std::string* to; };             ///< "i {auth_type}" or ["i", "{auth_type}"]
// clang-format on

using field =
    std::variant<bool*, unsigned*, std::size_t*, proto::duration*, std::optional<proto::duration>*,
                 endpoint*, on_error*, on_internal_error*, header_rules_setting*, byte_size,
                 octal_mode, milter_name, group_name, absolute_path, log_file, macro_names>;

/// Bounds, inclusive: of counts, of sizes in bytes, of durations in milliseconds.
struct range {
    std::uint64_t least = 0;
    std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
};

/// Why a value is refused. Text of the file in it is escaped.
struct complaint {
    std::string message;
    std::string hint;
};

/// Stores the value; on a complaint the field is unchanged.
std::optional<complaint> assign(field const& to, raw_value const& value, range allowed);

/// As it is written in the file; empty when the field is not set.
std::string to_toml(field const& from);

/// "duration", "size", ... ; choices as `"tempfail", "accept", ...`.
std::string type_of(field const& what);

std::string
duration_text(std::uint64_t milliseconds);  ///< in the largest unit that divides it: "2m"
std::string size_text(std::uint64_t bytes); ///< the same: "16MiB"

} // namespace milter::manager
