// SPDX-License-Identifier: BSL-1.0
// tests/manager/profile.cpp - which milters a session asks, and in which order
//
// Source: the profiles of docs/configuration.md.

#include <boost/test/unit_test.hpp>

#include <support/manager_rig.hpp>

using namespace support;

namespace {

/// Milters "a" to "c", and profiles "both" = c, a and "one" = b.
void add_profiles(manager_rig& rig) {
    rig.config.profiles.push_back({"both", {"c", "a"}, {}, {}});
    rig.config.profiles.push_back({"one", {"b"}, {}, {}});
}

std::vector<std::string> asked(manager_rig& rig) {
    std::vector<std::string> names;
    for (auto const& one : rig.decisions().at(0).milters) names.push_back(one.name);
    return names;
}

constexpr auto per_element = boost::test_tools::per_element();
using names = std::vector<std::string>;

} // namespace

BOOST_AUTO_TEST_SUITE(profile)

BOOST_AUTO_TEST_CASE(milters_of_the_profile_are_asked_in_its_order_and_no_other) {
    manager_rig rig(3);
    add_profiles(rig);
    rig.profile = "both";
    rig.filter(2).on("end_of_message", say(wire::add_header{"X-C", "c"}, wire::proceed{}));
    rig.filter(0).on("end_of_message", say(wire::add_header{"X-A", "a"}, wire::proceed{}));
    rig.begin();
    BOOST_TEST(rig.message() == "insert_header 2147483647 \"X-C\" \" c\"; "
                                "insert_header 2147483647 \"X-A\" \" a\"; continue");
    BOOST_TEST(asked(rig) == (names{"c", "a"}), per_element);
    BOOST_TEST(rig.decisions()[0].profile == "both");
    BOOST_TEST(rig.filter(1).story() == "");
    BOOST_TEST(rig.filter(0).message().headers.back() == "X-C:c");
}

BOOST_AUTO_TEST_CASE(first_in_the_order_of_the_profile_decides) {
    manager_rig rig(3);
    add_profiles(rig);
    rig.profile = "both";
    rig.filter(0).on("mail", say(wire::reject{}));
    rig.filter(2).on("mail", say(wire::tempfail{}));
    rig.begin();
    BOOST_TEST(rig.send(wire::mail{"<a@test>", {}}) == "tempfail");
    BOOST_TEST(rig.filter(0).story() == "connect helo");
}

BOOST_AUTO_TEST_CASE(without_profile_all_milters_are_asked_in_the_order_of_the_file) {
    for (std::string const profile : {"", "gone"}) BOOST_TEST_CONTEXT(profile) {
            manager_rig rig(3);
            add_profiles(rig);
            rig.profile = profile;
            rig.begin();
            BOOST_TEST(rig.message() == "continue");
            BOOST_TEST(asked(rig) == (names{"a", "b", "c"}), per_element);
            BOOST_TEST(rig.decisions()[0].profile == "");
        }
}

BOOST_AUTO_TEST_CASE(milter_that_is_not_enabled_is_not_asked_by_a_profile_either) {
    manager_rig rig(3);
    add_profiles(rig);
    rig.profile = "both";
    rig.config.milters[2].enabled = false;
    rig.begin();
    BOOST_TEST(rig.message() == "continue");
    BOOST_TEST(asked(rig) == (names{"a"}), per_element);
}

BOOST_AUTO_TEST_CASE(profile_without_milters_lets_mail_pass) {
    manager_rig rig(1);
    rig.config.profiles.push_back({"none", {}, {}, {}});
    rig.profile = "none";
    rig.begin();
    BOOST_TEST(rig.message() == "continue");
    BOOST_TEST(rig.filter(0).story() == "");
}

BOOST_AUTO_TEST_CASE(serial_of_the_profile_holds_before_that_of_the_manager) {
    for (bool const manager_is : {false, true})
        for (std::optional<bool> const profile_is :
             {std::optional<bool>(), std::optional(false), std::optional(true)}) {
            manager_rig rig(2);
            rig.config.serial = manager_is;
            rig.config.profiles.push_back({"x", {"a", "b"}, profile_is, {}});
            rig.profile = "x";
            for (std::size_t k = 0; k < 2; ++k) rig.filter(k).wants.actions = wire::action::none;
            rig.filter(0).on("end_of_headers", silence());
            rig.begin();
            rig.envelope();
            rig.content();
            bool const saw = rig.filter(1).story().find("header") != std::string::npos;
            BOOST_TEST(saw != profile_is.value_or(manager_is));
        }
}

BOOST_AUTO_TEST_CASE(profiles_are_resolved_anew_with_each_configuration) {
    manager::config settings;
    for (std::string const name : {"a", "b", "c"}) settings.milters.emplace_back().name = name;
    settings.profiles.push_back({"x", {"c", "a", "unknown"}, {}, {}});
    auto const first = manager::with_endpoints(settings);
    BOOST_TEST(find_profile(*first, "x")->order == (std::vector<std::size_t>{2, 0}), per_element);
    settings.profiles[0].milters = {"b"};
    auto const second = manager::with_endpoints(settings, first.get());
    BOOST_TEST(find_profile(*second, "x")->order == (std::vector<std::size_t>{1}), per_element);
    BOOST_TEST(!find_profile(*second, "y"));
}

BOOST_AUTO_TEST_SUITE_END()
