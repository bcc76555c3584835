// SPDX-License-Identifier: BSL-1.0
// manager/rules/when_spelling.cpp
#include "manager/rules/when_spelling.hpp"

#include "manager/config/printable.hpp"
#include "manager/config/text_place.hpp"
#include "manager/config/toml_text.hpp"
#include "manager/config/toml_tree.hpp"
#include "rule/format.hpp"
#include "rule/parser.hpp"

#include <algorithm>
#include <optional>

namespace milter::manager {

namespace {

/// An expression of the file.
struct when_value {
    std::string text;
    source_place at;
};

void collect_when(raw_node const& table, std::vector<when_value>& into) {
    auto const* const when = table.find("when");
    if (!when) return;
    if (auto const* const text = std::get_if<std::string>(&when->value))
        into.push_back({*text, when->at});
}

/// Of milters, rules and conditions.
std::vector<when_value> expressions_in(raw_node const& file) {
    std::vector<when_value> found;
    for (auto const* const key : {"milter", "rule", "condition"})
        if (auto const* const all = file.find(key))
            for (auto const& one : all->children) collect_when(one, found);
    std::sort(found.begin(), found.end(),
              [](auto const& a, auto const& b) { return a.at.line < b.at.line; });
    return found;
}

/// Bytes before a place of the file.
std::size_t offset_of(std::string_view file, source_place at) {
    std::size_t offset = 0;
    for (unsigned line = 1; line < at.line; ++line) offset = file.find('\n', offset) + 1;
    for (unsigned column = 1; column < at.column && offset < file.size(); ++column)
        offset += first_code_point(file.substr(offset)).size;
    return offset;
}

/// One of TOML's four kinds of strings, as it stands in the file.
struct literal_span {
    std::size_t begin = 0, end = 0; ///< with its quotes
    std::string_view quotes;

    bool may_have_lines() const noexcept { return quotes.size() == 3; }
};

/// Three quotes may be preceded by one or two that are meant. @source  TOML 1.0.0, "String"
literal_span span_at(std::string_view file, std::size_t begin) {
    literal_span span{begin, file.size(), {}};
    for (std::string_view const quotes : {R"(""")", "'''", R"(")", "'"})
        if (span.quotes.empty() && file.substr(begin).starts_with(quotes)) span.quotes = quotes;
    bool const has_escapes = span.quotes.starts_with('"');
    for (auto at = begin + span.quotes.size(); at < file.size(); ++at) {
        if (has_escapes && file[at] == '\\') {
            ++at;
            continue;
        }
        if (span.quotes.empty() || !file.substr(at).starts_with(span.quotes)) continue;
        span.end = at + span.quotes.size();
        while (span.may_have_lines() && span.end < file.size() && file[span.end] == span.quotes[0])
            ++span.end;
        return span;
    }
    return span;
}

/// In the quotes that there were, where they can hold it.
std::string literal_of(std::string const& text, literal_span const& before) {
    bool const was_plain = before.quotes.starts_with('\'');
    bool const fits =
        text.find('\'') == text.npos && std::none_of(text.begin(), text.end(), [](char c) {
            return static_cast<unsigned char>(c) < ' ' || c == '\x7f';
        });
    return was_plain && fits ? "'" + text + "'" : toml_text(text);
}

/// Empty: it is left as it is.
std::optional<std::string> new_literal(when_value const& one, rule::node const& tree,
                                       literal_span const& span) {
    auto const spelled = rule::to_text(tree);
    if (spelled == one.text) return std::nullopt;
    if (span.may_have_lines() && spelled.size() > longest_joined_line) return std::nullopt;
    return literal_of(spelled, span);
}

} // namespace

respelled_file respell(std::string_view text, std::string const& name) {
    respelled_file done{std::string(text), {}, {}};
    problem_list problems(text, name);
    auto const tree = parse_toml(0, problems);
    auto const found = tree ? expressions_in(*tree) : std::vector<when_value>();
    std::string out;
    std::size_t copied = 0;
    for (auto const& one : found) {
        auto const parsed = rule::parse(one.text);
        if (!parsed.tree) {
            auto const& wrong = parsed.problem;
            problems.error(place_in_text(text, one.at, wrong.at.offset, wrong.at.length),
                           wrong.message, wrong.hint);
            continue;
        }
        auto const span = span_at(text, offset_of(text, one.at));
        auto const literal = new_literal(one, *parsed.tree, span);
        if (!literal) continue;
        out.append(text.substr(copied, span.begin - copied)).append(*literal);
        copied = span.end;
        done.lines.push_back(one.at.line);
    }
    done.problems = problems.take();
    if (done.problems.empty()) done.text = out.append(text.substr(copied));
    return done;
}

} // namespace milter::manager
