// SPDX-License-Identifier: BSL-1.0
// cli/packet_line.hpp - one packet as a line: direction, words, bytes
#pragma once

#include <string>
#include <string_view>

namespace milter::cli {

/// `00 00 00 01 63`; cut after 48 bytes, with the rest counted.
std::string hex(std::string_view bytes);

/// `> helo "a"  00 00 00 03 48 61 00`. @param mark  the direction, `>` or `<`
std::string packet_line(char mark, std::string_view words, std::string_view bytes);

} // namespace milter::cli
