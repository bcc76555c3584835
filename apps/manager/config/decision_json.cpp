// SPDX-License-Identifier: BSL-1.0
// manager/config/decision_json.cpp - the keys of the decision log, in the order in which they are written
#include "manager/config/decision_json.hpp"

#include "manager/config/printable.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <cmath>
#include <cstdio>
#include <string_view>

namespace milter::manager {

namespace {

using json = nlohmann::ordered_json; // keeps the order in which keys are added

void add(json& to, char const* key, std::string const& text) {
    if (!text.empty()) to[key] = text;
}

/// Milliseconds with three decimals.
double milliseconds(proto::duration time) {
    return std::round(std::chrono::duration<double, std::micro>(time).count()) / 1000;
}

json to_json(recipient_record const& recipient) {
    json out = json::object();
    add(out, "address", recipient.address);
    add(out, "verdict", recipient.verdict);
    add(out, "decided_by", recipient.decided_by);
    return out;
}

json to_json(milter_record const& milter) {
    json out = json::object();
    add(out, "name", milter.name);
    add(out, "verdict", milter.verdict);
    add(out, "stage", milter.stage);
    add(out, "reason", milter.reason);
    if (milter.edits > 0) out["edits"] = milter.edits;
    out["ms"] = milliseconds(milter.time);
    return out;
}

template <class Record>
void add_list(json& to, char const* key, std::vector<Record> const& records) {
    if (records.empty()) return;
    auto& list = to[key] = json::array();
    for (auto const& record : records) list.push_back(to_json(record));
}

void add_origin(json& to, decision const& d) {
    add(to, "listener", d.listener);
    add(to, "profile", d.profile);
    add(to, "queue_id", d.queue_id);
    add(to, "message_id", d.message_id);
    add(to, "client_name", d.client_name);
    add(to, "client_address", d.client_address);
    add(to, "helo", d.helo);
    add(to, "authenticated", d.authenticated);
    add(to, "sender", d.sender);
    add_list(to, "recipients", d.recipients);
    to["recipient_count"] = d.recipient_count;
}

void add_verdict(json& to, decision const& d) {
    add(to, "verdict", d.verdict);
    add(to, "text", d.text);
    add(to, "reason", d.reason);
    add(to, "decided_by", d.decided_by);
    add(to, "stage", d.stage);
    add(to, "quarantine", d.quarantine);
}

void add_edits(json& to, decision const& d) {
    if (!d.edits.empty()) to["edits"] = d.edits;
    if (d.edit_count > 0) to["edit_count"] = d.edit_count;
}

void add_rules(json& to, decision const& d) {
    if (!d.conditions.empty()) to["conditions"] = d.conditions;
    if (!d.rules.empty()) to["rules"] = d.rules;
    if (!d.tags.empty()) to["tags"] = d.tags;
}

void add_outcome(json& to, decision const& d) {
    add_verdict(to, d);
    add_list(to, "milters", d.milters);
    add_rules(to, d);
    add_edits(to, d);
    if (d.size) to["size"] = *d.size;
    to["ms"] = milliseconds(d.time);
}

/// What there is to compare; its own line has the rest.
json enforced(decision const& d) {
    json out = json::object();
    add_list(out, "recipients", d.recipients);
    add_verdict(out, d);
    add_edits(out, d);
    out["ms"] = milliseconds(d.time);
    return out;
}

/// JSON escapes only the controls below 0x20. What else disturbs a display stands inside of texts, so
/// that it can be written as `\uXXXX`.
std::string escape_for_display(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        auto const next = first_code_point(text);
        if (next.valid && disturbs_display(next.value)) {
            std::array<char, 16> escaped{};
            std::snprintf(escaped.data(), escaped.size(), "\\u%04x",
                          static_cast<unsigned>(next.value));
            out += escaped.data();
        } else {
            out += text.substr(0, next.size);
        }
        text.remove_prefix(next.size);
    }
    return out;
}

std::string to_line(json const& object) {
    return escape_for_display(object.dump(-1, ' ', false, json::error_handler_t::replace));
}

json event(std::string_view kind, wall_time when) {
    json out = json::object();
    out["time"] = to_rfc3339(when);
    out["event"] = kind;
    return out;
}

} // namespace

std::string to_json_line(decision const& what, wall_time when) {
    auto out = event("decision", when);
    out["session"] = what.session;
    out["transaction"] = what.transaction;
    add_origin(out, what);
    add_outcome(out, what);
    return to_line(out);
}

std::string to_json_line(evaluation const& what, wall_time when) {
    auto out = event("evaluation", when);
    out["milter"] = what.milter;
    if (what.agrees) out["agrees"] = *what.agrees;
    add(out, "dropped", what.dropped);
    out["session"] = what.would.session;
    out["transaction"] = what.would.transaction;
    add_origin(out, what.would);
    add_outcome(out, what.would);
    if (!what.enforced.verdict.empty()) out["enforced"] = enforced(what.enforced);
    return to_line(out);
}

std::string to_json_line(client_refusal const& what, wall_time when) {
    auto out = event("refusal", when);
    out["session"] = what.session;
    add(out, "listener", what.listener);
    add(out, "profile", what.profile);
    add(out, "client_name", what.client_name);
    add(out, "client_address", what.client_address);
    add(out, "helo", what.helo);
    add(out, "verdict", what.verdict);
    add(out, "text", what.text);
    add(out, "reason", what.reason);
    add(out, "decided_by", what.decided_by);
    add(out, "stage", what.stage);
    return to_line(out);
}

std::string to_text_line(log_event const& what) {
    std::string out;
    if (what.session > 0) out += "session " + std::to_string(what.session) + ": ";
    if (!what.peer.empty()) out += printable(what.peer) + ": ";
    if (what.level != severity::info) (out += to_string(what.level)) += ": ";
    return out + printable(what.text);
}

std::string_view to_string(severity level) noexcept {
    switch (level) {
    case severity::info: return "info";
    case severity::warning: return "warning";
    case severity::error: break;
    }
    return "error";
}

std::string to_rfc3339(wall_time when) {
    using namespace std::chrono;
    auto const day = floor<days>(when);
    year_month_day const date(day);
    hh_mm_ss const time(floor<std::chrono::milliseconds>(when - day));
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
                  static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                  static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
                  static_cast<int>(time.minutes().count()),
                  static_cast<int>(time.seconds().count()),
                  static_cast<int>(time.subseconds().count()));
    return text.data();
}

} // namespace milter::manager
