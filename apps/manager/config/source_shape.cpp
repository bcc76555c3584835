// SPDX-License-Identifier: BSL-1.0
// manager/config/source_shape.cpp - size of the file, length of lines, number of dots
#include "manager/config/source_shape.hpp"

#include "manager/config/printable.hpp"

#include <algorithm>

namespace milter::manager {

namespace {

/// Dots that may join the parts of a key: each nests one table more. Strings and comments are not told
/// apart: telling them apart wrongly once would undo the bound.
std::size_t key_dots(std::string_view line) {
    std::size_t dots = 0;
    char last = 0; // but blanks
    for (char c : line) {
        if (c == ' ' || c == '\t') continue;
        bool const joins = c == '.' && last != 0 && last != '.' && last != '#';
        if (joins) ++dots;
        last = c;
    }
    return dots;
}

unsigned column_behind(std::string_view line, std::size_t bytes) {
    unsigned column = 1;
    for (auto rest = line.substr(0, bytes); !rest.empty(); ++column)
        rest.remove_prefix(first_code_point(rest).size);
    return column;
}

} // namespace

bool check_shape(unsigned file, problem_list& problems) {
    std::string_view text = problems.text_of(file);
    if (text.size() > source_size_limit) {
        problems.error({0, 0, 1, file}, "file is larger than 1 MiB");
        return false;
    }
    std::size_t dots = 0;
    for (unsigned number = 1; !text.empty(); ++number) {
        auto const line = text.substr(0, text.find('\n'));
        if (line.size() > line_size_limit) {
            problems.error({number, column_behind(line, line_size_limit), 1, file},
                           "line of " + std::to_string(line.size()) + " bytes: at most " +
                               std::to_string(line_size_limit));
            return false;
        }
        dots += key_dots(line);
        if (dots > dot_limit) {
            problems.error({number, 1, 1, file},
                           "more than " + std::to_string(dot_limit) + " dots: keys nested too deep",
                           "a long list of addresses or domains stands in a file of its own, see "
                           "[set.NAME] file");
            return false;
        }
        text.remove_prefix(std::min(line.size() + 1, text.size()));
    }
    return true;
}

} // namespace milter::manager
