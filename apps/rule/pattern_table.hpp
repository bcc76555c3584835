// SPDX-License-Identifier: BSL-1.0
// rule/pattern_table.hpp - Postfix' tables of type regexp, and of type pcre as far as RE2 goes
//
// References back and lookaround are a problem of the line that has them. The null sender is looked up as "<>", as Postfix
// does (smtpd_null_access_lookup_key).
#pragma once

#include "rule/match.hpp"
#include "rule/rule_table.hpp"
#include "rule/table_text.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace milter::rule {

enum class pattern_syntax { regexp, pcre };

class pattern_table {
public:
    static pattern_table parse(pattern_syntax syntax, std::string_view text,
                               counting_results const& results, table_problems& problems);

    std::size_t size() const noexcept { return rules_.size(); }
    /// @return  that the result counts; empty: not found
    std::optional<bool> find(std::string_view subject) const noexcept {
        return rules_.find(subject);
    }

private:
    friend class pattern_table_reader;

    struct test {
        pattern searched;
        bool negated = false;

        bool matches(std::string_view subject) const noexcept {
            return searched.matches(subject) != negated;
        }
    };
    class run {
    public:
        void add(test one, std::uint32_t number) {
            if (patterns_.size() == 0) first_ = number; // a run has rules that follow each other
            patterns_.add(std::move(one.searched));
        }
        void build() { patterns_.build(); }
        std::optional<std::uint32_t> first(std::string_view subject) const noexcept {
            auto const found = patterns_.first_match(subject);
            if (!found) return std::nullopt;
            return first_ + static_cast<std::uint32_t>(*found);
        }

    private:
        pattern_list patterns_;
        std::uint32_t first_ = 0;
    };

    rule_table<run, test> rules_;
};

} // namespace milter::rule
