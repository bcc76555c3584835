// SPDX-License-Identifier: BSL-1.0
// manager/config/config_problem.hpp - what is wrong in a configuration file, where, and how to mend it
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace milter::manager {

/// A note tells of something that may be meant, or that a check cannot tell.
enum class problem_weight { error, warning, note };

struct config_problem {
    std::string file;
    unsigned line = 0;   ///< from 1; 0: of the file as a whole
    unsigned column = 0; ///< from 1, in characters
    std::string message; ///< escaped, one line
    std::string excerpt; ///< the line of the file and, below it, a line with the caret
    std::string hint;    ///< what to write instead; may be empty
    problem_weight weight = problem_weight::error;
};

/// `FILE:LINE:COLUMN: message`, a warning or note with that word in front of the message, then excerpt and hint, indented, without a line end.
std::string to_string(config_problem const& problem);

/// Where something stands in the file.
struct source_place {
    unsigned line = 0;   ///< from 1; 0: nowhere
    unsigned column = 0; ///< from 1, in characters
    unsigned width = 1;  ///< characters to be marked
};

inline constexpr std::size_t config_problem_limit =
    20; // errors shown, and warnings, and notes; the rest is counted

/// Collects the problems of one file, whose text must outlive it.
class problem_list {
public:
    problem_list(std::string_view text, std::string const& file) : text_(text), file_(file) {}

    void error(source_place at, std::string message, std::string hint = {});
    void warning(source_place at, std::string message, std::string hint = {});
    void note(source_place at, std::string message, std::string hint = {});

    bool has_errors() const noexcept;
    /// In the order of the file, cut at config_problem_limit. Leaves the list empty.
    std::vector<config_problem> take();

private:
    struct entry {
        source_place at;
        std::string message;
        std::string hint;
        problem_weight weight = problem_weight::error;
    };

    config_problem to_problem(entry one) const;

    std::string_view text_;
    std::string const& file_;
    std::vector<entry> entries_; // excerpts are made of those that are shown
};

} // namespace milter::manager
