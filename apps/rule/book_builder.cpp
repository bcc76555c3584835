// SPDX-License-Identifier: BSL-1.0
// rule/book_builder.cpp - from what was written to what is asked: names resolved, orders and circles found
#include "rule/book.hpp"
#include "rule/book_order.hpp"
#include "rule/book_warning.hpp"
#include "rule/demand.hpp"
#include "rule/parser.hpp"
#include "rule/quote.hpp"
#include "rule/shared_steps.hpp"
#include "rule/suggestion.hpp"

#include <algorithm>

namespace milter::rule {

/// One configuration on its way to a book.
class book_builder {
public:
    explicit book_builder(book_text const& from) : from_(from), made_(std::make_shared<book>()) {}

    built_book build() {
        declare();
        parse_conditions();
        compile_conditions();
        compile_milters();
        compile_rules();
        note_needs();
        put_in_order();
        share_steps();
        if (!problems_.empty()) return {nullptr, std::move(problems_), std::move(scope_)};
        note_stages();
        auto warnings = warnings_of(from_, *made_);
        return {std::move(made_), std::move(warnings), std::move(scope_)};
    }

private:
    enum class visit : unsigned char { none, under_way, done };

    void declare() {
        for (auto const& [name, kind] : from_.sets)
            scope_.sets.emplace(name,
                                named_set{static_cast<std::uint32_t>(scope_.sets.size()), kind});
        number(scope_.block_lists, from_.block_lists);
        number(scope_.allow_lists, from_.allow_lists);
        for (auto const& one : from_.milters)
            scope_.milters.emplace(one.name, static_cast<std::uint32_t>(scope_.milters.size()));
        for (std::size_t i = 0; i < from_.conditions.size(); ++i) declare_condition(i);
    }

    static void number(names<std::uint32_t>& to, std::vector<std::string> const& from) {
        for (auto const& one : from) to.emplace(one, static_cast<std::uint32_t>(to.size()));
    }

    void declare_condition(std::size_t i) {
        auto const& name = from_.conditions[i].name;
        if (find_fact(name) || find_fact(name + "()") || find_function(name))
            return problem(section::condition, i, {},
                           {{},
                            "the name " + in_quotes(name) + " is that of a fact or function",
                            "take another one"});
        scope_.conditions.emplace(name, static_cast<std::uint32_t>(i));
    }

    void problem(section where, std::size_t index, std::string key, finding what,
                 std::optional<std::size_t> element = std::nullopt) {
        problems_.push_back({where, index, std::move(key), element, std::move(what), false});
    }

    // ---- conditions

    void parse_conditions() {
        for (auto const& one : from_.conditions) {
            auto parsed = parse(one.when);
            if (!parsed.tree)
                problem(section::condition, trees_.size(), "when", std::move(parsed.problem));
            trees_.push_back(std::move(parsed.tree));
        }
        visits_.assign(trees_.size(), visit::none);
        depths_.assign(trees_.size(), 0);
        for (std::size_t i = 0; i < trees_.size(); ++i) follow(i);
    }

    /// Conditions that it names come first; a name under way leads back to itself.
    void follow(std::size_t start) {
        struct place_on_path {
            std::size_t condition;
            std::vector<std::pair<std::size_t, place>> named;
            std::size_t next = 0;
        };
        if (visits_[start] != visit::none) return;
        std::vector<place_on_path> path;
        path.push_back({start, names_in(start)});
        visits_[start] = visit::under_way;
        while (!path.empty()) {
            auto& here = path.back();
            if (here.next == here.named.size()) {
                visits_[here.condition] = visit::done;
                auto const depth = depths_[here.condition] + 1;
                path.pop_back();
                if (path.empty()) continue;
                auto& above = depths_[path.back().condition];
                above = std::max(above, depth);
                continue;
            }
            auto const [other, at] = here.named[here.next++];
            if (visits_[other] == visit::none) {
                visits_[other] = visit::under_way;
                path.push_back({other, names_in(other)});
            } else if (visits_[other] == visit::under_way) {
                std::string way;
                bool in_circle = false;
                for (auto const& one : path) {
                    in_circle = in_circle || one.condition == other;
                    if (in_circle) way += from_.conditions[one.condition].name + " -> ";
                }
                problem(
                    section::condition, here.condition, "when",
                    {at,
                     "the condition leads back to itself: " + way + from_.conditions[other].name,
                     "take one of them out of the circle"});
            } else {
                depths_[here.condition] = std::max(depths_[here.condition], depths_[other] + 1);
            }
        }
    }

