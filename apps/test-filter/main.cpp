// SPDX-License-Identifier: BSL-1.0
// test-filter/main.cpp - milter-test-filter
#include "test-filter/options.hpp"
#include "test-filter/service.hpp"

int main(int argc, char** argv) {
    auto const parsed = milter::test_filter::parse_options(argc, argv);
    if (parsed.exit_code) return *parsed.exit_code;
    return static_cast<int>(milter::test_filter::run(parsed.value));
}
