// SPDX-License-Identifier: BSL-1.0
// tests/manager/config_documents.cpp - what the documents show is true: configurations are read, code is that of the examples

#include "manager/config/config_toml.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

using milter::manager::parse_config;
using milter::manager::problem_weight;

namespace {

std::string source_file(std::string const& name) {
    std::ifstream in(MILTER_SOURCE_DIR "/" + name);
    BOOST_TEST_REQUIRE(in.good(), name);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

/// Blocks of a language in a Markdown file.
std::vector<std::string> blocks(std::string const& text, std::string const& language) {
    std::vector<std::string> found;
    auto const fence = "```" + language + "\n";
    for (auto at = text.find(fence); at != text.npos; at = text.find(fence, at)) {
        at += fence.size();
        found.push_back(text.substr(at, text.find("```", at) - at));
    }
    return found;
}

/// What a part of a configuration needs to be read: a listener, and milters that it names and does not bring along.
std::string surroundings_of(std::string const& block) {
    std::string made = "[[listen]]\nsocket = \"inet:10025@127.0.0.1\"\n";
    for (std::string const name : {"milter-greylist", "opendkim"})
        if (block.find("\nname = \"" + name + '"') == block.npos)
            made += "[[milter]]\nname = \"" + name + "\"\nsocket = \"/run/" + name + ".sock\"\n";
    return made;
}

/// A set, or the file of one.
bool is_of_another_part(std::string const& problem) {
    return problem.starts_with("unknown set ") || problem.starts_with("unknown block list ") ||
           problem.starts_with("unknown condition ") ||
           problem.find(": cannot read ") != problem.npos;
}

/// Of a line of code what it says, without its remark.
std::string_view essence(std::string_view line) {
    line = line.substr(0, line.find(" //"));
    auto const begin = std::min(line.find_first_not_of(' '), line.size());
    auto const end = line.find_last_not_of(" ;");
    return line.substr(begin, end == line.npos ? 0 : end + 1 - begin);
}

} // namespace

BOOST_AUTO_TEST_SUITE(config_documents)

BOOST_AUTO_TEST_CASE(shown_configurations_are_without_errors) {
    for (std::string const name :
         {"README.md", "docs/configuration.md", "docs/operations.md", "docs/rules.md"}) {
        std::size_t whole = 0;
        for (auto const& block : blocks(source_file(name), "toml")) {
            if (block.find("[[listen]]") == block.npos) continue; // a part of one
            ++whole;
            auto const read = parse_config(block, name);
            BOOST_TEST((read.config != nullptr), name << ":\n" << block);
        }
        BOOST_TEST(whole > 0u, name);
    }
}

/// A part is read behind a listener and the milters that it names, in a folder with the files that it names. What it asks
/// that stands in another part, such as a condition, is all that may be missing.
BOOST_AUTO_TEST_CASE(shown_parts_have_keys_and_values_that_there_are) {
    for (std::string const name :
         {"README.md", "docs/configuration.md", "docs/operations.md", "docs/rules.md"}) {
        for (auto const& block : blocks(source_file(name), "toml")) {
            if (block.find("[[listen]]") != block.npos) continue; // a whole one
            auto const read = parse_config(surroundings_of(block) + block, name);
            for (auto const& one : read.problems)
                if (one.weight == problem_weight::error && !is_of_another_part(one.message))
                    BOOST_ERROR(to_string(one) << ":\n" << block);
        }
    }
}

BOOST_AUTO_TEST_CASE(code_of_the_readme_is_that_of_the_examples) {
    auto const example = source_file("docs/examples/filter/marks_and_refuses.cpp");
    auto const code = blocks(source_file("README.md"), "cpp");
    BOOST_TEST_REQUIRE(code.size() == 1u);
    std::istringstream lines(code.front());
    for (std::string line; std::getline(lines, line);)
        BOOST_TEST(example.find(essence(line)) != example.npos, line);
}

BOOST_AUTO_TEST_SUITE_END()
