// SPDX-License-Identifier: BSL-1.0
// tests/manager/text_place.cpp - each character of a text is found in the file, whichever way the text is written

#include "manager/config/text_place.hpp"

#include "manager/config/toml_tree.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace milter::manager;

namespace {

/// The part of the file that is marked for a word of the text, which is the value of a.
std::string marked(std::string const& file, std::string_view word) {
    std::string const name = "f";
    problem_list problems(file, name);
    auto const tree = parse_toml(0, problems);
    BOOST_TEST_REQUIRE(tree.has_value(), file);
    auto const& node = *tree->find("a");
    auto const& text = std::get<std::string>(node.value);
    auto const offset = text.find(word);
    BOOST_TEST_REQUIRE(offset != text.npos, text);
    auto const at = place_in_text(file, node.at, offset, word.size());
    std::string_view line = file;
    for (unsigned i = 1; i < at.line; ++i) line.remove_prefix(line.find('\n') + 1);
    line = line.substr(0, line.find('\n'));
    // columns are characters: the tests that have others than ASCII look at places
    return std::string(line.substr(at.column - 1, at.width));
}

source_place place(std::string_view file, source_place literal, std::size_t offset,
                   std::size_t length) {
    return place_in_text(file, literal, offset, length);
}

bool same(source_place a, source_place b) {
    return a.line == b.line && a.column == b.column && a.width == b.width && a.file == b.file;
}

} // namespace

BOOST_AUTO_TEST_SUITE(text_place)

BOOST_AUTO_TEST_CASE(literal_strings_are_as_they_are) {
    BOOST_TEST(marked("a = 'one two three'", "two") == "two");
    BOOST_TEST(marked("a = 'one \\two three'", "three") == "three");
    BOOST_TEST(marked("# x\n\n  a = 'one two'", "one") == "one");
}

BOOST_AUTO_TEST_CASE(an_escape_is_several_characters_of_the_file) {
    BOOST_TEST(marked(R"(a = "one \"two\" three")", "\"two\"") == R"(\"two\")");
    BOOST_TEST(marked(R"(a = "\\\\ two")", "two") == "two");
    BOOST_TEST(marked(R"(a = "\t\n\u00e4\U0001F600 two")", "two") == "two");
    BOOST_TEST(marked(R"(a = "\u00e4 two")", "\xc3\xa4") == R"(\u00e4)");
}

BOOST_AUTO_TEST_CASE(the_line_end_behind_three_quotes_does_not_count) {
    BOOST_TEST(marked("a = '''\none two\nthree four'''", "one") == "one");
    BOOST_TEST(marked("a = '''\none two\nthree four'''", "three") == "three");
    BOOST_TEST(marked("a = '''\r\none two\r\nthree four'''", "four") == "four");
    BOOST_TEST(marked("a = \"\"\"\none two\n\tthree four\"\"\"", "four") == "four");
    BOOST_TEST(marked("a = '''one\n\n\ntwo'''", "two") == "two");
}

BOOST_AUTO_TEST_CASE(lines_may_be_joined) {
    BOOST_TEST(marked("a = \"\"\"\\\n   one \\\n   two \\  \n\n\n  three\"\"\"", "one") == "one");
    BOOST_TEST(marked("a = \"\"\"\\\n   one \\\n   two \\  \n\n\n  three\"\"\"", "two") == "two");
    BOOST_TEST(marked("a = \"\"\"\\\n   one \\\n   two \\  \n\n\n  three\"\"\"", "three") ==
               "three");
    BOOST_TEST(marked("a = \"\"\"\\\r\n one \\\r\n two\"\"\"", "two") == "two");
}

BOOST_AUTO_TEST_CASE(quotes_in_strings_with_three_do_not_end_them) {
    BOOST_TEST(marked("a = \"\"\"one \"two\" \"\"three\"\"\"\"\"", "three\"\"") == "three\"\"");
    BOOST_TEST(marked("a = '''one 'two' 'three''''", "three'") == "three'");
}

BOOST_AUTO_TEST_CASE(columns_are_characters) {
    std::string const file = "\xc3\xa4 = '\xc3\xa4\xc3\xb6 two'";
    BOOST_TEST(same(place(file, {1, 5, 1}, 5, 3), {1, 9, 3}));
    BOOST_TEST(same(place(file, {1, 5, 1}, 0, 2), {1, 6, 1}));
}

BOOST_AUTO_TEST_CASE(behind_the_text_stands_its_closing_quote) {
    BOOST_TEST(same(place("a = 'one'", {1, 5, 5}, 3, 0), {1, 9, 1}));
    BOOST_TEST(same(place("a = 'one'", {1, 5, 5}, 99, 5), {1, 9, 1}));
    BOOST_TEST(same(place("a = '''\none\n'''", {1, 5, 1}, 4, 0), {3, 1, 1}));
    BOOST_TEST(same(place("a = ''", {1, 5, 2}, 0, 0), {1, 6, 1}));
}

BOOST_AUTO_TEST_CASE(what_goes_on_in_the_next_line_is_marked_in_its_first) {
    BOOST_TEST(same(place("a = '''\none\ntwo'''", {1, 5, 1}, 0, 7), {2, 1, 4}));
    BOOST_TEST(same(place("a = '''\none\ntwo'''", {1, 5, 1}, 1, 2), {2, 2, 2}));
}

BOOST_AUTO_TEST_CASE(the_file_stays_the_same) {
    BOOST_TEST(same(place("a = 'one'", {1, 5, 5, 7}, 1, 1), {1, 7, 1, 7}));
}

BOOST_AUTO_TEST_CASE(a_place_that_is_no_string_does_no_harm) {
    BOOST_TEST(same(place("a = 1", {1, 5, 1}, 3, 1), {1, 5, 1}));
    BOOST_TEST(same(place("a", {7, 5, 1}, 3, 1), {1, 2, 1}));
}

BOOST_AUTO_TEST_SUITE_END()
