// SPDX-License-Identifier: BSL-1.0
// tests/rule/parser.cpp - text, tree and JSON say the same; what is wrong is named with its place
#include "rule/parser.hpp"

#include "rule/format.hpp"
#include "rule/tree_json.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

using namespace milter::rule;

BOOST_AUTO_TEST_SUITE(rule_parser)

namespace {

std::string formatted(std::string_view text) {
    auto const parsed = parse(text);
    BOOST_REQUIRE_MESSAGE(parsed.tree, text << ": " << parsed.problem.message);
    return to_text(*parsed.tree);
}

} // namespace

BOOST_AUTO_TEST_CASE(an_expression_has_one_spelling) {
    struct {
        char const* written;
        char const* formatted;
    } const rows[] = {
        {"true", "true"},
        {" a   and\nb ", "a and b"},
        {"(a)", "a"},
        {"a and (b and c)", "a and (b and c)"},
        {"(a and b) and c", "(a and b) and c"},
        {"(a and b) or c", "a and b or c"},
        {"a and (b or c)", "a and (b or c)"},
        {"not (a)", "not a"},
        {"not (a and b)", "not (a and b)"},
        {"not not a", "not not a"},
        {"not (client.name == \"x\")", "not client.name == \"x\""},
        {"client.address in [\"10.0.0.0/8\",\"::1\",]",
         "client.address in [\"10.0.0.0/8\", \"::1\"]"},
        {"client.name not in @s25r-white", "client.name not in @s25r-white"},
        {"helo matches /a\\/b\\d/i", "helo matches /a\\/b\\d/i"},
        {"body.size>64KiB", "body.size > 64KiB"},
        {"sample(0.5%,by=sender.domain)", "sample(0.5%, by = sender.domain)"},
        {"milter(\"spf\").verdict!=\"accept\"", "milter(\"spf\").verdict != \"accept\""},
        {"any(header(\"X\") contains \"a\\\"b\\\\\")",
         "any(header(\"X\") contains \"a\\\"b\\\\\")"},
        {"(a or b) == true", "(a or b) == true"},
        {"a == (b and c)", "a == (b and c)"},
        {"f()", "f()"},
        {"x in []", "x in []"},
        {"x == 007", "x == 7"},
    };
    for (auto const& row : rows) {
        auto const text = formatted(row.written);
        BOOST_CHECK_EQUAL(text, row.formatted);
        BOOST_CHECK_EQUAL(formatted(text), text);
        auto const tree = *parse(row.written).tree;
        auto const again = from_json(to_json(tree));
        BOOST_REQUIRE_MESSAGE(again.tree, to_json(tree) << ": " << again.problem.message);
        BOOST_CHECK(*again.tree == tree);
    }
}

BOOST_AUTO_TEST_CASE(an_expression_as_json) {
    auto const tree = *parse("client.address in @local and not suspicious").tree;
    BOOST_CHECK_EQUAL(
        to_json(tree),
        R"({"and":[{"in":[{"name":"client.address"},{"set":"local"}]},{"not":{"name":"suspicious"}}]})");
}

BOOST_AUTO_TEST_CASE(what_is_wrong_is_named_with_its_place) {
    struct {
        char const* written;
        unsigned offset, length;
        char const* message;
    } const rows[] = {
        {"", 0, 0, "expected a fact, a condition or a value, not end of the expression"},
        {"a and", 5, 0, "expected a fact, a condition or a value, not end of the expression"},
        {"a b", 2, 1, "unexpected \"b\""},
        {"a = b", 2, 1, "expected a comparison, not \"=\""},
        {"(a", 2, 0, "expected \")\", not end of the expression"},
        {"a in [\"b\" \"c\"]", 10, 3, "expected \",\", not text \"c\""},
        {"a && b", 2, 2, "unexpected \"&&\""},
        {"a == 'b'", 5, 1, "unexpected \"'\""},
        {"a == \"b", 5, 2, "a text without its end"},
        {"a matches /b", 10, 2, "a pattern without its end"},
        {"a matches /b/x", 13, 1, "an unknown flag of a pattern"},
        {"a matches //", 10, 2, "an empty pattern"},
        {"a == \"\\n\"", 6, 2, "an unknown escape in a text"},
        {"a in 10.0.0.0/8", 5, 10, "an address is a text"},
        {"size > 5 MB", 7, 4, "a number and its unit stand together"},
        {"a > 99999999999999999999", 4, 20, "\"99999999999999999999\" is too large"},
        {"a > 9999999999999GiB", 4, 16, "\"9999999999999GiB\" is too large"},
        {"client.", 6, 1, "expected a name behind the dot, not end of the expression"},
        {"client. == 1", 8, 2, "expected a name behind the dot, not \"==\""},
        {"client . name", 0, 13, "blanks beside the dot of a name"},
        {"size > 5MB", 7, 3, "\"5MB\" is no number with a unit"},
        {"Client == 1", 0, 6, "names are in lower case"},
        {"a not == b", 6, 2,
         "expected in, under, matches, contains, starts_with or ends_with behind not, found "
         "\"==\""},
        {"a == b == c", 7, 2, "a comparison of a comparison"},
        {"and", 0, 3, "expected a fact, a condition or a value, not \"and\""},
        {"a == \xc3\xa9", 5, 2, "unexpected \"\xc3\xa9\""},
        {"f(by = a, b)", 10, 1, "an argument behind one with a name"},
        {"f(by = a, to = b, by = c)", 18, 2, "a second argument named \"by\""},
        {"a == \"b\\", 7, 1, "an unknown escape in a text"},
        {"@", 0, 1, "expected the name of a set behind @"},
    };
    for (auto const& row : rows) {
        auto const parsed = parse(row.written);
        BOOST_TEST_CONTEXT(row.written) {
            BOOST_REQUIRE(!parsed.tree);
            BOOST_CHECK_EQUAL(parsed.problem.message, row.message);
            BOOST_CHECK_EQUAL(parsed.problem.at.offset, row.offset);
            BOOST_CHECK_EQUAL(parsed.problem.at.length, row.length);
        }
    }
}

