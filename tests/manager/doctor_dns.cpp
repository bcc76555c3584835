// SPDX-License-Identifier: BSL-1.0
// tests/manager/doctor_dns.cpp - what the doctor says of lists in DNS

#include "doctor_fixture.hpp"
#include "manager/doctor/observation.hpp"

using namespace doctor_test;

namespace {

constexpr auto lists = "[dnsbl.\"bl.example.org\"]\n[dnswl.\"wl.example.org\"]\n";

constexpr auto rule_part =
    "[[rule]]\nname = \"r\"\nwhen = 'dnsbl(\"bl.example.org\")'\nreject = \"550 5.7.1 listed\"\n";

constexpr auto unused =
    "warning: dns: list [dnswl.\"wl.example.org\"] is not used by any rule, condition or milter\n"
    "  it is never asked\n";

facts seen_with(std::string const& more) {
    return facts_of(std::string(listener_part) + lists + rule_part + more);
}

} // namespace

BOOST_AUTO_TEST_SUITE(doctor_dns)

BOOST_AUTO_TEST_CASE(lists_that_nobody_asks) {
    BOOST_TEST(told(examine_dns(seen_with(""))) ==
               std::string(unused) + "ok: dns: lists are not asked through a public resolver\n");
    BOOST_TEST(examine_dns(facts_of(std::string(listener_part))).empty());
    auto const by_milter = facts_of(std::string(listener_part) + lists +
                                    milter_part("a", "when = 'dnswl(\"wl.example.org\")'\n"));
    BOOST_TEST(told(examine_dns(by_milter))
                   .starts_with("warning: dns: list [dnsbl.\"bl.example.org\"] is not used by any "
                                "rule, condition or milter\n"));
    BOOST_TEST(examine_dns(by_milter).size() == 2U);
}

BOOST_AUTO_TEST_CASE(public_resolvers_are_refused_by_lists) {
    auto seen = seen_with("");
    seen.resolvers = {"127.0.0.53", "8.8.8.8"};
    BOOST_TEST(
        told(examine_dns(seen)) ==
        std::string(unused) +
            "warning: dns: lists in DNS are asked through a public resolver: 8.8.8.8\n"
            "  Spamhaus and others refuse questions from there: nobody is ever listed, or nothing "
            "is ever known; run a resolver of your own, such as unbound\n"
            "    # [dns] in milter-manager.toml:\n"
            "    servers = [\"127.0.0.1\"]\n");
    seen = seen_with("[dns]\nservers = [\"127.0.0.1\"]\n");
    seen.resolvers = {"8.8.8.8"};
    BOOST_TEST(told(examine_dns(seen)) ==
               std::string(unused) + "ok: dns: lists are not asked through a public resolver\n");
}

BOOST_AUTO_TEST_CASE(test_entries_are_listed) {
    auto seen = seen_with("");
    seen.test_entry = {listing::failed, listing::not_listed};
    BOOST_TEST(
        told(examine_dns(seen)) ==
        "problem: dns: list [dnsbl.\"bl.example.org\"] does not answer about its test entry "
        "127.0.0.2\n"
        "  it refuses this resolver, or cannot be reached: conditions that ask it are never "
        "known\n" +
            std::string(unused) +
            "problem: dns: list [dnswl.\"wl.example.org\"] does not have its test entry 127.0.0.2\n"
            "  it is no list any more, or the resolver hides its answers: nobody is ever listed\n"
            "ok: dns: lists are not asked through a public resolver\n");
    seen.test_entry = {listing::listed, std::nullopt};
    BOOST_TEST(told(examine_dns(seen))
                   .starts_with("ok: dns: list [dnsbl.\"bl.example.org\"] answers: its test entry "
                                "127.0.0.2 is listed\n"));
}

BOOST_AUTO_TEST_CASE(resolvers_of_the_system_are_read) {
    auto const found =
        resolvers_in("# nameserver 1.1.1.1\nnameserver 127.0.0.53\nsearch x\nnameserver ::1\n");
    BOOST_TEST_REQUIRE(found.size() == 2U);
    BOOST_TEST(found[0] == "127.0.0.53");
    BOOST_TEST(found[1] == "::1");
}

BOOST_AUTO_TEST_SUITE_END()
