// SPDX-License-Identifier: BSL-1.0
// cli/printable.hpp - text of a peer for a terminal
#pragma once

#include <string>
#include <string_view>

namespace milter::cli {

/// Printable ASCII as it is, `\` doubled, anything else as \n, \r, \t or \xHH: one line, whatever came.
std::string printable(std::string_view text);

/// Like printable(), but line ends stay line ends and tabs stay: for a whole body.
std::string printable_lines(std::string_view text);

} // namespace milter::cli
