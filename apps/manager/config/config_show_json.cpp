// SPDX-License-Identifier: BSL-1.0
// manager/config/config_show_json.cpp
#include "manager/config/config_show_json.hpp"

#include "manager/config/toml_tree.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <variant>

namespace milter::manager {

namespace {

using json = nlohmann::ordered_json;

json of_scalar(raw_value const& value) {
    if (auto const* flag = std::get_if<bool>(&value)) return *flag;
    if (auto const* number = std::get_if<std::int64_t>(&value)) return *number;
    if (auto const* text = std::get_if<std::string>(&value)) return *text;
    return nullptr;
}

json of_node(raw_node const& node) {
    if (node.is == raw_node::shape::value) return of_scalar(node.value);
    auto all = node.is == raw_node::shape::list ? json::array() : json::object();
    for (auto const& child : node.children) {
        if (node.is == raw_node::shape::list)
            all.push_back(of_node(child));
        else
            all[child.key] = of_node(child);
    }
    return all;
}

/// The value that its TOML stands for.
json of_toml(shown_value const& one) {
    if (one.value.empty()) return nullptr;
    problem_list ignored("v = " + one.value, {});
    auto const tree = parse_toml(0, ignored);
    if (tree && tree->children.size() == 1) return of_node(tree->children.front());
    return one.value;
}

} // namespace

std::string to_json(std::span<shown_value const> values, std::span<computed_value const> computed) {
    auto all = json::object();
    for (auto const& one : values)
        if (!one.name.empty()) all[one.path] = {{"value", of_toml(one)}, {"origin", one.origin}};
    for (auto const& one : computed) all[one.path] = {{"value", one.value}, {"origin", one.origin}};
    return all.dump(2, ' ', false, json::error_handler_t::replace) + '\n';
}

} // namespace milter::manager
