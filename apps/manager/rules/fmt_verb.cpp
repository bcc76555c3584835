// SPDX-License-Identifier: BSL-1.0
// manager/rules/fmt_verb.cpp
#include "manager/rules/fmt_verb.hpp"

#include "manager/config/config_problem.hpp"
#include "manager/config/printable.hpp"
#include "manager/config/source_shape.hpp"
#include "manager/rules/expression_place.hpp"
#include "manager/rules/text_file.hpp"
#include "manager/rules/when_spelling.hpp"
#include "rule/fact_table.hpp"
#include "rule/format.hpp"
#include "rule/tree_json.hpp"

#include <sysexits.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

namespace milter::manager {

namespace {

constexpr int would_change = 1;               // exit status of --check
constexpr std::size_t longest_json = 1 << 20; // bytes; an expression of max_text has fewer

/// The expression that was asked for, and how problems call it.
struct named_text {
    std::string text;
    std::string name;
};

rules_answer no_input(std::string const& name, std::string const& problem) {
    return {EX_NOINPUT, {}, "milter-manager: " + printable(name) + ": " + problem + '\n'};
}

/// Without the end of its last line, which an editor or echo added.
std::string without_line_end(std::string text) {
    if (text.ends_with('\n')) text.pop_back();
    if (text.ends_with('\r')) text.pop_back();
    return text;
}

rules_answer format_one(named_text const& from, rules_request const& request) {
    auto const parsed = request.from_json ? rule::from_json(from.text) : rule::parse(from.text);
    if (!parsed.tree) return {EX_DATAERR, {}, told(from.text, from.name, parsed.problem)};
    auto const& tree = *parsed.tree;
    return {EX_OK, (request.way == fmt_way::json ? to_json(tree) : to_text(tree)) + '\n', {}};
}

/// "new.toml" is the name of a condition as well as of a file: what is there, and no fact, is meant as a file.
bool is_file(std::string const& text) {
    std::error_code ec;
    return !rule::find_fact(text) && std::filesystem::is_regular_file(text, ec);
}

rules_answer meant_file(std::string const& file) {
    return {EX_USAGE,
            {},
            "milter-manager: " + printable(file) +
                " is a file, not an expression: rules fmt --check FILE says what would change in "
                "it, rules fmt --write FILE changes it\n"};
}

rules_answer format_input(rules_request const& request) {
    if (!request.texts.empty() && request.texts[0] != "-") {
        if (is_file(request.texts[0])) return meant_file(request.texts[0]);
        return format_one({request.texts[0], "expression"}, request);
    }
    auto read = read_text_file("-", longest_json);
    if (!read.problem.empty()) return no_input("stdin", read.problem);
    return format_one({without_line_end(std::move(read.text)), "stdin"}, request);
}

// ---- files

std::string lines_text(std::vector<unsigned> const& lines) {
    std::string out = lines.size() == 1 ? "line " : "lines ";
    for (std::size_t i = 0; i < lines.size(); ++i)
        out += (i == 0 ? "" : ", ") + std::to_string(lines[i]);
    return out;
}

/// All files are looked at; the worst status counts.
class file_formatting {
public:
    explicit file_formatting(fmt_way way) : way_(way) {}

    void format(std::string const& file) {
        auto const read = read_text_file(file, source_size_limit);
        if (!read.problem.empty()) return fail(no_input(file, read.problem));
        auto const done = respell(read.text, file);
        if (!done.problems.empty()) return fail(refused(done));
        if (done.lines.empty()) return;
        if (way_ == fmt_way::write_files)
            if (auto const why = write_text_file(file, done.text); !why.empty())
                return fail(
                    {EX_CANTCREAT, {}, "milter-manager: " + printable(file) + ": " + why + '\n'});
        bool const is_written = way_ == fmt_way::write_files;
        answer_.out += printable(file) + ": " + lines_text(done.lines) +
                       (is_written ? " changed\n" : " would change\n");
        if (!is_written && answer_.status == EX_OK) answer_.status = would_change;
    }

    rules_answer take() && { return std::move(answer_); }

private:
    static rules_answer refused(respelled_file const& done) {
        rules_answer answer{EX_DATAERR, {}, {}};
        for (auto const& one : done.problems) answer.err += to_string(one) + '\n';
        return answer;
    }

    void fail(rules_answer const& why) {
        answer_.err += why.err;
        if (answer_.status <= would_change) answer_.status = why.status;
    }

    fmt_way way_;
    rules_answer answer_;
};

} // namespace

rules_answer format_expressions(rules_request const& request) {
    bool const is_of_files =
        request.way == fmt_way::check_files || request.way == fmt_way::write_files;
    if (!is_of_files) return format_input(request);
    file_formatting files(request.way);
    for (auto const& one : request.texts) files.format(one);
    return std::move(files).take();
}

} // namespace milter::manager
