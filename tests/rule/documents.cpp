// SPDX-License-Identifier: BSL-1.0
// tests/rule/documents.cpp - docs/rules.md and rules/rules.schema.json have every fact and function, and their examples hold

#include "rule/compile.hpp"
#include "rule/fact_table.hpp"
#include "rule/function_table.hpp"
#include "rule/parser.hpp"
#include "rule/stage.hpp"
#include "rule/tree_json.hpp"
#include "support/json_schema.hpp"

#include <boost/test/unit_test.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

using namespace milter::rule;

namespace {

using json = nlohmann::json;
using cells = std::vector<std::string>;

std::string source_file(std::string const& name) {
    std::ifstream in(MILTER_SOURCE_DIR "/" + name);
    BOOST_TEST_REQUIRE(in.good(), name);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

std::string const& document() {
    static std::string const text = source_file("docs/rules.md");
    return text;
}

/// From a heading to the next one of its level.
std::string chapter(std::string const& heading) {
    auto const& text = document();
    auto const begin = text.find("\n" + heading + "\n");
    BOOST_TEST_REQUIRE(begin != text.npos, heading);
    auto const level = heading.substr(0, heading.find(' ') + 1);
    return text.substr(begin, text.find("\n" + level, begin + 1) - begin);
}

std::string trimmed(std::string const& text) {
    auto const begin = std::min(text.find_first_not_of(' '), text.size());
    return text.substr(begin, text.find_last_not_of(' ') + 1 - begin);
}

/// Rows of tables whose first cell is code. A bar within a cell is written `\|`.
std::vector<cells> rows_in(std::string const& text) {
    std::vector<cells> found;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (line.substr(0, 3) != "| `") continue;
        cells row;
        std::string cell;
        for (std::size_t i = 1; i < line.size(); ++i) {
            bool const is_escaped = line.compare(i, 2, "\\|") == 0;
            if (is_escaped) ++i;
            if (line[i] != '|' || is_escaped) {
                cell += line[i];
                continue;
            }
            row.push_back(trimmed(cell));
            cell.clear();
        }
        found.push_back(row);
    }
    return found;
}

std::string code(std::string_view text) { return "`" + std::string(text) + "`"; }

/// What stands between backticks.
cells codes_in(std::string const& cell) {
    cells found;
    for (auto at = cell.find('`'); at != cell.npos;) {
        auto const end = cell.find('`', at + 1);
        found.push_back(cell.substr(at + 1, end - at - 1));
        at = end == cell.npos ? end : cell.find('`', end + 1);
    }
    return found;
}

std::vector<std::string> blocks(std::string const& language) {
    std::vector<std::string> found;
    auto const fence = "```" + language + "\n";
    auto const& text = document();
    for (auto at = text.find(fence); at != text.npos; at = text.find(fence, at)) {
        at += fence.size();
        found.push_back(text.substr(at, text.find("```", at) - at));
    }
    return found;
}

/// The names that the examples use.
scope names_of_examples() {
    scope names;
    names.sets = {{"av_domains", {0, set_kind::domains}},
                  {"partners", {1, set_kind::domains}},
                  {"customers", {2, set_kind::domains}},
                  {"partner_networks", {3, set_kind::addresses}}};
    names.milters = {
        {"dkim", 0}, {"spf", 1}, {"rspamd", 2}, {"spamassassin", 3}, {"disclaimer", 4}};
    names.block_lists = {{"zen.spamhaus.org", 0}};
    names.allow_lists = {{"list.dnswl.org", 0}};
    return names;
}

void check_compiles(std::string_view text) {
    auto const made = compile(text, names_of_examples(), "salt");
    for (auto const& one : made.problems)
        BOOST_ERROR(text << ": " << one.message << " (" << one.hint << ")");
    BOOST_TEST(made.value.has_value(), text);
}

/// Examples of everything, of facts and functions and of the document.
std::vector<std::string> examples() {
    std::vector<std::string> all = blocks("rule");
    for (auto const& row : fact_rows()) all.emplace_back(row.example);
    for (auto const& row : function_rows()) all.emplace_back(row.example);
    return all;
}

json const& schema() {
    static json const text = json::parse(source_file("rules/rules.schema.json"));
    return text;
}

bool has(json const& list, std::string_view word) {
    return std::find(list.begin(), list.end(), json(word)) != list.end();
}

} // namespace

BOOST_AUTO_TEST_SUITE(documents)

BOOST_AUTO_TEST_CASE(table_of_facts_is_that_of_the_program) {
    auto const rows = rows_in(chapter("## Facts"));
    BOOST_TEST_REQUIRE(rows.size() == fact_rows().size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        auto const& fact = fact_rows()[i];
        BOOST_TEST_REQUIRE(rows[i].size() == 5u, fact.name);
        BOOST_TEST(rows[i][0] == code(fact.name));
        BOOST_TEST(rows[i][1] == name_of(fact.is), fact.name);
        BOOST_TEST(rows[i][2] == name_of(fact.from), fact.name);
        BOOST_TEST(!rows[i][3].empty(), fact.name);
        BOOST_TEST(rows[i][4] == code(fact.example), fact.name);
        std::istringstream words{std::string(fact.words)};
        for (std::string word; words >> word;)
            BOOST_TEST(rows[i][3].find('"' + word + '"') != std::string::npos,
                       fact.name << ": " << word);
    }
}

