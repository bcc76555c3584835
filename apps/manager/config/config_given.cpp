// SPDX-License-Identifier: BSL-1.0
// manager/config/config_given.cpp - what a test of rules says about its mail: names and types by the table of facts
#include "manager/config/config_choice.hpp"
#include "manager/config/config_fact_name.hpp"
#include "manager/config/config_number.hpp"
#include "manager/config/config_rule_value.hpp"
#include "manager/config/printable.hpp"
#include "manager/config/toml_text.hpp"
#include "rule/literal.hpp"
#include "rule/suggestion.hpp"
#include "rule/time_window.hpp"

#include <algorithm>
#include <iterator>

namespace milter::manager {

namespace {

using rule::fact;
using rule::fact_row;

/// Other names of facts, so that tests are short.
struct short_form {
    std::string_view name;
    fact which;
};

constexpr short_form short_forms[] = {
    {"client", fact::client_address}, {"name", fact::client_name},
    {"auth", fact::auth_user},        {"size", fact::message_size},
    {"recipient", fact::recipient},   {"recipients", fact::recipient}};

/// Facts of which the name is the first part: "load", "milter".
bool has_parts(std::string_view path) {
    auto const rows = rule::fact_rows();
    return std::any_of(rows.begin(), rows.end(), [&](fact_row const& row) {
        return row.name.size() > path.size() && row.name.starts_with(path) &&
               row.name[path.size()] == '.';
    });
}

/// "Mon 09:00" as minutes since the week began.
std::optional<std::int64_t> parse_moment(std::string_view text) {
    auto const window = rule::parse_time_window(std::string(text) + "-24:00");
    if (!window.value || text.find(' ') == text.npos) return std::nullopt;
    for (int day = 0; day < rule::days_of_week; ++day)
        if (window.value->days == 1U << day)
            return day * rule::minutes_of_day + window.value->begin;
    return std::nullopt;
}

/// The value of one fact, by its type.
class fact_value {
public:
    fact_value(fact_row const& row, raw_value const& value) : row_(row), value_(value) {}

    refusal read(given_fact& to) const {
        switch (row_.is) {
        case rule::type::boolean: return read_flag(to);
        case rule::type::integer: return read_count(to);
        case rule::type::size: return read_size(to);
        case rule::type::duration: return read_duration(to);
        case rule::type::percent: return read_percentage(to);
        case rule::type::ip: return read_address(to);
        case rule::type::time: return read_moment(to);
        case rule::type::mail: return read_text(to, "a mail address");
        case rule::type::domain: return read_text(to, "a name");
        case rule::type::text: return row_.words.empty() ? read_text(to, "a text") : read_word(to);
        }
        return {};
    }

private:
    refusal read_flag(given_fact& to) const {
        auto const* flag = std::get_if<bool>(&value_);
        if (!flag) return not_a("true or false", value_);
        to.number = *flag ? 1 : 0;
        return {};
    }

    refusal read_count(given_fact& to) const {
        std::size_t count = 0;
        auto refused = assign_count(count, value_, {0, std::numeric_limits<std::int64_t>::max()});
        to.number = static_cast<std::int64_t>(count);
        return refused;
    }

    refusal read_size(given_fact& to) const {
        std::size_t size = 0;
        auto refused = assign_size(size, value_, {});
        to.number = static_cast<std::int64_t>(size);
        return refused;
    }

    refusal read_duration(given_fact& to) const {
        proto::duration time{};
        auto refused = assign_duration(time, value_, {});
        to.number = std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
        return refused;
    }

    refusal read_percentage(given_fact& to) const {
        constexpr std::string_view form = R"(a percentage is written "80%")";
        auto const* text = std::get_if<std::string>(&value_);
        if (!text) return not_a("a percentage", value_, form);
        auto const number = rule::read_number(*text);
        if (!number || number->kind != rule::node_kind::percent)
            return complaint{"cannot read " + in_quotes(*text), std::string(form)};
        to.number = static_cast<std::int64_t>(number->value);
        return {};
    }

    refusal read_address(given_fact& to) const {
        constexpr std::string_view form = R"(an address is written "203.0.113.9" or "2001:db8::9")";
        if (auto refused = read_text(to, "an IP address", form)) return refused;
        if (!rule::parse_ip(to.texts.front()))
            return complaint{in_quotes(to.texts.front()) + " is not an IP address",
                             std::string(form)};
        return {};
    }

