// SPDX-License-Identifier: BSL-1.0
// test-server/main.cpp - milter-test-server
#include "test-server/options.hpp"
#include "test-server/run.hpp"

int main(int argc, char** argv) {
    auto const parsed = milter::test_server::parse_options(argc, argv);
    if (parsed.exit_code) return *parsed.exit_code;
    return static_cast<int>(milter::test_server::run(parsed.value));
}
