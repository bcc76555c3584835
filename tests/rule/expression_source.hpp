// SPDX-License-Identifier: BSL-1.0
// tests/rule/expression_source.hpp - expressions made up from the table of facts, with types that fit
//
// Whoever makes the choices gets the same expression for the same ones: random numbers, or the bytes of a fuzzer. The
// values are few, so that those of mails (mail_source.hpp) meet them.
#pragma once

#include "rule/compile.hpp"
#include "rule/fact_table.hpp"

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rule_test {

using namespace milter::rule;

/// A number below the one that is given. Copies go on where the others are.
using choice = std::function<std::size_t(std::size_t)>;

inline constexpr std::string_view some_texts[] = {"a", "b", "ab", "Example"};
inline constexpr std::string_view some_domains[] = {
    "example.com", "a.example.com", "b.a.example.com", "example.org", "ppp-1-2-3-4.example.net"};
inline constexpr std::string_view some_mails[] = {"a@example.com", "b@example.org",
                                                  "B@a.example.com", "<>"};
inline constexpr std::string_view some_addresses[] = {"10.0.0.1", "10.1.255.255", "192.0.2.1",
                                                      "2001:db8::1"};
inline constexpr std::string_view some_networks[] = {
    "10.0.0.0/8", "10.1.0.0/16", "10.0.0.1", "192.0.2.0/24", "::/0", "2001:db8::/32"};
inline constexpr std::string_view some_windows[] = {"Mon-Fri 08:00-18:00", "Sat,Sun", "22:00-06:00",
                                                    "Fri-Mon"};
inline constexpr std::string_view some_macros[] = {"j", "{auth_type}", "{other}"};

/// What the names in such expressions mean: sets `@local` and `@customers`, milter m, list z, and conditions that are
/// given besides.
inline scope names_of_expressions() {
    scope names;
    names.sets = {{"local", {0, set_kind::addresses}}, {"customers", {1, set_kind::domains}}};
    names.milters = {{"m", 0}};
    names.block_lists = names.allow_lists = {{"z", 0}};
    return names;
}

inline std::vector<std::shared_ptr<set const>> sets_of_expressions() {
    auto const made = [](set_kind kind, std::vector<std::string_view> const& entries) {
        return std::make_shared<set const>(*parse_set(kind, entries).value);
    };
    return {made(set_kind::addresses, {"10.1.0.0/16", "2001:db8::/32"}),
            made(set_kind::domains, {"example.org", ".example.com"})};
}

class expression_source {
public:
    /// @param only        facts to choose from; empty: all
    /// @param conditions  that may be named
    explicit expression_source(choice choose, std::vector<fact> only = {},
                               std::vector<std::string> conditions = {})
        : choose_(std::move(choose)), only_(std::move(only)), conditions_(std::move(conditions)) {}

    /// @param depth  of and, or, not
    std::string condition(int depth) {
        if (depth > 0 && choose_(8) > 1) {
            if (choose_(5) == 0) return "not " + in_brackets(depth - 1);
            std::string const word = choose_(2) == 0 ? " and " : " or ";
            auto text = in_brackets(depth - 1);
            for (auto more = 1 + choose_(2); more > 0; --more)
                text += word + in_brackets(depth - 1);
            return text;
        }
        return leaf(depth);
    }

private:
    std::string in_brackets(int depth) { return "(" + condition(depth) + ")"; }

    std::string leaf(int depth) {
        auto const kind = choose_(12);
        if (kind == 0 && !conditions_.empty()) return conditions_[choose_(conditions_.size())];
        if (kind == 1 && !range_) return choose_(2) == 0 ? "true" : "false";
        auto const& row = any_row();
        if (row.of == quantity::one || range_) return about(row);
        return quantified(row, depth);
    }

    /// Within a quantifier those that it goes through, too.
    fact_row const& any_row() {
        for (int tries = 0;; ++tries) {
            auto const& row = only_.empty() ? fact_rows()[choose_(fact_count)]
                                            : row_of(only_[choose_(only_.size())]);
            bool const fits = !range_ || row.of == quantity::one || row.of == range_->of;
            if (fits) return row;
            if (tries > 20) return *range_; // whoever chooses may always say the same
        }
    }

    std::string quantified(fact_row const& row, int depth) {
        constexpr std::string_view words[] = {"any", "all", "none", "count"};
        auto const word = choose_(4);
        if (word == 3 && choose_(2) == 0) return "count(" + operand(row) + ")" + number_test(row);
        range_ = &row;
        auto body = about(row);
        if (choose_(2) == 0)
            body += (choose_(2) == 0 ? " and " : " or ") + in_brackets(std::max(0, depth - 1));
        range_ = nullptr;
        auto const text = std::string(words[word]) + "(" + body + ")";
        return word == 3 ? text + number_test(row) : text;
    }

    std::string number_test(fact_row const&) { return numbers(type::integer); }

    std::string operand(fact_row const& row) {
        auto const open = row.name.find('(');
        if (open == row.name.npos) return std::string(row.name);
        return std::string(row.name.substr(0, open + 1)) + argument_for(row) +
               std::string(row.name.substr(open + 1));
    }

    std::string argument_for(fact_row const& row) {
        switch (row.takes) {
        case argument_kind::parameter: return "\"SIZE\"";
        case argument_kind::header: return "\"X-A\"";
        case argument_kind::macro: return quoted(some_macros[choose_(std::size(some_macros))]);
        case argument_kind::milter: return "\"m\"";
        case argument_kind::milter_and_header: return "\"m\", \"X-A\"";
        default: return "\"z\"";
        }
    }

    /// A condition about the fact.
    std::string about(fact_row const& row) {
        auto name = operand(row);
        auto const is = row.is;
        if (is == type::boolean) return boolean(name);
        if (is_number(is)) {
            if (choose_(4) == 0) name = "or_else(" + name + ", " + number(is) + ")";
            return name + numbers(is);
        }
        if (is == type::time) return name + negation() + " in " + one_or_list(some_windows);
        auto const kind = choose_(6);
        if (kind == 0 && is != type::text) return "sample(50%, by = " + name + ")";
        if (kind == 1 && is != type::ip) return "length(" + name + ")" + numbers(type::integer);
        if (is == type::ip) return address(name);
        if (is == type::mail)
            return kind < 4 ? name + equality() + any_of(some_mails)
                            : name + negation() + " in " + list(some_mails);
        return is == type::domain ? domain(name) : text(name, row);
    }

    std::string boolean(std::string const& name) {
        switch (choose_(4)) {
        case 0: return name + equality() + (choose_(2) == 0 ? "true" : "false");
        case 1: return "or_else(" + name + ", " + (choose_(2) == 0 ? "true)" : "false)");
        default: return name;
        }
    }

    std::string numbers(type is) {
        constexpr std::string_view words[] = {" == ", " != ", " < ", " <= ", " > ", " >= "};
        auto const word = choose_(8);
        if (word < std::size(words)) return std::string(words[word]) + number(is);
        return negation() + " in [" + number(is) + ", " + number(is) + "]";
    }
    std::string number(type is) {
        auto digits = std::to_string(choose_(6));
        switch (is) {
        case type::size: return digits + "B";
        case type::duration: return digits + "ms";
        case type::percent: return digits + "%";
        default: return digits;
        }
    }

    std::string address(std::string const& name) {
        switch (choose_(5)) {
        case 0: return name + equality() + any_of(some_addresses);
        case 1: return name + negation() + " in @local";
        case 2: return "private(" + name + ")";
        default: return name + negation() + " in " + one_or_list(some_networks);
        }
    }

    std::string domain(std::string const& name) {
        switch (choose_(6)) {
        case 0: return name + equality() + any_of(some_domains);
        case 1: return name + negation() + " in @customers";
        case 2: return "s25r(" + name + ")";
        case 3: return name + negation() + " in " + list(some_domains);
        case 4: return name + negation() + " in [\".example.com\"]";
        default: return name + negation() + " under " + one_or_list(some_domains);
        }
    }

    std::string text(std::string const& name, fact_row const& row) {
        if (!row.words.empty())
            return name + equality() + quoted(row.words.substr(0, row.words.find(' ')));
        switch (choose_(5)) {
        case 0: return name + negation() + " contains " + any_of(some_texts);
        case 1: return name + negation() + " matches /^[a-m]/i";
        case 2: return name + negation() + " in " + list(some_texts);
        default: return name + equality() + any_of(some_texts);
        }
    }

    static std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }
    std::string any_of(std::span<std::string_view const> from) {
        return quoted(from[choose_(from.size())]);
    }
    std::string list(std::span<std::string_view const> from) {
        return "[" + any_of(from) + ", " + any_of(from) + "]";
    }
    std::string one_or_list(std::span<std::string_view const> from) {
        return choose_(2) == 0 ? any_of(from) : list(from);
    }
    std::string equality() { return choose_(2) == 0 ? " == " : " != "; }
    std::string negation() { return choose_(3) == 0 ? " not" : ""; }

    choice choose_;
    std::vector<fact> only_;
    std::vector<std::string> conditions_;
    fact_row const* range_ = nullptr; ///< of the quantifier at hand
};

} // namespace rule_test
