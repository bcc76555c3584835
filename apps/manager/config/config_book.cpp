// SPDX-License-Identifier: BSL-1.0
// manager/config/config_book.cpp
#include "manager/config/config_book.hpp"

#include "manager/config/config_arrival_check.hpp"
#include "manager/config/config_set.hpp"
#include "manager/config/text_place.hpp"
#include "rule/book.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

namespace milter::manager {

namespace {

bool has_rules(config const& what) {
    return !what.conditions.empty() || !what.rules.empty() ||
           std::any_of(what.milters.begin(), what.milters.end(),
                       [](auto const& one) { return one.when.has_value(); });
}

rule::book_text text_of(config const& what) {
    rule::book_text text;
    text.conditions = what.conditions;
    text.rules = what.rules;
    for (auto const& one : what.milters)
        text.milters.push_back(
            {one.name, one.when, one.runs_if_unknown, one.mode == milter_mode::evaluate});
    for (auto const& one : what.named_sets) text.sets.emplace_back(one.name, *kind_of(one));
    for (auto const& one : what.block_lists) text.block_lists.push_back(one.zone.name);
    for (auto const& one : what.allow_lists) text.allow_lists.push_back(one.zone.name);
    return text;
}

std::string_view table_of(rule::section where) {
    switch (where) {
    case rule::section::condition: return "condition";
    case rule::section::milter: return "milter";
    case rule::section::rule: break;
    }
    return "rule";
}

class teller {
public:
    teller(value_places const& places, problem_list& problems)
        : places_(places), problems_(problems) {}

    void tell(rule::book_problem const& one) {
        auto const at = place_of(one);
        if (!at) return; // what was refused has been told
        auto const place = *at;
        auto const hint = hint_of(one);
        if (one.is_warning)
            problems_.warning(place, one.what.message, hint);
        else
            problems_.error(place, one.what.message, hint);
    }

private:
    static std::string path_of(rule::book_problem const& one) {
        return std::string(table_of(one.where)) + '[' + std::to_string(one.index) + ']';
    }

    /// What has a quote in it cannot be put into any string of TOML.
    std::string hint_of(rule::book_problem const& one) const {
        auto hint = one.what.hint;
        auto const at = one.key == "when" ? find(path_of(one) + ".when") : std::nullopt;
        if (at && hint.find('"') != hint.npos &&
            ends_at_double_quote(problems_.text_of(at->file), *at))
            hint += "; the expression then stands in single quotes: when = '...'";
        return hint;
    }

    /// Empty: what is meant was not read.
    std::optional<source_place> place_of(rule::book_problem const& one) const {
        auto const table = path_of(one);
        auto const key = one.key.empty() ? table : table + '.' + one.key;
        if (one.element)
            if (auto const at = find(key + '[' + std::to_string(*one.element) + ']')) return at;
        auto const at = find(key);
        if (!at) return one.where == rule::section::milter ? find(table) : std::nullopt;
        if (one.key != "when") return at;
        return place_in_text(problems_.text_of(at->file), *at, one.what.at.offset,
                             one.what.at.length);
    }

    std::optional<source_place> find(std::string const& path) const {
        auto const found = places_.find(path);
        return found == places_.end() ? std::nullopt : std::optional(found->second);
    }

    value_places const& places_;
    problem_list& problems_;
};

} // namespace

void build_book(config& what, value_places const& places, problem_list& problems) {
    if (!has_rules(what)) return;
    auto const has_kind = [](set_config const& one) { return kind_of(one).has_value(); };
    if (!std::all_of(what.named_sets.begin(), what.named_sets.end(), has_kind))
        return; // told already, and what compares with it would be called wrong for nothing
    auto built = rule::build(text_of(what));
    teller to(places, problems);
    for (auto const& one : built.problems) to.tell(one);
    what.book = std::move(built.value);
    if (what.book) check_arrivals(what, places, problems);
}

} // namespace milter::manager
