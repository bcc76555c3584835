// SPDX-License-Identifier: BSL-1.0
// manager/rules/rule_effect.cpp
#include "manager/rules/rule_effect.hpp"

#include "manager/config/printable.hpp"

namespace milter::manager {

namespace {

std::string joined(std::vector<std::string> const& words) {
    std::string out;
    for (auto const& one : words) (out += out.empty() ? "" : ", ") += one;
    return out;
}

/// With semicolons between them.
class effect_list {
public:
    void add(std::string const& what) { (text_ += text_.empty() ? "" : "; ") += what; }
    void add(std::string const& does, std::vector<std::string> const& names) {
        if (!names.empty()) add(does + joined(names));
    }
    std::string take() && { return std::move(text_); }

private:
    std::string text_;
};

} // namespace

std::string_view name_of(rule::verdict_kind what) noexcept {
    constexpr std::string_view names[] = {"none", "accept", "reject", "tempfail"};
    return names[static_cast<std::size_t>(what)];
}

std::vector<std::string> macros_of(rule::rule_text const& one) {
    auto const whom = one.milters.empty() ? std::string() : " for " + joined(one.milters);
    std::vector<std::string> out;
    for (auto const& macro : one.set_macros)
        out.push_back(macro.name + " = " + in_quotes(macro.value) + whom);
    for (auto const& macro : one.default_macros)
        out.push_back(macro.name + " = " + in_quotes(macro.value) + whom +
                      ", where the MTA sends none");
    return out;
}

std::string effect_of(rule::rule_text const& one) {
    effect_list all;
    all.add("uses ", one.use);
    all.add("skips ", one.skip);
    all.add("evaluates ", one.evaluate);
    if (one.verdict != rule::verdict_kind::none)
        all.add(std::string(name_of(one.verdict)) +
                (one.reply.empty() ? "" : ' ' + in_quotes(one.reply)));
    if (!one.tag.empty()) all.add("tag " + one.tag);
    for (auto const& macro : macros_of(one)) all.add("macro " + macro);
    if (one.timeouts.any()) all.add("other timeouts");
    return std::move(all).take();
}

} // namespace milter::manager