    std::vector<std::pair<std::size_t, place>> names_in(std::size_t condition) const {
        std::vector<std::pair<std::size_t, place>> found;
        if (trees_[condition]) collect(*trees_[condition], found);
        return found;
    }

    void collect(node const& tree, std::vector<std::pair<std::size_t, place>>& into) const {
        if (tree.kind == node_kind::name)
            if (auto const known = scope_.conditions.find(tree.text);
                known != scope_.conditions.end())
                into.emplace_back(known->second, tree.at);
        for (auto const& one : tree.children) collect(one, into);
    }

    void compile_conditions() {
        constexpr std::size_t deepest = 32;
        for (std::size_t i = 0; i < from_.conditions.size(); ++i) {
            auto const& one = from_.conditions[i];
            made_->names_.push_back(one.name);
            if (depths_[i] > deepest)
                problem(
                    section::condition, i, "when",
                    {{},
                     "conditions name each other more than " + std::to_string(deepest) + " deep",
                     {}});
            made_->conditions_.push_back(
                trees_[i] ? compiled(compile(*trees_[i], one.when, scope_, one.name),
                                     section::condition, i)
                          : program{});
        }
    }

    program compiled(compiled_program made, section where, std::size_t index) {
        for (auto& one : made.problems) problem(where, index, "when", std::move(one));
        return made.value ? std::move(*made.value) : program{};
    }

    // ---- milters and rules

    void compile_milters() {
        for (std::size_t i = 0; i < from_.milters.size(); ++i) {
            auto const& one = from_.milters[i];
            auto& made = made_->milters_.emplace_back();
            made.runs_if_unknown = one.runs_if_unknown;
            if (one.when)
                made.when = compiled(compile(*one.when, scope_, one.name), section::milter, i);
        }
    }

    compiled_program compile(std::string const& text, scope const& names,
                             std::string const& salt) const {
        return rule::compile(text, names, salt);
    }
    compiled_program compile(node const& tree, std::string const& text, scope const& names,
                             std::string const& salt) const {
        return rule::compile(tree, text, names, salt);
    }

    void compile_rules() {
        for (std::size_t i = 0; i < from_.rules.size(); ++i) {
            auto const& one = from_.rules[i];
            book_rule made{one.name,
                           compiled(compile(one.when, scope_, one.name), section::rule, i),
                           one.holds_if_unknown,
                           one.verdict,
                           one.reply,
                           one.tag,
                           {},
                           one.set_macros,
                           one.default_macros,
                           one.timeouts};
            for (auto const place : resolved(i, "milters", one.milters))
                made.milters.push_back(place);
            auto const use = resolved(i, "use", one.use), skip = resolved(i, "skip", one.skip),
                       evaluate = resolved(i, "evaluate", one.evaluate);
            if (!one.enabled) continue;
            auto const place = static_cast<std::uint32_t>(made_->rules_.size());
            for (auto const milter : use) made_->milters_[milter].use.push_back(place);
            for (auto const milter : skip) made_->milters_[milter].skip.push_back(place);
            for (auto const milter : evaluate) made_->milters_[milter].evaluate.push_back(place);
            if (one.verdict != verdict_kind::none) made_->verdicts_.push_back(place);
            if (one.verdict == verdict_kind::accept) made_->accepts_.push_back(place);
            made_->acts_ = made_->acts_ || one.verdict != verdict_kind::none || !one.tag.empty() ||
                           !one.set_macros.empty() || !one.default_macros.empty() ||
                           one.timeouts.any();
            made_->sets_macros_ =
                made_->sets_macros_ || !one.set_macros.empty() || !one.default_macros.empty();
            made_->sets_timeouts_ = made_->sets_timeouts_ || one.timeouts.any();
            made_->rules_.push_back(std::move(made));
            written_rules_.push_back(i);
        }
    }

