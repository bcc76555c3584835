// SPDX-License-Identifier: BSL-1.0
// manager/rules/given_text.cpp - a key becomes the tables that the configuration would have, and is read as they are
#include "manager/rules/given_text.hpp"

#include "manager/config/config_rule_value.hpp"
#include "manager/config/config_test_check.hpp"
#include "manager/config/printable.hpp"
#include "rule/fact_table.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

namespace milter::manager {

namespace {

using rule::fact_row;
using key_path = std::vector<std::string>;

std::string_view bare(std::string_view name) noexcept {
    return name.ends_with("()") ? name.substr(0, name.size() - 2) : name;
}

/// "added_header.dkim.Subject": a milter's name has no dot, a header's may.
key_path with_milter(std::string_view table, std::string_view rest) {
    auto const dot = std::min(rest.find('.'), rest.size());
    return {std::string(table), std::string(rest.substr(0, dot)),
            std::string(rest.substr(std::min(dot + 1, rest.size())))};
}

/// What stands in parentheses in expressions is the last part here, dots and all.
key_path path_of(std::string_view key) {
    if (key.starts_with("milter.")) return with_milter("milter", key.substr(7));
    for (auto const& row : rule::fact_rows()) {
        auto const name = bare(row.name);
        if (row.takes == rule::argument_kind::none || !key.starts_with(std::string(name) + '.'))
            continue;
        auto const rest = key.substr(name.size() + 1);
        if (row.takes == rule::argument_kind::milter_and_header) return with_milter(name, rest);
        return {std::string(name), std::string(rest)};
    }
    return {std::string(key)};
}

/// Null: there is none, which is found out later, or it is a short form.
fact_row const* row_for(key_path const& path) {
    if (path.size() == 3 && path[0] == "milter") return rule::find_fact("milter()." + path[2]);
    return rule::find_fact(path.size() > 1 ? path[0] + "()" : path[0]);
}

bool is_number(key_path const& path) {
    if (path[0] == "size") return true; // of the message
    auto const* const row = row_for(path);
    return row && (row->is == rule::type::integer || row->is == rule::type::size);
}

std::vector<std::string> split(std::string_view list) {
    std::vector<std::string> parts;
    while (!list.empty()) {
        auto const end = std::min(list.find(','), list.size());
        parts.emplace_back(list.substr(0, end));
        list.remove_prefix(std::min(end + 1, list.size()));
    }
    return parts;
}

/// In the kind that the fact has in a file of TOML.
raw_value value_of(key_path const& path, std::string const& text) {
    auto const* const row = row_for(path);
    bool const is_flag = row && row->is == rule::type::boolean;
    if (is_flag && (text == "true" || text == "false")) return text == "true";
    if (path[0] == "recipients" || path[0] == "recipient") return split(text);
    std::int64_t number = 0;
    auto const end = std::from_chars(text.data(), text.data() + text.size(), number).ptr;
    if (is_number(path) && !text.empty() && end == text.data() + text.size()) return number;
    return text;
}

/// The last part has the value.
raw_node node_of(key_path const& path, raw_value value) {
    raw_node node;
    node.value = std::move(value);
    node.key = path.back();
    for (auto part = path.rbegin() + 1; part != path.rend(); ++part) {
        raw_node outer;
        outer.is = raw_node::shape::table;
        outer.key = *part;
        outer.children.push_back(std::move(node));
        node = std::move(outer);
    }
    return node;
}

std::string told(std::string const& given, std::string const& message, std::string const& hint) {
    return "milter-manager: --given " + printable(given) + ": " + message +
           (hint.empty() ? "" : "; " + hint) + '\n';
}

/// Empty: it was read.
std::string read_one(std::string const& given, test_config& into) {
    auto const equals = given.find('=');
    if (equals == given.npos || equals == 0) return told(given, "expected KEY=VALUE", {});
    auto const path = path_of(std::string_view(given).substr(0, equals));
    raw_node all;
    all.is = raw_node::shape::table;
    all.children.push_back(node_of(path, value_of(path, given.substr(equals + 1))));
    std::vector<given_fact> read;
    if (auto const refused = read_value(fact_values{&read}, raw_table{&all}))
        return told(given, refused->message, refused->hint);
    for (auto& one : read) into.given.push_back(std::move(one));
    return {};
}

/// Of milters, lists and profiles that there are not.
std::string unknown_names(test_config const& mail, config const& settings) {
    auto with_it = settings;
    with_it.tests = {mail};
    problem_list problems({}, "--given");
    check_tests(with_it, {{"test[0]", {}}, {"test[0].expect", {}}}, problems);
    std::string out;
    for (auto const& one : problems.take()) out += "milter-manager: " + to_string(one) + '\n';
    return out;
}

} // namespace

given_mail_text mail_of(std::vector<std::string> const& given, config const& settings) {
    given_mail_text made;
    for (auto const& one : given) made.problem += read_one(one, made.mail);
    if (made.problem.empty()) made.problem = unknown_names(made.mail, settings);
    return made;
}

} // namespace milter::manager
