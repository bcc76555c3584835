// SPDX-License-Identifier: BSL-1.0
// manager/import/main_cf.hpp - the parameters in Postfix's main.cf, or in what postconf prints
//
//   main_cf const file(text);
//   auto const milters = file.value("smtpd_milters"); // with $names put in
//
// Source: postconf(5), "main.cf file format" and "conditional parameter expansion".
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace milter::manager {

class main_cf {
public:
    struct parameter {
        std::string text; ///< as it stands there, in one line
        unsigned line = 0;
    };

    struct expanded {
        std::string text;
        unsigned line = 0;                ///< 0: it is not there, and `text` is the default
        std::vector<std::string> unknown; ///< names that have no value here
        bool is_cut = false;              ///< the limits of expansion were met
    };

    /// A line that is no parameter.
    struct odd_line {
        std::string text;
        unsigned line = 0;
    };

    explicit main_cf(std::string_view text);

    bool has(std::string_view name) const { return parameters_.find(name) != parameters_.end(); }
    std::size_t size() const noexcept { return parameters_.size(); }
    std::vector<odd_line> const& odd_lines() const noexcept { return odd_; }

    /// With all `$name`, `${name}`, `$(name)`, `${name?text}` and `${name:text}` put in.
    expanded value(std::string_view name) const;

private:
    struct budget;

    void add(std::string_view logical_line, unsigned line);
    std::string const* text_of(std::string_view name) const;
    void expand(std::string_view text, unsigned depth, budget& left, expanded& into) const;
    void expand_name(std::string_view inside, unsigned depth, budget& left, expanded& into) const;

    std::map<std::string, parameter, std::less<>> parameters_;
    std::vector<odd_line> odd_;
};

/// What Postfix itself has for a parameter; empty for one that is none of milters.
std::string_view postfix_default(std::string_view name) noexcept;

/// Elements of a list between commas and blanks; one in braces is whole, without them.
std::vector<std::string_view> list_elements(std::string_view text);

} // namespace milter::manager
