// SPDX-License-Identifier: BSL-1.0
// milter/message/line_ends.hpp - a replaced body as the MTA shows it to the next filter
//
// Both MTAs end every line with CRLF, whatever the filter sent; a CR of its own stays. Postfix ends the last line, too;
// Sendmail only when it delivers.
// Source: protocol.md 4.7; seen with Postfix 3.7 and Sendmail 8.17 (replacement body without final line end).
#pragma once

#include <string>
#include <string_view>

namespace milter::message {

class line_ends {
public:
    /// Appends `bytes` to `out`, with CR before each LF that lacks it; pieces may split a line end.
    void append(std::string& out, std::string_view bytes) {
        for (char c : bytes) {
            if (c == '\n' && last_ != '\r') out += '\r';
            out += c;
            last_ = c;
        }
        empty_ = empty_ && bytes.empty();
    }

    /// Ends the last line. An empty body stays empty.
    void finish(std::string& out) const {
        if (!empty_ && last_ != '\n') out += "\r\n";
    }

private:
    char last_ = '\n';
    bool empty_ = true;
};

} // namespace milter::message
