// SPDX-License-Identifier: BSL-1.0
// tests/support/command_line.hpp - command lines as words, and parsers of options called with them
#pragma once

#include <support/captured.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace support {

/// The words of a line as a shell sees them; quotes are understood, nothing else is.
inline std::vector<std::string> shell_words(std::string_view line) {
    std::vector<std::string> words;
    bool open = false; // a word has begun
    char quote = 0;
    for (char c : line) {
        if (quote != 0 && c == quote) {
            quote = 0;
        } else if (quote == 0 && (c == '\'' || c == '"')) {
            if (!open) words.emplace_back();
            open = true;
            quote = c;
        } else if (quote == 0 && c == ' ') {
            open = false;
        } else {
            if (!open) words.emplace_back();
            open = true;
            words.back() += c;
        }
    }
    return words;
}

/// What a parse function gave, and what it printed meanwhile.
template <class Parsed> struct parsed_line {
    Parsed result;
    std::string out, err;

    int exit_code() const { return result.exit_code.value_or(-1); }
};

/// Calls parse(argc, argv) with `words`, the program's name in front.
template <class Parse> auto parse_words(Parse parse, std::vector<std::string> const& words) {
    std::vector<char const*> argv{"program"};
    for (auto const& one : words) argv.push_back(one.c_str());
    captured const printed;
    auto result = parse(static_cast<int>(argv.size()), argv.data());
    return parsed_line<decltype(result)>{std::move(result), printed.out(), printed.err()};
}

} // namespace support
