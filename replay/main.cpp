// SPDX-License-Identifier: BSL-1.0
// replay/main.cpp - milter-replay
#include "replay/options.hpp"

int main(int argc, char** argv) {
    auto const parsed = milter::replay::parse_options(argc, argv);
    return parsed.exit_code ? *parsed.exit_code : static_cast<int>(parsed.run());
}
