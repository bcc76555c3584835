// SPDX-License-Identifier: BSL-1.0
// tests/manager/config_files.cpp - several files are one configuration, in the order of their folders and names

#include "manager/config/config_files.hpp"

#include "config_folder.hpp"

#include <boost/test/unit_test.hpp>

using namespace milter::manager;
using namespace manager_test;

namespace {

std::string milter(std::string const& name) {
    return "[[milter]]\nname = '" + name + "'\nsocket = '/run/" + name + ".sock'\n";
}

std::string names(config const& of) {
    std::string out;
    for (auto const& one : of.milters) out += one.name + ' ';
    return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(config_files_beside)

BOOST_AUTO_TEST_CASE(milters_come_by_folders_names_and_places) {
    config_folder const folder;
    folder.write("m.toml", two_milters);
    folder.write("milters.d/20.toml", milter("d") + milter("a"));
    folder.write("milters.d/10.toml", milter("z"));
    folder.write("local.d/x.toml", milter("last"));
    auto const loaded = folder.load();
    BOOST_TEST(folder.report(loaded) == "");
    BOOST_REQUIRE(loaded.config);
    BOOST_TEST(names(*loaded.config) == "spf greylist z d a last ");
}

BOOST_AUTO_TEST_CASE(rules_of_all_files_know_each_other) {
    config_folder const folder;
    folder.write("m.toml", std::string(two_milters) +
                               "[[rule]]\nname = 'r'\nwhen = 'a and b'\nuse = ['x']\n");
    folder.write("milters.d/x.toml", milter("x") + "[profile.p]\nmilters = ['x']\n");
    folder.write("rules.d/1.toml", "[condition.a]\nwhen = 'client.name in @s'\n");
    folder.write("rules.d/2.toml", "[condition.b]\nwhen = 'dnsbl(\"zen.example.org\")'\n");
    folder.write("local.d/1.toml",
                 "[set.s]\ndomains = ['example.com']\n[dnsbl.'zen.example.org']\n");
    auto const loaded = folder.load();
    BOOST_REQUIRE_MESSAGE(loaded.config, folder.report(loaded));
    BOOST_REQUIRE(loaded.config->book);
    BOOST_TEST(loaded.config->book->conditions().size() == 2u);
    BOOST_TEST(loaded.config->sets.size() == 1u);
}

BOOST_AUTO_TEST_CASE(other_files_are_left_alone) {
    config_folder const folder;
    folder.write("m.toml", two_milters);
    for (std::string const name : {".x.toml", "x.toml~", "x.toml.dpkg-old", "README", "x.TOML"})
        folder.write("rules.d/" + name, "no configuration");
    folder.write("start.d/x.toml", "no configuration");
    BOOST_TEST(folder.report(folder.load()) == "");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_is_an_error_and_nothing_else_is_looked_for) {
    config_folder const folder;
    folder.write("m.toml",
                 std::string(two_milters) + "[[rule]]\nname = 'r'\nwhen = 'a'\nuse = ['x']\n");
    folder.write("rules.d/x.toml/y", "");
    folder.write("milters.d", "no folder");
    auto const loaded = folder.load();
    BOOST_TEST(!loaded.config);
    BOOST_TEST(folder.report(loaded).starts_with("m.toml: cannot read the folder "));
    BOOST_TEST(folder.report(loaded).find("milters.d: Not a directory\n") != std::string::npos);
    BOOST_TEST(folder.report(loaded).find(
                   "rules.d/x.toml: cannot read the file: Is a directory\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(there_is_a_limit) {
    config_folder const folder;
    folder.write("m.toml", two_milters);
    for (std::size_t i = 0; i <= config_file_limit; ++i)
        folder.write("rules.d/" + std::to_string(i) + ".toml", "");
    BOOST_TEST(folder.report(folder.load()) == "m.toml: 1001 files beside it: at most 1000\n");
    std::filesystem::remove(folder.path("rules.d/7.toml"));
    BOOST_TEST(folder.report(folder.load()) == "");
}

BOOST_AUTO_TEST_CASE(paths_begin_at_the_main_file) {
    BOOST_TEST(folder_of("/etc/m/m.toml") == "/etc/m");
    BOOST_TEST(folder_of("/m.toml") == "/");
    BOOST_TEST(folder_of("m.toml") == "");
    BOOST_TEST(path_in("/etc/m", "sets/x") == "/etc/m/sets/x");
    BOOST_TEST(path_in("/", "x") == "/x");
    BOOST_TEST(path_in("", "x") == "x");
    BOOST_TEST(path_in("/etc/m", "/var/x") == "/var/x");
}

BOOST_AUTO_TEST_SUITE_END()
