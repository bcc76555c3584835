// SPDX-License-Identifier: BSL-1.0
// tests/rule/lookup_table.cpp - Postfix' tables as sets
//
// What is expected of the tables was asked of postmap, Postfix 3.7.11, unless a comment says otherwise.

#include "rule/lookup_table.hpp"

#include "rule/set.hpp"

#include <boost/test/unit_test.hpp>

#include <random>
#include <string>
#include <vector>

using namespace milter;
using rule::lookup_table;
using rule::parse_mail_address;
using rule::table_kind;

namespace {

lookup_table must(table_kind kind, std::string_view text, rule::table_options const& options = {}) {
    auto made = lookup_table::parse(kind, text, options);
    for (auto const& problem : made.problems) BOOST_TEST_MESSAGE(problem.message);
    BOOST_REQUIRE(made.value.has_value());
    return *made.value;
}

bool has(lookup_table const& table, std::string_view address) {
    return table.has(rule::parse_ip(address).value());
}

bool has_mail(lookup_table const& table, std::string_view address) {
    return table.has_mail(parse_mail_address(address));
}

/// "line:column message"
std::vector<std::string> problems_of(table_kind kind, std::string_view text) {
    auto const made = lookup_table::parse(kind, text);
    BOOST_TEST(!made.value.has_value());
    std::vector<std::string> lines;
    for (auto const& one : made.problems)
        lines.push_back(std::to_string(one.line) + ":" + std::to_string(one.column) + " " +
                        one.message);
    return lines;
}

using lines = std::vector<std::string>;

constexpr auto each = boost::test_tools::per_element();
constexpr table_kind all_kinds[] = {table_kind::cidr, table_kind::regexp, table_kind::pcre,
                                    table_kind::texthash};

} // namespace

BOOST_AUTO_TEST_SUITE(lookup_tables)

BOOST_AUTO_TEST_CASE(kinds_have_the_names_of_postfix) {
    BOOST_TEST((rule::parse_table_kind("cidr") == table_kind::cidr));
    BOOST_TEST((rule::parse_table_kind("texthash") == table_kind::texthash));
    BOOST_TEST(!rule::parse_table_kind("hash").has_value());
}

// ---- cidr --------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(first_prefix_counts_not_the_longest) {
    auto const table = must(table_kind::cidr, "10.1.0.0/16  DUNNO\n"
                                              "10.0.0.0/8   OK\n"
                                              "10.1.2.3     OK\n"
                                              "[2001:db8::]/32\tOK\n"
                                              "[::1] OK\n");
    BOOST_TEST(table.size() == 5u);
    BOOST_TEST(has(table, "10.2.0.0"));
    BOOST_TEST(!has(table, "10.1.2.3"));
    BOOST_TEST(has(table, "2001:db8::5"));
    BOOST_TEST(has(table, "::1"));
    BOOST_TEST(!has(table, "11.0.0.0"));
    BOOST_TEST(table.has_text("10.2.0.0"));
    BOOST_TEST(!table.has_text("hello"));
    BOOST_TEST(!table.has_domain("10.2.0.0"));
    BOOST_TEST(!has_mail(table, "10.2.0.0"));
}

BOOST_AUTO_TEST_CASE(negation_is_within_a_family) {
    auto const table = must(table_kind::cidr, "!192.168.0.0/16 OK\n");
    BOOST_TEST(has(table, "10.0.0.1"));
    BOOST_TEST(!has(table, "192.168.1.1"));
    BOOST_TEST(!has(table, "2001:db8::5"));
    BOOST_TEST(has(must(table_kind::cidr, "! ! 10.0.0.0/8 OK"), "10.0.0.1"));
}

