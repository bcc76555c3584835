// SPDX-License-Identifier: BSL-1.0
// tests/manager/import_fixture.hpp - what is printed and said of a text that is imported
#pragma once

#include "manager/config/config_toml.hpp"
#include "manager/import/import.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace import_test {

using milter::manager::import_result;
using milter::manager::import_source;

inline std::string joined(std::vector<std::string> const& lines) {
    std::string out;
    for (auto const& one : lines) out += one + '\n';
    return out;
}

inline bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != text.npos;
}

/// Each remark also stands in the configuration.
inline import_result imported(std::string_view text, import_source from) {
    auto made = import_setup(text, "F", from);
    BOOST_TEST_REQUIRE(made.understood);
    for (auto const& line : made.remarks)
        BOOST_TEST(contains(made.toml, "# " + line + '\n'), line + "\nis not in\n" + made.toml);
    return made;
}

/// As the manager reads it. Not for texts with conditions of rules/.
inline std::shared_ptr<milter::manager::config const> loaded(std::string const& toml) {
    auto const read = milter::manager::parse_config(toml, "t");
    for (auto const& one : read.problems)
        if (one.weight == milter::manager::problem_weight::error)
            BOOST_ERROR(to_string(one) + '\n' + toml);
    BOOST_TEST_REQUIRE(static_cast<bool>(read.config));
    return read.config;
}

} // namespace import_test
