// SPDX-License-Identifier: BSL-1.0
// rule/demand.cpp
#include "rule/demand.hpp"

#include "rule/fact_macro.hpp"
#include "rule/macro_stage.hpp"
#include "rule/outlook.hpp"

#include <algorithm>

namespace milter::rule {

namespace {

template <class T> void add_once(std::vector<T>& to, T one) {
    if (std::find(to.begin(), to.end(), one) == to.end()) to.push_back(std::move(one));
}

/// Goes through programs and the conditions that they name, each once.
class gathering {
public:
    explicit gathering(std::span<program const> conditions)
        : conditions_(conditions), seen_(conditions.size()) {}

    void add(program const& what) {
        for (auto const& one : what.steps) add(what, one);
    }
    demand take() && {
        for (auto& one : found_.facts) std::sort(one.begin(), one.end());
        std::sort(found_.macros.begin(), found_.macros.end());
        return std::move(found_);
    }

private:
    void add(program const& what, step const& one) {
        if (one.what == step_kind::condition && !seen_[one.index]) {
            seen_[one.index] = true;
            add(conditions_[one.index]);
        }
        if (one.what == step_kind::fact || one.what == step_kind::read) {
            if (one.which != fact::macro) return add(one.which);
            add_once(found_.macros, what.arguments[one.index].text);
            add_once(found_.asked_macros, what.arguments[one.index].text);
        }
    }
    void add(fact which) {
        add_once(found_.facts[static_cast<std::size_t>(row_of(which).from)], which);
        for (auto const& one : fact_macros)
            if (one.told == which) add_once(found_.macros, std::string(one.name));
    }

    std::span<program const> conditions_;
    std::vector<bool> seen_;
    demand found_;
};

} // namespace

demand demand_of(program const& what, std::span<program const> conditions) {
    gathering all(conditions);
    all.add(what);
    return std::move(all).take();
}

demand demand_of_milter(book const& all, std::size_t milter) {
    auto const& one = all.milters()[milter];
    gathering found(all.conditions());
    if (one.when) found.add(*one.when);
    for (auto const* const list : {&one.use, &one.skip, &one.evaluate, &all.accepts()})
        for (auto const rule : *list) found.add(all.rules()[rule].when);
    return std::move(found).take();
}

stage_set when_to_ask(book const& all, std::size_t milter) {
    auto const needs = demand_of_milter(all, milter);
    auto const ahead = outlook_of_milter(all, milter);
    stage_set asked, changed;
    changed.add(stage::start);
    auto const change = [&](stage first, stage last) {
        for (auto i = static_cast<std::size_t>(first); i <= static_cast<std::size_t>(last); ++i)
            changed.add(static_cast<stage>(i));
    };
    for (auto const& of_stage : needs.facts)
        for (auto const one : of_stage) {
            auto const& row = row_of(one);
            bool const comes_late = one == fact::dnsbl || one == fact::dnswl;
            bool const is_many = row.of == quantity::each_recipient;
            change(row.from, comes_late ? stage::message : is_many ? stage::data : row.from);
        }
    for (auto const& one : needs.asked_macros) change(stage::connect, settled_by(one));
    for (std::size_t i = 0; i < stage_count; ++i)
        if (auto const at = static_cast<stage>(i); changed.has(at) && ahead[at].has_final())
            asked.add(at);
    return asked;
}

stage_set commands_needed(book const& all) {
    stage_set needed;
    auto const& needs = all.needs();
    for (auto const& row : fact_rows()) {
        if (!needs.has(row.id)) continue;
        // an answer of a DNS list may come between the recipients and the content
        bool const comes_late = row.id == fact::dnsbl || row.id == fact::dnswl;
        if (comes_late || row.from == stage::rcpt || row.from == stage::data)
            needed.add(stage::data);
        if (row.from == stage::headers) needed.add(stage::headers);
        if (row.id == fact::body_size || row.id == fact::message_size) needed.add(stage::message);
    }
    for (auto const& name : needs.macros) // whatever it is that the MTA sends it with
        if (settled_by(name) == stage::message) needed.add(stage::headers);
    return needed;
}

std::string describe(demand const& of) {
    std::string stages, macros;
    for (std::size_t i = 1; i < stage_count; ++i)
        if (!of.facts[i].empty()) (stages += stages.empty() ? "" : ", ") += stage_names[i];
    for (auto const& one : of.macros) (macros += " ") += one;
    if (!macros.empty()) macros = (stages.empty() ? "macros" : "; macros") + macros;
    return stages.empty() && macros.empty() ? "needs nothing" : "needs: " + stages + macros;
}

} // namespace milter::rule
