// SPDX-License-Identifier: BSL-1.0
// replay/main.cpp - milter-replay
#include "replay/cat.hpp"
#include "replay/import.hpp"
#include "replay/options.hpp"

int main(int argc, char** argv) {
    namespace replay = milter::replay;
    auto const parsed = replay::parse_options(argc, argv);
    if (parsed.exit_code) return *parsed.exit_code;
    auto const& wanted = parsed.value;
    auto const code = wanted.what == replay::verb::import ? replay::import_captures(wanted.import)
                                                          : replay::cat(wanted.cat);
    return static_cast<int>(code);
}
