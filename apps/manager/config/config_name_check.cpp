// SPDX-License-Identifier: BSL-1.0
// manager/config/config_name_check.cpp
#include "manager/config/config_name_check.hpp"

#include "manager/config/printable.hpp"
#include "rule/suggestion.hpp"

#include <unordered_map>
#include <utility>

namespace milter::manager {

namespace {

/// Of one table. TOML itself refuses a second one in the same file where the name is that of the table.
class name_check {
public:
    name_check(value_places const& places, problem_list& problems)
        : places_(places), problems_(problems) {}

    /// @param key  that has the name; empty: it is the table's own
    void check(std::string const& table, std::string const& key,
               std::vector<std::string_view> const& names) {
        std::unordered_map<std::string_view, source_place> first;
        for (std::size_t i = 0; i < names.size(); ++i) {
            auto const at = places_.find(table + '[' + std::to_string(i) + ']' + key);
            if (at == places_.end() || names[i].empty()) continue;
            auto const [known, is_new] = first.emplace(names[i], at->second);
            if (is_new) continue;
            problems_.error(at->second, "second " + called(table) + " of this name",
                            "first in " + problems_.line_of(known->second, at->second));
        }
    }

private:
    static std::string called(std::string const& table) {
        if (table == "dnsbl") return "block list";
        return table == "dnswl" ? "allow list" : table;
    }

    value_places const& places_;
    problem_list& problems_;
};

} // namespace

std::string did_you_mean(std::string_view wrong, std::vector<std::string_view> const& names,
                         std::string otherwise) {
    auto const near = rule::nearest_name(wrong, names);
    return near.empty() ? std::move(otherwise) : "did you mean " + in_quotes(near) + "?";
}

void check_names(config const& what, value_places const& places, problem_list& problems) {
    name_check one(places, problems);
    one.check("milter", ".name", names_of(what.milters));
    one.check("rule", ".name", names_of(what.rules));
    one.check("test", ".name", names_of(what.tests));
    one.check("profile", "", names_of(what.profiles));
    one.check("condition", "", names_of(what.conditions));
    one.check("set", "", names_of(what.named_sets));
    one.check("dnsbl", "", names_of(what.block_lists));
    one.check("dnswl", "", names_of(what.allow_lists));
}

} // namespace milter::manager
