// SPDX-License-Identifier: BSL-1.0
// rule/book_warning.cpp
#include "rule/book_warning.hpp"

#include "rule/contradiction.hpp"
#include "rule/odd_value.hpp"
#include "rule/outlook.hpp"
#include "rule/parser.hpp"
#include "rule/quote.hpp"

#include <algorithm>
#include <utility>

namespace milter::rule {

namespace {

class examination {
public:
    examination(book_text const& from, book const& made) : from_(from), made_(made) {}

    std::vector<book_problem> run() {
        trees_.reserve(from_.conditions.size());
        for (auto const& one : from_.conditions) trees_.push_back(*parse(one.when).tree);
        for (std::size_t i = 0; i < trees_.size(); ++i)
            all_conditions_.emplace(from_.conditions[i].name, &trees_[i]);
        examined_.resize(trees_.size());
        for (std::size_t i = 0; i < trees_.size(); ++i) examine_condition(i);
        for (std::size_t i = 0; i < from_.milters.size(); ++i)
            if (auto const& one = from_.milters[i]; one.when)
                examine(section::milter, i, *parse(*one.when).tree, one.name);
        for (std::size_t i = 0; i < from_.rules.size(); ++i)
            if (auto const& one = from_.rules[i]; one.enabled)
                examine(section::rule, i, *parse(one.when).tree, one.name);
        find_unreached();
        return std::move(problems_);
    }

private:
    void tell(section where, std::size_t index, std::string key, finding what) {
        problems_.push_back({where, index, std::move(key), std::nullopt, std::move(what), true});
    }

    /// After the conditions that it names: what was said of one of them is not said again of those who name it, and one
    /// that is written out as true or false is a switch.
    void examine_condition(std::size_t index) {
        if (examined_[index]) return;
        examined_[index] = true;
        for (auto const& step : made_.conditions()[index].steps)
            if (step.what == step_kind::condition) examine_condition(step.index);
        auto const& name = from_.conditions[index].name;
        auto const before = problems_.size();
        examine(section::condition, index, trees_[index], name);
        if (problems_.size() == before && !is_constant(trees_[index], open_conditions_, name))
            open_conditions_.emplace(name, &trees_[index]);
    }

    void examine(section where, std::size_t index, node const& tree, std::string_view salt) {
        for (auto& one : contradictions_in(tree, open_conditions_, salt))
            tell(where, index, "when", std::move(one));
        for (auto& one : odd_values_in(tree)) tell(where, index, "when", std::move(one));
    }

    // ---- rules with verdicts

    void find_unreached() {
        for (std::size_t i = 0; i < from_.rules.size(); ++i)
            if (from_.rules[i].enabled) written_.push_back(i);
        auto const& verdicts = made_.verdicts();
        for (std::size_t later = 1; later < verdicts.size(); ++later)
            for (std::size_t earlier = 0; earlier < later; ++earlier)
                if (hides(verdicts[earlier], verdicts[later])) {
                    tell(section::rule, written_[verdicts[later]], "",
                         {{},
                          "this rule never decides: before it, " +
                              in_quotes(made_.rules()[verdicts[earlier]].name) + " always does",
                          "move it up, or narrow that one"});
                    break;
                }
    }

    /// That one always has the verdict before the other may have it.
    bool hides(std::size_t earlier, std::size_t later) const {
        auto const& rule = made_.rules()[earlier];
        auto const tree = *parse(from_.rules[written_[earlier]].when).tree;
        if (constancy_of(tree, all_conditions_, rule.name) != constancy::always) return false;
        auto const ahead = outlook_of(rule.when, made_.conditions());
        if (ahead.can_be(stage::message, truth::unavailable) && !rule.holds_if_unknown)
            return false;
        if (rule.verdict == verdict_kind::accept) return true; // refusals wait for it
        return ahead.decided_by() <= first_yes(outlook_of_rule(made_, later));
    }

    static stage first_yes(outlook const& of) {
        for (std::size_t i = 0; i < stage_count; ++i)
            if (of.can_be(static_cast<stage>(i), truth::yes)) return static_cast<stage>(i);
        return stage::message;
    }

    book_text const& from_;
    book const& made_;
    std::vector<node> trees_; ///< of the conditions
    condition_trees all_conditions_;
    condition_trees open_conditions_; ///< of which nothing is to be said
    std::vector<bool> examined_;
    std::vector<std::size_t> written_; ///< by the places of rules in the book: in the text
    std::vector<book_problem> problems_;
};

} // namespace

std::vector<book_problem> warnings_of(book_text const& from, book const& made) {
    return examination(from, made).run();
}

} // namespace milter::rule
