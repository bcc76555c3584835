// SPDX-License-Identifier: BSL-1.0
// manager/rules/coverage_verb.cpp
#include "manager/rules/coverage_verb.hpp"

#include "manager/rules/given_course.hpp"
#include "manager/rules/ready_rules.hpp"
#include "manager/rules/replayed_mail.hpp"
#include "rule/quote.hpp"
#include <milter/corpus/conversation_json.hpp>

#include <sysexits.h>

#include <algorithm>
#include <utility>

namespace milter::manager {

namespace {

using json = nlohmann::ordered_json;

std::string joined(std::vector<std::string> const& words) {
    std::string out;
    for (auto const& one : words) (out += out.empty() ? "" : ", ") += one;
    return out;
}

std::string right(std::string const& text, std::size_t width) {
    return std::string(width - std::min(width, text.size()), ' ') + text;
}

std::string counted(std::size_t count, std::string const& what) {
    return std::to_string(count) + ' ' + what + (count == 1 ? "" : "s");
}

/// All mails that there are, and what cannot be read.
struct covered {
    coverage counts;
    std::size_t tests = 0;
    std::size_t messages = 0;
};

void add_corpora(covered& to, config const& settings, recorded_sessions const& recorded) {
    for (auto const& session : recorded.all)
        replay(session, settings, {}, [&](replayed_mail const& one) {
            to.counts.add(one.course);
            ++to.messages;
        });
}

std::string as_text(covered const& all) {
    constexpr std::size_t width = 11; // of a column
    std::size_t names = 0;
    for (auto const& one : all.counts.rows()) names = std::max(names, one.name.size());
    auto const line = [&](std::string name, std::string const& yes, std::string const& no,
                          std::string const& neither) {
        name.resize(names, ' ');
        return name + right(yes, width) + right(no, width) + right(neither, width) + '\n';
    };
    auto out = line({}, "true", "false", "undecided");
    for (auto const& one : all.counts.rows())
        out += line(one.name, std::to_string(one.yes), std::to_string(one.no),
                    std::to_string(one.undecided));
    auto const never = [&](char const* what, std::vector<std::string> const& list) {
        if (!list.empty()) out += what + joined(list) + '\n';
    };
    never("never true: ", all.counts.never_true());
    never("never false: ", all.counts.never_false());
    return out + counted(all.tests, "test") + ", " + counted(all.messages, "message") + '\n';
}

std::string as_json(covered const& all) {
    json out{{"tests", all.tests}, {"messages", all.messages}, {"rows", json::array()}};
    for (auto const& one : all.counts.rows())
        out["rows"].push_back({{"name", one.name},
                               {"true", one.yes},
                               {"false", one.no},
                               {"undecided", one.undecided}});
    out["never_true"] = all.counts.never_true();
    out["never_false"] = all.counts.never_false();
    return corpus::to_line(out) + '\n';
}

rules_answer nothing_to_count() {
    return {EX_NOINPUT,
            {},
            "milter-manager: nothing to count: the configuration has no [[test]], and no recorded "
            "conversations are given with --corpus\n"};
}

} // namespace

coverage::coverage(config const& settings)
    : conditions_(settings.book->conditions().size()), rules_(settings.book->rules().size()) {
    auto const& book = *settings.book;
    auto const add_row = [this](std::string name) { rows_.emplace_back().name = std::move(name); };
    for (auto const& name : book.condition_names()) add_row("condition " + name);
    for (auto const& one : book.rules()) add_row("rule " + rule::in_quotes(one.name));
    for (std::size_t i = 0; i < book.milters().size(); ++i) {
        if (!book.milters()[i].when) continue;
        milters_.push_back(i);
        add_row("milter " + settings.milters[i].name);
    }
}

void coverage::add(mail_course const& course) {
    auto next = rows_.begin();
    for (std::size_t i = 0; i < conditions_; ++i) count(*next++, course.condition(i));
    for (std::size_t i = 0; i < rules_; ++i) count(*next++, course.rule_holds(i));
    for (auto const place : milters_) count(*next++, course.own_when(place));
}

void coverage::count(row& in, rule::truth answer) noexcept {
    ++(answer == rule::truth::yes ? in.yes : answer == rule::truth::no ? in.no : in.undecided);
}

std::vector<std::string> coverage::never_true() const {
    std::vector<std::string> found;
    for (auto const& one : rows_)
        if (one.yes == 0) found.push_back(one.name);
    return found;
}

std::vector<std::string> coverage::never_false() const {
    std::vector<std::string> found;
    for (auto const& one : rows_)
        if (one.no == 0) found.push_back(one.name);
    return found;
}

rules_answer show_coverage(rules_request const& request) {
    auto const rules = load_rules(request.config_file);
    if (!rules.settings) return {EX_CONFIG, {}, text_of(rules.problems)};
    auto const& settings = *rules.settings;
    covered all{coverage(settings), settings.tests.size(), 0};
    for (auto const& test : settings.tests)
        all.counts.add(given_course(settings, test, reasons::left_out).course());
    auto const recorded = read_sessions(request.corpora);
    add_corpora(all, settings, recorded);
    if (all.tests + all.messages == 0)
        return request.corpora.empty() ? nothing_to_count() : no_message_in(recorded);
    return {recorded.status, request.json ? as_json(all) : as_text(all), recorded.problems};
}

} // namespace milter::manager
