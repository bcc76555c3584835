// SPDX-License-Identifier: BSL-1.0
// test-server/main.cpp - milter-test-server
#include "test-server/conformance/verb.hpp"
#include "test-server/options.hpp"
#include "test-server/run.hpp"

#include <string_view>

namespace {

struct verb {
    std::string_view name;
    int (*run)(int argc, char const* const* argv); ///< argv begins with the name
};

constexpr verb verbs[] = {
    {"conformance", milter::test_server::run_conformance},
};

} // namespace

int main(int argc, char** argv) {
    for (auto const& one : verbs)
        if (argc > 1 && one.name == argv[1]) return one.run(argc - 1, argv + 1);
    auto const parsed = milter::test_server::parse_options(argc, argv);
    if (parsed.exit_code) return *parsed.exit_code;
    return static_cast<int>(milter::test_server::run(parsed.value));
}
