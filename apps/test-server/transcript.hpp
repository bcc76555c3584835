// SPDX-License-Identifier: BSL-1.0
// test-server/transcript.hpp - who is told each packet in words
#pragma once

#include <functional>
#include <string_view>

namespace milter::test_server {

/// May be empty.
using transcript = std::function<void(std::string_view line)>;

} // namespace milter::test_server
