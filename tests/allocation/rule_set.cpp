// SPDX-License-Identifier: BSL-1.0
// tests/allocation/rule_set.cpp - asking a set or a Postfix table does not allocate
#include "counter.hpp"
#include "rule/lookup_table.hpp"
#include "rule/set.hpp"

#include <boost/test/unit_test.hpp>

#include <initializer_list>
#include <string_view>

namespace rule = milter::rule;

namespace {

/// Of a second round: in the first one RE2 learns the texts.
template <class Asked> std::size_t allocations_of(Asked const& asked) {
    auto const ask_all = [&] {
        bool found = false;
        for (std::string_view const text : {"10.1.2.3", "2001:db8:1:2:3:4:5:6", "1.2.3.4"})
            found |= asked.has(*rule::parse_ip(text));
        for (std::string_view const text :
             {"a.long.name.under.example.com", "mx1.example.net", "nothing.test"})
            found |= asked.has_domain(text) || asked.has_text(text);
        for (std::string_view const text : {"<A.Long.Local.Part@A.Long.Name.Example.com>",
                                            "<\"quoted\\ one\"@example.net.>", "<>"})
            found |= asked.has_mail(rule::parse_mail_address(text));
        return found;
    };
    BOOST_TEST(ask_all());
    return allocation::of(ask_all);
}

rule::set set_of(rule::set_kind kind, std::string_view text) {
    return rule::parse_set_text(kind, text).value.value();
}

rule::lookup_table table_of(rule::table_kind kind, std::string_view text) {
    return rule::lookup_table::parse(kind, text).value.value();
}

} // namespace

BOOST_AUTO_TEST_SUITE(rule_set)

BOOST_AUTO_TEST_CASE(sets_are_asked_without_allocating) {
    using enum rule::set_kind;
    BOOST_TEST(allocations_of(set_of(addresses, "10.0.0.0/8\n2001:db8::/32\n")) == 0u);
    BOOST_TEST(allocations_of(set_of(domains, ".example.com\n/^mx\\d/\n")) == 0u);
    BOOST_TEST(allocations_of(set_of(mail, "\"quoted one\"@example.net\n<>\n/long/\n")) == 0u);
    BOOST_TEST(allocations_of(set_of(text, "mx1.example.net\n/under/\n")) == 0u);
}

BOOST_AUTO_TEST_CASE(tables_are_asked_without_allocating) {
    using enum rule::table_kind;
    BOOST_TEST(allocations_of(table_of(cidr, "if 10.0.0.0/8\n!10.0.0.0/16 OK\nendif\n")) == 0u);
    BOOST_TEST(allocations_of(table_of(regexp, "if /./\n!/x/ OK\n/y/ OK\nendif\n/z/ OK\n")) == 0u);
    BOOST_TEST(allocations_of(table_of(texthash, "2001:db8 OK\n.example.com OK\n<> OK\n")) == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
