// SPDX-License-Identifier: BSL-1.0
// manager/config/config_toml.cpp - from TOML to config, by the table of keys
//
// The only file that includes toml++. Nothing stops at the first error but a syntax error, behind which the
// parser cannot go on.
#include "manager/config/config_toml.hpp"

#include "manager/config/config_check.hpp"
#include "manager/config/config_key.hpp"
#include "manager/config/config_machine.hpp"
#include "manager/config/printable.hpp"
#include "manager/config/source_shape.hpp"
#include "manager/config/syntax_hint.hpp"
#include "rule/suggestion.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <system_error>

namespace milter::manager {

namespace {

source_place place_of(toml::source_region const& region) {
    unsigned const width =
        region.end.line == region.begin.line && region.end.column > region.begin.column
            ? region.end.column - region.begin.column
            : 1;
    return {region.begin.line, region.begin.column, width};
}

raw_value raw_of(toml::node const& node) {
    if (auto const text = node.value_exact<std::string>()) return *text;
    if (auto const number = node.value_exact<std::int64_t>()) return *number;
    if (auto const flag = node.value_exact<bool>()) return *flag;
    if (node.is_table()) return other_value{"a table"};
    if (node.is_floating_point()) return other_value{"a number with a fraction or an exponent"};
    auto const* array = node.as_array();
    if (!array) return other_value{"a date or time"};
    std::vector<std::string> texts;
    for (auto const& element : *array) {
        auto const text = element.value_exact<std::string>();
        if (!text) return mixed_list;
        texts.push_back(*text);
    }
    return texts;
}

class reader {
public:
    reader(config& to, problem_list& problems) : config_(to), problems_(problems) {}

    void read(toml::table const& root) {
        for (auto const& [key, node] : root) {
            if (is_named_table(key.str()))
                read_named_tables(key, node);
            else if (!has_table(key.str()))
                unknown_key(key, "");
            else if (is_list_table(key.str()))
                read_list(key, node);
            else
                read_only_table(key, node);
        }
        check_config(config_, places_, problems_);
    }

    value_places const& places() const noexcept { return places_; }

private:
    static bool has_table(std::string_view name) {
        auto const rows = config_key_rows();
        return std::any_of(rows.begin(), rows.end(),
                           [&](auto const& row) { return row.table == name; });
    }

    static config_key const* find_key(std::string_view table, std::string_view name) {
        for (auto const& row : config_key_rows())
            if (row.table == table && row.name == name) return &row;
        return nullptr;
    }

    /// [[listen]], [[milter]]: [listen] is refused but read, to find what else is wrong.
    void read_list(toml::key const& key, toml::node const& node) {
        std::string const name(key.str());
        std::string const form = "write [[" + name + "]], once for each";
        if (!node.is_array()) places_[name] = place_of(node.source()); // meant, though in vain
        if (auto const* table = node.as_table()) {
            problems_.error(place_of(node.source()), "[" + name + "] is a list of tables", form);
            return read_element(name, 0, *table);
        }
        auto const* array = node.as_array();
        if (!array)
            return problems_.error(place_of(node.source()), name + " is a list of tables", form);
        std::size_t index = 0;
        for (auto const& element : *array) {
            if (auto const* table = element.as_table())
                read_element(name, index++, *table);
            else
                problems_.error(place_of(element.source()), name + " is a list of tables", form);
        }
    }

    void read_element(std::string const& name, std::size_t index, toml::table const& table) {
        config_target to{&config_, nullptr, nullptr};
        if (name == "listen")
            to.listen = &config_.listens.emplace_back();
        else
            to.milter = &config_.milters.emplace_back();
        auto const path = name + '[' + std::to_string(index) + ']';
        places_[path] = place_of(table.source());
        read_table(table, name, path, to);
        check_required(table, name, heading_of(name));
    }

    void check_required(toml::table const& table, std::string_view name,
                        std::string const& heading) {
        for (auto const& row : config_key_rows())
            if (row.table == name && row.needed == presence::required && !table.contains(row.name))
                problems_.error(
                    place_of(table.source()), heading + " without " + std::string(row.name),
                    "add " + std::string(row.name) + " = ...: " + std::string(row.help));
    }

    /// [profile.inbound], [profile.outbound]
    void read_named_tables(toml::key const& key, toml::node const& node) {
        std::string const name(key.str());
        auto const form = "write " + heading_of(name + ".NAME");
        auto const* tables = node.as_table();
        if (!tables)
            return problems_.error(place_of(node.source()), name + " is a table with a name", form);
        for (auto const& [inner, element] : *tables) {
            if (auto const* table = element.as_table())
                read_profile(inner, *table);
            else
                problems_.error(place_of(inner.source()), name + " is a table with a name", form);
        }
    }

    void read_profile(toml::key const& key, toml::table const& table) {
        auto const path = "profile[" + std::to_string(config_.profiles.size()) + ']';
        auto& added = config_.profiles.emplace_back();
        if (auto const refused = assign(profile_name{&added.name}, std::string(key.str()), range{}))
            problems_.error(place_of(key.source()), "profile: " + refused->message, refused->hint);
        places_[path] = place_of(key.source());
        read_table(table, "profile.NAME", path, {&config_, nullptr, nullptr, &added});
        check_required(table, "profile.NAME", "[profile." + printable(key.str()) + ']');
    }

    void read_only_table(toml::key const& key, toml::node const& node) {
        std::string const name(key.str());
        if (auto const* table = node.as_table())
            return read_table(*table, name, name, {&config_, nullptr, nullptr});
        problems_.error(place_of(node.source()), name + " is one table", "write [" + name + "]");
    }