BOOST_AUTO_TEST_CASE(what_to_write_instead_is_told) {
    struct {
        char const* written;
        char const* hint;
    } const rows[] = {
        {"declared_size > 10 MiB", "write 10MiB"},
        {"declared_size > 10 mb and a", "write 10MiB"},
        {"a > 5 seconds", "write 5s"},
        {"a > 5 %", "write 5%"},
        {"a > 5MB", "did you mean 5MiB?"},
        {"a > 5min", "did you mean 5m?"},
        {"a > 5XB", "units are ms, s, m, h, d; B, KiB, MiB, GiB; %"},
        {"any(header(Subject) contains \"spam\")", "write header(\"Subject\")"},
        {"has_header(X-Spam-Flag)", "write has_header(\"X-Spam-Flag\")"},
        {"added_header(\"spf\", Received-SPF) == \"x\"", "write \"Received-SPF\""},
        {"load.busy(clamav-milter) > 5%", "write load.busy(\"clamav-milter\")"},
        {"any(Subject == \"x\")", "write subject"},
        {"sender is null", "write ==, or sender.null for the null sender"},
        {"sender like \"x\"", "write matches /.../, or contains \"...\""},
        {"any(recipient like \"x\")", "write matches /.../, or contains \"...\""},
        {"a b", "join two conditions with and, or"},
        {"a && b", "write and"},
        {"a == \xe2\x80\x9cx\xe2\x80\x9d", "write \"...\""},
        {"a == 'x'", "write \"...\""},
        {"client . name", "write client.name"},
    };
    for (auto const& row : rows) {
        auto const parsed = parse(row.written);
        BOOST_TEST_CONTEXT(row.written) {
            BOOST_REQUIRE(!parsed.tree);
            BOOST_CHECK_EQUAL(parsed.problem.hint, row.hint);
        }
    }
}

BOOST_AUTO_TEST_CASE(depth_parts_and_length_are_limited) {
    auto const nested = [](std::size_t depth, std::string const& open, std::string const& close) {
        std::string text;
        for (std::size_t i = 0; i < depth; ++i) text += open;
        text += "a";
        for (std::size_t i = 0; i < depth; ++i) text += close;
        return text;
    };
    BOOST_CHECK(parse(nested(60, "(", ")")).tree);
    for (auto const* open : {"(", "not ", "f(", "["}) {
        auto const parsed = parse(nested(1000, open, ""));
        BOOST_CHECK(!parsed.tree);
        BOOST_CHECK_EQUAL(parsed.problem.message, "nested more than 64 deep");
    }
    std::string many = "a";
    for (int i = 0; i < 2000; ++i) many += " or a";
    BOOST_CHECK(parse(many).tree);
    for (int i = 0; i < 2200; ++i) many += " or a";
    BOOST_CHECK_EQUAL(parse(many).problem.message, "longer than 16384 bytes");
    std::string list = "a in [";
    for (int i = 0; i < 5000; ++i) list += "1,";
    BOOST_CHECK_EQUAL(parse(list + "]").problem.message, "more than 4096 parts");
}

