// SPDX-License-Identifier: BSL-1.0
// manager/rules/text_file.hpp - whole files and standard input, within a limit
#pragma once

#include <cstddef>
#include <string>

namespace milter::manager {

struct read_text {
    std::string text;
    std::string problem; ///< why there is none
};

/// "-" is standard input. @param limit  bytes
read_text read_text_file(std::string const& path, std::size_t limit);

/// In its place, so that owner, mode and links stay. @return  why not; empty: it is written
std::string write_text_file(std::string const& path, std::string const& text);

} // namespace milter::manager