BOOST_AUTO_TEST_CASE(conditions_on_addresses_nest_and_end) {
    auto const table = must(table_kind::cidr, "if !10.0.0.0/8\n"
                                              "1.2.3.4 OK\n"
                                              "IF 1.0.0.0/8\n"
                                              "1.1.1.1 DUNNO\n"
                                              "endif\n"
                                              "2001:db8::1 OK\n"
                                              "endif\n"
                                              "!1.0.0.0/8 OK\n"
                                              "1.1.1.0/24 OK\n");
    BOOST_TEST(has(table, "1.2.3.4"));
    BOOST_TEST(!has(table, "1.1.1.1"));
    BOOST_TEST(has(table, "1.1.1.2"));
    BOOST_TEST(has(table, "10.0.0.1"));
    BOOST_TEST(!has(table, "2001:db8::1"));
}

BOOST_AUTO_TEST_CASE(lines_go_on_over_comments_and_empty_ones) {
    auto const table = must(table_kind::cidr, "# ours\r\n\r\n10.0.0.0/8\r\n\r\n# between\r\n"
                                              "  OK for\r\n\tall\r\n   # last\n10.0.0.1\n DUNNO");
    BOOST_TEST(table.size() == 2u);
    BOOST_TEST(has(table, "10.0.0.1"));
}

BOOST_AUTO_TEST_CASE(problems_of_cidr_tables_are_told_with_their_places) {
    BOOST_TEST(
        problems_of(table_kind::cidr, "10.1.2.3\n"
                                      "10.0.0.1/8 OK\n"
                                      "192.168.1 OK\n"
                                      "endif\n"
                                      "if 10.0.0.0/8 OK\n"
                                      "if nonsense\n"
                                      "endif x\n"
                                      "  ! [::1/128 OK\n") ==
            (lines{
                "1:9 no result behind the address",
                "2:1 \"10.0.0.1/8\" has bits set behind its length; did you mean \"10.0.0.0/8\"?",
                "3:1 \"192.168.1\" is not an IP address",
                "4:1 an endif without its if",
                "5:15 something behind the address of an if",
                "6:4 \"nonsense\" is not an IP address",
                "7:7 something behind an endif",
                "8:1 an if without its endif",
            }),
        each);
}

// ---- regexp and pcre ---------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(first_pattern_counts_whatever_the_case) {
    for (auto const kind : {table_kind::regexp, table_kind::pcre}) {
        auto const table = must(kind, "/^joe@/   DUNNO\n"
                                      "/@example\\.com$/  OK\n"
                                      "|a\\|b|i OK\n"
                                      "!/@/ OK\n");
        BOOST_TEST(table.size() == 4u);
        BOOST_TEST(has_mail(table, "<jim@EXAMPLE.com>"));
        BOOST_TEST(!has_mail(table, "<Joe@example.com>"));
        BOOST_TEST(!has_mail(table, "<jim@example.org>"));
        BOOST_TEST(has_mail(table, "<a|b@example.org>"));
        BOOST_TEST(!has_mail(table, "<A|b@example.org>"));
        BOOST_TEST(has_mail(table, "<postmaster>"));
        BOOST_TEST(has_mail(table, "<>"));
        BOOST_TEST(table.has_domain("no-at-sign"));
        BOOST_TEST(table.has_text("x@example.com"));
        BOOST_TEST(has(must(kind, "/^2001:db8::1$/ OK"), "2001:DB8:0:0::1"));
        BOOST_TEST(has_mail(must(kind, "/^<>$/ OK"), "<>"));
    }
}

BOOST_AUTO_TEST_CASE(rules_behind_an_endif_count) {
    for (auto const kind : {table_kind::regexp, table_kind::pcre}) {
        auto const table = must(kind, "/^a/ OK\n"
                                      "if /^b/\n"
                                      "/bc/ OK\n"
                                      "if !/x/\n"
                                      "/y/ DUNNO\n"
                                      "endif\n"
                                      "/bd/ OK\n"
                                      "endif\n"
                                      "/end/ OK\n"
                                      "IF!/z/\n"
                                      "!/^b/ OK\n"
                                      "ENDIF\n"
                                      "/zz/ OK\n");
        for (auto const text : {"abc", "bc", "bcy", "bdx", "bdxy", "end", "bend", "q", "zz", "bzz"})
            BOOST_TEST_CONTEXT(text) BOOST_TEST(table.has_text(text));
        for (auto const text : {"bb", "bdy", "byend", "z", "b"})
            BOOST_TEST_CONTEXT(text) BOOST_TEST(!table.has_text(text));
    }
}

