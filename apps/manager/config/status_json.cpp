// SPDX-License-Identifier: BSL-1.0
// manager/config/status_json.cpp
#include "manager/config/status_json.hpp"

#include <nlohmann/json.hpp>

#include <chrono>

namespace milter::manager {

namespace {

using json = nlohmann::ordered_json;

json to_json(listener_status const& one) {
    json out = {{"address", one.address}, {"accepted", one.accepted}, {"sessions", one.sessions}};
    if (!one.profile.empty()) out["profile"] = one.profile;
    if (one.inherited) out["inherited"] = true;
    if (one.closing) out["closing"] = true;
    return out;
}

json to_json(evaluation_status const& one) {
    return {{"messages", one.messages},
            {"compared", one.compared},
            {"differing", one.differing},
            {"failed", one.failed},
            {"dropped", one.dropped}};
}

json to_json(endpoint_status const& one) {
    json out = {{"socket", one.socket}, {"state", one.state}};
    if (one.retry_in) out["retry_in_ms"] = one.retry_in->count();
    if (!one.last_error.empty()) out["last_error"] = one.last_error;
    return out;
}

json to_json(milter_status const& one) {
    json sockets = json::array(), endpoints = json::array();
    for (auto const& endpoint : one.endpoints) {
        sockets.push_back(endpoint.socket);
        endpoints.push_back(to_json(endpoint));
    }
    json out = {{"name", one.name},
                {"sockets", sockets},
                {"endpoints", endpoints},
                {"enabled", one.enabled},
                {"mode", one.evaluated ? "evaluate" : "enforce"},
                {"share", one.share},
                {"sessions", one.sessions},
                {"max_sessions", one.max_sessions},
                {"messages", one.messages},
                {"failures", one.failures}};
    if (one.evaluated || one.evaluation.messages > 0) // else by a rule, and not yet
        out["evaluation"] = to_json(one.evaluation);
    if (!one.last_problem.empty())
        out["last_problem"] = {{"time", to_rfc3339(one.last_problem_at)},
                               {"text", one.last_problem}};
    return out;
}

json to_json(list_status const& one) {
    json out = {{"zone", one.zone},
                {"kind", one.kind},
                {"state", one.state},
                {"asked", one.asked},
                {"cached", one.cached},
                {"listed", one.listed},
                {"not_listed", one.not_listed},
                {"failed", one.failed}};
    if (one.retry_in) out["retry_in_ms"] = one.retry_in->count();
    if (!one.last_error.empty()) out["last_error"] = one.last_error;
    return out;
}

json to_json(list_answers const& one) {
    return {{"kept", one.kept}, {"limit", one.limit}, {"questions", one.questions}};
}

json to_json(set_status const& one) {
    json out = {{"name", one.name}, {"kind", one.kind}, {"source", one.source}};
    if (!one.file.empty()) out["file"] = one.file;
    out["entries"] = one.entries;
    out["read"] = to_rfc3339(one.read);
    if (!one.last_error.empty()) out["last_error"] = one.last_error;
    return out;
}

json to_json(reload_status const& one) {
    return {{"time", to_rfc3339(one.when)}, {"ok", one.ok}, {"problems", one.problems}};
}

template <class Item> json list_of(std::vector<Item> const& items) {
    json out = json::array();
    for (auto const& one : items) out.push_back(to_json(one));
    return out;
}

json messages_of(status_report const& what) {
    json out = json::object();
    for (std::size_t i = 0; i < counted_verdicts.size(); ++i)
        out[std::string(counted_verdicts[i])] = what.messages[i];
    return out;
}

std::int64_t seconds_between(wall_time from, wall_time to) {
    return std::chrono::duration_cast<std::chrono::seconds>(to - from).count();
}

} // namespace

json to_json(status_report const& what) {
    json out = {{"version", what.version},
                {"pid", what.pid},
                {"state", what.draining ? "draining" : "running"},
                {"started", to_rfc3339(what.started)},
                {"uptime", seconds_between(what.started, what.now)},
                {"configuration", what.configuration},
                {"loaded", to_rfc3339(what.loaded)}};
    if (what.last_reload) out["last_reload"] = to_json(*what.last_reload);
    out["sessions"] = {
        {"now", what.sessions}, {"ever", what.sessions_ever}, {"limit", what.session_limit}};
    out["memory"] = {{"now", what.memory}, {"limit", what.memory_limit}};
    out["evaluation_memory"] = {{"now", what.evaluation_memory},
                                {"limit", what.evaluation_memory_limit}};
    out["messages"] = messages_of(what);
    out["listeners"] = list_of(what.listeners);
    out["milters"] = list_of(what.milters);
    out["lists"] = list_of(what.lists);
    if (!what.lists.empty()) out["list_answers"] = to_json(what.answers);
    out["sets"] = list_of(what.sets);
    out["decision_log"] = {{"lines_lost", what.lines_lost}};
    return out;
}

} // namespace milter::manager
