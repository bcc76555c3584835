// SPDX-License-Identifier: BSL-1.0
// test-server/bench_refusal.hpp - options of the older load generator that only make sense over SMTP
#pragma once

#include <optional>
#include <string>

namespace milter::test_server {

/// What to use instead of the first such option on the command line; empty: there is none.
std::optional<std::string> refusal_of(int argc, char const* const* argv);

} // namespace milter::test_server