BOOST_AUTO_TEST_CASE(flags_turn_the_defaults_around) {
    auto const found = [](table_kind kind, std::string_view rule, std::string_view text) {
        return must(kind, std::string(rule) + " OK").has_text(text);
    };
    for (auto const kind : {table_kind::regexp, table_kind::pcre}) {
        BOOST_TEST(found(kind, "/a/", "A"));
        BOOST_TEST(!found(kind, "/a/i", "A"));
        BOOST_TEST(found(kind, "/a/ii", "A"));
        BOOST_TEST(found(kind, "/a.b/", "a\nb"));
        BOOST_TEST(!found(kind, "/^b/", "a\nb"));
        BOOST_TEST(found(kind, "/^b/m", "a\nb"));
    }
    BOOST_TEST(!found(table_kind::regexp, "/a.b/m", "a\nb"));
    // of pcre by pcre_table(5)
    BOOST_TEST(found(table_kind::pcre, "/a.b/m", "a\nb"));
    BOOST_TEST(!found(table_kind::pcre, "/a.b/s", "a\nb"));
    BOOST_TEST(!found(table_kind::pcre, "/b|c/A", "ac"));
    BOOST_TEST(found(table_kind::pcre, "/b|c/AEUX", "cb"));
}

BOOST_AUTO_TEST_CASE(posix_patterns_keep_their_meaning) {
    auto const found = [](std::string_view rule, std::string_view text) {
        return must(table_kind::regexp, std::string(rule) + " OK").has_text(text);
    };
    BOOST_TEST(found("/^x{,2}y$/", "xxy"));
    BOOST_TEST(!found("/^x{,2}y$/", "xxxy"));
    BOOST_TEST(found("/^n[\\]]$/", "n\\]"));
    BOOST_TEST(!found("/^n[\\]]$/", "n]"));
    BOOST_TEST(found("/^[]a]$/", "]"));
    BOOST_TEST(found("/^[^]a]$/", "b"));
    BOOST_TEST(!found("/^[^]a]$/", "]"));
    BOOST_TEST(found("/^[[:digit:]_]+$/", "12_"));
    BOOST_TEST(found("/^[[]$/", "["));
    BOOST_TEST(found("/\\<mx\\>/", "a mx b"));
    BOOST_TEST(!found("/\\<mx\\>/", "amx"));
    BOOST_TEST(found("/^\\S\\s$/", "a\v"));
    BOOST_TEST(found("~^[[:alnum:]+/]{3,}$~", "a+/"));
    BOOST_TEST(found("/[%!@].*[%!@]/", "a%b@c"));
}

BOOST_AUTO_TEST_CASE(what_re2_cannot_do_is_a_problem_with_its_place) {
    auto const back =
        "a reference back to what a group matched (\\1) is not supported, as matching "
        "it can take for ever";
    BOOST_TEST(problems_of(table_kind::pcre, "/ok/ OK\n  # x\n/(a)\\1/ OK\n/ab(?!c)/ OK\n"
                                             "/long\n (?=x)/ OK\n/a/x OK\n/a/q OK\n") ==
                   (lines{
                       std::string("3:5 ") + back,
                       "4:4 \"(?!\": looking ahead or behind is not supported, as matching it can "
                       "take for ever",
                       "6:2 \"(?=\": looking ahead or behind is not supported, as matching it can "
                       "take for ever",
                       "7:4 flag x (patterns with blanks and comments) is not supported; write the "
                       "pattern without them",
                       "8:4 there is no flag \"q\"; the flags are i, m, s, A, E, U and X",
                   }),
               each);
}

