// SPDX-License-Identifier: BSL-1.0
// manager/config/config_arrival_check.cpp
#include "manager/config/config_arrival_check.hpp"

#include "manager/config/config_name_check.hpp"
#include "manager/config/config_socket.hpp"
#include "manager/config/printable.hpp"
#include "manager/config/text_place.hpp"
#include "rule/parser.hpp"
#include "rule/text_compare.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace milter::manager {

namespace {

using rule::comparison;
using rule::node;
using rule::node_kind;

class arrival_check {
public:
    arrival_check(config const& what, value_places const& places, problem_list& problems)
        : config_(what), places_(places), problems_(problems) {}

    void check(std::string const& table, std::size_t index, std::string const& when) {
        auto const found = places_.find(table + '[' + std::to_string(index) + "].when");
        auto const parsed = rule::parse(when);
        if (found == places_.end() || !parsed.tree) return;
        at_ = found->second;
        walk(*parsed.tree);
    }

private:
    void walk(node const& tree) {
        if (tree.kind == node_kind::compare) check_comparison(tree);
        for (auto const& one : tree.children) walk(one);
    }

    void check_comparison(node const& tree) {
        auto const& left = tree.children[0];
        auto const& right = tree.children[1];
        bool const is_whole = tree.how == comparison::equal || tree.how == comparison::not_equal ||
                              tree.how == comparison::in;
        if (left.kind != node_kind::name || !is_whole) return;
        auto const check_one = [&](node const& given) {
            bool const is_pattern = tree.how == comparison::in && given.text.starts_with('/') &&
                                    given.text.ends_with('/');
            if (given.kind != node_kind::text || given.text.empty() || is_pattern) return;
            if (left.text == "profile") check_profile(given);
            if (left.text == "listener") check_listener(given);
        };
        check_one(right);
        if (right.kind == node_kind::list)
            for (auto const& one : right.children) check_one(one);
    }

    void check_profile(node const& given) {
        std::vector<std::string_view> names;
        for (auto const& one : config_.profiles) names.push_back(one.name);
        if (has(names, given.text)) return;
        warn(given, "no profile is called " + in_quotes(given.text),
             did_you_mean(given.text, names, "add [profile." + printable(given.text) + "]"));
    }

    /// The fact is spelled as the configuration has it.
    void check_listener(node const& given) {
        std::vector<std::string_view> sockets;
        for (auto const& one : config_.listens) sockets.push_back(one.spelled);
        bool const was_read = !has(sockets, ""); // one that was refused may be meant
        if (!was_read || has(sockets, given.text)) return;
        auto const socket = parse_endpoint(given.text);
        for (auto const& one : config_.listens)
            if (socket && same_peer(*socket, one.socket))
                return warn(given, "no [[listen]] spells its socket " + in_quotes(given.text),
                            "write " + in_quotes(one.spelled));
        warn(given, "no [[listen]] has the socket " + in_quotes(given.text),
             did_you_mean(given.text, sockets, "add [[listen]] with it"));
    }

    static bool has(std::vector<std::string_view> const& names, std::string_view text) {
        return std::any_of(names.begin(), names.end(),
                           [&](auto const name) { return rule::same_text(name, text); });
    }

    void warn(node const& given, std::string message, std::string hint) {
        problems_.warning(
            place_in_text(problems_.text_of(at_.file), at_, given.at.offset, given.at.length),
            std::move(message), std::move(hint));
    }

    config const& config_;
    value_places const& places_;
    problem_list& problems_;
    source_place at_; ///< of the expression at hand
};

} // namespace

void check_arrivals(config const& what, value_places const& places, problem_list& problems) {
    arrival_check one(what, places, problems);
    for (std::size_t i = 0; i < what.conditions.size(); ++i)
        one.check("condition", i, what.conditions[i].when);
    for (std::size_t i = 0; i < what.milters.size(); ++i)
        if (auto const& when = what.milters[i].when) one.check("milter", i, *when);
    for (std::size_t i = 0; i < what.rules.size(); ++i) one.check("rule", i, what.rules[i].when);
}

} // namespace milter::manager
