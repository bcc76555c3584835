// SPDX-License-Identifier: BSL-1.0
// tests/corpus/shipped.hpp - the conversations in corpora/
#pragma once

#include <milter/corpus/conversation_json.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace shipped {

namespace fs = std::filesystem;

inline std::vector<fs::path> files() {
    std::vector<fs::path> found;
    for (auto const& one : fs::recursive_directory_iterator(MILTER_SOURCE_DIR "/corpora"))
        if (one.path().extension() == ".jsonl") found.push_back(one.path());
    std::sort(found.begin(), found.end());
    return found;
}

/// Calls each(line, where) for all lines but the first of each file.
template <class Each> void for_each_line(Each each) {
    for (auto const& path : files()) {
        std::ifstream file(path);
        std::string line;
        std::getline(file, line);
        for (int number = 2; std::getline(file, line); ++number)
            each(line, path.filename().string() + ":" + std::to_string(number));
    }
}

/// Calls each(conversation, where).
template <class Each> void for_each_conversation(Each each) {
    for_each_line([&](std::string const& line, std::string const& where) {
        milter::corpus::json_problem problem;
        auto const object = milter::corpus::parse_json(line, problem);
        BOOST_TEST_REQUIRE(object.has_value(), where + ": " + problem.what);
        auto const talk = milter::corpus::read_conversation(*object, {}, problem);
        BOOST_TEST_REQUIRE(!problem, where + ": " + problem.where + ": " + problem.what);
        each(talk, where + " " + (talk.tags.empty() ? "" : talk.tags.front()));
    });
}

} // namespace shipped
