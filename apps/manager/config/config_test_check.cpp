// SPDX-License-Identifier: BSL-1.0
// manager/config/config_test_check.cpp
#include "manager/config/config_test_check.hpp"

#include "manager/config/config_name_check.hpp"
#include "manager/config/printable.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace milter::manager {

namespace {

/// All names of one kind.
struct known_names {
    std::string_view called;
    std::vector<std::string_view> names;

    bool has(std::string_view name) const {
        return std::find(names.begin(), names.end(), name) != names.end();
    }
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
        auto const& expected = one.expect;
        if (expected.milters) check_list("expect.milters", *expected.milters, milters_);
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
            if (fact.milter.empty()) continue;
            switch (fact.which) {
            case rule::fact::dnsbl: check_given_name("dnsbl", fact, block_lists_); break;
            case rule::fact::dnswl: check_given_name("dnswl", fact, allow_lists_); break;
            case rule::fact::load_busy: check_given_name("load.busy", fact, milters_); break;
            case rule::fact::added_header: check_given_name("added_header", fact, milters_); break;
            default: check_given_name("milter", fact, milters_); break;
            }
        }
    }

    void check_given_name(std::string const& table, given_fact const& fact,
                          known_names const& known) {
        check_name("given." + table + '.' + fact.milter, fact.milter, known);
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

    /// Of a milter of which several facts are given, once.
    void check_name(std::string const& key, std::string const& name, known_names const& known) {
        if (known.has(name)) return;
        auto const* at = find(path_ + '.' + key);
        if (!at) at = find(path_);
        if (std::find(told_.begin(), told_.end(), at) != told_.end()) return;
        told_.push_back(at);
        auto const kind = std::string(known.called);
        problems_.error(*at, "unknown " + kind + ' ' + in_quotes(name),
                        did_you_mean(name, known.names, "there is no " + kind + " of this name"));
    }

    source_place const* find(std::string const& path) const {
        auto const found = places_.find(path);
        return found == places_.end() ? nullptr : &found->second;
    }

    value_places const& places_;
    problem_list& problems_;
    known_names milters_, conditions_, tags_, block_lists_, allow_lists_, profiles_;
    std::vector<source_place const*> told_;
    std::string path_;
};

} // namespace

void check_tests(config const& what, value_places const& places, problem_list& problems) {
    test_check check(what, places, problems);
    for (std::size_t i = 0; i < what.tests.size(); ++i)
        check.check(what.tests[i], "test[" + std::to_string(i) + ']');
}

} // namespace milter::manager