BOOST_AUTO_TEST_CASE(table_of_functions_is_that_of_the_program) {
    auto const rows = rows_in(chapter("## Functions"));
    BOOST_TEST_REQUIRE(rows.size() == function_rows().size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        auto const& function = function_rows()[i];
        BOOST_TEST_REQUIRE(rows[i].size() == 4u, function.name);
        BOOST_TEST(rows[i][0] == code(function.name));
        BOOST_TEST(rows[i][1] == code(function.form), function.name);
        BOOST_TEST(rows[i][3] == code(function.example), function.name);
    }
}

BOOST_AUTO_TEST_CASE(stages_types_and_comparisons_are_there) {
    auto const stages = rows_in(chapter("## What is not known yet"));
    for (std::size_t i = 0; i < stage_count; ++i) BOOST_TEST(stages[i][0] == code(stage_names[i]));
    auto const types = chapter("### Types");
    for (std::size_t i = 0; i < type_count; ++i) {
        auto const name = name_of(static_cast<type>(i));
        BOOST_TEST(types.find("\n| " + std::string(name) + " | ") != types.npos, name);
    }
    auto const comparisons = chapter("### Comparisons");
    for (std::size_t i = 0; i < comparison_count; ++i) {
        auto const word = spelling(static_cast<comparison>(i));
        BOOST_TEST(comparisons.find(code(word)) != comparisons.npos, word);
    }
}

BOOST_AUTO_TEST_CASE(examples_compile) {
    for (auto const& one : examples()) check_compiles(one);
    std::istringstream lines(chapter("### Types"));
    std::size_t seen = 0;
    for (std::string line; std::getline(lines, line);) {
        if (line.substr(0, 2) != "| " || line.find('`') == line.npos) continue;
        check_compiles(codes_in(line).back());
        ++seen;
    }
    BOOST_TEST(seen == type_count);
}

BOOST_AUTO_TEST_CASE(brackets_of_the_second_example_are_those_of_the_first) {
    auto const all = blocks("rule");
    BOOST_TEST((*parse(all.at(0)).tree == *parse(all.at(1)).tree));
}

BOOST_AUTO_TEST_CASE(text_and_json_of_the_table_say_the_same) {
    std::size_t pairs = 0;
    for (auto const& row : rows_in(chapter("## As JSON"))) {
        auto const texts = codes_in(row.at(0)), trees = codes_in(row.at(1));
        for (std::size_t i = 0; i < std::min(texts.size(), trees.size()); ++i, ++pairs) {
            auto const tree = parse(texts[i]).tree;
            BOOST_TEST_REQUIRE(tree.has_value(), texts[i]);
            BOOST_TEST(json::parse(to_json(*tree)) == json::parse(trees[i]), texts[i]);
        }
    }
    BOOST_TEST(pairs > 10u);
}

// ---- rules/rules.schema.json

BOOST_AUTO_TEST_CASE(schema_lists_facts_and_functions) {
    auto const& parts = schema()["definitions"];
    std::size_t listed = 0;
    for (std::string const part : {"fact", "fact_with_argument", "fact_of_milter"})
        listed += parts[part]["enum"].size();
    BOOST_TEST(listed == fact_rows().size());
    for (auto const& row : fact_rows()) {
        auto const open = row.name.find("()");
        bool const takes_none = open == row.name.npos;
        bool const is_of_milter = !takes_none && open + 2 < row.name.size();
        auto const part = takes_none     ? "fact"
                          : is_of_milter ? "fact_of_milter"
                                         : "fact_with_argument";
        auto const word = is_of_milter ? row.name.substr(open + 3) : row.name.substr(0, open);
        BOOST_TEST(has(parts[part]["enum"], word), row.name);
    }
    for (auto const& row : function_rows())
        BOOST_TEST(has(parts["function"]["enum"], row.name), row.name);
    BOOST_TEST(parts["function"]["enum"].size() == function_rows().size());
}

BOOST_AUTO_TEST_CASE(trees_of_the_examples_are_valid) {
    support::json_schema const valid(schema());
    auto const tree_schema = json{{"$ref", "#/definitions/expression"}};
    for (auto const& one : examples()) {
        auto const tree = json::parse(to_json(*parse(one).tree));
        BOOST_TEST(valid.problem_of(tree, tree_schema) == "", one);
    }
}

BOOST_AUTO_TEST_CASE(what_is_no_tree_is_not_valid) {
    support::json_schema const valid(schema());
    auto const tree_schema = json{{"$ref", "#/definitions/expression"}};
    struct {
        std::string text;
        bool has_form; ///< only its names are wrong
    } const rows[] = {{R"({"nmae": "helo"})", false},
                      {R"({"name": "client.adress"})", true},
                      {R"({"name": "Helo"})", false},
                      {R"({"call": "hedaer", "arguments": ["a"]})", true},
                      {R"({"call": "header"})", true},
                      {R"({"call": "milter", "arguments": ["a"], "member": "verdcit"})", true},
                      {R"({"and": [true]})", false},
                      {R"({"==": [1]})", false},
                      {R"({"not ==": [{"name": "helo"}, "a"]})", false},
                      {R"({"size": "5"})", false},
                      {R"({"duration": "5x"})", false},
                      {R"({"percent": "5.123%"})", false},
                      {R"({"pattern": "a", "flags": "x"})", false},
                      {R"({"set": "@a"})", false},
                      {"-1", false},
                      {"1.5", false},
                      {"null", false},
                      {"[]", false},
                      {"{}", false}};
    for (auto const& [text, has_form] : rows) {
        BOOST_TEST(valid.problem_of(json::parse(text), tree_schema) != "", text);
        BOOST_TEST(from_json(text).tree.has_value() == has_form, text);
    }
}

BOOST_AUTO_TEST_SUITE_END()
