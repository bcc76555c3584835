// SPDX-License-Identifier: BSL-1.0
// manager/config/toml_tree.cpp - the only file that includes toml++
#include "manager/config/toml_tree.hpp"

#include "manager/config/printable.hpp"
#include "manager/config/source_shape.hpp"
#include "manager/config/syntax_hint.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <tuple>

namespace milter::manager {

namespace {

constexpr std::size_t deepest = 16; // tables in each other; no key of ours is as deep

class converter {
public:
    explicit converter(unsigned file) : file_(file) {}

    raw_node convert(toml::node const& node, std::size_t depth = 0) const {
        raw_node out;
        out.at = place_of(node.source());
        if (auto const* table = node.as_table())
            depth < deepest ? add_children(out, *table, depth) : no_value(out, "a table");
        else if (auto const* array = node.as_array())
            depth < deepest ? add_elements(out, *array, depth) : no_value(out, "a list");
        else
            out.value = value_of(node);
        return out;
    }

    source_place place_of(toml::source_region const& region) const {
        unsigned const width =
            region.end.line == region.begin.line && region.end.column > region.begin.column
                ? region.end.column - region.begin.column
                : 1;
        return {region.begin.line, region.begin.column, width, file_};
    }

private:
    static void no_value(raw_node& out, std::string_view what) { out.value = other_value{what}; }

    /// The parser has them in the order of their names.
    void add_children(raw_node& out, toml::table const& table, std::size_t depth) const {
        out.is = raw_node::shape::table;
        out.children.reserve(table.size());
        for (auto const& [key, node] : table) {
            auto& child = out.children.emplace_back(convert(node, depth + 1));
            child.key = key.str();
            child.key_at = place_of(key.source());
        }
        std::stable_sort(out.children.begin(), out.children.end(),
                         [](auto const& a, auto const& b) {
                             return std::tie(a.key_at.line, a.key_at.column) <
                                    std::tie(b.key_at.line, b.key_at.column);
                         });
    }

    void add_elements(raw_node& out, toml::array const& array, std::size_t depth) const {
        out.is = raw_node::shape::list;
        out.children.reserve(array.size());
        for (auto const& element : array) out.children.push_back(convert(element, depth + 1));
    }

    static raw_value value_of(toml::node const& node) {
        if (auto const text = node.value_exact<std::string>()) return *text;
        if (auto const number = node.value_exact<std::int64_t>()) return *number;
        if (auto const flag = node.value_exact<bool>()) return *flag;
        if (node.is_floating_point()) return other_value{"a number with a fraction or an exponent"};
        return other_value{"a date or time"};
    }

    unsigned file_;
};

/// "Error while parsing key-value pair: expected value": the part is said behind what is wrong with it
void syntax_error(toml::parse_error const& error, source_place at, problem_list& problems) {
    constexpr std::string_view prefix = "Error while parsing ";
    auto text = error.description();
    std::string part;
    if (auto const colon = text.find(": ");
        text.substr(0, prefix.size()) == prefix && colon != text.npos) {
        part = " (in a " + std::string(text.substr(prefix.size(), colon - prefix.size())) + ")";
        text.remove_prefix(colon + 2);
    }
    problems.error(at, "syntax error: " + printable(text) + part,
                   syntax_hint(problems.text_of(at.file), at, error.description()));
}

} // namespace

std::optional<raw_node> parse_toml(unsigned file, problem_list& problems) {
    if (!check_shape(file, problems)) return std::nullopt;
    converter const to_raw(file);
    try {
        return to_raw.convert(toml::parse(std::string_view(problems.text_of(file))));
    } catch (toml::parse_error const& error) {
        syntax_error(error, to_raw.place_of(error.source()), problems);
        return std::nullopt;
    }
}

} // namespace milter::manager
