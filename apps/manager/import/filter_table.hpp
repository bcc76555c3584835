// SPDX-License-Identifier: BSL-1.0
// manager/import/filter_table.hpp - Sendmail's input mail filters, whether they come from sendmail.mc or sendmail.cf
//
// Source: sendmail 8.17, cf/README "MAIL FILTERS" and sendmail/milter.c (equates, flags, timeouts).
#pragma once

#include "manager/import/setup.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace milter::manager {

/// For Sendmail with R:30s, which it is told to use.
inline constexpr proto::duration import_command_budget = std::chrono::seconds(25);

class filter_table {
public:
    /// @param equates  "S=local:/run/x.sock, F=T, T=S:30s;R:30s"
    void define(std::string_view name, std::string_view equates, unsigned line);
    void append_to_order(std::string_view name, unsigned line);
    /// @param names  of all that are asked, in order, with commas between them
    void set_order(std::string_view names, unsigned line);

    /// @param stage  "connect", "helo", "envfrom", "envrcpt", "data", "eoh", "eom"; without regard to case
    /// @param names  where that word stands in it, it is what the stage had before
    void set_macros(std::string_view stage, std::string_view names, unsigned line);

    /// Filters of one port alone, as DaemonPortOptions has them.
    void refuse_daemon(std::string_view options, unsigned line);

    remark_list& remarks() { return all_.remarks[""]; }
    void understand() noexcept { all_.understood = true; }

    setup finish();

private:
    struct definition {
        std::string equates;
        unsigned line = 0;
    };

    imported_milter read(std::string const& name, definition const& one);
    void place_unused();
    void place_listener();
    void place_macros();

    setup all_;
    std::map<std::string, definition, std::less<>> definitions_;
    std::vector<std::string> defined_; // in that order
    std::vector<std::string> order_;
    unsigned order_line_ = 0;
    std::array<std::string, wire::macro_stage_count> macros_;
    std::array<unsigned, wire::macro_stage_count> macro_lines_{};
    name_giver names_;
};

/// The settings in equates.
void read_equates(std::string_view equates, unsigned line, imported_milter& into);

} // namespace milter::manager
