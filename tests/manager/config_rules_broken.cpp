// SPDX-License-Identifier: BSL-1.0
// tests/manager/config_rules_broken.cpp - what is said about broken rules, sets, lists and tests, word by word
//
// The cases stand in config_rules_broken.txt: "===" and a name, then "---" and a file each, in the last place what is said.

#include "config_folder.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <sstream>
#include <vector>

using namespace manager_test;

namespace {

struct broken {
    std::string name;
    std::map<std::string, std::string> files; ///< "says" is what is said
};

std::vector<broken> read_cases() {
    std::ifstream in(MILTER_SOURCE_DIR "/tests/manager/config_rules_broken.txt");
    BOOST_TEST_REQUIRE(in.good());
    std::vector<broken> cases;
    std::string* file = nullptr;
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with("=== "))
            cases.push_back({line.substr(4), {}});
        else if (line.starts_with("--- "))
            file = &cases.back().files[line.substr(4)];
        else
            file->append(line).append("\n");
    }
    return cases;
}

} // namespace

BOOST_AUTO_TEST_SUITE(config_rules_broken)

BOOST_AUTO_TEST_CASE(each_problem_is_told_with_its_place_and_how_to_mend_it) {
    auto const cases = read_cases();
    for (auto const& one : cases) {
        BOOST_TEST_CONTEXT(one.name) {
            config_folder const folder;
            for (auto const& [name, text] : one.files)
                if (name != "says")
                    folder.write(name, name == "m.toml" ? text + two_milters : text);
            auto const loaded = folder.load();
            BOOST_TEST(folder.report(loaded) == one.files.at("says"));
        }
    }
    BOOST_TEST(cases.size() >= 60u);
}

BOOST_AUTO_TEST_SUITE_END()
