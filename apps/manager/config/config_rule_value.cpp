// SPDX-License-Identifier: BSL-1.0
// manager/config/config_rule_value.cpp - names, expressions, replies, macros, sources of sets
#include "manager/config/config_rule_value.hpp"

#include "manager/config/config_choice.hpp"
#include "manager/config/config_number.hpp"
#include "manager/config/config_set_word.hpp"
#include "manager/config/config_text.hpp"
#include "manager/config/printable.hpp"
#include "manager/config/toml_text.hpp"
#include "rule/fact_table.hpp"
#include "rule/macro_stage.hpp"
#include <milter/proto/smtp_reply.hpp>

#include <algorithm>
#include <array>

namespace milter::manager {

namespace {

constexpr std::size_t name_limit = 64; // bytes
constexpr std::string_view letters_and_digits = "abcdefghijklmnopqrstuvwxyz0123456789_";

constexpr std::array<std::string_view, 5> kind_names = {"addresses", "domains", "mail", "strings",
                                                        "hours"}; // by the order of rule::set_kind

std::string set_text(std::string const& text) {
    return text.empty() ? std::string() : toml_text(text);
}

refusal check_name(std::string const& text, std::string_view allowed, std::string_view form) {
    if (text.size() > name_limit)
        return complaint{in_quotes(text) + " is longer than " + std::to_string(name_limit), {}};
    bool const good =
        text.find_first_not_of(allowed) == text.npos && (text.front() < '0' || text.front() > '9');
    if (!good) return complaint{in_quotes(text) + " cannot be a name", std::string(form)};
    return {};
}

/// What an expression would take for something else; facts and functions are told by the rules themselves.
bool is_reserved(std::string_view name) {
    constexpr std::array words = {
        std::string_view("and"),       std::string_view("or"),         std::string_view("not"),
        std::string_view("true"),      std::string_view("false"),      std::string_view("in"),
        std::string_view("under"),     std::string_view("matches"),    std::string_view("contains"),
        std::string_view("ends_with"), std::string_view("starts_with")};
    return std::find(words.begin(), words.end(), name) != words.end();
}

/// Of several lines, perhaps. The rest of what may be wrong in it has a place inside.
refusal get_lines(std::string_view expected, raw_value const& value, std::string& to,
                  std::string_view hint) {
    auto const* text = std::get_if<std::string>(&value);
    if (!text) return not_a(expected, value, hint);
    if (text->find_first_not_of(" \t\r\n") == text->npos)
        return complaint{"expected " + std::string(expected) + ", not an empty text",
                         std::string(hint)};
    to = *text;
    return {};
}

constexpr std::string_view expression_form =
    R"(an expression is written when = 'client.name under "example.com"')";

refusal get_texts(raw_value const& value, std::vector<std::string>& to) {
    constexpr std::string_view form = R"(texts are written ["a", "b"])";
    if (auto const* other = std::get_if<other_value>(&value);
        other && other->what == mixed_list.what)
        return complaint{"expected a list of texts", std::string(form)};
    auto const* given = std::get_if<std::vector<std::string>>(&value);
    if (!given) return not_a("a list of texts", value, form);
    to = *given;
    return {};
}

} // namespace

// ---- names and words

refusal read_value(one_line to, raw_value const& value) { return assign_line(*to.to, value); }
refusal read_value(word to, raw_value const& value) { return assign_name(*to.to, value); }

refusal read_value(condition_name to, raw_value const& value) {
    constexpr std::string_view form = R"(it has lower-case letters, digits and "_")";
    std::string text;
    if (auto refused = get_text("a name", value, text, form)) return refused;
    if (auto refused = check_name(text, letters_and_digits, form)) return refused;
    if (is_reserved(text)) return complaint{in_quotes(text) + " has a meaning in expressions", {}};
    *to.to = text;
    return {};
}

refusal read_value(set_name to, raw_value const& value) {
    constexpr std::string_view form = R"(it has lower-case letters, digits and "_-")";
    std::string text;
    if (auto refused = get_text("a name", value, text, form)) return refused;
    auto const allowed = std::string(letters_and_digits) + '-';
    if (auto refused = check_name(text, allowed, form)) return refused;
    *to.to = text;
    return {};
}

refusal read_value(either to, raw_value const& value) {
    std::array const names = {to.no, to.yes};
    std::size_t found = 0;
    auto refused = assign_choice(found, value, names);
    if (!refused) *to.to = found == 1;
    return refused;
}

refusal read_value(own_duration to, raw_value const& value, range allowed) {
    proto::duration given{};
    auto refused = assign_duration(given, value, allowed);
    if (!refused) *to.to = std::chrono::duration_cast<std::chrono::milliseconds>(given);
    return refused;
}

std::string written(one_line from) { return set_text(*from.to); }
std::string written(condition_name from) { return set_text(*from.to); }
std::string written(set_name from) { return set_text(*from.to); }
std::string written(word from) { return set_text(*from.to); }
std::string written(either from) { return toml_text(*from.to ? from.yes : from.no); }
std::string written(own_duration from) {
    if (!*from.to) return {};
    return toml_text(duration_text(static_cast<std::uint64_t>((*from.to)->count())));
}
std::string called(either what) { return choice_of(std::array{what.no, what.yes}); }

// ---- expressions

refusal read_value(expression to, raw_value const& value) {
    return get_lines("an expression", value, *to.to, expression_form);
}

refusal read_value(own_expression to, raw_value const& value) {
    std::string text;
    auto refused = get_lines("an expression", value, text, expression_form);
    if (!refused) *to.to = std::move(text);
    return refused;
}

std::string written(expression from) { return set_text(*from.to); }
std::string written(own_expression from) { return *from.to ? toml_text(**from.to) : ""; }

// ---- sets

refusal read_value(texts to, raw_value const& value) { return get_texts(value, *to.to); }

refusal read_value(own_texts to, raw_value const& value) {
    std::vector<std::string> given;
    auto refused = get_texts(value, given);
    if (!refused) *to.to = std::move(given);
    return refused;
}

refusal read_value(some_names to, raw_value const& value) { return assign_names(*to.to, value); }

refusal read_value(own_names to, raw_value const& value) {
    std::vector<std::string> given;
    auto refused = assign_names(given, value);
    if (!refused) *to.to = std::move(given);
    return refused;
}

std::string_view name_of(rule::set_kind of) noexcept {
    return kind_names[static_cast<std::size_t>(of)];
}

refusal read_value(kind_of_set to, raw_value const& value) {
    std::size_t found = 0;
    auto refused = assign_choice(found, value, kind_names);
    if (!refused) *to.to = static_cast<rule::set_kind>(found);
    auto const* const text = std::get_if<std::string>(&value);
    if (auto const meant = refused && text ? set_kind_meant_by(*text) : std::nullopt)
        refused->hint = "did you mean " + in_quotes(name_of(*meant)) + "? expected one of " +
                        choice_of(kind_names);
    return refused;
}

refusal read_value(file_name to, raw_value const& value) {
    constexpr std::size_t limit = 4095; // bytes: PATH_MAX less its NUL
    std::string text;
    if (auto refused = get_text("a file", value, text)) return refused;
    if (text.size() > limit)
        return complaint{"path of " + std::to_string(text.size()) + " bytes", {}};
    *to.to = text;
    return {};
}

refusal read_value(table_name to, raw_value const& value) {
    constexpr std::string_view form =
        R"(a table of Postfix is written "cidr:/etc/postfix/clients")";
    constexpr std::array<std::string_view, 4> types = {"cidr", "regexp", "pcre", "texthash"};
    std::string text;
    if (auto refused = get_text("a table of Postfix", value, text, form)) return refused;
    auto const colon = text.find(':');
    if (colon == text.npos || colon + 1 == text.size())
        return complaint{"cannot read " + in_quotes(text), std::string(form)};
    auto const type = text.substr(0, colon);
    if (std::find(types.begin(), types.end(), type) == types.end())
        return complaint{"a table of type " + in_quotes(type) + " cannot be read",
                         "expected one of " + choice_of(types)};
    *to.to = text;
    return {};
}

refusal read_value(sql_query to, raw_value const& value) {
    return get_lines("a query", value, *to.to, R"(a query is written "SELECT address FROM hosts")");
}

std::string written(texts from) { return from.to->empty() ? "" : toml_list(*from.to); }
std::string written(own_texts from) { return *from.to ? toml_list(**from.to) : ""; }
std::string written(some_names from) { return written(texts{from.to}); }
std::string written(own_names from) { return *from.to ? toml_list(**from.to) : ""; }
std::string written(kind_of_set from) { return *from.to ? toml_text(name_of(**from.to)) : ""; }
std::string written(file_name from) { return set_text(*from.to); }
std::string written(table_name from) { return set_text(*from.to); }
std::string written(sql_query from) { return set_text(*from.to); }
std::string called(kind_of_set) { return choice_of(kind_names); }

// ---- verdicts

refusal read_value(accepting to, raw_value const& value) {
    auto const* given = std::get_if<bool>(&value);
    if (!given) return not_a("true", value);
    if (!*given) return complaint{"expected true, not false", "leave the key out"};
    to.to->verdict = rule::verdict_kind::accept;
    return {};
}

refusal read_value(refusing to, raw_value const& value) {
    bool const for_good = to.as == rule::verdict_kind::reject;
    std::string const form = for_good ? R"(a reply is written "550 5.7.1 text")"
                                      : R"(a reply is written "451 4.7.1 text")";
    std::string text;
    if (auto refused = get_text("a reply", value, text, form)) return refused;
    auto const found = proto::reply_class(text);
    if (found == 0) return complaint{"no 4xx or 5xx code begins " + in_quotes(text), form};
    if (found != (for_good ? 5 : 4))
        return complaint{"expected a " + std::string(for_good ? "5" : "4") + "xx code, not " +
                             in_quotes(text.substr(0, 3)),
                         for_good ? "a reply with a 4xx code is that of tempfail"
                                  : "a reply with a 5xx code is that of reject"};
    if (proto::check_reply_text(text))
        return complaint{in_quotes(text) + " is no reply that both MTAs pass on",
                         form + ", and a code like 5.7.1 begins as the first one does"};
    to.to->verdict = to.as;
    to.to->reply = text;
    return {};
}

refusal read_value(reply_text to, raw_value const& value) {
    return get_text("a reply", value, *to.to, R"(a reply is written "550 5.7.1 text")");
}

std::string written(accepting from) {
    return from.to->verdict == rule::verdict_kind::accept ? "true" : "";
}
std::string written(refusing from) {
    return from.to->verdict == from.as ? toml_text(from.to->reply) : "";
}
std::string written(reply_text from) { return set_text(*from.to); }

// ---- macros

namespace {

constexpr std::string_view macros_form =
    R"(macros are written { "{name}" = "value", "{other}" = "${daemon_name}" })";

refusal read_macro(raw_node const& node, rule::macro_text& to) {
    auto const at = [&](complaint what, source_place place) {
        what.at = place;
        return what;
    };
    if (!is_macro_name(node.key)) return at(no_macro(node.key, macros_form), node.key_at);
    auto const value = raw_of(node);
    auto const* text = std::get_if<std::string>(&value);
    if (!text) return at(not_a("a text", value, macros_form), node.at);
    if (printable(*text) != *text)
        return at({"control character in " + in_quotes(*text), {}}, node.at);
    if (text->substr(0, 1) == "$" && !is_macro_name(text->substr(1)))
        return at(no_macro(text->substr(1), R"(the value of a macro is written "${name}" or "$i")"),
                  node.at);
    to = {node.key, *text};
    return {};
}

refusal read_macros(raw_value const& value, std::vector<rule::macro_text>& to) {
    auto const* table = std::get_if<raw_table>(&value);
    if (!table) return not_a("values of macros", value, macros_form);
    refusal all;
    for (auto const& node : table->node->children) {
        auto refused = read_macro(node, to.emplace_back());
        if (refused) add_complaint(all, std::move(*refused));
    }
    return all;
}

std::string macros_text(std::vector<rule::macro_text> const& macros) {
    std::string out;
    for (auto const& one : macros)
        (out += out.empty() ? "" : ", ") += toml_key(one.name) + " = " + toml_text(one.value);
    return "{ " + out + " }";
}

} // namespace

refusal read_value(macro_values to, raw_value const& value) {
    std::vector<rule::macro_text> given;
    auto refused = read_macros(value, given);
    if (!refused) *to.to = std::move(given);
    return refused;
}

refusal read_value(macros_of_milters to, raw_value const& value) {
    constexpr std::string_view form = R"(write { NAME = { "{name}" = "value" } })";
    auto const* table = std::get_if<raw_table>(&value);
    if (!table) return not_a("milters with their macros", value, form);
    macros_by_name given;
    refusal all;
    for (auto const& node : table->node->children) {
        auto& [name, macros] = given.emplace_back();
        name = node.key;
        auto refused = read_macros(raw_of(node), macros);
        if (!refused) continue;
        if (!refused->at) refused->at = node.at;
        add_complaint(all, std::move(*refused));
    }
    if (!all) *to.to = std::move(given);
    return all;
}

std::string written(macro_values from) { return from.to->empty() ? "" : macros_text(*from.to); }

std::string written(macros_of_milters from) {
    std::string out;
    for (auto const& [name, macros] : *from.to)
        (out += out.empty() ? "" : ", ") += toml_key(name) + " = " + macros_text(macros);
    return out.empty() ? out : "{ " + out + " }";
}

} // namespace milter::manager