    refusal read_moment(given_fact& to) const {
        constexpr std::string_view form = R"(a time is written "Mon 09:00")";
        if (auto refused = read_text(to, "a time", form)) return refused;
        auto const minutes = parse_moment(to.texts.front());
        if (!minutes)
            return complaint{"cannot read " + in_quotes(to.texts.front()), std::string(form)};
        to.number = *minutes;
        return {};
    }

    /// May be empty.
    refusal read_text(given_fact& to, std::string_view expected, std::string_view form = {}) const {
        auto const* text = std::get_if<std::string>(&value_);
        if (!text) return not_a(expected, value_, form);
        to.texts = {*text};
        return {};
    }

    refusal read_word(given_fact& to) const {
        std::vector<std::string_view> words;
        for (auto rest = row_.words; !rest.empty();) {
            auto const end = std::min(rest.find(' '), rest.size());
            words.push_back(rest.substr(0, end));
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
        std::size_t which = 0;
        if (auto refused = assign_choice(which, value_, words)) return refused;
        to.texts = {std::string(words[which])};
        return {};
    }

    fact_row const& row_;
    raw_value const& value_;
};

class given_reader {
public:
    given_reader(std::vector<given_fact>& to, refusal& wrong) : to_(to), wrong_(wrong) {}

    void read_parts(raw_node const& table, std::string const& prefix) {
        for (auto const& node : table.children)
            read(node, prefix.empty() ? node.key : prefix + '.' + node.key);
    }

private:
    void read(raw_node const& node, std::string const& path) {
        bool const is_table = node.is == raw_node::shape::table;
        if (auto const* const row = rule::find_fact(path + "()")) return read_arguments(*row, node);
        if (path == "milter") return read_milters(node);
        if (is_table && has_parts(path)) return read_parts(node, path);
        for (auto const& one : short_forms)
            if (one.name == path) return read_fact(rule::row_of(one.which), node);
        if (auto const* const row = rule::find_fact(path)) return read_fact(*row, node);
        if (has_parts(path))
            return refuse(node.at, {path + " is given by its parts",
                                    "write " + path + " = { " + parts_of(path) + " = ... }"});
        unknown(node, path);
    }

    void read_fact(fact_row const& row, raw_node const& node) {
        if (refuse_derived(row, node)) return;
        if (row.id == fact::recipient) return read_list(row, node, "recipients");
        given_fact one{.which = row.id, .key = plain_key(row.name)};
        add(std::move(one), row, node);
    }

    /// header = { Subject = "x" }
    void read_arguments(fact_row const& row, raw_node const& node) {
        auto const name = std::string(row.name.substr(0, row.name.size() - 2));
        if (refuse_derived(row, node)) return;
        if (node.is != raw_node::shape::table)
            return refuse(node.at, {name + " is a table", "write " + name + " = { NAME = ... }"});
        for (auto const& inner : node.children) {
            auto const key = plain_key(name) + '.' + toml_key(inner.key);
            if (row.takes == rule::argument_kind::milter_and_header)
                read_added(row, inner, key);
            else if (row.id == fact::header)
                read_list(row, inner, key, inner.key);
            else
                add(argument_of(row, inner.key, key), row, inner);
        }
    }

    static given_fact argument_of(fact_row const& row, std::string const& name,
                                  std::string const& key) {
        bool const is_name =
            row.takes == rule::argument_kind::milter || row.takes == rule::argument_kind::zone;
        given_fact one{.which = row.id, .key = key};
        (is_name ? one.milter : one.with) = name;
        return one;
    }

    /// added_header = { dkim = { "Authentication-Results" = "x" } }
    void read_added(fact_row const& row, raw_node const& milter, std::string const& key) {
        if (milter.is != raw_node::shape::table)
            return refuse(milter.at, {"the headers of a milter are a table",
                                      "write added_header = { MILTER = { NAME = \"...\" } }"});
        for (auto const& header : milter.children)
            read_list(row, header, key + '.' + toml_key(header.key), header.key, milter.key);
    }

