// SPDX-License-Identifier: BSL-1.0
// manager/import/ruby_text.cpp - statements, literals and where they end
#include "manager/import/ruby_text.hpp"

#include "manager/import/spelling.hpp"
#include <milter/ascii.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace milter::manager {

namespace {

constexpr std::size_t statement_limit = 64UL << 10; // bytes; a list that never closes ends here

bool is_word(char c) noexcept {
    char const lower = to_lower(c);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// What is behind a text in quotes that begins at `at`; the end where it does not close.
std::size_t behind_text(std::string_view text, std::size_t at) noexcept {
    char const quote = text[at];
    for (++at; at < text.size(); ++at) {
        if (text[at] == '\\')
            ++at;
        else if (text[at] == quote)
            return at + 1;
    }
    return text.size();
}

/// How deep in brackets the end of `line` is, and where a comment begins.
struct line_shape {
    int depth = 0;
    std::size_t end = 0;
};

line_shape shape_of(std::string_view line) noexcept {
    line_shape shape;
    std::size_t at = 0;
    while (at < line.size()) {
        char const c = line[at];
        if (c == '"' || c == '\'') {
            at = behind_text(line, at);
            continue;
        }
        if (c == '#') break;
        if (c == '[' || c == '(') ++shape.depth;
        if (c == ']' || c == ')') --shape.depth;
        ++at;
    }
    shape.end = std::min(at, line.size());
    return shape;
}

/// What a backslash and `c` stand for between double quotes.
char unescaped(char c) noexcept {
    switch (c) {
    case 'n': return '\n';
    case 't': return '\t';
    case 'r': return '\r';
    case 'e': return '\x1b';
    case '0': return '\0';
    default: return c;
    }
}

/// One line of source, read from the left.
class cursor {
public:
    explicit cursor(std::string_view text) noexcept : rest_(text) {}

    void skip_blank() noexcept {
        auto const to = rest_.find_first_not_of(" \t\r\n");
        rest_.remove_prefix(std::min(to, rest_.size()));
    }
    bool done() const noexcept { return rest_.empty(); }
    std::string_view rest() const noexcept { return rest_; }
    char peek() const noexcept { return rest_.empty() ? '\0' : rest_.front(); }

    bool take(std::string_view word) noexcept {
        if (rest_.substr(0, word.size()) != word) return false;
        rest_.remove_prefix(word.size());
        return true;
    }
    std::string_view take_while(bool (*belongs)(char)) noexcept {
        auto const end = std::find_if_not(rest_.begin(), rest_.end(), belongs);
        auto const word = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
        rest_.remove_prefix(word.size());
        return word;
    }

    /// Empty: it is none, or not one that can be read without evaluating it.
    std::optional<ruby_value> literal() {
        char const c = peek();
        if (c == '"' || c == '\'') return text();
        if (c == '[') return list();
        if (c == ':') return symbol();
        if (c == '-' || is_digit(c)) return number();
        if (take("%w")) return words();
        return word();
    }

private:
    std::optional<ruby_value> text() {
        auto const size = behind_text(rest_, 0);
        auto const quoted = rest_.substr(0, size);
        if (size < 2 || quoted.back() != quoted.front()) return std::nullopt;
        bool const is_double = quoted.front() == '"';
        if (is_double && quoted.find("#{") != quoted.npos) return std::nullopt;
        ruby_value value{ruby_value::kind::text, false, 0, {}, {}};
        auto const inside = quoted.substr(1, size - 2);
        for (std::size_t i = 0; i < inside.size(); ++i) {
            bool const escape = inside[i] == '\\' && i + 1 < inside.size() &&
                                (is_double || inside[i + 1] == '\\' || inside[i + 1] == '\'');
            if (!escape)
                value.text += inside[i];
            else
                value.text += is_double ? unescaped(inside[++i]) : inside[++i];
        }
        rest_.remove_prefix(size);
        return value;
    }

    std::optional<ruby_value> symbol() {
        if (!take(":")) return std::nullopt;
        if (peek() == '"') return text();
        auto const name = take_while(is_word);
        if (name.empty()) return std::nullopt;
        return ruby_value{ruby_value::kind::text, false, 0, std::string(name), {}};
    }

    /// Of texts alone: lists in lists are not read.
    std::optional<ruby_value> list() {
        ruby_value value{ruby_value::kind::list, false, 0, {}, {}};
        take("[");
        for (skip_blank(); !take("]"); skip_blank()) {
            if (peek() == '[') return std::nullopt;
            auto const one = literal();
            if (!one || !one->is_text()) return std::nullopt;
            value.list.push_back(one->text);
            skip_blank();
            if (!take(",") && peek() != ']') return std::nullopt;
        }
        return value;
    }

    std::optional<ruby_value> words() {
        constexpr std::string_view opening = "[({<", closing = "])}>";
        auto const which = opening.find(peek());
        if (done() || which == opening.npos) return std::nullopt;
        auto const end = rest_.find(closing[which]);
        if (end == rest_.npos) return std::nullopt;
        cursor inside(rest_.substr(1, end - 1));
        ruby_value value{ruby_value::kind::list, false, 0, {}, {}};
        auto const is_plain = [](char c) { return c != ' ' && c != '\t' && c != '\n'; };
        for (inside.skip_blank(); !inside.done(); inside.skip_blank())
            value.list.emplace_back(inside.take_while(is_plain));
        rest_.remove_prefix(end + 1);
        return value;
    }

    std::optional<ruby_value> number() {
        constexpr auto in_number = [](char c) { return is_word(c) || c == '.' || c == '-'; };
        auto const source = take_while(in_number);
        auto digits = std::string(source);
        std::erase(digits, '_');
        ruby_value value{ruby_value::kind::number, false, 0, digits, {}};
        bool const octal = digits.size() > 1 && digits[0] == '0' && digits[1] != '.';
        char const* first = digits.data();
        char const* const last = first + digits.size();
        if (!octal) {
            auto const [end, ec] = std::from_chars(first, last, value.number);
            return end == last && ec == std::errc() ? std::optional(value) : std::nullopt;
        }
        unsigned bits = 0;
        auto const [end, ec] = std::from_chars(first + (digits[1] == 'o' ? 2 : 1), last, bits, 8);
        value.number = bits;
        return end == last && ec == std::errc() ? std::optional(value) : std::nullopt;
    }

    std::optional<ruby_value> word() {
        auto const name = take_while(is_word);
        ruby_value value;
        if (name == "nil") return value;
        if (name != "true" && name != "false") return std::nullopt;
        value.what = ruby_value::kind::truth;
        value.truth = name == "true";
        return value;
    }

    std::string_view rest_;
};

ruby_value expression(std::string_view source) {
    return {ruby_value::kind::expression, false, 0, std::string(trimmed(source)), {}};
}

/// The whole of it, or it is an expression.
ruby_value value_of(std::string_view source) {
    cursor at(trimmed(source));
    auto const value = at.literal();
    at.skip_blank();
    return value && at.done() ? *value : expression(source);
}

/// Behind the name of what is called, with or without parentheses.
std::vector<ruby_value> arguments_of(std::string_view source) {
    cursor at(source);
    at.skip_blank();
    bool const in_parentheses = at.take("(");
    std::vector<ruby_value> values;
    for (at.skip_blank(); !at.done() && at.peek() != ')'; at.skip_blank()) {
        auto const before = at.rest();
        auto const value = at.literal();
        at.skip_blank();
        bool const ends = at.done() || at.peek() == ',' || (in_parentheses && at.peek() == ')');
        values.push_back(value && ends ? *value : expression(before));
        if (!ends || !at.take(",")) break;
    }
    return values;
}

/// Takes `do |x|` or `{ |x|` off the end.
bool take_block(std::string_view& source) noexcept {
    auto head = source;
    if (head.ends_with('|')) {
        auto const bar = head.substr(0, head.size() - 1).rfind('|');
        if (bar == head.npos) return false;
        head = trimmed(head.substr(0, bar));
    }
    if (head.ends_with('{'))
        head.remove_suffix(1);
    else if (head.ends_with("do") && (head.size() == 2 || !is_word(head[head.size() - 3])))
        head.remove_suffix(2);
    else
        return false;
    source = trimmed(head);
    return true;
}

bool opens_by_word(std::string_view word) noexcept {
    constexpr std::array<std::string_view, 10> words = {"if",  "unless", "while",  "until", "case",
                                                        "def", "class",  "module", "begin", "for"};
    return std::find(words.begin(), words.end(), word) != words.end();
}

void read_assignment(ruby_statement& into, cursor at) {
    using kind = ruby_statement::kind;
    auto what = kind::other;
    if (at.take("+=") || at.take("<<"))
        what = kind::addition;
    else if (at.rest().substr(0, 2) != "==" && at.rest().substr(0, 2) != "=~" && at.take("="))
        what = kind::assignment;
    if (what == kind::other) return;
    into.what = what;
    into.values.push_back(value_of(at.rest()));
}

ruby_statement statement_of(std::string_view source) {
    using kind = ruby_statement::kind;
    ruby_statement one;
    one.source = std::string(source);
    std::replace(one.source.begin(), one.source.end(), '\n', ' ');
    if (source == "end" || source == "}") {
        one.what = kind::end;
        return one;
    }
    bool const opens = take_block(source);
    cursor at(source);
    one.target = at.take_while([](char c) { return is_word(c) || c == '.'; });
    if (opens_by_word(one.target)) {
        one.what = kind::opening;
        return one;
    }
    if (one.target.empty() || is_digit(one.target.front())) {
        one.what = opens ? kind::opening : kind::other;
        return one;
    }
    auto const behind = at.rest();
    at.skip_blank();
    read_assignment(one, at);
    if (one.what != kind::other && !opens) return one;
    bool const calls = behind.empty() || behind.front() == '(' || behind.front() == ' ';
    one.what = opens ? kind::opening : calls ? kind::call : kind::other;
    if (one.values.empty()) one.values = arguments_of(behind);
    return one;
}

} // namespace

std::string_view ruby_reader::take_line() {
    auto const end = std::min(rest_.find('\n'), rest_.size());
    auto const line = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    ++line_;
    return line;
}

/// With the lines that follow while a bracket is open.
std::string ruby_reader::whole_statement(std::string_view first) {
    auto shape = shape_of(first);
    auto text = std::string(first.substr(0, shape.end));
    int depth = shape.depth;
    while (depth > 0 && !rest_.empty() && text.size() < statement_limit) {
        auto const line = take_line();
        shape = shape_of(line);
        (text += '\n') += line.substr(0, shape.end);
        depth += shape.depth;
    }
    return text;
}

std::optional<ruby_statement> ruby_reader::next() {
    while (!rest_.empty()) {
        auto const line = trimmed(take_line());
        if (line.empty()) continue;
        if (line.front() == '#') {
            origin_ = trimmed(line.substr(1));
            continue;
        }
        auto const at = line_;
        auto const text = whole_statement(line);
        auto one = statement_of(trimmed(text));
        one.line = at;
        one.origin = std::exchange(origin_, {});
        return one;
    }
    return std::nullopt;
}

} // namespace milter::manager