BOOST_AUTO_TEST_CASE(problems_of_pattern_tables_are_told_with_their_places) {
    BOOST_TEST(
        problems_of(table_kind::regexp, "/a\\d/ OK\n"
                                        "/[a\\]b/ OK\n"
                                        "/[a/ OK\n"
                                        "/a/\n"
                                        "abc OK\n"
                                        "/abc OK\n"
                                        "/a/x OK\n"
                                        "if /(/\n"
                                        "endif\n"
                                        "if /b/ OK\n"
                                        "! /a**/ OK\n"
                                        "/[\\.][z-a]/ OK\n"
                                        "/(?i)a/ OK\n"
                                        "/a$?/ OK\n"
                                        "/\\<@b/ OK\n"
                                        "if /c/") ==
            (lines{
                "1:3 the escape \"\\\\d\" is not of POSIX; write [0-9], [[:space:]] and the "
                "like, or use a table of type pcre",
                "3:2 the class \"[a\" has no closing bracket",
                "4:4 no result behind the pattern",
                "5:1 no pattern",
                "6:1 the pattern has no \"/\" at its end",
                "7:4 flag x (basic syntax) is not supported; write the pattern in the "
                "extended syntax",
                "8:5 a closing parenthesis is missing",
                "10:8 something behind the pattern of an if",
                "11:6 repeats a repetition; that means something else in Perl",
                "12:7 no class or range of characters: \"z-a\"",
                "13:2 \"(?\" is of Perl; use a table of type pcre",
                "14:4 repeats something that matches no character",
                "15:2 an edge of a word that is not beside a letter or digit; write \\b instead",
                "16:1 an if without its endif",
            }),
        each);
}

// ---- texthash ----------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(mail_is_looked_up_as_address_then_domain_then_user) {
    auto const table = must(table_kind::texthash, "Joe@Example.com OK\n"
                                                  "no@all.test DUNNO\n"
                                                  "all.test  OK\n"
                                                  ".dot.test OK\n"
                                                  "abuse@ OK\n"
                                                  "bücher.example OK\n"
                                                  "<> OK\n");
    for (auto const text :
         {"<joe@example.COM>", "any@all.test", "any@a.all.test", "any@b.dot.test",
          "abuse@any.where", "abuse", "any@xn--bcher-kva.example", "any@BÜCHER.example.", "<>"})
        BOOST_TEST_CONTEXT(text) BOOST_TEST(has_mail(table, text));
    for (auto const text : {"jim@example.com", "no@all.test", "any@dot.test", "any@ball.test", "x"})
        BOOST_TEST_CONTEXT(text) BOOST_TEST(!has_mail(table, text));
}

BOOST_AUTO_TEST_CASE(addresses_are_looked_up_by_their_fronts) {
    auto const table = must(table_kind::texthash,
                            "192.0.2.1 DUNNO\n192.0.2 OK\n10 OK\n"
                            "2001:db8 OK\n2001:db8::1 REJECT no\n",
                            {{"ok"}, rule::parent_keys::both});
    for (auto const text : {"192.0.2.2", "10.1.2.3", "2001:db8::2", "2001:db8:1:2:3:4:5:6"})
        BOOST_TEST_CONTEXT(text) BOOST_TEST(has(table, text));
    for (auto const text :
         {"192.0.2.1", "192.0.20.1", "1.10.1.1", "2001:db8::1", "2001:db80::1", "::1"})
        BOOST_TEST_CONTEXT(text) BOOST_TEST(!has(table, text));
}

