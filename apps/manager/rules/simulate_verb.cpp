// SPDX-License-Identifier: BSL-1.0
// manager/rules/simulate_verb.cpp
#include "manager/rules/simulate_verb.hpp"

#include "manager/config/config_name_check.hpp"
#include "manager/config/printable.hpp"
#include "manager/rules/ready_rules.hpp"
#include "manager/rules/rule_effect.hpp"
#include <milter/corpus/conversation_json.hpp>

#include <sysexits.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace milter::manager {

namespace {

using json = nlohmann::ordered_json;

constexpr int some_change = 1; // exit status

message_treatment treatment_of(replayed_mail const& mail, config const& settings) {
    message_treatment made;
    bool const is_open = !mail.course.is_over(); // else who was undecided is not asked any more
    for (auto const& one : mail.course.milters())
        if (one.runs.value_or(is_open))
            made.milters.push_back({settings.milters[one.place].name, one.runs.has_value(),
                                    std::string(mail.verdicts[one.place])});
    auto const& [decided, rule] = mail.course.verdict();
    made.has_verdict = decided.has_value();
    if (!rule) return made;
    made.verdict = rule->verdict;
    made.reply = rule->reply;
    made.rule = rule->name;
    return made;
}

changed_message message_of(replayed_mail const& mail, config const& settings) {
    changed_message made;
    made.file = mail.session.file;
    made.conversation = mail.session.full().id;
    made.number = mail.number;
    made.client = std::string(mail.client_name) + " [" + std::string(mail.client_address) + ']';
    made.sender = mail.sender;
    made.is_whole = mail.is_whole;
    made.now = treatment_of(mail, settings);
    return made;
}

// ---- as text

std::string text_of(message_treatment::part const& one) {
    if (!one.is_certain) return one.milter + " (undecided)";
    return one.milter + " (" + (one.verdict.empty() ? "unknown, replay needed" : one.verdict) + ')';
}

std::string milters_text(message_treatment const& of) {
    std::string out;
    for (auto const& one : of.milters) (out += out.empty() ? "" : ", ") += text_of(one);
    return out.empty() ? "none" : out;
}

std::string verdict_text(message_treatment const& of) {
    if (!of.has_verdict) return "undecided";
    auto out = std::string(name_of(of.verdict));
    if (!of.reply.empty()) out += ' ' + in_quotes(of.reply);
    return of.rule.empty() ? out : out + " by rule " + in_quotes(of.rule);
}

std::string text_of(changed_message const& one) {
    auto out = printable(one.file) + ": conversation " + printable(one.conversation) +
               ", message " + std::to_string(one.number) +
               (one.is_whole ? "" : " (without its end)") + ": " + printable(one.client) + ", " +
               printable(one.sender) + '\n';
    for (auto const& [what, of] : {std::pair("now", &one.now), std::pair("new", &one.then)})
        out += "  " + std::string(what) + ": milters " + milters_text(*of) + "; rules say " +
               verdict_text(*of) + '\n';
    return out;
}

// ---- as JSON

json json_of(message_treatment const& of) {
    json out{{"milters", json::array()}};
    for (auto const& one : of.milters) {
        json milter{{"name", one.milter}, {"runs", one.is_certain ? json(true) : json()}};
        milter["verdict"] = one.verdict.empty() ? json() : json(one.verdict);
        out["milters"].push_back(std::move(milter));
    }
    out["verdict"] = of.has_verdict ? json(name_of(of.verdict)) : json();
    if (!of.reply.empty()) out["reply"] = of.reply;
    if (!of.rule.empty()) out["rule"] = of.rule;
    return out;
}

json json_of(changed_message const& one) {
    return {{"file", one.file},        {"conversation", one.conversation},
            {"message", one.number},   {"whole", one.is_whole},
            {"client", one.client},    {"sender", one.sender},
            {"now", json_of(one.now)}, {"new", json_of(one.then)}};
}

// ---- lists in DNS

void add_zones(std::vector<std::string>& to, config const& of) {
    for (auto const* const lists : {&of.block_lists, &of.allow_lists})
        for (auto const& one : *lists)
            if (std::find(to.begin(), to.end(), one.zone.name) == to.end())
                to.push_back(one.zone.name);
}

std::vector<std::string> unknown_zones(std::vector<std::string> zones,
                                       listed_clients const& lists) {
    auto const is_known = [&](std::string const& zone) { return lists.contains(zone); };
    zones.erase(std::remove_if(zones.begin(), zones.end(), is_known), zones.end());
    return zones;
}

std::string note_of(std::vector<std::string> const& zones) {
    std::string list;
    for (auto const& one : zones) (list += list.empty() ? "" : ", ") += one;
    return list.empty() ? list
                        : "Who is in " + list + " is not known; --listed ZONE=IP,IP says it.\n";
}

std::string result_text(simulation const& done, std::vector<std::string> const& unknown,
                        rules_request const& request) {
    if (!request.json) return note_of(unknown) + text_of(done);
    json out{{"messages", done.messages}, {"unknown_lists", unknown}, {"changed", json::array()}};
    for (auto const& one : done.changed) out["changed"].push_back(json_of(one));
    return corpus::to_line(out) + '\n';
}

} // namespace

