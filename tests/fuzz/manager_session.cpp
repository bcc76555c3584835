// SPDX-License-Identifier: BSL-1.0
// tests/fuzz/manager_session.cpp - two sessions of the manager, whatever their MTAs and milters say and do
//
// Input: as tests/support/session_input.hpp reads it.

#include "invariant.hpp"

#include <support/session_input.hpp>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    support::session_input input(std::string(fuzz::view(data, size)), [](std::string const& what) {
        fuzz::require(false, what.c_str());
    });
    input.run();
    return 0;
}
