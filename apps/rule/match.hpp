// SPDX-License-Identifier: BSL-1.0
// rule/match.hpp - regular expressions: the one place that knows RE2
//
// RE2 takes linear time and bounded memory whatever the text. What is matched are bytes: no text is invalid, and a letter
// outside of ASCII in a pattern matches the same bytes in the same encoding.
#pragma once

#include <re2/re2.h>
#include <re2/set.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace milter::rule {

inline constexpr std::size_t longest_subject =
    65'536; ///< bytes; of a longer text the front is searched
inline constexpr std::size_t longest_pattern = 65'536; ///< bytes

inline constexpr std::int64_t pattern_memory =
    8 << 20; ///< bytes of one pattern, compiled and at work
inline constexpr std::int64_t listed_pattern_memory = 1 << 20; ///< the same of one of many
inline constexpr std::size_t most_listed_patterns =
    10'000; ///< of a set or table: a lookup tries all of them, some hundred at a time

/// The letters behind a pattern, by their meaning in Perl.
struct pattern_flags {
    bool ignore_case = false; // i
    bool multi_line = false;  // m: ^ and $ match at each line
    bool dot_all = false;     // s: . matches a line's end
    std::int64_t memory = pattern_memory;
};

struct pattern_result;

/// A compiled regular expression. Copies share it; any thread may use it.
class pattern {
public:
    static pattern_result compile(std::string_view text, bool ignore_case);
    static pattern_result compile(std::string_view text, pattern_flags const& flags);

    /// That it is found anywhere in the first longest_subject bytes.
    /// RE2 keeps what it learns, so a first search may allocate within the pattern's memory.
    bool matches(std::string_view subject) const noexcept;

    /// With flags in front, as RE2 has them.
    std::string const& expression() const noexcept { return compiled_->pattern(); }

private:
    explicit pattern(std::shared_ptr<RE2 const> compiled) noexcept
        : compiled_(std::move(compiled)) {}

    std::shared_ptr<RE2 const> compiled_;
};

struct pattern_result {
    std::optional<pattern> value;
    std::string problem; ///< for people; empty when there is a value
    std::optional<std::size_t>
        offset; ///< of what the problem is about, bytes from the text's begin
};

/// Many patterns searched for at once. Which comes first matters.
///
///     pattern_list list;
///     list.add(...);
///     list.build();
///     if (auto const index = list.first_match(subject)) ...
class pattern_list {
public:
    void add(pattern one) { patterns_.push_back(std::move(one)); }
    /// After the last add().
    void build();

    std::size_t size() const noexcept { return patterns_.size(); }
    bool any_match(std::string_view subject) const noexcept;
    /// @return  index in the order of add()
    std::optional<std::size_t> first_match(std::string_view subject) const noexcept;

private:
    /// Some patterns that lie together, as one automaton that says whether any of them matches.
    struct group {
        std::size_t begin = 0, end = 0;           // in patterns_
        std::shared_ptr<RE2::Set const> together; // null: they need too much memory
    };
    enum class finding { none, some, unknown };

    static finding search(group const& in, std::string_view subject) noexcept;
    std::optional<std::size_t> first_of(group const& in, std::string_view subject) const noexcept;

    std::vector<pattern> patterns_;
    std::vector<group> groups_;
};

} // namespace milter::rule
