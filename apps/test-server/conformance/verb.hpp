// SPDX-License-Identifier: BSL-1.0
// test-server/conformance/verb.hpp - milter-test-server conformance
#pragma once

namespace milter::test_server {

/// @param argv  begins with the verb
/// @return  the exit status of the program
int run_conformance(int argc, char const* const* argv);

} // namespace milter::test_server
