// SPDX-License-Identifier: BSL-1.0
// manager/config/syntax_hint.cpp - the commonest slips, by the look of their line
#include "manager/config/syntax_hint.hpp"

#include "manager/config/config_key.hpp"
#include "manager/config/printable.hpp"
#include <milter/ascii.hpp>

#include <algorithm>

namespace milter::manager {

namespace {

std::string_view trimmed(std::string_view text) {
    auto const first = text.find_first_not_of(" \t\r");
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

constexpr std::size_t key_limit = 64;    // bytes: a longer one is no key of ours
constexpr std::size_t shown_limit = 120; // bytes of a value

std::string_view line_at(std::string_view text, unsigned number) {
    for (; number > 1 && !text.empty(); --number)
        text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
    return text.substr(0, text.find('\n'));
}

/// The text in front of a remark; quotes are not looked at, as they may be what is wrong.
std::string_view without_remark(std::string_view line) {
    return trimmed(line.substr(0, line.find('#')));
}

bool is_key(std::string_view text) {
    return !text.empty() && text.size() <= key_limit &&
           std::all_of(text.begin(), text.end(), [](char c) {
               auto const low = to_lower(c);
               return (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
                      c == '-' || c == '.';
           });
}

std::string heading_hint(std::string_view line) {
    auto const brackets = line.substr(0, 2) == "[[" ? 2U : 1U;
    auto const name = trimmed(line.substr(brackets, line.find_first_of("]#") - brackets));
    if (!is_key(name)) return {};
    auto const open = std::string(brackets, '['), close = std::string(brackets, ']');
    return "did you mean " + open + std::string(name) + close + '?';
}

/// Of a value that begins like a word, a path or a number with a unit, and has no quote at all.
bool wants_quotes(std::string_view value) {
    if (value.empty() || value.find_first_of("\"'") != value.npos) return false;
    auto const letter = [](char c) { return to_lower(c) >= 'a' && to_lower(c) <= 'z'; };
    bool const digits_alone = value.find_first_not_of("0123456789_+-.") == value.npos;
    return letter(value.front()) || value.front() == '/' ||
           (!digits_alone && value.front() >= '0' && value.front() <= '9');
}

/// 0600, which TOML does not take for a number.
bool is_octal(std::string_view value) {
    return value.size() == 4 && value.front() == '0' &&
           value.find_first_not_of("01234567") == value.npos;
}

bool is_curly_quote(std::string_view text) {
    constexpr std::string_view quotes[] = {"\xe2\x80\x98",
                                           "\xe2\x80\x99",
                                           "\xe2\x80\x9c",
                                           "\xe2\x80\x9d",
                                           "\xe2\x80\x9e",
                                           "\xc2\xab",
                                           "`"};
    return std::any_of(std::begin(quotes), std::end(quotes),
                       [&](auto const quote) { return text.starts_with(quote); });
}

/// A value in quotes that has more of them inside: "a == "b"".
std::string inner_quotes_hint(std::string_view line) {
    auto const equals = std::min(line.find('='), line.size());
    auto const key = trimmed(line.substr(0, equals));
    auto const value = without_remark(line.substr(std::min(equals + 1, line.size())));
    if (!is_key(key) || value.size() < 3 || value.starts_with(R"(""")") || value.starts_with("'''"))
        return {};
    auto const quote = value.front();
    bool const is_whole = (quote == '"' || quote == '\'') && value.back() == quote;
    auto inner = std::string(is_whole ? value.substr(1, value.size() - 2) : std::string_view());
    auto const count = std::count(inner.begin(), inner.end(), quote);
    if (count == 0 || count % 2 != 0 || inner.find('\\') != inner.npos) return {};
    std::string hint = quote == '"' ? "a text with \" in it stands in single quotes"
                                    : "what is quoted within single quotes stands in double ones";
    bool const is_mixed = quote == '"' && inner.find('\'') != inner.npos;
    bool const is_doubled = inner.find(std::string(2, quote)) != inner.npos; // as SQL has it
    if (is_mixed || is_doubled || inner.size() > shown_limit) return hint;
    std::replace(inner.begin(), inner.end(), '\'', '"');
    return hint + ": " + std::string(key) + " = '" + printable(inner) + "'";
}

std::string value_hint(std::string_view key, std::string_view value) {
    if (is_curly_quote(value)) return "write plain quotes, \" or '";
    if (key == "mode" && is_octal(value))
        return "a mode stands in quotes: mode = " + in_quotes(value);
    auto const lower = to_lower(value);
    if (lower == "true" || lower == "false") return "did you mean " + lower + "?";
    if (lower == "yes" || lower == "on") return "did you mean true?";
    if (lower == "no" || lower == "off") return "did you mean false?";
    if (!wants_quotes(value)) return {};
    return "text stands in quotes: " + std::string(key) + " = " + in_quotes(value);
}

/// The key and the value at `column`, which may stand in an inline table.
std::string pair_hint(std::string_view line, unsigned column) {
    auto const front = line.substr(0, column);
    auto end = front.rfind('=');
    if (end == front.npos) end = front.find(':');
    if (end == front.npos) return {};
    auto const table = front.substr(0, end).find_last_of("{,");
    bool const is_inner = table != front.npos;
    auto const key =
        trimmed(front.substr(is_inner ? table + 1 : 0, end - (is_inner ? table + 1 : 0)));
    if (!is_key(key)) return {};
    auto value = without_remark(line.substr(end + 1));
    if (is_inner) value = trimmed(value.substr(0, value.find_first_of(",}")));
    if (line[end] == '=') return value_hint(key, value);
    return "write \"=\" instead of \":\": " + std::string(key) + " = " +
           printable(value.substr(0, key_limit));
}

bool says(std::string_view error, std::string_view part) { return error.find(part) != error.npos; }

/// Of a table and a list of tables with the same name: what stands in brackets of the wrong number.
std::string brackets_hint(std::string_view text, unsigned line, std::string_view error) {
    auto name = error.substr(std::min(error.find('\'') + 1, error.size()));
    name = name.substr(0, name.find('\''));
    auto const list = "[[" + std::string(name) + "]]";
    if (!is_key(name) || heading_of(name) != list) return {};
    auto const table = '[' + std::string(name);
    auto did_you_mean = "did you mean " + list + '?';
    for (unsigned number = 1; number < line && !text.empty(); ++number) {
        auto const before = trimmed(line_at(text, 1));
        text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
        if (before.substr(0, table.size()) != table) continue;
        auto const heading = before.substr(0, before.find(']'));
        if (heading == table)
            return (table + "] in line ")
                .append(std::to_string(number))
                .append(": ")
                .append(did_you_mean);
        if (heading[table.size()] == '.') return printable(heading) + "] stands below its " + list;
    }
    return did_you_mean;
}

/// A text that goes on to the end of its line.
bool is_open_text(std::string_view line, std::string_view error) {
    if (!says(error, "parsing string") && !says(error, "parsing literal string")) return false;
    bool const is_plain = std::all_of(line.begin(), line.end(), [](char c) {
        return c == '\t' || c == '\r' || static_cast<unsigned char>(c) >= 0x20;
    });
    return says(error, "end-of-file") || (says(error, "control characters") && is_plain);
}

/// What other languages have behind a value, or in front of a remark.
std::string foreign_sign_hint(std::string_view line, unsigned column) {
    constexpr std::string_view remark = "a remark begins with #";
    auto const whole = trimmed(line);
    if (whole.starts_with("//") || whole.starts_with(";") || whole.starts_with("/*"))
        return std::string(remark);
    auto const rest = trimmed(line.substr(std::min<std::size_t>(column - 1, line.size())));
    bool const is_behind_value = column > 1 && column <= line.size() && line.find('=') < column;
    if (!is_behind_value) return {};
    if (rest.starts_with("=") && line[column - 2] == '=')
        return "one = stands between a key and its value";
    if (rest.starts_with("//") || rest.starts_with(";")) return std::string(remark);
    return rest == "," ? "no comma stands behind a key and its value: take it out" : "";
}

} // namespace

std::string syntax_hint(std::string_view text, source_place at, std::string_view error) {
    auto const line = line_at(text, at.line);
    if (says(error, "cannot redefine existing"))
        if (auto hint = brackets_hint(text, at.line, error); !hint.empty()) return hint;
    if (says(error, "cannot redefine existing table"))
        return "a table stands once in the file: put all its keys below one heading";
    if (says(error, "cannot redefine"))
        return "a key stands once in its table: take one of them out";
    if (trimmed(line).substr(0, 1) == "[") return heading_hint(trimmed(line));
    if (auto hint = foreign_sign_hint(line, at.column); !hint.empty()) return hint;
    if (is_open_text(line, error)) return "the closing quote is missing";
    if (says(error, "dangling comma")) return "take the last comma out";
    if (says(error, "a comment or whitespace"))
        if (auto hint = inner_quotes_hint(line); !hint.empty()) return hint;
    if (says(error, "escape sequence"))
        return "a backslash has a meaning in double quotes; in single ones it stands for itself";
    return pair_hint(line, at.column);
}

} // namespace milter::manager
