// SPDX-License-Identifier: BSL-1.0
// manager/config/config_show.cpp - the values one by one, and their lines
#include "manager/config/config_show.hpp"

#include "manager/config/config_key.hpp"

#include <string_view>

namespace milter::manager {

namespace {

constexpr std::size_t wide = 100; // characters, above which a list has a line for each element

/// "[milter.timeout]", "[profile.inbound]"
std::string heading_in_file(config_key const& row, config_target const& from) {
    auto const& table = table_of_row(row.table);
    if (!table.name_of) return heading_of(row.table);
    return '[' + std::string(table.name) + '.' + to_toml(table.name_of(from)) + ']';
}

/// "milter[0].timeout.connect": as the reader calls it.
std::string path_of(config_key const& row, config_table const& table, std::string const& entry) {
    std::size_t const own = table.is == config_table::shape::named
                                ? table.name.size() + std::string_view(".NAME").size()
                                : table.name.size();
    return entry + std::string(row.table.substr(own)) + '.' + std::string(row.name);
}

/// A list with each element in a line, as lines of a file are not as long as a list may be. Commas within quotes, tables
/// and inner lists are none of its own.
std::string unfolded(std::string_view list) {
    std::string out;
    unsigned depth = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < list.size(); ++i) {
        char const c = list[i];
        bool const is_end = !quoted && c == ']' && depth == 1;
        if (is_end) out += ",\n";
        out += c;
        if (quoted && c == '\\')
            out += list[++i];
        else if (c == '"')
            quoted = !quoted;
        else if (quoted)
            continue;
        else if (c == '[' || c == '{')
            ++depth;
        else if (c == ']' || c == '}')
            --depth;
        bool const is_break = !quoted && depth == 1 && (c == ',' || i == 0);
        if (!is_break) continue;
        out += "\n    ";
        if (i + 1 < list.size() && list[i + 1] == ' ') ++i;
    }
    return out;
}

/// All values of one table, in the order of its keys.
class collector {
public:
    collector(std::vector<shown_value>& to, config_origins const& origins, shown_keys which)
        : to_(to), origins_(origins), which_(which) {}

    void collect(config_table const& table, config_target const& from, std::string const& entry) {
        bool is_first = table.is != config_table::shape::only; // its heading says that it is there
        for (auto const& row : config_key_rows()) {
            if (&table_of_row(row.table) != &table) continue;
            if (is_first) to_.push_back({entry, heading_in_file(row, from), entry, {}, {}, {}, {}});
            is_first = false;
            add(row, from, entry, path_of(row, table, entry));
        }
    }

private:
    void add(config_key const& row, config_target const& from, std::string const& entry,
             std::string path) {
        auto const at = origins_.find(path);
        bool const is_written = at != origins_.end();
        auto value = to_toml(row.of(from));
        if (which_ == shown_keys::written && (!is_written || value.empty())) return;
        if (value.size() > wide && value.front() == '[') value = unfolded(value);
        to_.push_back({entry, heading_in_file(row, from), std::move(path), std::string(row.name),
                       std::move(value), std::string(row.unset),
                       is_written ? to_string(at->second) : "default"});
    }

    std::vector<shown_value>& to_;
    config_origins const& origins_;
    shown_keys which_;
};

/// "timeout.command"
std::string_view name_in_entry(shown_value const& one) {
    return std::string_view(one.path).substr(one.entry.size() + 1);
}

std::string remark(std::string const& origin, origin_remarks remarks) {
    return remarks == origin_remarks::shown && !origin.empty() ? "  # " + origin : std::string();
}

void append_value(std::string& out, shown_value const& one, origin_remarks remarks) {
    if (one.value.empty())
        out += "# " + std::string(name_in_entry(one)) + " is not set: " + one.unset + '\n';
    else
        out += one.name + " = " + one.value + remark(one.origin, remarks) + '\n';
}

} // namespace

std::vector<shown_value> shown_values(config what, config_origins const& origins,
                                      shown_keys which) {
    std::vector<shown_value> all;
    collector values(all, origins, which);
    for (auto const& table : config_tables()) {
        bool const is_only = table.is == config_table::shape::only;
        std::size_t count = 0;
        for (auto const& from : entries_of(what, table.name)) {
            auto const number = is_only ? std::string() : '[' + std::to_string(count++) + ']';
            values.collect(table, from, std::string(table.name) + number);
        }
    }
    return all;
}

std::string to_toml(std::span<shown_value const> values, origin_remarks remarks) {
    std::string out;
    std::string_view entry, heading;
    for (auto const& one : values) {
        bool const is_new = one.entry != entry;
        if (is_new && !out.empty()) out += '\n';
        // below a table of which nothing is set, there is no heading
        bool const has_heading = is_new || !one.value.empty();
        if (has_heading && (is_new || one.heading != heading)) out += one.heading + '\n';
        if (has_heading) heading = one.heading;
        entry = one.entry;
        if (!one.name.empty()) append_value(out, one, remarks);
    }
    return out;
}

std::string to_toml(std::span<computed_value const> values, origin_remarks remarks) {
    std::string out;
    for (auto const& one : values)
        out += "# " + one.what + ": " + one.value + remark(one.origin, remarks) + '\n';
    return out;
}

} // namespace milter::manager
