// SPDX-License-Identifier: BSL-1.0
// manager/config/config_raw.cpp - values of the wrong kind, in words
#include "manager/config/config_raw.hpp"

#include "manager/config/printable.hpp"

#include <utility>

namespace milter::manager {

namespace {

struct describer {
    std::string operator()(other_value v) const { return std::string(v.what); }
    std::string operator()(bool v) const { return v ? "true" : "false"; }
    std::string operator()(std::int64_t v) const { return "the number " + std::to_string(v); }
    std::string operator()(std::string const& v) const { return "the text " + in_quotes(v); }
    std::string operator()(std::vector<std::string> const&) const { return "a list"; }
    std::string operator()(raw_table) const { return "a table"; }
};

} // namespace

raw_value raw_of(raw_node const& node) {
    if (node.is == raw_node::shape::value) return node.value;
    if (node.is == raw_node::shape::table) return raw_table{&node};
    std::vector<std::string> texts;
    for (auto const& element : node.children) {
        auto const* text = std::get_if<std::string>(&element.value);
        if (!text || element.is != raw_node::shape::value) return mixed_list;
        texts.push_back(*text);
    }
    return texts;
}

void add_complaint(refusal& all, complaint one) {
    if (!all) {
        all = std::move(one);
        return;
    }
    auto others = std::exchange(one.others, {});
    all->others.push_back(std::move(one));
    for (auto& other : others) all->others.push_back(std::move(other));
}

complaint not_a(std::string_view expected, raw_value const& value, std::string_view hint) {
    return {"expected " + std::string(expected) + ", not " + std::visit(describer{}, value),
            std::string(hint)};
}

refusal get_text(std::string_view expected, raw_value const& value, std::string& text,
                 std::string_view hint) {
    auto const* given = std::get_if<std::string>(&value);
    if (!given) return not_a(expected, value, hint);
    if (given->empty())
        return complaint{"expected " + std::string(expected) + ", not an empty text",
                         std::string(hint)};
    if (printable(*given) != *given)
        return complaint{"control character in " + in_quotes(*given), {}};
    text = *given;
    return {};
}

} // namespace milter::manager
