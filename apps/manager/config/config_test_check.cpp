// SPDX-License-Identifier: BSL-1.0
// manager/config/config_test_check.cpp
#include "manager/config/config_test_check.hpp"

#include "manager/config/config_name_check.hpp"
#include "manager/config/printable.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace milter::manager {

namespace {

/// All names of one kind.
struct known_names {
    known_names(std::string_view what, std::vector<std::string_view> all)
        : called(what), names(std::move(all)), sorted(names.begin(), names.end()) {}

    bool has(std::string_view name) const { return sorted.contains(name); }

    std::string_view called;
    std::vector<std::string_view> names;
    std::set<std::string_view> sorted;
};

std::vector<std::string_view> tags_of(config const& what) {
    std::vector<std::string_view> tags;
    for (auto const& one : what.rules)
        if (!one.tag.empty()) tags.push_back(one.tag);
    return tags;
}

class test_check {
public:
    test_check(config const& what, value_places const& places, problem_list& problems)
        : places_(places), problems_(problems), milters_{"milter", names_of(what.milters)},
          conditions_{"condition", names_of(what.conditions)}, tags_{"tag", tags_of(what)},
          block_lists_{"block list", names_of(what.block_lists)},
          allow_lists_{"allow list", names_of(what.allow_lists)}, profiles_{
                                                                      "profile",
                                                                      names_of(what.profiles)} {}

    void check(test_config const& one, std::string const& path) {
        path_ = path;
        check_given(one);
        check_unavailable(one);
        auto const& expected = one.expect;
        if (expected.milters) check_list("expect.milters", *expected.milters, milters_);
        check_list("expect.runs", expected.runs, milters_);
        check_list("expect.not_milters", expected.not_milters, milters_);
        if (expected.tags) check_list("expect.tags", *expected.tags, tags_);
        for (auto const& [name, ignored] : expected.conditions)
            check_name("expect.conditions." + name, name, conditions_);
        for (auto const& [name, ignored] : expected.macros)
            check_name("expect.macros." + name, name, milters_);
        check_presence();
    }

private:
    void check_given(test_config const& one) {
        for (auto const& fact : one.given) {
            if (fact.which == rule::fact::profile && !fact.texts.front().empty())
                check_name("given.profile", fact.texts.front(), profiles_);
            if (!fact.milter.empty())
                check_name("given." + table_of(fact.which) + '.' + fact.milter, fact.milter,
                           names_for(fact.which));
        }
    }

    static std::string table_of(rule::fact which) {
        switch (which) {
        case rule::fact::dnsbl: return "dnsbl";
        case rule::fact::dnswl: return "dnswl";
        case rule::fact::load_busy: return "load.busy";
        case rule::fact::added_header: return "added_header";
        default: return "milter";
        }
    }

    known_names const& names_for(rule::fact which) const {
        if (which == rule::fact::dnsbl) return block_lists_;
        return which == rule::fact::dnswl ? allow_lists_ : milters_;
    }

    void check_unavailable(test_config const& one) {
        for (std::size_t i = 0; i < one.unavailable.size(); ++i) {
            auto const& fact = one.unavailable[i];
            auto const key = "unavailable[" + std::to_string(i) + ']';
            if (!fact.milter.empty()) check_name(key, fact.milter, names_for(fact.which));
            bool const is_given =
                std::any_of(one.given.begin(), one.given.end(), [&](given_fact const& other) {
                    return std::tie(other.which, other.milter, other.with) ==
                           std::tie(fact.which, fact.milter, fact.with);
                });
            auto const* const at = find(path_ + '.' + key);
            if (is_given && at)
                problems_.error(*at, fact.written + " has a value in given, too",
                                "take one of them out");
        }
    }

    void check_presence() {
        if (!places_.contains(path_ + ".expect"))
            problems_.warning(*find(path_), "a test that expects nothing",
                              R"(add expect = { milters = ["NAME"] })");
    }

    void check_list(std::string const& key, std::vector<std::string> const& names,
                    known_names const& known) {
        for (std::size_t i = 0; i < names.size(); ++i)
            check_name(key + '[' + std::to_string(i) + ']', names[i], known);
    }

    /// Of a milter of which several facts are given, once. The nearest name for as many problems as are shown.
    void check_name(std::string const& key, std::string const& name, known_names const& known) {
        if (known.has(name)) return;
        auto const* at = find(path_ + '.' + key);
        if (!at) at = find(path_);
        if (!told_.insert(at).second) return;
        auto const kind = std::string(known.called);
        auto const otherwise = "there is no " + kind + " of this name";
        problems_.error(*at, "unknown " + kind + ' ' + in_quotes(name),
                        told_.size() > config_problem_limit
                            ? otherwise
                            : did_you_mean(name, known.names, otherwise));
    }

    source_place const* find(std::string const& path) const {
        auto const found = places_.find(path);
        return found == places_.end() ? nullptr : &found->second;
    }

    value_places const& places_;
    problem_list& problems_;
    known_names milters_, conditions_, tags_, block_lists_, allow_lists_, profiles_;
    std::set<source_place const*> told_;
    std::string path_;
};

} // namespace

void check_tests(config const& what, value_places const& places, problem_list& problems) {
    test_check check(what, places, problems);
    for (std::size_t i = 0; i < what.tests.size(); ++i)
        check.check(what.tests[i], "test[" + std::to_string(i) + ']');
}

} // namespace milter::manager
