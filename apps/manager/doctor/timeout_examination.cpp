// SPDX-License-Identifier: BSL-1.0
// manager/doctor/timeout_examination.cpp - whether the manager has answered before the MTA stops waiting
//
// Source: postconf(5) milter_command_timeout, milter_content_timeout; protocol.md 6.1 for Sendmail's R and E
#include "manager/core/unit_text.hpp"
#include "manager/doctor/examination.hpp"
#include "manager/doctor/mta_spelling.hpp"

#include <chrono>

namespace milter::manager::doctor {

namespace {

using namespace std::chrono_literals;

constexpr auto sendmail_end = 5min; // E
constexpr proto::duration reserve = 5s;

constexpr auto too_late =
    "the MTA gives up first, and takes the manager for failed, whatever on_error says";

/// The same number for Postfix.
std::string seconds(proto::duration of) {
    return std::to_string(std::chrono::ceil<std::chrono::seconds>(of).count()) + 's';
}

void examine_budget(std::string const& key, proto::duration budget, std::string const& parameter,
                    proto::duration timeout, postfix_settings const& postfix, finding_list& to) {
    if (timeout == proto::duration{}) return; // not known
    if (budget < timeout)
        return to.add(weight::right, key + ' ' + duration_text(budget) + " is below " + parameter +
                                         ' ' + seconds(timeout) + " of Postfix");
    to.add(weight::problem,
           key + ' ' + duration_text(budget) + " is not below " + parameter + ' ' +
               seconds(timeout) + " of Postfix",
           too_late, lines_to_set(parameter, seconds(budget + reserve), postfix));
}

void examine_postfix(facts const& what, finding_list& to) {
    auto const& settings = *what.settings;
    examine_budget("command_budget", settings.command_budget.value_or(postfix_command_budget),
                   "milter_command_timeout", what.postfix.milter_command_timeout, what.postfix, to);
    examine_budget("end_of_message_budget", settings.end_of_message_budget,
                   "milter_content_timeout", what.postfix.milter_content_timeout, what.postfix, to);
    examine_budget("negotiation_wait", settings.negotiation_wait, "milter_command_timeout",
                   what.postfix.milter_command_timeout, what.postfix, to);
}

void examine_sendmail(facts const& what, finding_list& to) {
    auto const& settings = *what.settings;
    auto const advice = [](proto::duration r, proto::duration e) {
        return std::vector<std::string>{
            "INPUT_MAIL_FILTER(`manager', `S=..., F=T, T=S:" + seconds(r) + ";R:" + seconds(r) +
            ";E:" + seconds(e) + "')dnl"};
    };
    auto const command = settings.command_budget.value_or(sendmail_command_budget);
    auto const end = settings.end_of_message_budget;
    if (command >= proto::sendmail_read_timeout)
        to.add(weight::warning,
               "command_budget " + duration_text(command) +
                   " is not below R:10s, Sendmail's default",
               std::string(too_late) + ", unless sendmail.mc says:",
               advice(command + reserve, sendmail_end));
    if (end >= sendmail_end)
        to.add(weight::warning,
               "end_of_message_budget " + duration_text(end) +
                   " is not below E:5m, Sendmail's default",
               std::string(too_late) + ", unless sendmail.mc says:",
               advice(proto::sendmail_read_timeout, end + reserve));
}

/// A milter that hangs uses up the time of all others.
void examine_milter(milter_config const& one, proto::duration command, proto::duration end,
                    finding_list& to) {
    auto const tell = [&](std::string const& key, proto::duration timeout,
                          std::string const& budget, proto::duration limit) {
        if (timeout < limit) return;
        to.add(weight::warning,
               "milter " + one.name + ": timeout." + key + ' ' + duration_text(timeout) +
                   " is not below " + budget + ' ' + duration_text(limit),
               "when it hangs, the time for all milters is over before its own: the client hears "
               "451 4.3.2, and its on_error never holds",
               {"# its [[milter]] in milter-manager.toml:",
                "timeout." + key + " = \"" +
                    duration_text(std::chrono::floor<std::chrono::seconds>(limit / 2)) + '"'});
    };
    tell("command", one.timeouts.command, "command_budget", command);
    tell("end_of_message", one.timeouts.end_of_message, "end_of_message_budget", end);
}

} // namespace

std::vector<finding> examine_timeouts(facts const& what) {
    finding_list found("timeouts");
    auto const& settings = *what.settings;
    what.postfix.found ? examine_postfix(what, found) : examine_sendmail(what, found);
    // without Postfix, nobody knows whether it is Sendmail that asks
    auto const command = settings.command_budget.value_or(postfix_command_budget);
    for (auto const& one : settings.milters)
        if (one.enabled && one.mode == milter_mode::enforce)
            examine_milter(one, command, settings.end_of_message_budget, found);
    return found.take();
}

} // namespace milter::manager::doctor
