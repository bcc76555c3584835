// SPDX-License-Identifier: BSL-1.0
// tests/rule/text_compare.cpp - texts are compared without regard to case in ASCII, and hashed so
#include "rule/text_compare.hpp"

#include "rule/backward_hash.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <random>
#include <set>
#include <string>

using namespace milter;

namespace {

std::string random_text(std::mt19937& random, std::size_t longest) {
    static constexpr std::string_view letters("aAbB@[`{.\xe4\xc4", 11);
    std::string text;
    for (auto left = random() % (longest + 1); left > 0; --left)
        text += letters[random() % letters.size()];
    return text;
}

/// The bytes one after the other, by the definition.
std::uint32_t hash_of_bytes(std::string_view text) {
    rule::backward_hash hash;
    for (auto i = text.size(); i > 0; --i) hash.add(to_lower(text[i - 1]));
    return hash.value();
}

std::uint32_t hash_of(std::string_view text) {
    rule::backward_hash hash;
    hash.add(text);
    return hash.value();
}

} // namespace

BOOST_AUTO_TEST_SUITE(rule_text_compare)

BOOST_AUTO_TEST_CASE(contains_finds_what_a_search_byte_by_byte_finds) {
    std::mt19937 random(11);
    int found = 0;
    for (int i = 0; i < 20'000; ++i) {
        auto const text = random_text(random, 24), part = random_text(random, 4);
        bool const expected =
            to_lower(std::string_view(text)).find(to_lower(std::string_view(part))) !=
            std::string::npos;
        BOOST_TEST_CONTEXT('"' << part << "\" in \"" << text << '"')
        BOOST_REQUIRE(rule::contains(text, part) == expected);
        found += expected && !part.empty();
    }
    BOOST_TEST(found > 1'000);
}

BOOST_AUTO_TEST_CASE(of_a_long_text_the_front_is_searched) {
    std::string const front(rule::searched_bytes - 2, '-');
    BOOST_TEST(rule::contains(front + "ab", "AB"));
    BOOST_TEST(!rule::contains(front + "-ab", "AB"));
}

BOOST_AUTO_TEST_CASE(texts_are_the_same_in_either_case_of_ascii_letters_alone) {
    BOOST_TEST(rule::same_text("Mail@[", "mAIL@["));
    BOOST_TEST(!rule::same_text("@", "`"));
    BOOST_TEST(!rule::same_text("[", "{"));
    BOOST_TEST(!rule::same_text("\xc4", "\xe4"));
    BOOST_TEST(!rule::same_text("mail", "mai"));
}

BOOST_AUTO_TEST_CASE(hash_is_the_same_for_bytes_and_pieces_and_letters_of_either_case) {
    std::mt19937 random(12);
    for (int i = 0; i < 20'000; ++i) {
        auto const text = random_text(random, 40);
        BOOST_TEST_CONTEXT(text) BOOST_REQUIRE(hash_of(text) == hash_of_bytes(text));
        auto const cut = random() % (text.size() + 1);
        rule::backward_hash in_pieces;
        in_pieces.add(std::string_view(text).substr(cut));
        in_pieces.add(std::string_view(text).substr(0, cut));
        BOOST_TEST_CONTEXT(text) BOOST_REQUIRE(in_pieces.value() == hash_of(text));
    }
}

BOOST_AUTO_TEST_CASE(hash_of_names_that_differ_a_little_differs) {
    std::set<std::uint32_t> seen;
    std::size_t names = 0;
    for (std::string const front : {"", "a", "host", "mail.exchanger-"})
        for (int i = 0; i < 1'000; ++i, ++names)
            seen.insert(hash_of(front + std::to_string(i) + ".example.com"));
    BOOST_TEST(seen.size() > names - 5);
}

BOOST_AUTO_TEST_CASE(hash_takes_the_bytes_of_an_address_as_they_are) {
    std::array<unsigned char, 16> address{}, other{};
    for (std::size_t i = 0; i < address.size(); ++i) {
        address[i] = 'A', other[i] = address[i];
        other[i] = 'a';
        rule::backward_hash one, two;
        one.add(address);
        two.add(other);
        BOOST_TEST_CONTEXT(i) BOOST_TEST(one.value() != two.value());
        other[i] = 'A';
    }
}

BOOST_AUTO_TEST_SUITE_END()
