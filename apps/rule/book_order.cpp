// SPDX-License-Identifier: BSL-1.0
// rule/book_order.cpp
#include "rule/book_order.hpp"

#include "rule/quote.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace milter::rule {

namespace {

/// The milter that a step asks about. Of `load.busy` no order follows, as it says nothing about the mail.
std::optional<std::uint32_t> milter_of(program const& in, step const& one) {
    bool const is_fact = one.what == step_kind::fact || one.what == step_kind::read;
    bool const is_of_milter = is_fact && one.which != fact::load_busy &&
                              (row_of(one.which).takes == argument_kind::milter ||
                               row_of(one.which).takes == argument_kind::milter_and_header);
    bool const goes_through = one.of == quantity::each_added_header && one.index != step::no_index;
    if (!is_of_milter && !goes_through) return std::nullopt;
    return static_cast<std::uint32_t>(in.arguments[one.index].index);
}

/// Milters that a program asks about, through conditions, too; each once.
std::vector<std::uint32_t> milters_of(program const& what, std::vector<program> const& conditions) {
    std::vector<std::uint32_t> found;
    std::vector<bool> seen(conditions.size());
    std::vector<program const*> left{&what};
    while (!left.empty()) {
        auto const& one = *left.back();
        left.pop_back();
        for (auto const& step : one.steps) {
            auto const milter = milter_of(one, step);
            if (milter && std::find(found.begin(), found.end(), *milter) == found.end())
                found.push_back(*milter);
            if (step.what != step_kind::condition || seen[step.index]) continue;
            seen[step.index] = true;
            left.push_back(&conditions[step.index]);
        }
    }
    return found;
}

/// Where a program asks about the milter: by itself, else by the name of a condition.
place place_in(program const& what, std::uint32_t milter, std::vector<program> const& conditions) {
    for (std::size_t i = 0; i < what.steps.size(); ++i)
        if (milter_of(what, what.steps[i]) == milter) return what.places[i];
    for (std::size_t i = 0; i < what.steps.size(); ++i) {
        if (what.steps[i].what != step_kind::condition) continue;
        auto const asked = milters_of(conditions[what.steps[i].index], conditions);
        if (std::find(asked.begin(), asked.end(), milter) != asked.end()) return what.places[i];
    }
    return {};
}

class order_maker {
public:
    order_maker(order_sources const& from, std::vector<milter_text> const& names,
                std::vector<book_milter>& milters)
        : from_(from), names_(names), milters_(milters) {}

    std::vector<order_problem> make() && {
        for (std::size_t i = 0; i < milters_.size(); ++i) note(i);
        if (!problems_.empty()) return std::move(problems_);
        visits_.assign(milters_.size(), visit::none);
        for (std::size_t i = 0; i < visits_.size(); ++i)
            if (visits_[i] == visit::none) go_to(i);
        return std::move(problems_);
    }

private:
    enum class visit : unsigned char { none, under_way, done };

    void note(std::size_t milter) {
        auto& one = milters_[milter];
        if (one.when) add(one, *one.when, std::nullopt);
        std::vector<std::uint32_t> const* const about_it[] = {&one.use, &one.skip, &one.evaluate,
                                                              &from_.accepts};
        for (auto const* const list : about_it)
            for (auto const rule : *list) add(one, from_.rules[rule].when, rule);
        refuse_to_wait_with_a_copy(milter);
        if (std::find(one.after.begin(), one.after.end(), milter) == one.after.end()) return;
        tell(milter, milter,
             "milter " + in_quotes(names_[milter].name) + " depends on what it says itself",
             "whether it runs is known before it says anything");
    }

    /// The copy of the message that an evaluated milter gets is shown to it while others judge the message itself.
    void refuse_to_wait_with_a_copy(std::size_t milter) {
        auto const& one = milters_[milter];
        std::string const hint =
            "an evaluated milter gets its copy of the message while others judge it: decide by "
            "facts of the mail";
        auto const whether = [&](std::string const& does, std::uint32_t other) {
            return "whether " + in_quotes(names_[milter].name) + ' ' + does + " depends on what " +
                   in_quotes(names_[other].name) + " says";
        };
        if (names_[milter].is_evaluated && !one.after.empty())
            return tell(milter, one.after.front(), whether("runs", one.after.front()), hint);
        for (auto const rule : one.evaluate) {
            auto const& asks = from_.rules[rule].when;
            auto const others = milters_of(asks, from_.conditions);
            if (others.empty()) continue;
            auto const at = place_in(asks, others.front(), from_.conditions);
            problems_.push_back(
                {milter, rule, {at, whether("is evaluated", others.front()), hint}});
        }
    }

    void add(book_milter& to, program const& asks, std::optional<std::uint32_t> rule) {
        for (auto const other : milters_of(asks, from_.conditions)) {
            if (std::find(to.after.begin(), to.after.end(), other) != to.after.end()) continue;
            to.after.push_back(other);
            to.asked_by.push_back(rule);
        }
    }

    void go_to(std::size_t at) {
        visits_[at] = visit::under_way;
        path_.push_back(at);
        for (auto const other : milters_[at].after) {
            if (visits_[other] == visit::none) go_to(other);
            if (visits_[other] == visit::under_way) tell_circle(other);
        }
        path_.pop_back();
        visits_[at] = visit::done;
    }

    void tell_circle(std::size_t again) {
        std::string way;
        for (auto at = std::find(path_.begin(), path_.end(), again); at != path_.end(); ++at)
            way += names_[*at].name + " -> ";
        tell(path_.back(), again, "milters wait for each other: " + way + names_[again].name,
             "take one of them out of the circle");
    }

    /// At the expression by which the one waits for the other.
    void tell(std::size_t milter, std::size_t other, std::string message, std::string hint) {
        auto const& one = milters_[milter];
        auto const which = std::find(one.after.begin(), one.after.end(), other) - one.after.begin();
        auto const rule = one.asked_by[static_cast<std::size_t>(which)];
        auto const& asks = rule ? from_.rules[*rule].when : *one.when;
        auto const at = place_in(asks, static_cast<std::uint32_t>(other), from_.conditions);
        problems_.push_back({milter, rule, {at, std::move(message), std::move(hint)}});
    }

    order_sources const& from_;
    std::vector<milter_text> const& names_;
    std::vector<book_milter>& milters_;
    std::vector<order_problem> problems_;
    std::vector<visit> visits_;
    std::vector<std::size_t> path_; ///< milters, each after the next
};

} // namespace

std::vector<order_problem> put_in_order(order_sources const& from,
                                        std::vector<milter_text> const& names,
                                        std::vector<book_milter>& milters) {
    return order_maker(from, names, milters).make();
}

} // namespace milter::rule
