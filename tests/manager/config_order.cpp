// SPDX-License-Identifier: BSL-1.0
// tests/manager/config_order.cpp - where rules change the order of milters, the result is told, and why

#include "config_folder.hpp"
#include "manager/config/rule_test.hpp"

#include <boost/test/unit_test.hpp>

using namespace manager_test;

namespace {

constexpr char milters[] = R"([[milter]]
name = "dmarc"
socket = "/run/dmarc.sock"
[[milter]]
name = "dkim"
socket = "/run/dkim.sock"
when = 'milter("spf").verdict != "reject"'
[[milter]]
name = "spf"
socket = "/run/spf.sock"
[[rule]]
name = "chain"
when = 'milter("dkim").failed or milter("spf").failed'
skip = ["dmarc"]
)";

std::string report(std::string const& text) {
    config_folder const folder;
    folder.write("m.toml", text);
    return folder.report(folder.load());
}

} // namespace

BOOST_AUTO_TEST_SUITE(config_order)

BOOST_AUTO_TEST_CASE(the_order_of_a_profile_that_rules_change_is_told) {
    BOOST_TEST(
        report("[[listen]]\nsocket = '/run/a'\nprofile = 'x'\n[[listen]]\nsocket = '/run/b'\n"
               "profile = 'y'\n[profile.x]\nmilters = ['dkim', 'dmarc', 'spf']\n"
               "[profile.y]\nmilters = ['spf', 'dmarc']\n" +
               std::string(milters)) ==
        R"(m.toml:8:11: note: milters of the profile "x" are asked in another order than they are written: spf, dkim, dmarc
    milters = ['dkim', 'dmarc', 'spf']
              ^~~~~~~~~~~~~~~~~~~~~~~~
  dkim comes after spf, about which its when asks; dmarc comes after spf, about which the rule "chain" asks
)");
}

BOOST_AUTO_TEST_CASE(so_is_that_of_the_file_where_a_listener_has_no_profile) {
    auto const said = report("[[listen]]\nsocket = '/run/a'\n" + std::string(milters));
    BOOST_TEST(
        said ==
        R"(m.toml:4:8: note: milters are asked in another order than they are written: spf, dkim, dmarc
    name = "dmarc"
           ^~~~~~~
  dmarc comes after dkim, about which the rule "chain" asks; dmarc comes after spf, about which the rule "chain" asks; dkim comes after spf, about which its when asks
)");
}

BOOST_AUTO_TEST_CASE(who_is_not_enabled_changes_nothing) {
    auto const text = "[[listen]]\nsocket = '/run/a'\n" + std::string(milters);
    auto const at = text.find("name = \"spf\"");
    BOOST_TEST(
        report(text.substr(0, at) + "enabled = false\n" + text.substr(at)) ==
        R"(m.toml:4:8: note: milters are asked in another order than they are written: dkim, dmarc
    name = "dmarc"
           ^~~~~~~
  dmarc comes after dkim, about which the rule "chain" asks
)");
}

BOOST_AUTO_TEST_CASE(tests_expect_milters_in_the_order_in_which_they_are_asked) {
    config_folder const folder;
    folder.write("m.toml", "[[listen]]\nsocket = '/run/a'\n" + std::string(milters) +
                               "[[test]]\nname = 't'\nexpect.milters = ['spf', 'dkim', 'dmarc']\n");
    auto const loaded = folder.load();
    BOOST_REQUIRE(loaded.config);
    BOOST_TEST(milter::manager::run_test(*loaded.config, loaded.config->tests.at(0)).passed);
}

BOOST_AUTO_TEST_SUITE_END()
