// SPDX-License-Identifier: BSL-1.0
// tests/rule/mail_address.cpp - addresses of MAIL and RCPT taken apart, and sets of them

#include "rule/mail_address.hpp"

#include "rule/mail_set.hpp"

#include <boost/test/unit_test.hpp>

#include <random>
#include <string>

using namespace milter;
using rule::parse_mail_address;

namespace {

bool same(std::string_view a, std::string_view b) {
    return same_mail_address(parse_mail_address(a), parse_mail_address(b));
}

rule::mail_set set_of(std::initializer_list<std::string_view> entries) {
    rule::mail_set set;
    for (auto const entry : entries) BOOST_TEST(set.add(entry));
    return set;
}

bool has(rule::mail_set const& set, std::string_view address) {
    return set.has(parse_mail_address(address));
}

} // namespace

BOOST_AUTO_TEST_SUITE(mail_address)

BOOST_AUTO_TEST_CASE(address_is_taken_apart) {
    struct row {
        std::string_view sent, whole, local, domain;
    };
    row const rows[] = {
        {"<user@example.com>", "user@example.com", "user", "example.com"},
        {"user@example.com", "user@example.com", "user", "example.com"},
        {"  < user@example.com > ", "user@example.com", "user", "example.com"},
        {"<user@example.com", "user@example.com", "user", "example.com"},
        {"<@a,@b:user@c>", "user@c", "user", "c"},
        {"<@[IPv6:::1]:user@c>", "user@c", "user", "c"},
        {"<@a>", "@a", "", "a"},
        {R"(<"a@b \" c"@d>)", R"("a@b \" c"@d)", R"("a@b \" c")", "d"},
        {R"(<a\@b@c>)", R"(a\@b@c)", R"(a\@b)", "c"},
        {"<user@[192.0.2.1]>", "user@[192.0.2.1]", "user", "[192.0.2.1]"},
        {"<user@[IPv6:2001:db8::1]>", "user@[IPv6:2001:db8::1]", "user", "[IPv6:2001:db8::1]"},
        {"<postmaster>", "postmaster", "postmaster", ""},
        {"<a@b@c>", "a@b@c", "a@b", "c"},
        {"<\"open@c>", "\"open@c", "\"open", "c"},
        {"<user@>", "user@", "user", ""},
        {"<jörg@bücher.example>", "jörg@bücher.example", "jörg", "bücher.example"},
        {"<a!b%c@d>", "a!b%c@d", "a!b%c", "d"},
    };
    for (auto const& [sent, whole, local, domain] : rows) BOOST_TEST_CONTEXT(sent) {
            auto const address = parse_mail_address(sent);
            BOOST_TEST(address.whole == whole);
            BOOST_TEST(address.local == local);
            BOOST_TEST(address.domain == domain);
            BOOST_TEST(!address.is_null);
        }
}

BOOST_AUTO_TEST_CASE(null_sender_is_told_from_others) {
    for (auto const text : {"<>", "", " <> ", "< >", "<"})
        BOOST_TEST_CONTEXT(text) BOOST_TEST(parse_mail_address(text).is_null);
    for (auto const text : {"<@>", "<a>", "@", "<\"\">"})
        BOOST_TEST_CONTEXT(text) BOOST_TEST(!parse_mail_address(text).is_null);
}

BOOST_AUTO_TEST_CASE(any_bytes_give_views_into_them) {
    std::mt19937 random(5);
    static constexpr std::string_view bytes = "<>@@:,[]\"\\ ab.\xff";
    for (int i = 0; i < 30'000; ++i) {
        std::string text;
        for (auto left = random() % 14; left > 0; --left) text += bytes[random() % bytes.size()];
        auto const address = parse_mail_address(text);
        auto const is_inside = [&](std::string_view part) {
            return part.empty() ||
                   (part.data() >= text.data() && part.end() <= std::string_view(text).end());
        };
        BOOST_TEST_CONTEXT(text) {
            BOOST_REQUIRE(is_inside(address.whole));
            BOOST_REQUIRE(is_inside(address.local));
            BOOST_REQUIRE(is_inside(address.domain));
            BOOST_REQUIRE(address.is_null == address.whole.empty());
            if (address.whole != address.local) {
                auto const whole = std::string(address.local) + "@" + std::string(address.domain);
                BOOST_REQUIRE(address.whole == whole);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(case_quotes_and_spelling_of_the_domain_make_no_other_address) {
    BOOST_TEST(same("<User@Example.COM>", "user@example.com."));
    BOOST_TEST(same("<\"user\"@example.com>", "user@example.com"));
    BOOST_TEST(same(R"(<"u\ser"@example.com>)", "user@example.com"));
    BOOST_TEST(same("user@BÜCHER.example", "user@xn--bcher-kva.example"));
    BOOST_TEST(same("<>", ""));
    BOOST_TEST(!same("<>", "<\"\">"));
    BOOST_TEST(!same("user@example.com", "user@example.net"));
    BOOST_TEST(!same("user@example.com", "users@example.com"));
    BOOST_TEST(!same("\"a b\"@c", "\"a  b\"@c"));
}

BOOST_AUTO_TEST_CASE(set_has_addresses_domains_and_users) {
    auto const set = set_of({"Joe@Example.com", "@all.test", "every.test", ".sub.test", "abuse@",
                             "<jim@bücher.example>", R"("a b"@q.test)", "localhost"});
    BOOST_TEST(set.size() == 8u);
    for (auto const text :
         {"<joe@EXAMPLE.com>", "joe@example.com.", "\"joe\"@example.com", "any@all.test",
          "<any@every.test>", "any@a.sub.test", "any@b.a.sub.test", "abuse@any.where", "<Abuse>",
          "jim@xn--bcher-kva.example", "jim@BÜCHER.example", R"("A\ b"@q.test)", "a@localhost"})
        BOOST_TEST_CONTEXT(text) BOOST_TEST(has(set, text));
    for (auto const text :
         {"<>", "jack@example.com", "joe@a.example.com", "any@a.all.test", "any@sub.test", "joe",
          "abuser@any.where", "abuse@x@y", "jim@bucher.example", "ab@q.test", "localhost"})
        BOOST_TEST_CONTEXT(text) BOOST_TEST(!has(set, text));
}

BOOST_AUTO_TEST_CASE(null_sender_is_in_a_set_that_names_it) {
    BOOST_TEST(has(set_of({"<>"}), "<>"));
    BOOST_TEST(!has(set_of({"<>"}), "<a@b>"));
    BOOST_TEST(!has(set_of({"a@b"}), "<>"));
    BOOST_TEST(set_of({"<>", "<>"}).size() == 1u);
    rule::mail_set set;
    BOOST_TEST(!set.add(""));
    BOOST_TEST(!set.add("@"));
}

BOOST_AUTO_TEST_CASE(long_local_parts_are_compared_whole) {
    std::string const quoted = "\"" + std::string(1'000'000, 'a') + "\"@example.com";
    auto const set = set_of({quoted});
    BOOST_TEST(has(set, quoted));
    BOOST_TEST(!has(set, "a" + quoted));
    BOOST_TEST(same(quoted, quoted));
}

BOOST_AUTO_TEST_SUITE_END()
