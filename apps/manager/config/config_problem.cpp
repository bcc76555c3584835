// SPDX-License-Identifier: BSL-1.0
// manager/config/config_problem.cpp - lines of the file with a caret below the place that is meant
#include "manager/config/config_problem.hpp"

#include "manager/config/printable.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace milter::manager {

namespace {

constexpr std::size_t excerpt_limit = 100; // characters of a line shown
constexpr std::size_t excerpt_before = 60; // of them in front of the place, when the line is longer

std::string_view line_of(std::string_view text, unsigned number) {
    for (; number > 1; --number) {
        auto const end = text.find('\n');
        if (end == text.npos) return {};
        text.remove_prefix(end + 1);
    }
    auto line = text.substr(0, text.find('\n'));
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    return line;
}

/// The line in the pieces that are shown, one for each character, as escaping may widen them.
std::vector<std::string> characters_of(std::string_view line, std::size_t limit) {
    std::vector<std::string> characters;
    while (!line.empty() && characters.size() < limit) {
        auto const size = first_code_point(line).size;
        auto const bytes = line.substr(0, size);
        characters.push_back(bytes == "\t" ? " " : printable(bytes));
        line.remove_prefix(size);
    }
    return characters;
}

std::size_t width_of(std::string_view shown) {
    std::size_t width = 0;
    for (; !shown.empty(); ++width) shown.remove_prefix(first_code_point(shown).size);
    return width;
}

std::string excerpt_of(std::string_view text, source_place at) {
    if (at.line == 0) return {};
    std::size_t const column = at.column > 0 ? at.column - 1 : 0;
    auto const line = characters_of(line_of(text, at.line), column + excerpt_limit + 1);
    if (line.empty() && column > 0) return {};
    bool const is_long = line.size() > excerpt_limit;
    std::size_t const from = is_long && column > excerpt_before ? column - excerpt_before : 0;
    std::size_t const to = std::min(line.size(), from + excerpt_limit);

    std::string shown = from > 0 ? "..." : "", marks(shown.size(), ' ');
    for (std::size_t i = from; i < to; ++i) {
        auto const width = width_of(line[i]);
        shown += line[i];
        if (i < column) marks.append(width, ' ');
        if (i == column) marks += '^' + std::string(width - 1, '~');
        if (i > column && i < column + at.width) marks.append(width, '~');
    }
    if (column >= to) marks += '^'; // behind the end of the line
    if (to < line.size()) shown += "...";
    return shown + '\n' + marks;
}

char const* prefix_of(problem_weight weight) {
    switch (weight) {
    case problem_weight::warning: return ": warning: ";
    case problem_weight::note: return ": note: ";
    case problem_weight::error: break;
    }
    return ": ";
}

} // namespace

std::string to_string(config_problem const& problem) {
    std::string out = problem.file;
    if (problem.line > 0)
        out += ':' + std::to_string(problem.line) + ':' + std::to_string(problem.column);
    out += prefix_of(problem.weight);
    out += problem.message;
    if (!problem.excerpt.empty()) {
        auto const end = problem.excerpt.find('\n');
        out +=
            "\n    " + problem.excerpt.substr(0, end) + "\n    " + problem.excerpt.substr(end + 1);
    }
    if (!problem.hint.empty()) out += "\n  " + problem.hint;
    return out;
}

void problem_list::error(source_place at, std::string message, std::string hint) {
    entries_.push_back({at, std::move(message), std::move(hint), problem_weight::error});
}

void problem_list::warning(source_place at, std::string message, std::string hint) {
    entries_.push_back({at, std::move(message), std::move(hint), problem_weight::warning});
}

void problem_list::note(source_place at, std::string message, std::string hint) {
    entries_.push_back({at, std::move(message), std::move(hint), problem_weight::note});
}

unsigned problem_list::add_source(std::string const& file, std::string text) {
    sources_.push_back({file, std::move(text)});
    return static_cast<unsigned>(sources_.size() - 1);
}

std::string problem_list::line_of(source_place at, source_place seen_from) const {
    auto const line = std::to_string(at.line);
    return at.file == seen_from.file ? "line " + line : printable(name_of(at.file)) + ':' + line;
}

bool problem_list::has_errors() const noexcept {
    return std::any_of(entries_.begin(), entries_.end(),
                       [](auto const& e) { return e.weight == problem_weight::error; });
}

std::vector<config_problem> problem_list::take() {
    auto entries = std::exchange(entries_, {});
    std::stable_sort(entries.begin(), entries.end(), [](auto const& a, auto const& b) {
        return std::tie(a.at.file, a.at.line, a.at.column) <
               std::tie(b.at.file, b.at.line, b.at.column);
    });
    std::vector<config_problem> taken;
    std::map<problem_weight, std::size_t> counts;
    for (auto& one : entries)
        if (++counts[one.weight] <= config_problem_limit)
            taken.push_back(to_problem(std::move(one)));
    auto const count_rest = [&](std::string const& what, problem_weight weight) {
        if (counts[weight] <= config_problem_limit) return;
        auto const rest = std::to_string(counts[weight] - config_problem_limit);
        taken.push_back(
            to_problem({{}, "too many " + what + ": " + rest + " more are not shown", {}, weight}));
    };
    count_rest("errors", problem_weight::error);
    count_rest("warnings", problem_weight::warning);
    count_rest("notes", problem_weight::note);
    return taken;
}

config_problem problem_list::to_problem(entry one) const {
    auto const& in = sources_[one.at.file];
    auto excerpt = excerpt_of(in.text, one.at);
    return {in.name,
            one.at.line,
            one.at.column,
            std::move(one.message),
            std::move(excerpt),
            std::move(one.hint),
            one.weight};
}

} // namespace milter::manager
