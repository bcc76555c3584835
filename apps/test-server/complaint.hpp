// SPDX-License-Identifier: BSL-1.0
// test-server/complaint.hpp - what is said of a command line that cannot be read
#pragma once

#include <CLI/CLI.hpp>

#include <string>

namespace milter::test_server {

/// What is wrong, and how to mend it: the option that may have been meant.
std::string complaint(CLI::App const* app, CLI::Error const& why);

} // namespace milter::test_server
