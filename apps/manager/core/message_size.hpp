// SPDX-License-Identifier: BSL-1.0
// manager/core/message_size.hpp - bytes of a message as SMTP has them, with what a milter is not sent: colons and line ends
//
// Source: RFC 1870 section 4. The body has its CRLF from the MTA already.
#pragma once

#include <cstddef>
#include <string_view>

namespace milter::manager {

inline constexpr std::size_t empty_line_size = 2; ///< between headers and body

/// @param raw  everything behind the colon; folds as LF or CRLF
inline std::size_t field_size(std::string_view name, std::string_view raw) noexcept {
    constexpr std::size_t colon = 1, line_end = 2;
    auto size = name.size() + colon + raw.size() + line_end;
    for (std::size_t i = 0; i < raw.size(); ++i)
        if (raw[i] == '\n' && (i == 0 || raw[i - 1] != '\r')) ++size;
    return size;
}

} // namespace milter::manager
