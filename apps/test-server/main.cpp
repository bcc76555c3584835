// SPDX-License-Identifier: BSL-1.0
// test-server/main.cpp - milter-test-server: one session, or a verb
#include "test-server/bench.hpp"
#include "test-server/conformance/verb.hpp"
#include "test-server/options.hpp"
#include "test-server/run.hpp"
#include "test-server/scenario/run_scenarios.hpp"

#include <cstdio>
#include <exception>
#include <string_view>

namespace {

using namespace milter::test_server;

/// Options, then what they ask for.
template <class Parse, class Run>
int run_parsed(Parse parse, Run run, int argc, char const* const* argv) {
    auto const parsed = parse(argc, argv);
    if (parsed.exit_code) return *parsed.exit_code;
    return static_cast<int>(run(parsed.value));
}

int bench(int argc, char const* const* argv) {
    return run_parsed(parse_bench_options, run_bench, argc, argv);
}

int one_session(int argc, char const* const* argv) {
    return run_parsed(parse_options, run, argc, argv);
}

struct verb {
    std::string_view name;
    int (*run)(int argc, char const* const* argv); ///< argv[0] is the verb
};

constexpr verb verbs[] = {
    {"bench", bench},
    {"conformance", run_conformance},
    {"run", run_verb},
};

int run_chosen(int argc, char const* const* argv) {
    for (auto const& one : verbs)
        if (argc > 1 && one.name == argv[1]) return one.run(argc - 1, argv + 1);
    return one_session(argc, argv);
}

} // namespace

int main(int argc, char** argv) {
    try {
        return run_chosen(argc, argv);
    } catch (std::exception const& why) { // nobody reads what is written, no memory
        std::fprintf(stderr, "milter-test-server: %s\n", why.what());
        return static_cast<int>(milter::cli::exit_code::differs);
    }
}
