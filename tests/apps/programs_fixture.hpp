// SPDX-License-Identifier: BSL-1.0
// tests/apps/programs_fixture.hpp - milter-test-filter in the background, milter-test-server to talk to it
#pragma once

#include <boost/test/unit_test.hpp>

#include <support/process.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace programs_test {

using support::arguments;
using support::background_program;
using support::finished_program;
using support::program;

inline bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != text.npos;
}

struct programs_fixture {
    support::temp_dir dir;
    std::string socket = "unix:" + dir / "x.sock";
    std::optional<background_program> filter;

    void start(arguments args) {
        args.insert(args.begin(), {"-s", socket});
        filter.emplace(program("milter-test-filter"), args, dir, "listening on ");
    }

    finished_program server(arguments args, std::string const& input = "/dev/null") {
        args.insert(args.begin(), {"-s", socket});
        return support::run_program(program("milter-test-server"), args, dir, input);
    }

    finished_program run_filter(arguments const& args) const {
        return support::run_program(program("milter-test-filter"), args, dir);
    }

    /// The server must be content with what it sees.
    void meets(arguments const& args) {
        auto const done = server(args);
        BOOST_TEST(done.exit_code == 0, done.err + done.out);
    }

    /// The session must break, for this reason.
    void breaks(std::string_view why, arguments args = {}) {
        args.insert(args.end(), {"--expect", "error", "--all-timeouts", "10"});
        auto const done = server(args);
        BOOST_TEST(done.exit_code == 0, done.err + done.out);
        BOOST_TEST(contains(done.out, why), done.out);
    }
};

} // namespace programs_test
