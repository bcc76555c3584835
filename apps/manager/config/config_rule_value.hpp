// SPDX-License-Identifier: BSL-1.0
// manager/config/config_rule_value.hpp - the kinds of fields of rules, sets, lists in DNS and tests: text to field and back
//
// Each kind has three functions of the same names, by which config_value.cpp treats them all alike.
#pragma once

#include "manager/config/config_raw.hpp"
#include "manager/core/config.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace milter::manager {

using macros_by_name = std::vector<std::pair<std::string, std::vector<rule::macro_text>>>;

// clang-format off
struct one_line       { std::string* to; };                     ///< words for people
struct condition_name { std::string* to; };                     ///< as expressions spell it
struct set_name       { std::string* to; };                     ///< the same, behind an at sign
struct zone_name      { std::string* to; };                     ///< "zen.spamhaus.org"
struct word           { std::string* to; };                     ///< of logs
struct expression     { std::string* to; };
struct own_expression { std::optional<std::string>* to; };
struct either         { bool* to; std::string_view no, yes; };  ///< two words for false and true
struct own_duration   { std::optional<std::chrono::milliseconds>* to; }; ///< in place of another's
struct texts          { std::vector<std::string>* to; };        ///< ["OK", "REJECT"]
struct own_texts      { std::optional<std::vector<std::string>>* to; };
struct some_names     { std::vector<std::string>* to; };        ///< ["spf"]; empty: not set
struct own_names      { std::optional<std::vector<std::string>>* to; };
struct kind_of_set    { std::optional<rule::set_kind>* to; };
struct file_name      { std::string* to; };                     ///< relative to the main file
struct table_name     { std::string* to; };                     ///< "cidr:/etc/postfix/clients"
struct sql_query      { std::string* to; };
struct accepting      { rule::rule_text* to; };                 ///< true
struct refusing       { rule::rule_text* to; rule::verdict_kind as; }; ///< "550 5.7.1 text"
struct reply_text     { std::string* to; };
struct macro_values   { std::vector<rule::macro_text>* to; };   ///< { "{a}" = "b" }
struct macros_of_milters { macros_by_name* to; };               ///< { greylist = { "{a}" = "b" } }
struct answer_list    { std::vector<answer_range>* to; };       ///< ["127.0.0.2", "127.0.0.4-127.0.0.7"]
struct server_list    { std::vector<endpoint>* to; };           ///< ["127.0.0.1", "[::1]:5353"]
struct fact_values    { std::vector<given_fact>* to; };         ///< { client = "192.0.2.1" }
struct fact_names     { std::vector<given_fact>* to; };         ///< ["client.name", 'macro("i")']
struct flags_by_name  { std::vector<std::pair<std::string, bool>>* to; }; ///< { suspicious = true }
struct stage_word     { std::optional<rule::stage>* to; };
struct verdict_word   { std::optional<rule::verdict_kind>* to; };

/// As `kind` of a set is written.
std::string_view name_of(rule::set_kind of) noexcept;

// On a refusal the target is unchanged.
refusal read_value(one_line to, raw_value const& value);
refusal read_value(condition_name to, raw_value const& value);
refusal read_value(set_name to, raw_value const& value);
refusal read_value(zone_name to, raw_value const& value);
refusal read_value(word to, raw_value const& value);
refusal read_value(expression to, raw_value const& value);
refusal read_value(own_expression to, raw_value const& value);
refusal read_value(either to, raw_value const& value);
refusal read_value(own_duration to, raw_value const& value, range allowed);
refusal read_value(texts to, raw_value const& value);
refusal read_value(own_texts to, raw_value const& value);
refusal read_value(some_names to, raw_value const& value);
refusal read_value(own_names to, raw_value const& value);
refusal read_value(kind_of_set to, raw_value const& value);
refusal read_value(file_name to, raw_value const& value);
refusal read_value(table_name to, raw_value const& value);
refusal read_value(sql_query to, raw_value const& value);
refusal read_value(accepting to, raw_value const& value);
refusal read_value(refusing to, raw_value const& value);
refusal read_value(reply_text to, raw_value const& value);
refusal read_value(macro_values to, raw_value const& value);
refusal read_value(macros_of_milters to, raw_value const& value);
refusal read_value(answer_list to, raw_value const& value);
refusal read_value(server_list to, raw_value const& value);
refusal read_value(fact_values to, raw_value const& value);
refusal read_value(fact_names to, raw_value const& value);
refusal read_value(flags_by_name to, raw_value const& value);
refusal read_value(stage_word to, raw_value const& value);
refusal read_value(verdict_word to, raw_value const& value);

// As it is written in the file; empty when the field is not set.
std::string written(one_line from);
std::string written(condition_name from);
std::string written(set_name from);
std::string written(zone_name from);
std::string written(word from);
std::string written(expression from);
std::string written(own_expression from);
std::string written(either from);
std::string written(own_duration from);
std::string written(texts from);
std::string written(own_texts from);
std::string written(some_names from);
std::string written(own_names from);
std::string written(kind_of_set from);
std::string written(file_name from);
std::string written(table_name from);
std::string written(sql_query from);
std::string written(accepting from);
std::string written(refusing from);
std::string written(reply_text from);
std::string written(macro_values from);
std::string written(macros_of_milters from);
std::string written(answer_list from);
std::string written(server_list from);
std::string written(fact_values from);
std::string written(fact_names from);
std::string written(flags_by_name from);
std::string written(stage_word from);
std::string written(verdict_word from);

// What the documentation calls it.
inline std::string called(one_line) { return "text"; }
inline std::string called(condition_name) { return "name"; }
inline std::string called(set_name) { return "name"; }
inline std::string called(zone_name) { return "domain"; }
inline std::string called(word) { return "name"; }
inline std::string called(expression) { return "expression"; }
inline std::string called(own_expression) { return "expression"; }
std::string called(either what);
inline std::string called(own_duration) { return "duration"; }
inline std::string called(texts) { return "list of texts"; }
inline std::string called(own_texts) { return "list of texts"; }
inline std::string called(some_names) { return "list of names"; }
inline std::string called(own_names) { return "list of names"; }
std::string called(kind_of_set what);
inline std::string called(file_name) { return "file"; }
inline std::string called(table_name) { return "table of Postfix"; }
inline std::string called(sql_query) { return "text"; }
inline std::string called(accepting) { return "true"; }
inline std::string called(refusing) { return "reply"; }
inline std::string called(reply_text) { return "reply"; }
inline std::string called(macro_values) { return "values of macros"; }
inline std::string called(macros_of_milters) { return "values of macros by milters"; }
inline std::string called(answer_list) { return "list of answers"; }
inline std::string called(server_list) { return "list of addresses"; }
inline std::string called(fact_values) { return "values of facts"; }
inline std::string called(fact_names) { return "list of facts"; }
inline std::string called(flags_by_name) { return "true or false by names"; }
std::string called(stage_word what);
std::string called(verdict_word what);
// clang-format on

} // namespace milter::manager