    /// milter = { spf = { verdict = "reject" } }
    void read_milters(raw_node const& node) {
        if (node.is != raw_node::shape::table)
            return refuse(node.at,
                          {"milter is a table", "write milter = { NAME = { verdict = ... } }"});
        for (auto const& milter : node.children) {
            if (milter.is != raw_node::shape::table) {
                refuse(milter.at,
                       {"what a milter said is a table", "write NAME = { verdict = ... }"});
                continue;
            }
            for (auto const& inner : milter.children) read_of_milter(milter.key, inner);
        }
    }

    void read_of_milter(std::string const& milter, raw_node const& node) {
        auto const* const row = rule::find_fact("milter()." + node.key);
        if (!row) return unknown(node, "milter()." + node.key);
        given_fact one{.which = row->id,
                       .milter = milter,
                       .key = "milter." + toml_key(milter) + '.' + node.key};
        add(std::move(one), *row, node);
    }

    /// One text, or several.
    void read_list(fact_row const& row, raw_node const& node, std::string const& key,
                   std::string const& with = {}, std::string const& milter = {}) {
        given_fact one{.which = row.id, .milter = milter, .with = with, .key = key};
        auto const value = raw_of(node);
        if (auto const* text = std::get_if<std::string>(&value))
            one.texts = {*text};
        else if (auto const* list = std::get_if<std::vector<std::string>>(&value))
            one.texts = *list;
        else
            return refuse(node.at, not_a("a text or a list of texts", value));
        one.written = toml_list(one.texts);
        to_.push_back(std::move(one));
    }

    void add(given_fact one, fact_row const& row, raw_node const& node) {
        auto const value = raw_of(node);
        if (auto refused = fact_value(row, value).read(one)) {
            refused->message = std::string(row.name) + ": " + refused->message;
            return refuse(node.at, std::move(*refused));
        }
        one.written = written_value(value);
        to_.push_back(std::move(one));
    }

    bool refuse_derived(fact_row const& row, raw_node const& node) {
        auto const source = source_of_fact(row.id);
        if (source.empty()) return false;
        refuse(node.key_at, {std::string(row.name) + " cannot be given",
                             "it follows from " + std::string(source)});
        return true;
    }

    void unknown(raw_node const& node, std::string const& path) {
        std::vector<std::string_view> names;
        for (auto const& row : rule::fact_rows())
            if (source_of_fact(row.id).empty()) names.push_back(without_parentheses(row.name));
        for (auto const& one : short_forms) names.push_back(one.name);
        auto const near = rule::nearest(without_parentheses(path), names);
        refuse(node.key_at, {"unknown fact " + in_quotes(path),
                             near.empty() ? "facts are listed in docs/rules.md"
                                          : "did you mean " + in_quotes(near) + "?"});
    }

    void refuse(source_place at, complaint what) {
        what.at = at;
        add_complaint(wrong_, std::move(what));
    }

    static std::string parts_of(std::string_view path) {
        for (auto const& row : rule::fact_rows())
            if (row.name.starts_with(std::string(path) + '.'))
                return std::string(without_parentheses(row.name.substr(path.size() + 1)));
        return {};
    }

    /// In quotes where its first part may have a value itself.
    static std::string plain_key(std::string_view name) {
        bool const is_split = name.starts_with("sender.") || name.starts_with("recipients.");
        return is_split ? toml_text(name) : std::string(name);
    }

    static std::string written_value(raw_value const& value) {
        if (auto const* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
        if (auto const* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
        auto const* text = std::get_if<std::string>(&value);
        return text ? toml_text(*text) : "";
    }

    std::vector<given_fact>& to_;
    refusal& wrong_;
};

} // namespace

refusal read_value(fact_values to, raw_value const& value) {
    auto const* table = std::get_if<raw_table>(&value);
    if (!table) return not_a("values of facts", value, R"(write given = { client = "192.0.2.1" })");
    std::vector<given_fact> given;
    refusal wrong;
    given_reader(given, wrong).read_parts(*table->node, "");
    if (!wrong) *to.to = std::move(given);
    return wrong;
}

std::string written(fact_values from) {
    std::string out;
    for (auto const& one : *from.to)
        (out += out.empty() ? "" : ", ") += one.key + " = " + one.written;
    return out.empty() ? out : "{ " + out + " }";
}

} // namespace milter::manager
