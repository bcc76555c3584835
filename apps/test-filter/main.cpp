// SPDX-License-Identifier: BSL-1.0
// test-filter/main.cpp - milter-test-filter
#include "test-filter/conformance/verb.hpp"
#include "test-filter/options.hpp"
#include "test-filter/service.hpp"

#include <string_view>

int main(int argc, char** argv) {
    if (argc > 1 && std::string_view(argv[1]) == "conformance")
        return milter::test_filter::run_conformance(argc - 1, argv + 1);
    auto const parsed = milter::test_filter::parse_options(argc, argv);
    if (parsed.exit_code) return *parsed.exit_code;
    return static_cast<int>(milter::test_filter::run(parsed.value));
}
