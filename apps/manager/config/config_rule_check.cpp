// SPDX-License-Identifier: BSL-1.0
// manager/config/config_rule_check.cpp
#include "manager/config/config_rule_check.hpp"

#include "manager/config/config_set.hpp"
#include "manager/config/printable.hpp"
#include "manager/config/set_table.hpp"

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace milter::manager {

namespace {

constexpr std::string_view set_sources[] = {"cidr",  "domains", "mail",  "strings",
                                            "hours", "file",    "table", "sqlite"};
constexpr std::string_view verdicts[] = {"accept", "reject", "tempfail"};
constexpr std::string_view for_milters[] = {"macros", "default_macros", "timeout"};
constexpr std::string_view other_actions[] = {"use", "skip", "evaluate", "tag"};

/// One entry of a table, by the places of its keys, also of those whose values were refused.
class entry_check {
public:
    entry_check(std::string path, value_places const& keys, problem_list& problems)
        : path_(std::move(path)), keys_(keys), problems_(problems) {}

    void check_set(set_config const& set) const {
        auto const given = present(set_sources);
        if (given.empty()) {
            auto const* const query = find("query");
            return error(query ? *query : here(), "a set without its entries",
                         query ? "add sqlite = \"FILE\"" : "add one of " + list_of(set_sources));
        }
        for (std::size_t i = 1; i < given.size(); ++i)
            error(*find(given[i]), "a second source of the set: it has " + std::string(given[0]),
                  "take one of them out, or make two sets");
        if (given.size() == 1) check_source(set, given[0]);
    }

    void check_rule(rule::rule_text const& rule) const {
        auto const given = present(verdicts);
        for (std::size_t i = 1; i < given.size(); ++i)
            error(*find(given[i]), "a second verdict of the rule: it has " + std::string(given[0]),
                  "take one of them out, or make two rules");
        auto const of_milters = present(for_milters);
        if (given.empty() && of_milters.empty() && present(other_actions).empty())
            error(here(), "a rule that does nothing",
                  "add use, skip, evaluate, accept, reject, tempfail, tag, macros, default_macros "
                  "or timeout");
        if (auto const* const milters = find("milters"); milters && of_milters.empty())
            problems_.warning(*milters, "milters without macros or timeout has no effect",
                              "milters that are to run stand in use");
        check_empty_lists(rule);
        check_use_and_skip(rule);
    }

private:
    void check_source(set_config const& set, std::string_view source) const {
        bool const is_list = source != "file" && source != "table" && source != "sqlite";
        if (is_list) needless("kind", "a list has the kind of its key", "take it out");
        if (source != "table") needless("counts", "counts is for tables of Postfix", "take it out");
        if (source != "sqlite") needless("query", "query is for sqlite", "take it out");
        auto const& at = *find(source);
        bool const is_refused = source == "table" && set.table.empty();
        if (!is_list && !is_refused && !kind_of(set) && !find("kind"))
            error(at, std::string(source) + " without kind",
                  "add kind = \"addresses\", \"domains\", \"mail\", \"strings\" or \"hours\"");
        if (source == "sqlite" && !find("query"))
            error(at, "sqlite without query", "add query = \"SELECT ...\", with one column");
    }

    void check_empty_lists(rule::rule_text const& rule) const {
        for (auto const& [key, list] :
             {std::pair{"use", &rule.use}, std::pair{"skip", &rule.skip},
              std::pair{"evaluate", &rule.evaluate}, std::pair{"milters", &rule.milters}})
            if (auto const* const at = find(key); at && list->empty())
                problems_.warning(*at, std::string(key) + " names no milter: it has no effect");
    }

    void check_use_and_skip(rule::rule_text const& rule) const {
        for (auto const& name : rule.use)
            if (std::find(rule.skip.begin(), rule.skip.end(), name) != rule.skip.end())
                problems_.warning(*find("use"),
                                  "milter " + in_quotes(name) +
                                      " stands in skip, too: the rule never makes it run",
                                  "skip wins: take it out of one of them");
    }

    void needless(std::string_view key, std::string const& why, std::string const& hint) const {
        if (auto const* const at = find(key)) error(*at, why, hint);
    }

    std::vector<std::string_view> present(std::span<std::string_view const> keys) const {
        std::vector<std::string_view> found;
        for (auto const key : keys)
            if (find(key)) found.push_back(key);
        return found;
    }

    static std::string list_of(std::span<std::string_view const> keys) {
        std::string out;
        for (auto const key : keys) (out += out.empty() ? "" : ", ") += key;
        return out;
    }

    void error(source_place const& at, std::string message, std::string hint) const {
        problems_.error(at, std::move(message), std::move(hint));
    }

    source_place here() const { return keys_.find(path_)->second; }

    source_place const* find(std::string_view key) const {
        auto const found = keys_.find(path_ + '.' + std::string(key));
        return found == keys_.end() ? nullptr : &found->second;
    }

    std::string path_;
    value_places const& keys_;
    problem_list& problems_;
};

template <class Item, class Check>
void check_each(std::vector<Item> const& items, std::string const& table, value_places const& keys,
                problem_list& problems, Check check) {
    for (std::size_t i = 0; i < items.size(); ++i)
        (entry_check(table + '[' + std::to_string(i) + ']', keys, problems).*check)(items[i]);
}

} // namespace

void check_sets(config const& what, value_places const& keys, problem_list& problems) {
    check_each(what.named_sets, "set", keys, problems, &entry_check::check_set);
}

void check_rules(config const& what, value_places const& keys, problem_list& problems) {
    check_each(what.rules, "rule", keys, problems, &entry_check::check_rule);
}

} // namespace milter::manager
