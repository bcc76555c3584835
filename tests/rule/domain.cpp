// SPDX-License-Identifier: BSL-1.0
// tests/rule/domain.cpp - names of domains in their normal form, and sets of them

#include "rule/domain.hpp"

#include "rule/domain_set.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

using namespace milter;
using rule::is_plain_domain;
using rule::is_under;
using rule::normal_domain;

namespace {

/// What domain_set should say: the entries one by one.
bool is_in(std::vector<std::string> const& entries, std::string const& name) {
    return std::any_of(entries.begin(), entries.end(), [&](std::string const& entry) {
        return entry.front() == '.' ? name.size() > entry.size() - 1 && name.ends_with(entry)
                                    : name == entry;
    });
}

std::string random_name(std::mt19937& random) {
    std::string name;
    for (auto labels = 1 + random() % 4; labels > 0; --labels) {
        if (!name.empty()) name += '.';
        for (auto left = 1 + random() % 2; left > 0; --left)
            name += static_cast<char>('a' + random() % 3);
    }
    return name;
}

} // namespace

BOOST_AUTO_TEST_SUITE(domain)

BOOST_AUTO_TEST_CASE(normal_form_is_lower_case_without_dot_at_the_end) {
    BOOST_TEST(normal_domain("Example.COM.") == "example.com");
    BOOST_TEST(normal_domain("example.com") == "example.com");
    BOOST_TEST(normal_domain("") == "");
    BOOST_TEST(normal_domain(".") == "");
    BOOST_TEST(normal_domain("[192.0.2.1]") == "[192.0.2.1]");
    BOOST_TEST(normal_domain("_DMARC.example.com") == "_dmarc.example.com");
}

BOOST_AUTO_TEST_CASE(unicode_labels_become_those_that_are_looked_up) {
    BOOST_TEST(normal_domain("Bücher.example") == "xn--bcher-kva.example");
    BOOST_TEST(normal_domain("BÜCHER.example.") == "xn--bcher-kva.example");
    BOOST_TEST(normal_domain("straße.example") == "xn--strae-oqa.example");
    BOOST_TEST(normal_domain("例え。テスト") == "xn--r8jz45g.xn--zckzah");
    BOOST_TEST(normal_domain("XN--bcher-KVA.example") == "xn--bcher-kva.example");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_converted_stays_in_lower_case) {
    BOOST_TEST(normal_domain("A\xff.example") == "a\xff.example");
    BOOST_TEST(normal_domain(std::string_view("\xc3\xbc\0A.de", 7)) ==
               std::string_view("\xc3\xbc\0a.de", 7));
    std::string const long_one(1'000'000, '\xc3');
    BOOST_TEST(normal_domain(long_one) == long_one);
    BOOST_TEST(normal_domain(std::string(1'000'000, 'A')) == std::string(1'000'000, 'a'));
}

BOOST_AUTO_TEST_CASE(plain_is_what_is_normal_already) {
    BOOST_TEST(is_plain_domain("example.com"));
    BOOST_TEST(is_plain_domain(""));
    BOOST_TEST(!is_plain_domain("Example.com"));
    BOOST_TEST(!is_plain_domain("example.com."));
    BOOST_TEST(!is_plain_domain("bücher.example"));
}

BOOST_AUTO_TEST_CASE(normal_form_of_random_bytes_is_normal) {
    std::mt19937 random(3);
    static constexpr std::string_view pieces[] = {"a",    "B", ".",    "ü", "ß",       "。",
                                                  "\xff", "-", "xn--", "ⓐ", "\xcc\x88"};
    for (int i = 0; i < 10'000; ++i) {
        std::string text;
        for (auto left = random() % 8; left > 0; --left)
            text += pieces[random() % std::size(pieces)];
        auto const once = normal_domain(text);
        BOOST_TEST_CONTEXT(text) {
            BOOST_REQUIRE(normal_domain(once) == once);
            BOOST_REQUIRE(!is_plain_domain(text) || once == text);
        }
    }
}

