// SPDX-License-Identifier: BSL-1.0
// manager/config/control_json.cpp
#include "manager/config/control_json.hpp"

#include "manager/config/config_number.hpp"
#include "manager/config/printable.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>

namespace milter::manager {

namespace {

using json = nlohmann::ordered_json;

std::string to_line(json const& object) {
    return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

json refusal_object(control_refusal reason, std::string_view error) {
    return {{"ok", false}, {"reason", to_string(reason)}, {"error", error}};
}

control_answer refused(control_refusal reason, std::string_view error) {
    return {refusal_line(reason, error), {}};
}

control_answer bad_request(std::string_view error) {
    return refused(control_refusal::request, error);
}

/// A key that the command does not know: most likely misspelled.
std::optional<std::string> unknown_key(json const& request,
                                       std::initializer_list<std::string_view> known) {
    for (auto const& [key, value] : request.items())
        if (key != "command" && std::find(known.begin(), known.end(), key) == known.end())
            return key;
    return {};
}

control_answer status(control_actions const& actions) {
    json out = {{"ok", true}};
    out.update(to_json(actions.status()));
    return {to_line(out), {}};
}

control_answer reload(control_peer const& peer, control_actions const& actions) {
    auto const done = actions.reload(peer);
    auto out = done.refused ? refusal_object(*done.refused, done.error) : json{{"ok", true}};
    if (!done.file.empty()) out["configuration"] = done.file;
    out["problems"] = done.problems;
    return {to_line(out), {}};
}

/// `timeout` is a duration as in the configuration; `wait` asks for a second line at the end.
control_answer drain(json const& request, control_peer const& peer,
                     control_actions const& actions) {
    std::optional<proto::duration> patience;
    if (auto const given = request.find("timeout"); given != request.end()) {
        if (!given->is_string()) return bad_request("timeout is a text such as \"30s\"");
        proto::duration value{};
        if (auto const wrong = assign_duration(value, given->get<std::string>(), drain_range))
            return bad_request("timeout: " + wrong->message);
        patience = value;
    }
    bool waits = false;
    if (auto const given = request.find("wait"); given != request.end()) {
        if (!given->is_boolean()) return bad_request("wait is true or false");
        waits = given->get<bool>();
    }
    auto const begun = actions.drain(peer, patience);
    json const out = {
        {"ok", true}, {"sessions", begun.sessions}, {"timeout", duration_text(begun.patience)}};
    return {to_line(out), waits ? std::optional(begun.patience) : std::nullopt};
}

} // namespace

std::string_view to_string(control_refusal reason) noexcept {
    switch (reason) {
    case control_refusal::permission: return "permission";
    case control_refusal::request: return "request";
    case control_refusal::configuration: return "configuration";
    case control_refusal::listen: return "listen";
    case control_refusal::draining: return "draining";
    case control_refusal::busy: break;
    }
    return "busy";
}

std::string refusal_line(control_refusal reason, std::string_view error) {
    return to_line(refusal_object(reason, error));
}

std::string stopped_line(std::size_t cut_off) {
    return to_line({{"ok", true}, {"state", "stopped"}, {"cut_off", cut_off}});
}

control_answer answer_control(std::string_view line, control_peer const& peer,
                              control_actions const& actions) {
    if (line.size() > control_line_limit)
        return bad_request("longer than " + std::to_string(control_line_limit) + " bytes");
    auto const request = json::parse(line.begin(), line.end(), nullptr, /*allow_exceptions=*/false);
    if (!request.is_object()) return bad_request("not a JSON object in one line");
    auto const named = request.find("command");
    if (named == request.end() || !named->is_string())
        return bad_request("no \"command\"; there are status, reload and drain");
    auto const command = named->get<std::string>();
    bool const is_status = command == "status", is_reload = command == "reload";
    if (!is_status && !is_reload && command != "drain")
        return bad_request("unknown command " + in_quotes(command) +
                           "; there are status, reload and drain");
    auto const extra = is_status || is_reload ? unknown_key(request, {})
                                              : unknown_key(request, {"timeout", "wait"});
    if (extra) return bad_request(command + " has no " + in_quotes(*extra));
    if (is_status) return status(actions);
    if (!peer.may_order)
        return refused(control_refusal::permission,
                       "user " + std::to_string(peer.uid) + " may only ask for the status");
    return is_reload ? reload(peer, actions) : drain(request, peer, actions);
}

} // namespace milter::manager
