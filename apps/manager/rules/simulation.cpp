// SPDX-License-Identifier: BSL-1.0
// manager/rules/simulation.cpp
#include "manager/rules/simulation.hpp"

#include "manager/config/printable.hpp"
#include "manager/core/unit_text.hpp"
#include "manager/rules/rule_effect.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace milter::manager {

namespace {

using json = nlohmann::ordered_json;
using texts = std::vector<std::string>;
using setting_kind = treatment_setting::kind;

simulated_message message_of(replayed_mail const& mail, config const& settings) {
    simulated_message made;
    made.file = mail.session.file;
    made.conversation = mail.session.full().id;
    made.number = mail.number;
    made.client = std::string(mail.client_name) + " [" + std::string(mail.client_address) + ']';
    made.sender = mail.sender;
    made.is_whole = mail.is_whole;
    made.now = treatment_of(mail, settings);
    return made;
}

// ---- kinds of changes

struct kind_of_change {
    std::string what;
    std::size_t messages = 0;
};

/// The most frequent first; of equal ones the one that came first.
std::vector<kind_of_change> kinds_in(std::vector<simulated_message> const& messages,
                                     texts treatment_difference::*which) {
    std::vector<kind_of_change> kinds;
    std::unordered_map<std::string_view, std::size_t> places;
    for (auto const& message : messages)
        for (auto const& what : message.difference.*which) {
            auto const [known, is_new] = places.try_emplace(what, kinds.size());
            if (is_new) kinds.push_back({what, 0});
            ++kinds[known->second].messages;
        }
    std::stable_sort(kinds.begin(), kinds.end(),
                     [](auto const& a, auto const& b) { return a.messages > b.messages; });
    return kinds;
}

constexpr std::size_t shown_kinds = 30; // macros may have a value of their own in each message

std::string text_of(std::vector<kind_of_change> const& kinds) {
    std::string out;
    for (std::size_t i = 0; i < std::min(kinds.size(), shown_kinds); ++i)
        out +=
            "  " + counted(kinds[i].messages, "message") + ": " + printable(kinds[i].what) + '\n';
    if (kinds.size() > shown_kinds)
        out += "  and " + std::to_string(kinds.size() - shown_kinds) + " other kinds of changes\n";
    return out;
}

json json_of(std::vector<kind_of_change> const& kinds) {
    auto out = json::array();
    for (auto const& one : kinds) out.push_back({{"what", one.what}, {"messages", one.messages}});
    return out;
}

// ---- messages as text

std::string text_of(treated_milter const& one) {
    if (one.fate == milter_fate::undecided) return one.name + " (undecided)";
    return one.name + (one.fate == milter_fate::evaluated ? " (evaluated; " : " (") +
           (one.verdict.empty() ? "unknown, replay needed" : one.verdict) + ')';
}

std::string milters_text(message_treatment const& of) {
    std::string out;
    for (auto const& one : of.milters)
        if (one.fate != milter_fate::left_out) (out += out.empty() ? "" : ", ") += text_of(one);
    return out.empty() ? "none" : out;
}

std::string verdict_text(message_treatment const& of) {
    if (!of.has_verdict) return "undecided";
    auto out = std::string(name_of(of.verdict));
    if (!of.reply.empty()) out += ' ' + in_quotes(of.reply);
    return of.rule.empty() ? out : out + " by rule " + in_quotes(of.rule);
}

std::string text_of(simulated_message const& one) {
    auto out = printable(one.file) + ": conversation " + printable(one.conversation) +
               ", message " + std::to_string(one.number) +
               (one.is_whole ? "" : " (without its end)") + ": " + printable(one.client) + ", " +
               printable(one.sender) + '\n';
    for (auto const& what : one.difference.changes) out += "  - " + printable(what) + '\n';
    for (auto const& [what, of] : {std::pair("now", &one.now), std::pair("new", &one.then)})
        out += "  " + std::string(what) + ": milters " + milters_text(*of) + "; rules say " +
               verdict_text(*of) + '\n';
    return out;
}

/// "2 of 46 messages change, 44 are not known"
std::string headline(simulation const& of) {
    auto const changed = of.changed.size();
    auto const open = of.not_known.size();
    auto out = std::to_string(changed) + " of " + counted(of.messages, "message") +
               (changed == 1 ? " changes" : " change");
    if (open > 0)
        out += ", " + std::to_string(open) + (open == 1 ? " is not known" : " are not known");
    return out + '\n';
}

// ---- messages as JSON

json milter_json(treated_milter const& of, std::vector<treatment_setting> const& settings) {
    json out{{"name", of.name}, {"runs", of.runs() ? json(true) : json()}};
    if (of.fate == milter_fate::evaluated) out["evaluated"] = true;
    out["verdict"] = of.verdict.empty() ? json() : json(of.verdict);
    for (auto const& one : settings) {
        if (one.milter != of.name || (one.rule.empty() && one.is_certain)) continue;
        auto const* const key = one.is == setting_kind::macro ? "macros" : "timeouts";
        out[key][one.name] = one.is_certain ? json(one.value) : json();
    }
    return out;
}

json json_of(message_treatment const& of) {
    json out{{"milters", json::array()}};
    for (auto const& one : of.milters)
        if (one.fate != milter_fate::left_out)
            out["milters"].push_back(milter_json(one, of.settings));
    out["verdict"] = of.has_verdict ? json(name_of(of.verdict)) : json();
    if (!of.reply.empty()) out["reply"] = of.reply;
    if (!of.rule.empty()) out["rule"] = of.rule;
    out["rules"] = of.rules;
    out["tags"] = json::array();
    for (auto const& one : of.settings)
        if (one.is == setting_kind::tag && one.is_certain) out["tags"].push_back(one.name);
    return out;
}

json json_of(std::vector<simulated_message> const& messages) {
    auto out = json::array();
    for (auto const& one : messages)
        out.push_back({{"file", one.file},
                       {"conversation", one.conversation},
                       {"message", one.number},
                       {"whole", one.is_whole},
                       {"client", one.client},
                       {"sender", one.sender},
                       {"changes", one.difference.changes},
                       {"not_known", one.difference.not_known},
                       {"now", json_of(one.now)},
                       {"new", json_of(one.then)}});
    return out;
}

} // namespace

