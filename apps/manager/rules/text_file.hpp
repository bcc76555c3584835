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

/// At once or not at all: who reads it meanwhile sees the old text. Owner, mode and symbolic links stay; where the owner
/// cannot be kept nothing changes. @return  why not; empty: it is written
std::string write_text_file(std::string const& path, std::string const& text);

} // namespace milter::manager