BOOST_AUTO_TEST_CASE(domains_are_looked_up_with_their_parents) {
    std::string_view const text = "example.com OK\n.example.net OK\nmx.example.com DUNNO\n";
    auto const found = [&](rule::parent_keys parents, std::string_view name) {
        return must(table_kind::texthash, text, {{}, parents}).has_domain(name);
    };
    using enum rule::parent_keys;
    for (auto const parents : {plain, dotted, both}) {
        BOOST_TEST(found(parents, "example.com"));
        BOOST_TEST(!found(parents, "example.net"));
        BOOST_TEST(!found(parents, "mx.example.com"));
        BOOST_TEST(!found(parents, "badexample.com"));
        BOOST_TEST(found(parents, "a.example.com") == (parents != dotted));
        BOOST_TEST(found(parents, "a.b.example.net") == (parents != plain));
        BOOST_TEST(found(parents, "a.mx.example.com") == false);
    }
}

BOOST_AUTO_TEST_CASE(keys_are_without_case_and_the_first_of_equal_ones_counts) {
    auto const table = must(table_kind::texthash, "Key  OK\nkey2\tDUNNO more\n  cont\nKEY2 OK\n");
    BOOST_TEST(table.has_text("kEY"));
    BOOST_TEST(!table.has_text("key2"));
    BOOST_TEST(table.size() == 2u);
}

BOOST_AUTO_TEST_CASE(key_without_result_is_a_problem) {
    BOOST_TEST(problems_of(table_kind::texthash, "a OK\n key\nkey: x\nnokey\n") ==
                   (lines{"4:6 no result behind the key \"nokey\""}),
               each);
}

// ---- all ---------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(results_that_count_are_told_by_their_first_word) {
    std::string_view const text = "/ok/ Ok whoever\n/rej/ REJECT no\n/dunno/ dunno\n/num/ 550 no\n";
    auto const only_ok = must(table_kind::pcre, text, {{"OK"}, rule::parent_keys::both});
    BOOST_TEST(only_ok.has_text("ok"));
    BOOST_TEST(!only_ok.has_text("rej"));
    auto const refused = must(table_kind::pcre, text, {{"reject", "550"}, rule::parent_keys::both});
    BOOST_TEST(refused.has_text("rej"));
    BOOST_TEST(refused.has_text("num"));
    BOOST_TEST(!refused.has_text("ok"));
    auto const any = must(table_kind::pcre, text);
    BOOST_TEST(any.has_text("num"));
    BOOST_TEST(!any.has_text("dunno"));
}

BOOST_AUTO_TEST_CASE(set_can_hold_a_table) {
    rule::set const clients(rule::set_kind::addresses, must(table_kind::cidr, "10.0.0.0/8 OK"));
    BOOST_TEST(clients.has(*rule::parse_ip("10.0.0.1")));
    BOOST_TEST(!clients.has_text("10.0.0.1"));
    BOOST_TEST(clients.size() == 1u);
    rule::set const senders(rule::set_kind::mail, must(table_kind::texthash, "a@b OK"));
    BOOST_TEST(senders.has_mail(parse_mail_address("<a@b>")));
    BOOST_TEST(!senders.has_domain("b"));
}

/// An independent reading of cidr tables: rule by rule, with a stack of conditions.
struct plain_cidr_table {
    struct row {
        enum { rule, condition, end } is;
        rule::prefix network{};
        bool negated = false, counts = false;
    };
    std::vector<row> rows;

    static bool matches(row const& one, rule::ip const& address) {
        return one.network.base.is_v6 == address.is_v6 &&
               contains(one.network, address) != one.negated;
    }
    bool has(rule::ip const& address) const {
        std::vector<bool> open{true};
        for (auto const& one : rows) {
            if (one.is == row::end) {
                open.pop_back();
            } else if (one.is == row::condition) {
                open.push_back(open.back() && matches(one, address));
            } else if (open.back() && matches(one, address)) {
                return one.counts;
            }
        }
        return false;
    }
    std::string text() const {
        std::string out;
        for (auto const& one : rows) {
            if (one.is == row::end) {
                out += "endif\n";
                continue;
            }
            out += one.is == row::condition ? "if " : "";
            out += (one.negated ? "!" : "") + to_string(one.network);
            out += one.is == row::condition ? "\n" : one.counts ? " OK\n" : " DUNNO\n";
        }
        return out;
    }
};