simulation simulate(std::vector<recorded_session> const& recorded, config const& now,
                    config const& then, listed_clients const& lists) {
    simulation done;
    for (auto const& session : recorded) {
        std::vector<simulated_message> messages;
        replay(session, now, lists,
               [&](replayed_mail const& one) { messages.push_back(message_of(one, now)); });
        std::size_t next = 0; // the packets are the same, and so are the messages
        replay(session, then, lists,
               [&](replayed_mail const& one) { messages[next++].then = treatment_of(one, then); });
        done.messages += messages.size();
        for (auto& one : messages) {
            one.difference = difference_of(one.now, one.then);
            if (!one.difference.changes.empty())
                done.changed.push_back(std::move(one));
            else if (!one.difference.not_known.empty())
                done.not_known.push_back(std::move(one));
        }
    }
    return done;
}

std::string text_of(simulation const& of, std::size_t most) {
    auto out = headline(of) + text_of(kinds_in(of.changed, &treatment_difference::changes));
    if (!of.not_known.empty())
        out += "not known\n" + text_of(kinds_in(of.not_known, &treatment_difference::not_known));
    auto const shown = std::min(most, of.changed.size());
    if (shown > 0) out += '\n';
    for (std::size_t i = 0; i < shown; ++i) out += text_of(of.changed[i]);
    if (auto const more = of.changed.size() - shown; more > 0)
        out += counted(more, "message") + " more; --all shows them\n";
    return out;
}

json json_of(simulation const& of) {
    return {{"messages", of.messages},
            {"kinds", json_of(kinds_in(of.changed, &treatment_difference::changes))},
            {"kinds_not_known", json_of(kinds_in(of.not_known, &treatment_difference::not_known))},
            {"changed", json_of(of.changed)},
            {"not_known", json_of(of.not_known)}};
}

} // namespace milter::manager
