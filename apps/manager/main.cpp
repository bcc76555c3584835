// SPDX-License-Identifier: BSL-1.0
// manager/main.cpp - milter-manager
#include "manager/run.hpp"

int main(int argc, char** argv) {
    auto const parsed = milter::manager::parse_options(argc, argv);
    if (!parsed.value) return parsed.status;
    using milter::manager::verb;
    return parsed.value->verb == verb::check ? milter::manager::check(*parsed.value)
                                             : milter::manager::run(*parsed.value);
}