bool message_treatment::same(message_treatment const& other) const noexcept {
    auto const same_part = [](part const& a, part const& b) { return a.same(b); };
    return std::equal(milters.begin(), milters.end(), other.milters.begin(), other.milters.end(),
                      same_part) &&
           has_verdict == other.has_verdict && verdict == other.verdict && reply == other.reply;
}

simulation simulate(std::vector<recorded_session> const& recorded, config const& now,
                    config const& then, listed_clients const& lists) {
    simulation done;
    for (auto const& session : recorded) {
        std::vector<changed_message> messages;
        replay(session, now, lists,
               [&](replayed_mail const& one) { messages.push_back(message_of(one, now)); });
        std::size_t next = 0; // the packets are the same, and so are the messages
        replay(session, then, lists,
               [&](replayed_mail const& one) { messages[next++].then = treatment_of(one, then); });
        done.messages += messages.size();
        for (auto& one : messages)
            if (!one.now.same(one.then)) done.changed.push_back(std::move(one));
    }
    return done;
}

std::string text_of(simulation const& of) {
    std::string out;
    for (auto const& one : of.changed) out += text_of(one);
    return out + std::to_string(of.changed.size()) + " of " + std::to_string(of.messages) +
           (of.messages == 1 ? " message" : " messages") +
           (of.changed.size() == 1 ? " changes\n" : " change\n");
}

std::optional<listed_clients> read_listed(std::vector<std::string> const& texts,
                                          std::vector<std::string> const& zones,
                                          std::string& problem) {
    listed_clients lists;
    for (std::string_view const text : texts) {
        auto const equals = std::min(text.find('='), text.size());
        auto const zone = std::string(text.substr(0, equals));
        if (std::find(zones.begin(), zones.end(), zone) == zones.end()) {
            problem =
                "no list " + in_quotes(zone) + "; " +
                did_you_mean(zone, {zones.begin(), zones.end()}, "neither configuration has it");
            return std::nullopt;
        }
        auto& clients = lists[zone];
        for (auto rest = text.substr(std::min(equals + 1, text.size())); !rest.empty();) {
            auto const end = std::min(rest.find(','), rest.size());
            auto const client = rule::parse_ip(rest.substr(0, end));
            if (!client) {
                problem =
                    in_quotes(rest.substr(0, end)) + " is no IP address; write --listed ZONE=IP,IP";
                return std::nullopt;
            }
            clients.push_back(*client);
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
    }
    return lists;
}

rules_answer simulate_rules(rules_request const& request) {
    auto const now = load_rules(request.config_file);
    auto const then = load_rules(request.new_file);
    if (!now.settings || !then.settings)
        return {EX_CONFIG,
                {},
                (now.settings ? "" : text_of(now.problems)) +
                    (then.settings ? "" : text_of(then.problems))};
    std::vector<std::string> zones;
    add_zones(zones, *now.settings);
    add_zones(zones, *then.settings);
    std::string problem;
    auto const lists = read_listed(request.listed, zones, problem);
    if (!lists) return {EX_USAGE, {}, "milter-manager: " + problem + '\n'};
    auto const recorded = read_sessions(request.corpora);
    auto const done = simulate(recorded.all, *now.settings, *then.settings, *lists);
    int const status = done.changed.empty() ? EX_OK : some_change;
    return {recorded.status != EX_OK ? recorded.status : status,
            result_text(done, unknown_zones(zones, *lists), request), recorded.problems};
}

} // namespace milter::manager
