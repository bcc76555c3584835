// SPDX-License-Identifier: BSL-1.0
// test-server/bench_options.hpp - the command line of milter-test-server bench
#pragma once

#include "load/gate.hpp"
#include "load/mix.hpp"
#include "load/schedule.hpp"
#include "test-server/plan.hpp"
#include <milter/endpoint.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace milter::test_server {

struct bench_options {
    std::vector<endpoint> milters; ///< one; two are compared
    session_plan plan;             ///< its messages are the mix
    load::load_plan load;
    std::size_t workers = 1;
    load::mix::order order = load::mix::order::given;
    std::uint64_t seed = 1;
    std::size_t slices = 20; ///< of each milter, when two are compared
    std::vector<load::gate> gates;
    bool json = false;
    bool report_failures = true;
    std::optional<proto::duration> report_every;
    std::string statistics_file; ///< empty: none
};

struct parsed_bench_options {
    bench_options value;
    std::optional<int> exit_code; ///< set: everything has been said, exit with it
};

/// Prints help and complaints itself; reads the mail. `argv[0]` is not looked at.
parsed_bench_options parse_bench_options(int argc, char const* const* argv);

} // namespace milter::test_server