BOOST_AUTO_TEST_CASE(under_regards_labels) {
    BOOST_TEST(is_under("example.com", "example.com"));
    BOOST_TEST(is_under("mx.example.com", "example.com"));
    BOOST_TEST(is_under("a.b.example.com", "com"));
    BOOST_TEST(!is_under("badexample.com", "example.com"));
    BOOST_TEST(!is_under("example.com", "mx.example.com"));
    BOOST_TEST(!is_under("example.com", ""));
    BOOST_TEST(!is_under("", "com"));
    BOOST_TEST(!is_under("", ""));
}

BOOST_AUTO_TEST_CASE(set_has_a_name_itself_or_what_lies_under_it) {
    rule::domain_set set;
    BOOST_TEST(set.add("Example.com"));
    BOOST_TEST(set.add(".example.net"));
    BOOST_TEST(set.add("*.bücher.example"));
    BOOST_TEST(!set.add(""));
    BOOST_TEST(!set.add("."));
    BOOST_TEST(!set.add("..example.com"));
    BOOST_TEST(!set.add("mail.*.example.com"));
    BOOST_TEST(!set.add("*example.com"));
    BOOST_TEST(set.size() == 3u);
    BOOST_TEST(set.has("example.com"));
    BOOST_TEST(!set.has("mx.example.com"));
    BOOST_TEST(!set.has("example.net"));
    BOOST_TEST(set.has("mx.example.net"));
    BOOST_TEST(set.has("a.mx.example.net"));
    BOOST_TEST(!set.has("badexample.net"));
    BOOST_TEST(set.has("a.xn--bcher-kva.example"));
    BOOST_TEST(!set.has(""));
    BOOST_TEST(!set.has("net"));
}

BOOST_AUTO_TEST_CASE(same_name_can_be_meant_both_ways) {
    rule::domain_set set;
    set.add("example.com");
    set.add(".example.com");
    set.add("*.example.com");
    BOOST_TEST(set.size() == 2u);
    BOOST_TEST(set.has("example.com"));
    BOOST_TEST(set.has("mx.example.com"));
}

BOOST_AUTO_TEST_CASE(random_sets_have_what_their_entries_say) {
    std::mt19937 random(4);
    for (int round = 0; round < 300; ++round) {
        rule::domain_set set;
        std::vector<std::string> entries;
        for (auto left = random() % 30; left > 0; --left) {
            entries.push_back((random() % 2 == 0 ? "." : "") + random_name(random));
            set.add(entries.back());
        }
        for (int i = 0; i < 200; ++i) {
            auto const name = random_name(random);
            BOOST_TEST_CONTEXT(name) BOOST_REQUIRE(set.has(name) == is_in(entries, name));
        }
    }
}

BOOST_AUTO_TEST_CASE(names_of_any_number_of_labels_are_told_apart) {
    rule::domain_set set;
    std::string name = "example";
    for (int labels = 1; labels < 130; ++labels, name = "a." + name)
        if (labels % 3 == 0) set.add((labels % 2 == 0 ? "." : "") + name);
    name = "example";
    for (int labels = 1; labels < 130; ++labels, name = "a." + name) {
        bool const is_under = labels > 6, is_itself = labels % 6 == 3;
        bool const is_meant = is_under || is_itself;
        BOOST_TEST_CONTEXT(labels) BOOST_TEST(set.has(name) == is_meant);
    }
}

BOOST_AUTO_TEST_CASE(million_entries_and_hostile_names_are_no_trouble) {
    rule::domain_set set;
    for (int i = 0; i < 1'000'000; ++i) set.add("host" + std::to_string(i) + ".example.com");
    BOOST_TEST(set.size() == 1'000'000u);
    BOOST_TEST(set.has("host999999.example.com"));
    BOOST_TEST(!set.has("host1000000.example.com"));
    BOOST_TEST(!set.has(std::string(1'000'000, '.')));
    BOOST_TEST(!set.has(std::string(1'000'000, '\0')));
}

BOOST_AUTO_TEST_SUITE_END()
