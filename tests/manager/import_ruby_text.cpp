// SPDX-License-Identifier: BSL-1.0
// tests/manager/import_ruby_text.cpp - statements of Ruby that are read, and those that are left as they are

#include "manager/import/ruby_text.hpp"

#include <boost/test/unit_test.hpp>

#include <support/exact_copy.hpp>

#include <cstdint>

using namespace milter::manager;
using kind = ruby_statement::kind;
using value_kind = ruby_value::kind;

namespace {

std::vector<ruby_statement> statements_of(std::string_view text) {
    support::exact_copy const given(text);
    ruby_reader read(given.view());
    std::vector<ruby_statement> all;
    while (auto one = read.next()) all.push_back(std::move(*one));
    return all;
}

ruby_value value_of(std::string const& literal) {
    auto const all = statements_of("a.b = " + literal);
    BOOST_TEST_REQUIRE(all.size() == 1u);
    BOOST_TEST((all[0].what == kind::assignment));
    return all[0].values.at(0);
}

} // namespace

BOOST_AUTO_TEST_SUITE(import_ruby_text)

BOOST_AUTO_TEST_CASE(literals_are_read_and_what_has_to_be_evaluated_is_not) {
    struct {
        std::string literal;
        value_kind what;
        std::string text;
    } const rows[] = {
        {R"("a b")", value_kind::text, "a b"},
        {R"("a\"\\\n#b")", value_kind::text, "a\"\\\n#b"},
        {R"('a\'\n"')", value_kind::text, R"(a'\n")"},
        {":discard", value_kind::text, "discard"},
        {R"(:"temporary-failure")", value_kind::text, "temporary-failure"},
        {"nil", value_kind::nothing, ""},
        {"  nil  # remark", value_kind::nothing, ""},
        {"1_000", value_kind::number, "1000"},
        {"297.0", value_kind::number, "297.0"},
        {"-1", value_kind::number, "-1"},
        {R"("a" + "b")", value_kind::expression, R"("a" + "b")"},
        {R"("a#{1}")", value_kind::expression, R"("a#{1}")"},
        {R"("open)", value_kind::expression, R"("open)"},
        {"ENV['X']", value_kind::expression, "ENV['X']"},
        {"[[\"a\"]]", value_kind::expression, "[[\"a\"]]"},
        {"12abc", value_kind::expression, "12abc"},
        {"", value_kind::expression, ""},
    };
    for (auto const& row : rows) {
        BOOST_TEST_CONTEXT(row.literal) {
            auto const value = value_of(row.literal);
            BOOST_TEST((value.what == row.what));
            BOOST_TEST(value.text == row.text);
        }
    }
    BOOST_TEST(value_of("297.5").number == 297.5);
    BOOST_TEST(value_of("0660").number == 0660);
    BOOST_TEST(value_of("0o660").number == 0660);
    BOOST_TEST(value_of("true").truth);
    BOOST_TEST((value_of("false").what == value_kind::truth));
}

BOOST_AUTO_TEST_CASE(lists_may_go_over_lines_and_have_two_spellings) {
    using texts = std::vector<std::string>;
    BOOST_TEST((value_of(R"(["a", 'b', :c])").list == texts{"a", "b", "c"}));
    BOOST_TEST((value_of("[\n  \"a\", # one\n\n  \"b\",\n]").list == texts{"a", "b"}));
    BOOST_TEST((value_of("%w[a b]").list == texts{"a", "b"}));
    BOOST_TEST((value_of("%w(a  b)").list == texts{"a", "b"}));
    BOOST_TEST(value_of("[]").list.empty());
}

BOOST_AUTO_TEST_CASE(statements_have_lines_and_the_comment_in_front_of_them) {
    auto const all =
        statements_of("# default\na.b = 1\n\nc.d=\"x\"\n# /etc/x.conf:7\ne.f +=[\n'y'\n]\n"
                      "g.h << 'z'\n");
    BOOST_TEST_REQUIRE(all.size() == 4u);
    BOOST_TEST(all[0].origin == "default");
    BOOST_TEST(all[0].line == 2u);
    BOOST_TEST(all[1].origin == "");
    BOOST_TEST(all[1].target == "c.d");
    BOOST_TEST(all[1].line == 4u);
    BOOST_TEST((all[2].what == kind::addition));
    BOOST_TEST(all[2].origin == "/etc/x.conf:7");
    BOOST_TEST(all[2].line == 6u);
    BOOST_TEST((all[3].what == kind::addition));
    BOOST_TEST(all[3].line == 9u);
}

BOOST_AUTO_TEST_CASE(blocks_open_and_end) {
    struct {
        std::string_view text;
        kind what;
        std::string_view target;
    } const rows[] = {
        {"define_milter(\"a\") do |milter|", kind::opening, "define_milter"},
        {"define_milter 'a' do |milter|", kind::opening, "define_milter"},
        {"define_milter(\"a\") { |milter|", kind::opening, "define_milter"},
        {"loop do", kind::opening, "loop"},
        {"if a == b", kind::opening, "if"},
        {"end", kind::end, ""},
        {"}", kind::end, ""},
        {"milter.add_applicable_condition(\"S25R\")", kind::call,
         "milter.add_applicable_condition"},
        {"milter.add_applicable_condition \"S25R\"", kind::call, "milter.add_applicable_condition"},
        {"load_if_exist(\"x\")", kind::call, "load_if_exist"},
        {"a == b", kind::call, "a"},
        {"?", kind::other, "?"},
    };
    for (auto const& row : rows) {
        BOOST_TEST_CONTEXT(row.text) {
            auto const all = statements_of(row.text);
            BOOST_TEST_REQUIRE(all.size() == 1u);
            BOOST_TEST((all[0].what == row.what));
            if (row.what != kind::other) BOOST_TEST(all[0].target == row.target);
        }
    }
    auto const call = statements_of("define_milter(\"a b\", 7, x) do |m|").at(0);
    BOOST_TEST_REQUIRE(call.values.size() == 3u);
    BOOST_TEST(call.values[0].text == "a b");
    BOOST_TEST((call.values[2].what == value_kind::expression));
}

BOOST_AUTO_TEST_CASE(bracket_that_never_closes_ends_after_a_while) {
    std::string text = "a.b = [\n";
    for (int i = 0; i < 100'000; ++i) text += "x\n";
    auto const all = statements_of(text);
    BOOST_TEST(all.size() > 1u);
    BOOST_TEST((all[0].values.at(0).what == value_kind::expression));
}

BOOST_AUTO_TEST_SUITE_END()