    /// @param name  of the rows: "milter.timeout"
    /// @param path  of the values: "milter[1].timeout"
    void read_table(toml::table const& table, std::string const& name, std::string const& path,
                    config_target const& to) {
        for (auto const& [key, node] : table) {
            auto const full_name = name + '.' + std::string(key.str());
            auto const full_path = path + '.' + std::string(key.str());
            if (auto const* row = find_key(name, key.str()))
                read_value(*row, node, full_path, to);
            else if (!has_table(full_name))
                unknown_key(key, name);
            else if (auto const* inner = node.as_table())
                read_table(*inner, full_name, full_path, to);
            else
                problems_.error(place_of(node.source()), std::string(key.str()) + " is a table",
                                "write " + std::string(key.str()) + " = { " + keys_of(full_name) +
                                    " }");
        }
    }

    void read_value(config_key const& row, toml::node const& node, std::string const& path,
                    config_target const& to) {
        if (auto refused = assign(row.of(to), raw_of(node), row.allowed))
            problems_.error(place_of(part_of(node, refused->element).source()),
                            std::string(row.name) + ": " + refused->message, refused->hint);
        else
            note_places(node, path);
    }

    static toml::node const& part_of(toml::node const& node, std::optional<std::size_t> element) {
        auto const* array = node.as_array();
        auto const* part = array && element ? array->get(*element) : nullptr;
        return part ? *part : node;
    }

    void note_places(toml::node const& node, std::string const& path) {
        places_[path] = place_of(node.source());
        auto const* array = node.as_array();
        for (std::size_t i = 0; array && i < array->size(); ++i)
            places_[path + '[' + std::to_string(i) + ']'] = place_of(array->get(i)->source());
    }

    // ---- unknown keys --------------------------------------------------------------------------------------------

    void unknown_key(toml::key const& key, std::string const& table) {
        auto const what = table.empty() ? "unknown table or key " : "unknown key ";
        problems_.error(place_of(key.source()), what + in_quotes(key.str()),
                        hint_for(key.str(), table));
    }

    /// Nearest key of the same table, else the table to which the key belongs, else what there is.
    static std::string hint_for(std::string_view wrong, std::string const& table) {
        auto const names = names_in(table);
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

    /// Keys of a table and tables directly below it; of the whole file for an empty name.
    static std::vector<std::string_view> names_in(std::string_view table) {
        std::vector<std::string_view> names;
        auto const add = [&](std::string_view name) {
            if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
        };
        for (auto const& row : config_key_rows()) {
            if (table.empty()) {
                add(row.table.substr(0, row.table.find('.')));
            } else if (row.table == table) {
                add(row.name);
            } else if (row.table.substr(0, table.size()) == table &&
                       row.table[table.size()] == '.') {
                add(row.table.substr(table.size() + 1));
            }
        }
        return names;
    }

    static std::string keys_of(std::string_view table) {
        std::string out;
        for (auto const name : names_in(table)) (out += out.empty() ? "" : ", ") += name;
        return out;
    }

    config& config_;
    problem_list& problems_;
    value_places places_;
};

void syntax_error(toml::parse_error const& error, std::string_view source, problem_list& problems) {
    // "Error while parsing key-value pair: expected value": the part is said behind what is wrong with it
    constexpr std::string_view prefix = "Error while parsing ";
    auto text = error.description();
    std::string part;
    if (auto const colon = text.find(": ");
        text.substr(0, prefix.size()) == prefix && colon != text.npos) {
        part = " (in a " + std::string(text.substr(prefix.size(), colon - prefix.size())) + ")";
        text.remove_prefix(colon + 2);
    }
    auto const at = place_of(error.source());
    problems.error(at, "syntax error: " + printable(text) + part,
                   syntax_hint(source, at, error.description()));
}

loaded_config finish(std::shared_ptr<config const> config, problem_list& problems) {
    auto control = config ? config->control.socket : endpoint{};
    if (problems.has_errors()) config = nullptr;
    return {std::move(config), problems.take(), std::move(control)};
}

/// Reads one byte more than is allowed, so that the shape check sees the excess.
/// @return  errno, 0 for none
int read_file(std::string const& path, std::string& text) {
    struct closer {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };
    errno = 0;
    std::unique_ptr<std::FILE, closer> const file(std::fopen(path.c_str(), "rb"));
    if (!file) return errno;
    text.resize(source_size_limit + 1);
    text.resize(std::fread(text.data(), 1, text.size(), file.get()));
    return std::ferror(file.get()) ? errno : 0;
}

/// @param on  null: any machine
loaded_config parse(std::string_view text, std::string const& file, machine const* on) {
    problem_list problems(text, file);
    auto result = std::make_shared<config>();
    if (!check_shape(text, problems)) return finish(nullptr, problems);
    try {
        reader reading(*result, problems);
        reading.read(toml::parse(text));
        if (on) check_machine(*result, *on, reading.places(), problems);
    } catch (toml::parse_error const& error) {
        syntax_error(error, text, problems);
    }
    return finish(std::move(result), problems);
}

} // namespace

loaded_config parse_config(std::string_view text, std::string const& file) {
    return parse(text, file, nullptr);
}

loaded_config load_config(std::string const& path, machine const* on) {
    std::string text;
    if (int const error = read_file(path, text)) {
        problem_list problems({}, path);
        problems.error({}, "cannot read the file: " + std::generic_category().message(error));
        return finish(nullptr, problems);
    }
    return parse(text, path, on);
}

} // namespace milter::manager
