// SPDX-License-Identifier: BSL-1.0
// manager/config/config_text.cpp - what each kind of text may hold
#include "manager/config/config_text.hpp"

#include "manager/config/printable.hpp"
#include <milter/proto/negotiation.hpp>

#include <algorithm>

namespace milter::manager {

namespace {

/// Appends the names in one text. @return the first that is none
std::optional<std::string> append_names(std::vector<std::string>& names, std::string_view text) {
    std::optional<std::string> bad;
    proto::for_each_name(text, [&](std::string_view name) {
        if (!bad && !is_macro_name(name)) bad = name;
        if (std::find(names.begin(), names.end(), name) == names.end()) names.emplace_back(name);
    });
    return bad;
}

} // namespace

bool is_macro_name(std::string_view name) noexcept {
    auto const plain = [](char c) {
        return c > ' ' && c < 0x7f && c != '{' && c != '}' && c != ',';
    };
    if (name.size() == 1) return plain(name.front());
    if (name.size() < 3 || name.front() != '{' || name.back() != '}') return false;
    name = name.substr(1, name.size() - 2);
    return std::all_of(name.begin(), name.end(), plain);
}

complaint no_macro(std::string const& name, std::string_view hint) {
    auto const braces = '{' + name + '}';
    bool const mended = is_macro_name(braces);
    return {"not a macro: " + in_quotes(name),
            mended ? "did you mean " + in_quotes(braces) + "?" : std::string(hint)};
}

refusal assign_mode(std::optional<unsigned>& to, raw_value const& value) {
    constexpr std::string_view form = R"(a mode is octal digits in quotes: "0660")";
    std::string text;
    if (std::holds_alternative<std::int64_t>(value)) return not_a("a mode", value, form);
    if (auto refused = get_text("a mode", value, text, form)) return refused;
    bool const octal = text.find_first_not_of("01234567") == text.npos;
    if (!octal || text.size() < 3 || text.size() > 4)
        return complaint{"cannot read " + in_quotes(text), std::string(form)};
    unsigned mode = 0;
    for (char c : text) mode = mode * 8 + static_cast<unsigned>(c - '0');
    if (mode > 0777)
        return complaint{in_quotes(text) + " has bits that mean nothing for a socket",
                         std::string(form)};
    to = mode;
    return {};
}

refusal assign_name(std::string& to, raw_value const& value) {
    constexpr std::size_t limit = 64;
    constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789_.-";
    constexpr std::string_view form = R"(a name has lower-case letters, digits and "_.-")";
    std::string text;
    if (auto refused = get_text("a name", value, text, form)) return refused;
    if (text.size() > limit)
        return complaint{in_quotes(text) + " is longer than " + std::to_string(limit), {}};
    if (text.find_first_not_of(allowed) != text.npos)
        return complaint{in_quotes(text) + " cannot be a name", std::string(form)};
    to = text;
    return {};
}

refusal assign_names(std::vector<std::string>& to, raw_value const& value) {
    constexpr std::size_t limit = 1000;
    constexpr std::string_view form = R"(names are written ["spf", "dkim"])";
    if (auto const* other = std::get_if<other_value>(&value);
        other && other->what == mixed_list.what)
        return complaint{"expected a list of texts", std::string(form)};
    auto const* given = std::get_if<std::vector<std::string>>(&value);
    if (!given) return not_a("a list of names", value, form);
    if (given->size() > limit)
        return complaint{std::to_string(given->size()) + " names: at most " + std::to_string(limit),
                         {}};
    std::vector<std::string> names(given->size());
    for (std::size_t i = 0; i < names.size(); ++i) {
        auto refused = assign_name(names[i], raw_value((*given)[i]));
        if (!refused) continue;
        refused->element = i;
        return refused;
    }
    to = std::move(names);
    return {};
}

refusal assign_milter_name(std::string& to, raw_value const& value) {
    std::string name;
    if (auto refused = assign_name(name, value)) return refused;
    if (name == "mta" || name == "manager")
        return complaint{in_quotes(name) + " is taken: logs use it for other things than milters",
                         {}};
    to = name;
    return {};
}

refusal assign_line(std::string& to, raw_value const& value) {
    std::string text;
    if (auto refused = get_text("a text", value, text)) return refused;
    if (text.size() > line_limit)
        return complaint{"text of " + std::to_string(text.size()) + " bytes",
                         "at most " + std::to_string(line_limit)};
    to = text;
    return {};
}

refusal assign_group(std::string& to, raw_value const& value) {
    std::string text;
    if (auto refused = get_text("a group", value, text)) return refused;
    if (text.size() > 32 || text.find_first_of(" :/\t") != text.npos)
        return complaint{in_quotes(text) + " cannot be a group",
                         "expected the name or the number of a group"};
    to = text;
    return {};
}

refusal assign_path(std::string& to, raw_value const& value) {
    constexpr std::size_t limit = 4095; // bytes: PATH_MAX less its NUL
    std::string text;
    if (auto refused = get_text("a path", value, text)) return refused;
    if (text.front() != '/')
        return complaint{"relative path " + in_quotes(text), "a path begins with \"/\""};
    if (text.size() > limit)
        return complaint{"path of " + std::to_string(text.size()) + " bytes", {}};
    to = text;
    return {};
}

refusal assign_log_file(std::string& to, raw_value const& value) {
    auto const* text = std::get_if<std::string>(&value);
    if (!text || *text != "-") return assign_path(to, value);
    to.clear();
    return {};
}

refusal assign_macros(std::string& to, raw_value const& value) {
    constexpr std::string_view form =
        R"(macros are written "i {auth_type}" or ["i", "{auth_type}"])";
    auto texts = std::get_if<std::vector<std::string>>(&value);
    auto const* one = std::get_if<std::string>(&value);
    std::vector<std::string> const single = one ? std::vector{*one} : std::vector<std::string>{};
    if (one) texts = &single;
    if (auto const* other = std::get_if<other_value>(&value);
        other && other->what == mixed_list.what)
        return complaint{"expected a list of texts", std::string(form)};
    if (!texts) return not_a("names of macros", value, form);
    std::vector<std::string> names;
    for (auto const& text : *texts) {
        auto const bad = append_names(names, text);
        if (!bad) continue;
        return no_macro(*bad, form);
    }
    if (names.empty()) return complaint{"no macro is named", "leave the key out for the default"};
    if (names.size() > proto::max_macro_names)
        return complaint{std::to_string(names.size()) + " macros: Sendmail takes at most " +
                             std::to_string(proto::max_macro_names),
                         {}};
    to.clear();
    for (auto const& name : names) (to += to.empty() ? "" : " ") += name;
    return {};
}

} // namespace milter::manager
