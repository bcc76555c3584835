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

/// Of a line of code what is said alike inside of a namespace and out of it, without its remark.
std::string_view essence(std::string_view line) {
    line = line.substr(0, line.find(" //"));
    auto const begin = std::min(line.find_first_not_of(' '), line.size());
    auto const end = line.find_last_not_of(" ;");
    return line.substr(begin, end == line.npos ? 0 : end + 1 - begin);
}

std::string without(std::string text, std::string_view part) {
    for (auto at = text.find(part); at != text.npos; at = text.find(part))
        text.erase(at, part.size());
    return text;
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

BOOST_AUTO_TEST_CASE(code_of_the_readme_is_that_of_the_examples) {
    auto const examples = without(source_file("docs/examples/tiny_milter.hpp") +
                                      source_file("docs/examples/tiny_milter.cpp"),
                                  "tiny::");
    auto const code = blocks(source_file("README.md"), "cpp");
    BOOST_TEST_REQUIRE(code.size() == 1u);
    std::istringstream lines(code.front());
    for (std::string line; std::getline(lines, line);)
        BOOST_TEST(examples.find(essence(line)) != examples.npos, line);
}

BOOST_AUTO_TEST_SUITE_END()