BOOST_AUTO_TEST_CASE(json_that_is_no_expression_is_refused) {
    struct {
        char const* json;
        char const* message;
    } const rows[] = {
        {"{", "no JSON"},
        {"1e999", "a number that is too large"},
        {R"({"a\nb": 1})", R"(/a b: unknown key "a\x0ab")"},
        {"null", ": expected an object, a text, a whole number, true or false"},
        {"-1", ": expected an object, a text, a whole number, true or false"},
        {R"({"and": ["a"]})", "/and: expected a list of two or more"},
        {R"({"xor": ["a", "b"]})", "/xor: unknown key \"xor\""},
        {R"({"name": "a", "x": 1})", ": unknown key \"x\""},
        {R"({"==": [{"name": "a"}]})", "/==: expected a list of two"},
        {R"({"not ==": [{"name": "a"}, "b"]})", "/not ==: unknown key \"not ==\""},
        {R"({"size": "5s"})", "/size: \"5s\" is no such number"},
        {R"({"name": "a or b"})",
         "it cannot be written as text: names and texts are not what they should be"},
        {R"({"name": "A"})", "names are in lower case"},
        {R"({"call": "f", "arguments": {}})", "/arguments: expected a list"},
    };
    for (auto const& row : rows) {
        auto const read = from_json(row.json);
        BOOST_TEST_CONTEXT(row.json) {
            BOOST_REQUIRE(!read.tree);
            BOOST_CHECK_EQUAL(read.problem.message, row.message);
            auto const at = read.problem.at;
            BOOST_CHECK_LE(at.offset + at.length, std::string(row.json).size());
        }
    }
    BOOST_CHECK(!from_json(std::string(10'000, '[')).tree);
}

namespace {

/// Any tree that the parser can give.
class random_tree {
public:
    explicit random_tree(std::uint32_t seed) : random_(seed) {}

    node condition(int depth) {
        switch (depth <= 0 ? random(2) : random(6)) {
        case 0: return named("suspicious");
        case 1: {
            auto one = of(node_kind::boolean, random(2) ? "true" : "false");
            one.number = one.text == "true";
            return one;
        }
        case 2: return with(of(node_kind::not_), {condition(depth - 1)});
        case 3:
            return with(of(node_kind::and_),
                        {condition(depth - 1), condition(depth - 1), condition(depth - 2)});
        case 4: return with(of(node_kind::or_), {condition(depth - 1), condition(depth - 1)});
        default: {
            auto one = of(node_kind::compare);
            one.how = static_cast<comparison>(random(comparison_count));
            one.negated = one.how >= comparison::in && random(2) == 0;
            return with(one, {operand(depth - 1), operand(depth - 1)});
        }
        }
    }

private:
    std::size_t random(std::size_t below) { return random_() % below; }
    static node of(node_kind kind, std::string text = {}) {
        node one;
        one.kind = kind;
        one.text = std::move(text);
        return one;
    }
    static node named(std::string text) { return of(node_kind::name, std::move(text)); }
    static node with(node one, std::vector<node> children) {
        one.children = std::move(children);
        return one;
    }

    node operand(int depth) {
        switch (random(depth > 0 ? 8 : 5)) {
        case 0: return named("client.name");
        case 1: return of(node_kind::text, random(2) ? "a \"quoted\" \\ text" : "\xc3\xa9/");
        case 2: {
            auto one = of(node_kind::size, "64KiB");
            one.number = 65'536;
            return one;
        }
        case 3: {
            auto one = of(node_kind::pattern, "^a/b\\d[\\]/]");
            if (random(2)) one.member = "i";
            return one;
        }
        case 4: return of(node_kind::set, "customers");
        case 5: return with(of(node_kind::list), {operand(depth - 1), operand(depth - 1)});
        case 6: {
            auto one = of(node_kind::call, "milter");
            if (random(2)) one.member = "verdict";
            auto by = of(node_kind::named, "by");
            by.children.push_back(condition(depth - 1));
            return with(one, {operand(depth - 1), by});
        }
        default: return condition(depth - 1);
        }
    }

    std::mt19937 random_;
};

} // namespace

BOOST_AUTO_TEST_CASE(any_tree_comes_back_from_its_text_and_from_its_json) {
    random_tree trees(4711);
    for (int i = 0; i < 3000; ++i) {
        auto const tree = trees.condition(5);
        auto const text = to_text(tree);
        BOOST_TEST_CONTEXT(text) {
            auto const parsed = parse(text);
            BOOST_REQUIRE_MESSAGE(parsed.tree, parsed.problem.message);
            BOOST_REQUIRE(*parsed.tree == tree);
            auto const read = from_json(to_json(tree));
            BOOST_REQUIRE_MESSAGE(read.tree, read.problem.message);
            BOOST_REQUIRE(*read.tree == tree);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
