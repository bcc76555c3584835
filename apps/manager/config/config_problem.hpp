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

/// Where something stands in a file.
struct source_place {
    unsigned line = 0;   ///< from 1; 0: of the file as a whole
    unsigned column = 0; ///< from 1, in characters
    unsigned width = 1;  ///< characters to be marked
    unsigned file = 0;   ///< as problem_list counts them; 0: the main file
};

inline constexpr std::size_t config_problem_limit =
    20; // errors shown, and warnings, and notes; the rest is counted

/// Collects the problems of a configuration: of its main file and of all those that belong to it.
class problem_list {
public:
    /// Of the main file.
    problem_list(std::string_view text, std::string const& file)
        : sources_{{file, std::string(text)}} {}

    /// @return  its number, for places in it
    unsigned add_source(std::string const& file, std::string text);

    void error(source_place at, std::string message, std::string hint = {});
    void warning(source_place at, std::string message, std::string hint = {});
    void note(source_place at, std::string message, std::string hint = {});

    bool has_errors() const noexcept;
    std::string const& text_of(unsigned file) const { return sources_[file].text; }
    std::string const& name_of(unsigned file) const { return sources_[file].name; }
    /// "line 12", or "rules.d/spam.toml:12" when that is in another file.
    std::string line_of(source_place at, source_place seen_from) const;
    /// In the order of the files, cut at config_problem_limit. Leaves the list empty.
    std::vector<config_problem> take();

private:
    struct entry {
        source_place at;
        std::string message;
        std::string hint;
        problem_weight weight = problem_weight::error;
    };

    struct source {
        std::string name;
        std::string text;
    };

    config_problem to_problem(entry one) const;

    std::vector<source> sources_;
    std::vector<entry> entries_; // excerpts are made of those that are shown
};

} // namespace milter::manager
