// SPDX-License-Identifier: BSL-1.0
// tests/fuzz/manager_evaluation.cpp - two sessions of the manager with evaluated milters, and the same without
//
// Input: as tests/support/session_input.hpp reads it, for an audience with evaluated milters.

#include "invariant.hpp"

#include <support/session_input.hpp>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    support::session_input input(
        std::string(fuzz::view(data, size)),
        [](std::string const& what) { fuzz::require(false, what.c_str()); },
        support::audience::with_evaluated_milters);
    input.run();
    return 0;
}