    std::vector<std::uint32_t> resolved(std::size_t rule, std::string const& key,
                                        std::vector<std::string> const& milters) {
        std::vector<std::uint32_t> found;
        for (std::size_t i = 0; i < milters.size(); ++i) {
            auto const known = scope_.milters.find(milters[i]);
            if (known != scope_.milters.end()) {
                found.push_back(known->second);
                continue;
            }
            std::vector<std::string_view> all;
            for (auto const& [name, ignored] : scope_.milters) all.push_back(name);
            auto const near = nearest_name(milters[i], all);
            problem(section::rule, rule, key,
                    {{},
                     "unknown milter " + in_quotes(milters[i]),
                     near.empty() ? "add [[milter]] of this name"
                                  : "did you mean " + in_quotes(near) + "?"},
                    i);
        }
        return found;
    }

    // ---- what it takes

    void note_needs() {
        for (auto const& one : made_->conditions_) note_needs_of(one);
        for (auto const& one : made_->rules_) note_needs_of(one.when);
        for (auto const& one : made_->milters_)
            if (one.when) note_needs_of(*one.when);
        for (auto const& rule : made_->rules_)
            for (auto const* const list : {&rule.set_macros, &rule.default_macros})
                for (auto const& one : *list)
                    if (one.value.substr(0, 1) == "$") note_macro(one.value.substr(1));
    }

    void note_macro(std::string name) {
        auto& known = made_->needs_.macros;
        if (std::find(known.begin(), known.end(), name) == known.end())
            known.push_back(std::move(name));
    }

    void note_needs_of(program const& what) {
        for (auto const& one : what.steps) {
            if (one.what == step_kind::fact || one.what == step_kind::read) {
                made_->needs_.facts[static_cast<std::size_t>(one.which)] = true;
                if (one.which == fact::macro) note_macro(what.arguments[one.index].text);
            }
            if (one.of == quantity::each_recipient)
                made_->needs_.facts[static_cast<std::size_t>(fact::recipient)] = true;
        }
    }

    void share_steps() {
        std::vector<program*> all;
        for (auto& one : made_->conditions_) all.push_back(&one);
        for (auto& one : made_->milters_)
            if (one.when) all.push_back(&*one.when);
        for (auto& one : made_->rules_) all.push_back(&one.when);
        made_->memo_size_ = rule::share_steps(all, made_->conditions_.size());
    }

    /// That a milter does not run may be known at the start: it is not in the profile.
    void note_stages() {
        for (std::size_t i = 0; i < made_->milters_.size(); ++i) {
            auto& asked = made_->asked_.emplace_back(when_to_ask(*made_, i));
            if (!made_->milters_[i].after.empty()) asked.add(stage::start);
        }
        for (std::uint32_t i = 0; i < made_->rules_.size(); ++i)
            if (!made_->rules_[i].tag.empty() && asks_lists(made_->rules_[i].when))
                made_->tags_by_lists_.push_back(i);
    }

    bool asks_lists(program const& what) const {
        auto const needs = demand_of(what, made_->conditions_);
        return std::any_of(needs.facts.begin(), needs.facts.end(), [](auto const& of_stage) {
            return std::any_of(of_stage.begin(), of_stage.end(),
                               [](fact one) { return one == fact::dnsbl || one == fact::dnswl; });
        });
    }

    void put_in_order() {
        if (!problems_.empty()) return; // circles of conditions
        auto found = rule::put_in_order({made_->conditions_, made_->rules_, made_->accepts_},
                                        from_.milters, made_->milters_);
        for (auto& one : found) {
            if (one.rule)
                problem(section::rule, written_rules_[*one.rule], "when", std::move(one.what));
            else
                problem(section::milter, one.milter, "when", std::move(one.what));
        }
    }

    book_text const& from_;
    std::shared_ptr<book> made_;
    rule::scope scope_;
    std::vector<book_problem> problems_;
    std::vector<std::optional<node>> trees_; ///< of the conditions
    std::vector<visit> visits_;
    std::vector<std::size_t> depths_;
    std::vector<std::size_t>
        written_rules_; ///< of the rules made, which are those that are enabled
};

built_book build(book_text const& from) { return book_builder(from).build(); }

} // namespace milter::rule
