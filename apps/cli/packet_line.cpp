// SPDX-License-Identifier: BSL-1.0
// cli/packet_line.cpp - one packet as a line
#include "cli/packet_line.hpp"

#include <fmt/format.h>

namespace milter::cli {

std::string hex(std::string_view bytes) {
    constexpr std::size_t shown = 48;
    std::string out;
    for (char const c : bytes.substr(0, shown))
        out += fmt::format("{}{:02x}", out.empty() ? "" : " ", static_cast<unsigned char>(c));
    if (bytes.size() > shown) out += fmt::format(" +{} bytes", bytes.size() - shown);
    return out;
}

std::string packet_line(char mark, std::string_view words, std::string_view bytes) {
    return fmt::format("{} {}  {}", mark, words, hex(bytes));
}

} // namespace milter::cli
