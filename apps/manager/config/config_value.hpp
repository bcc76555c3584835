// SPDX-License-Identifier: BSL-1.0
// manager/config/config_value.hpp - the kinds of fields in the configuration: text to field and back
//
// A field points to a member of a config and says by its type how the value is spelled.
#pragma once

#include "manager/config/config_raw.hpp"
#include "manager/config/config_rule_value.hpp"
#include "manager/core/config.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace milter::manager {

// clang-format off
struct byte_size     { std::size_t* to; };             ///< 65536 or "64KiB"
struct percentage    { unsigned* to; };                ///< "5%", "0.25%"; in hundredths of a percent
struct octal_mode    { std::optional<unsigned>* to; }; ///< "0660"
struct milter_name   { std::string* to; };             ///< lower-case letters, digits, "_.-"
struct profile_name  { std::string* to; };
struct name_list     { std::vector<std::string>* to; }; ///< ["spf", "dkim"]
struct group_name    { std::string* to; };
struct absolute_path { std::string* to; };
struct log_file      { std::string* to; };             ///< absolute path or "-", which is kept as empty
struct spelled_socket { endpoint* to; std::string* spelled; }; ///< "inet:10025@127.0.0.1", kept as it is, too
struct socket_list   { std::vector<endpoint>* to; };   ///< "/a" or ["/a", "inet:8891@[::1]"]
struct macro_names   { std::string* to; };             ///< "i {auth_type}" or ["i", "{auth_type}"]
// clang-format on

/// Of a plain number, duration, socket or enumerator the type says enough; an empty duration is "auto".
using field =
    std::variant<bool*, std::optional<bool>*, unsigned*, std::size_t*, proto::duration*,
                 std::optional<proto::duration>*, endpoint*, on_error*, on_internal_error*,
                 header_rules_setting*, balance*, late_rcpt_reject*, milter_mode*, sample_key*,
                 spelled_socket, byte_size, percentage, octal_mode, milter_name, profile_name,
                 name_list, group_name, absolute_path, log_file, socket_list, macro_names, one_line,
                 condition_name, set_name, zone_name, word, expression, own_expression, either,
                 own_duration, texts, own_texts, some_names, own_names, kind_of_set, file_name,
                 table_name, sql_query, accepting, refusing, reply_text, macro_values,
                 macros_of_milters, answer_list, server_list, fact_values, fact_names,
                 flags_by_name, stage_word, verdict_word>;

/// Stores the value; on a refusal the field is unchanged.
refusal assign(field const& to, raw_value const& value, range allowed);

/// As it is written in the file; empty when the field is not set.
std::string to_toml(field const& from);

/// "duration", "size", ... ; choices as `"tempfail", "accept" or "reject"`.
std::string type_of(field const& what);

} // namespace milter::manager
