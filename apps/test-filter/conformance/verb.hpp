// SPDX-License-Identifier: BSL-1.0
// test-filter/conformance/verb.hpp - milter-test-filter conformance
#pragma once

namespace milter::test_filter {

/// @param argv  begins with the verb
/// @return  the exit status of the program
int run_conformance(int argc, char const* const* argv);

} // namespace milter::test_filter