rule::ip random_ip(std::mt19937& random) {
    auto address = *rule::parse_ip(random() % 4 == 0 ? "2001::" : "10.0.0.0");
    address.bytes[13] = static_cast<std::uint8_t>(random() % 4 * 64);
    address.bytes[15] = static_cast<std::uint8_t>(random() % 4);
    return address;
}

plain_cidr_table random_table(std::mt19937& random) {
    plain_cidr_table out;
    std::size_t open = 0;
    for (auto left = random() % 40; left > 0; --left) {
        using row = plain_cidr_table::row;
        auto base = random_ip(random);
        auto length = base.is_v6 ? 128U : 32U;
        if (random() % 2 == 0) base.bytes[15] = 0, length -= 8;
        if (random() % 4 == 0) base.bytes[15] = base.bytes[13] = 0, length = 16;
        if (open > 0 && random() % 4 == 0) {
            out.rows.push_back({row::end}), --open;
        } else if (random() % 5 == 0) {
            out.rows.push_back({row::condition, {base, length}, random() % 2 == 0}), ++open;
        } else {
            out.rows.push_back({row::rule, {base, length}, random() % 6 == 0, random() % 2 == 0});
        }
    }
    for (; open > 0; --open) out.rows.push_back({plain_cidr_table::row::end});
    return out;
}

BOOST_AUTO_TEST_CASE(random_cidr_tables_say_what_their_rules_say_one_by_one) {
    std::mt19937 random(9);
    unsigned found = 0;
    for (int round = 0; round < 500; ++round) {
        auto const plain = random_table(random);
        auto const table = must(table_kind::cidr, plain.text());
        for (int i = 0; i < 100; ++i) {
            auto const address = random_ip(random);
            BOOST_TEST_CONTEXT(plain.text() << to_string(address))
            BOOST_REQUIRE(table.has(address) == plain.has(address));
            found += table.has(address);
        }
    }
    BOOST_TEST(found > 5'000u);
}

BOOST_AUTO_TEST_CASE(large_tables_are_no_trouble) {
    std::string cidr, hash;
    for (int i = 0; i < 100'000; ++i) {
        cidr += "10." + std::to_string(i >> 16) + "." + std::to_string(i >> 8 & 255) + "." +
                std::to_string(i & 255) + " OK\n";
        hash += "user" + std::to_string(i) + "@example.com OK\n";
    }
    BOOST_TEST(has(must(table_kind::cidr, cidr), "10.1.0.1"));
    BOOST_TEST(has_mail(must(table_kind::texthash, hash), "<user99999@example.com>"));
    BOOST_TEST(!must(table_kind::texthash, hash).has_domain(std::string(1'000'000, '.')));
}

BOOST_AUTO_TEST_CASE(hostile_tables_give_a_table_or_problems) {
    std::string const long_line(1'000'000, 'x');
    std::string continued = "a";
    std::string open;
    for (int i = 0; i < 200'000; ++i) continued += "\n b", open += "if /a/\nif !::1\n";
    for (auto const kind : all_kinds)
        for (auto const& text : {long_line, continued, open, std::string(1'000'000, '\0'),
                                 std::string(1'000'000, '!'), "/" + long_line + "/ OK",
                                 "/" + std::string(1'000'000, '\\'), std::string("\r\n \n#")}) {
            auto const made = lookup_table::parse(kind, text);
            BOOST_TEST(made.value.has_value() == made.problems.empty());
            BOOST_TEST(made.problems.size() <= rule::most_problems);
            for (auto const& one : made.problems) BOOST_TEST(one.message.size() < 1'000u);
        }
}

BOOST_AUTO_TEST_SUITE_END()
