// SPDX-License-Identifier: BSL-1.0
// manager/import/egg.cpp - the settings of a milter, one by one
#include "manager/import/egg.hpp"

#include "manager/config/config_text.hpp"
#include "manager/config/printable.hpp"
#include "manager/import/account_list.hpp"
#include "manager/import/condition_name.hpp"
#include "manager/import/retired_key.hpp"
#include "manager/import/spelling.hpp"

#include <algorithm>

namespace milter::manager {

namespace {

// What the older manager has by itself: 3 s less than an MTA waits, egg.c.
constexpr double usual_long = 297; // connection_timeout, end_of_message_timeout, seconds
constexpr double usual_short = 7;  // writing_timeout, reading_timeout, seconds

constexpr char const* by_itself = "see what it does to the value, and write it yourself";

void add_term(imported_milter& to, std::string_view term) {
    if (std::find(to.when.begin(), to.when.end(), term) == to.when.end())
        to.when.emplace_back(term);
}

/// The name of their set: milters with the same accounts share it.
std::string account_list_of(std::vector<std::string> const& accounts, setup& all) {
    auto& lists = all.account_lists;
    for (auto const& one : lists)
        if (one.accounts == accounts) return one.name;
    auto const number = lists.empty() ? std::string() : '_' + std::to_string(lists.size() + 1);
    lists.push_back({"restricted_accounts" + number, accounts});
    return lists.back().name;
}

} // namespace

struct egg::row {
    std::string_view key;
    setter set;
    setter add = nullptr; ///< of `+=`, and of a call
};

egg::row const egg::rows[] = {
    {"connection_spec", &egg::set_socket},
    {"description", &egg::set_description},
    {"enabled", &egg::set_enabled},
    {"fallback_status", &egg::set_fallback},
    {"evaluation_mode", &egg::set_evaluation},
    {"applicable_conditions", &egg::set_conditions, &egg::add_conditions},
    {"add_applicable_condition", nullptr, &egg::add_conditions},
    {"connection_timeout", &egg::set_connect},
    {"writing_timeout", &egg::set_writing},
    {"reading_timeout", &egg::set_reading},
    {"end_of_message_timeout", &egg::set_end},
    {"command", &egg::set_command},
    {"command_options", &egg::set_command},
    {"user_name", &egg::set_command},
};

void egg::take(std::string_view key, ruby_statement const& one) {
    auto const* const found = std::find_if(std::begin(rows), std::end(rows),
                                           [&](row const& known) { return known.key == key; });
    bool const adds = one.what != ruby_statement::kind::assignment;
    if (found == std::end(rows) || one.values.empty() || !(adds ? found->add : found->set))
        return refuse(one);
    if (one.values[0].what == ruby_value::kind::expression)
        return remarks_.lost(one.line, in_quotes(one.source) + " is computed, and Ruby is not run",
                             by_itself);
    // What belongs to a command is told together, with its name.
    if (found->set == &egg::set_command && !one.values[0].is_nothing()) {
        command_.text += (command_.text.empty() ? "" : ", ") + std::string(key) + ' ';
    }
    (this->*(adds ? found->add : found->set))(one.values[0], one.line);
}

void egg::refuse(ruby_statement const& one) {
    remarks_.lost(one.line, "not understood: " + in_quotes(one.source), by_itself);
}

void egg::move_to(unsigned line) {
    remarks_.note(line, "milter " + in_quotes(known_as_) + " is defined a second time",
                  "it is asked where it stood last, with all settings of both");
    line_ = line;
}

void egg::set_socket(ruby_value const& value, unsigned line) {
    socket_ = {value.is_text() ? value.text : std::string(), line};
}

void egg::set_description(ruby_value const& value, unsigned line) {
    if (value.is_nothing() || (value.is_text() && value.text.empty())) return;
    auto const one_line = printable(trimmed(spelled(value)));
    if (auto const wrong = assign_line(description_, raw_value(one_line)))
        remarks_.lost(line, "description: " + wrong->message, "write a shorter one");
}

bool egg::truth(ruby_value const& value, bool otherwise, std::string_view key, unsigned line) {
    if (value.what == ruby_value::kind::truth) return value.truth;
    if (!value.is_nothing())
        remarks_.lost(line, std::string(key) + " is neither true nor false", by_itself);
    return value.is_nothing() ? false : otherwise;
}

void egg::set_enabled(ruby_value const& value, unsigned line) {
    enabled_ = truth(value, true, "enabled", line);
}

void egg::set_evaluation(ruby_value const& value, unsigned line) {
    evaluated_ = truth(value, false, "evaluation_mode", line);
}

void egg::set_fallback(ruby_value const& value, unsigned line) {
    auto const word = spelled(value);
    if (value.is_nothing()) return;
    if (word == "discard") {
        on_error_ = on_error::tempfail;
        remarks_.lost(line, "fallback_status \"discard\": nothing is discarded for a failure",
                      "it is on_error = \"tempfail\": the sender tries again");
    } else if (auto const known = on_error_of(word)) {
        on_error_ = *known;
    } else {
        on_error_ = on_error::tempfail;
        remarks_.lost(line, "fallback_status " + in_quotes(word) + " is not known",
                      "it is on_error = \"tempfail\": choose one");
    }
}

void egg::set_conditions(ruby_value const& value, unsigned line) {
    conditions_.clear();
    add_conditions(value, line);
}

void egg::add_conditions(ruby_value const& value, unsigned line) {
    if (value.is_text()) conditions_.push_back({value.text, line});
    for (auto const& one : value.list) conditions_.push_back({one, line});
    bool const read = value.is_text() || value.is_nothing() || value.what == ruby_value::kind::list;
    if (!read) remarks_.lost(line, "no conditions: " + in_quotes(spelled(value)), by_itself);
}

/// Empty as well where it is as usual.
std::optional<egg::wait> egg::time(ruby_value const& value, double usual, std::string_view key,
                                   unsigned line) {
    if (value.is_nothing()) return std::nullopt;
    if (value.what != ruby_value::kind::number) {
        remarks_.lost(line, std::string(key) + " is no number", "the default of the manager holds");
        return std::nullopt;
    }
    if (value.number == usual) return std::nullopt;
    return wait{value.number, line};
}

void egg::set_connect(ruby_value const& value, unsigned line) {
    connect_ = time(value, usual_long, "connection_timeout", line);
}
void egg::set_writing(ruby_value const& value, unsigned line) {
    writing_ = time(value, usual_short, "writing_timeout", line);
}
void egg::set_reading(ruby_value const& value, unsigned line) {
    reading_ = time(value, usual_short, "reading_timeout", line);
}
void egg::set_end(ruby_value const& value, unsigned line) {
    end_ = time(value, usual_long, "end_of_message_timeout", line);
}

void egg::set_command(ruby_value const& value, unsigned line) {
    if (value.is_nothing()) return;
    auto said = spelled(value);
    if (value.what == ruby_value::kind::list) {
        said.clear();
        for (auto const& one : value.list) said += (said.empty() ? "" : " ") + one;
    }
    command_.text += in_quotes(said, 200);
    command_.line = line;
}

void egg::place_times(imported_milter& into) const {
    auto& times = into.timeouts;
    auto& remarks = into.remarks;
    if (connect_)
        times.connect =
            taken_timeout(connect_->seconds, "connection_timeout", connect_->line, remarks);
    if (end_) {
        constexpr std::string_view key = "end_of_message_timeout";
        times.end_of_message = taken_timeout(end_->seconds, key, end_->line, remarks);
        if (times.end_of_message)
            times.end_of_message = taken_end(*times.end_of_message, key, end_->line, remarks);
    }
    if (!writing_ && !reading_) return;
    // one that is not set is as usual, and may be the longer one
    auto const taken = [&](std::optional<wait> const& one, std::string_view key) {
        auto const value = one.value_or(wait{usual_short, 0});
        return taken_timeout(value.seconds, key, value.line, remarks);
    };
    auto const writing = taken(writing_, "writing_timeout");
    auto const reading = taken(reading_, "reading_timeout");
    if (!writing || !reading) return; // which was remarked
    times.command = times.content = std::max(*writing, *reading);
    remarks.note(std::max(writing_.value_or(wait{}).line, reading_.value_or(wait{}).line),
                 "writing_timeout and reading_timeout became timeout.command and timeout.content",
                 "each is for the answer, and both got the longer one");
}

void egg::place_conditions(imported_milter& into, setup& all) const {
    for (auto const& condition : conditions_) {
        auto const& [name, line] = condition;
        if (is_account_list(name)) {
            place_accounts(condition, into, all);
            continue;
        }
        auto const* const known = find_condition(name);
        if (!known) {
            into.remarks.lost(line, "condition " + in_quotes(name) + " is not known",
                              "without it the milter applies to more mail: write it as a "
                              "condition of your own, and name it in `when`");
            continue;
        }
        all.rules[std::string(known->file)].insert(into.name);
        if (known->term.empty()) continue;
        add_term(into, known->term);
    }
}

void egg::place_accounts(told const& condition, imported_milter& into, setup& all) {
    auto const read = accounts_in(condition.text);
    if (read.accounts.empty())
        return into.remarks.lost(condition.line,
                                 "condition " + in_quotes(condition.text) +
                                     " names no accounts that are addresses",
                                 "without it the milter applies to more mail: copy "
                                 "rules/restrict-accounts.toml, and name its condition in `when`");
    auto const name = account_list_of(read.accounts, all);
    for (auto const& one : read.unread)
        into.remarks.lost(condition.line,
                          "account " + in_quotes(one) + " is neither an address nor a pattern",
                          "write it to [set." + name + "] as an address or /pattern/ of RE2");
    add_term(into, name);
}

void egg::place_command(imported_milter& into, bool is_privileged) const {
    if (command_.text.empty()) return;
    auto const what = "the manager starts no milters as yet: " + command_.text;
    constexpr char const* advice = "have systemd start it, such as by a unit of its own";
    if (is_privileged)
        into.remarks.lost(command_.line, what, advice);
    else
        into.remarks.note(command_.line, what, advice);
}

imported_milter egg::hatch(name_giver& names, bool is_privileged, setup& into) const {
    imported_milter one;
    one.name = names.give(known_as_);
    one.known_as = known_as_;
    one.line = line_;
    one.remarks = remarks_;
    if (one.name != known_as_)
        one.remarks.note(
            line_, "name " + in_quotes(known_as_) + " became " + in_quotes(one.name),
            "names have lower-case letters, digits and \"_.-\", and each is there once");
    one.description = description_;
    one.on_error = on_error_;
    one.enabled = enabled_;
    one.evaluated = evaluated_;
    if (socket_.text.empty())
        one.remarks.lost(line_, "milter " + in_quotes(known_as_) + " has no connection_spec",
                         "it was not asked there either: write its socket, or take it out");
    else
        one.socket = socket_of(socket_.text, {"localhost", {}, false}, socket_.line, one.remarks);
    place_times(one);
    place_conditions(one, into);
    place_command(one, is_privileged);
    return one;
}

} // namespace milter::manager
