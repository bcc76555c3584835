// SPDX-License-Identifier: BSL-1.0
// manager/control_client.cpp
#include "manager/control_client.hpp"

#include "manager/config/config_number.hpp"
#include "manager/config/config_toml.hpp"
#include "manager/config/printable.hpp"
#include "manager/control_connection.hpp"
#include "manager/status_table.hpp"

#include <nlohmann/json.hpp>

#include <sysexits.h>

#include <chrono>
#include <iostream>
#include <string>
#include <string_view>

namespace milter::manager {

namespace {

using json = nlohmann::ordered_json;

constexpr auto answer_patience = std::chrono::seconds(60); // a reload may ask the name service
constexpr auto end_patience = std::chrono::seconds(15);    // behind the end of a drain

int complain(std::string const& what, int status) {
    std::cerr << "milter-manager: " << what << '\n';
    return status;
}

/// The --control option, else what the configuration says, also one with errors.
endpoint control_socket(options const& options) {
    if (options.control) return *options.control;
    auto const loaded = load_unchecked(options.config_file);
    if (!loaded.control.path.empty()) return loaded.control;
    for (auto const& problem : loaded.problems)
        if (problem.weight == problem_weight::error) std::cerr << to_string(problem) << '\n';
    throw control_failure{EX_CONFIG, printable(options.config_file) +
                                         (loaded.config ? ": no [control] with a socket"
                                                        : ": cannot tell the control socket") +
                                         "; --control names one"};
}

std::string text_of(json const& answer, char const* key) {
    auto const found = answer.find(key);
    return found != answer.end() && found->is_string() ? found->get<std::string>() : "";
}

int status_for(std::string_view reason) {
    if (reason == "configuration") return EX_CONFIG;
    if (reason == "listen") return EX_UNAVAILABLE;
    if (reason == "permission") return EX_NOPERM;
    if (reason == "draining" || reason == "busy") return EX_TEMPFAIL;
    return EX_SOFTWARE;
}

/// Problems of a configuration, several lines each; they were made for a terminal.
void show_problems(json const& answer) {
    auto const problems = answer.find("problems");
    if (problems == answer.end() || !problems->is_array()) return;
    for (auto const& one : *problems)
        if (one.is_string()) std::cerr << one.get<std::string>() << '\n';
}

json answer_to(control_connection& manager, json const& request) {
    manager.say(request);
    auto answer = manager.hear(answer_patience);
    show_problems(answer);
    if (!answer["ok"].get<bool>())
        throw control_failure{status_for(text_of(answer, "reason")),
                              printable(text_of(answer, "error"))};
    return answer;
}

int show_status(control_connection& manager, options const& options) {
    auto const answer = answer_to(manager, {{"command", "status"}});
    if (options.json)
        std::cout << answer.dump() << '\n';
    else
        std::cout << status_table(answer);
    return EX_OK;
}

int reload(control_connection& manager) {
    auto const answer = answer_to(manager, {{"command", "reload"}});
    auto const file = text_of(answer, "configuration"); // an older manager does not say it
    std::cout << "configuration reloaded" << (file.empty() ? "" : ": " + printable(file)) << '\n';
    return EX_OK;
}

int await_end(control_connection& manager, std::string const& timeout) {
    proto::duration patience = std::chrono::hours(1); // the longest there is
    if (auto const wrong = assign_duration(patience, timeout, {}))
        return complain("no answer of a manager", EX_PROTOCOL);
    auto const end = manager.hear(patience + end_patience);
    auto const cut_off = end.value("cut_off", 0U);
    if (cut_off > 0)
        return complain("stopped; sessions cut off: " + std::to_string(cut_off), EX_TEMPFAIL);
    std::cout << "stopped\n";
    return EX_OK;
}

int drain(control_connection& manager, options const& options) {
    json request = {{"command", "drain"}};
    if (!options.timeout.empty()) request["timeout"] = options.timeout;
    if (options.wait) request["wait"] = true;
    auto const answer = answer_to(manager, request);
    auto const timeout = text_of(answer, "timeout");
    std::cout << "draining; sessions: " << answer.value("sessions", 0U) << ", at most "
              << printable(timeout) << std::endl; // before the wait
    return options.wait ? await_end(manager, timeout) : EX_OK;
}

} // namespace

int ask_manager(options const& options) {
    try {
        control_connection manager(control_socket(options), options.control.has_value());
        switch (options.verb) {
        case verb::reload: return reload(manager);
        case verb::drain: return drain(manager, options);
        default: return show_status(manager, options);
        }
    } catch (control_failure const& why) {
        return complain(why.text, why.status);
    } catch (json::exception const&) { // a key of another type than ours
        return complain("no answer of a manager", EX_PROTOCOL);
    }
}

} // namespace milter::manager
