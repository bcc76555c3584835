// SPDX-License-Identifier: BSL-1.0
// manager/config/config_reader.cpp
#include "manager/config/config_reader.hpp"

#include "manager/config/config_key.hpp"
#include "manager/config/config_set_word.hpp"
#include "manager/config/printable.hpp"
#include "rule/suggestion.hpp"

#include <algorithm>
#include <vector>

namespace milter::manager {

namespace {

bool has_rows(std::string_view table) {
    auto const rows = config_key_rows();
    return std::any_of(rows.begin(), rows.end(),
                       [&](auto const& row) { return row.table == table; });
}

config_key const* find_key(std::string_view table, std::string_view name) {
    for (auto const& row : config_key_rows())
        if (row.table == table && row.name == name) return &row;
    return nullptr;
}

/// "set.NAME", "rule"
std::string rows_of(config_table const& table) {
    auto const name = std::string(table.name);
    return table.is == config_table::shape::named ? name + ".NAME" : name;
}

/// Keys of a table and tables directly below it; of the whole file for an empty name.
std::vector<std::string_view> names_in(std::string_view table) {
    std::vector<std::string_view> names;
    if (table.empty())
        for (auto const& one : config_tables()) names.push_back(one.name);
    auto const add = [&](std::string_view name) {
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    };
    for (auto const& row : config_key_rows()) {
        if (row.table == table) {
            add(row.name);
        } else if (!table.empty() && row.table.substr(0, table.size()) == table &&
                   row.table[table.size()] == '.') {
            add(row.table.substr(table.size() + 1));
        }
    }
    return names;
}

std::string keys_of(std::string_view table) {
    std::string out;
    for (auto const name : names_in(table)) (out += out.empty() ? "" : ", ") += name;
    return out;
}

/// The value that was given, where it may have been meant to stand.
std::string table_hint(raw_node const& node, std::string const& rows) {
    auto const names = names_in(rows);
    auto const value = raw_of(node);
    auto const* const text = std::get_if<std::string>(&value);
    auto hint = "write " + node.key + " = { " + std::string(names.front()) + " = " +
                (text ? in_quotes(*text) : "...") + " }";
    return names.size() == 1 ? hint : hint + "; its keys: " + keys_of(rows);
}

/// Nearest key of the same table, else the table to which the key belongs, else what there is.
std::string hint_for(std::string_view wrong, std::string const& table) {
    auto const names = names_in(table);
    if (auto const kind = set_kind_meant_by(wrong); table == "set.NAME" && kind)
        return "did you mean " + in_quotes(list_key_of(*kind)) + "?";
    if (auto const near = rule::nearest(wrong, names); !near.empty()) {
        auto const heading = std::string(near) + (is_named_table(near) ? ".NAME" : "");
        return "did you mean " + (table.empty() ? heading_of(heading) : in_quotes(near)) + "?";
    }
    for (auto const& row : config_key_rows())
        if (row.name == wrong) return in_quotes(wrong) + " belongs to " + heading_of(row.table);
    auto const where =
        table.empty() ? std::string("tables: ") : "keys of " + heading_of(table) + ": ";
    return where + keys_of(table);
}

/// "[rule]", "[set.NAME]": as it is written.
std::string form_of(config_table const& table) { return heading_of(rows_of(table)); }

} // namespace

void config_reader::read(raw_node const& root, file_part part) {
    for (auto const& node : root.children) read_table_of_root(node, part);
}

void config_reader::read_table_of_root(raw_node const& node, file_part part) {
    auto const* const table = find_table(node.key);
    if (!table) return unknown_key(node, "");
    if (!may_stand_in(*table, part)) {
        auto const folder = std::string(folder_of(part));
        problems_.error(node.key_at, form_of(*table) + " does not belong in " + folder,
                        table->name == "milter" || table->name == "profile"
                            ? "it stands in the main file or in milters.d"
                            : "it stands in the main file");
        return;
    }
    switch (table->is) {
    case config_table::shape::only: return read_only(*table, node);
    case config_table::shape::list: return read_list(*table, node);
    case config_table::shape::named: return read_named(*table, node);
    }
}

/// [[listen]], [[milter]]: [listen] is refused but read, to find what else is wrong.
void config_reader::read_list(config_table const& table, raw_node const& node) {
    std::string const name(table.name);
    std::string const form = "write [[" + name + "]], once for each";
    if (node.is != raw_node::shape::list) places_[name] = node.at; // meant, though in vain
    if (node.is == raw_node::shape::table) {
        problems_.error(node.at, "[" + name + "] is a list of tables", form);
        return read_element(table, node);
    }
    if (node.is != raw_node::shape::list)
        return problems_.error(node.at, name + " is a list of tables", form);
    for (auto const& element : node.children) {
        if (element.is == raw_node::shape::table)
            read_element(table, element);
        else
            problems_.error(element.at, name + " is a list of tables", form);
    }
}

void config_reader::read_element(config_table const& table, raw_node const& node) {
    std::string const name(table.name);
    auto const to = table.add(config_);
    note_test(to, node.at);
    auto const path = name + '[' + std::to_string(counts_[table.name]++) + ']';
    keys_[path] = places_[path] = node.at;
    read_keys(node, name, path, to);
    check_required(node, name, heading_of(name));
}

void config_reader::note_test(config_target const& to, source_place at) {
    if (!to.test) return;
    to.test->file = problems_.name_of(at.file);
    to.test->line = at.line;
    to.test->column = at.column;
}

void config_reader::check_required(raw_node const& table, std::string_view rows,
                                   std::string const& heading) {
    for (auto const& row : config_key_rows())
        if (row.table == rows && row.needed == presence::required && !table.find(row.name))
            problems_.error(table.at, heading + " without " + std::string(row.name),
                            "add " + std::string(row.name) + " = ...: " + std::string(row.help));
}

/// [profile.inbound], [profile.outbound]
void config_reader::read_named(config_table const& table, raw_node const& node) {
    auto const complain = [&](source_place at) {
        problems_.error(at, std::string(table.name) + " is a table with a name",
                        "write " + form_of(table));
    };
    if (node.is != raw_node::shape::table) return complain(node.at);
    for (auto const& inner : node.children) {
        if (inner.is == raw_node::shape::table)
            read_named_entry(table, inner);
        else
            complain(inner.key_at);
    }
}

void config_reader::read_named_entry(config_table const& table, raw_node const& node) {
    std::string const name(table.name);
    auto const path = name + '[' + std::to_string(counts_[table.name]++) + ']';
    auto const to = table.add(config_);
    if (auto const refused = assign(table.name_of(to), node.key, range{}))
        problems_.error(node.key_at, name + ": " + refused->message, refused->hint);
    keys_[path] = places_[path] = node.key_at;
    read_keys(node, rows_of(table), path, to);
    check_required(node, rows_of(table), '[' + name + '.' + printable(node.key) + ']');
}

void config_reader::read_only(config_table const& table, raw_node const& node) {
    std::string const name(table.name);
    if (node.is == raw_node::shape::table) return read_keys(node, name, name, {&config_});
    problems_.error(node.at, name + " is one table", "write [" + name + "]");
}

/// @param rows  of the keys: "milter.timeout"
/// @param path  of the values: "milter[1].timeout"
void config_reader::read_keys(raw_node const& table, std::string const& rows,
                              std::string const& path, config_target const& to) {
    for (auto const& node : table.children) {
        auto const inner_rows = rows + '.' + node.key;
        auto const inner_path = path + '.' + node.key;
        if (auto const* row = find_key(rows, node.key))
            read_field(row->of(to), row->allowed, node, inner_path);
        else if (!has_rows(inner_rows))
            unknown_key(node, rows);
        else if (node.is == raw_node::shape::table)
            read_inner_table(node, inner_rows, inner_path, to);
        else
            refuse_value_of_table(node, inner_rows, inner_path);
    }
}

void config_reader::refuse_value_of_table(raw_node const& node, std::string const& rows,
                                          std::string const& path) {
    keys_[path] = node.at; // meant, though in vain
    problems_.error(node.at, node.key + " is a table", table_hint(node, rows));
}

void config_reader::read_inner_table(raw_node const& table, std::string const& rows,
                                     std::string const& path, config_target const& to) {
    keys_[path] = places_[path] = table.at;
    read_keys(table, rows, path, to);
}

void config_reader::read_field(field const& to, range allowed, raw_node const& node,
                               std::string const& path) {
    keys_[path] = node.at;
    auto const refused = assign(to, raw_of(node), allowed);
    if (!refused) return note_places(node, path);
    tell(*refused, node);
    for (auto const& other : refused->others) tell(other, node);
}

void config_reader::tell(complaint const& what, raw_node const& node) {
    auto at = what.at.value_or(node.at);
    if (what.element && *what.element < node.children.size()) at = node.children[*what.element].at;
    problems_.error(at, node.key + ": " + what.message, what.hint);
}

/// Of elements of lists the value's, of those of tables the name's.
void config_reader::note_places(raw_node const& node, std::string const& path) {
    places_[path] = node.at;
    for (std::size_t i = 0; i < node.children.size(); ++i) {
        auto const& child = node.children[i];
        if (node.is == raw_node::shape::list) {
            places_[path + '[' + std::to_string(i) + ']'] = child.at;
        } else {
            note_places(child, path + '.' + child.key);
            places_[path + '.' + child.key] = child.key_at;
        }
    }
}

// ---- unknown keys

void config_reader::unknown_key(raw_node const& node, std::string const& table) {
    auto const what = table.empty() ? "unknown table or key " : "unknown key ";
    problems_.error(node.key_at, what + in_quotes(node.key), hint_for(node.key, table));
}

} // namespace milter::manager
