// SPDX-License-Identifier: BSL-1.0
// manager/server.cpp
#include "manager/server.hpp"

#include "manager/config/config_restart.hpp"
#include "manager/config/config_set.hpp"
#include "manager/config/config_toml.hpp"
#include "manager/config/decision_json.hpp"
#include "manager/core/unit_text.hpp"
#include "manager/machine.hpp"
#include "manager/mta_settings.hpp"
#include "manager/status_of.hpp"
#include <milter/version.hpp>

#include <sysexits.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <iostream>
#include <system_error>
#include <vector>

namespace milter::manager {

namespace {

/// Who asks what was read may stand in another directory.
std::string absolute(std::string const& file) {
    std::error_code ec;
    auto const path = std::filesystem::absolute(file, ec);
    return ec ? file : path.lexically_normal().string();
}

wall_time now() { return std::chrono::system_clock::now(); }

/// Without notes, which are for who checks.
std::vector<std::string> texts_of(std::vector<config_problem> const& problems) {
    std::vector<std::string> texts;
    texts.reserve(problems.size());
    for (auto const& one : problems)
        if (one.weight != problem_weight::note) texts.push_back(to_string(one));
    return texts;
}

std::string name_of(control_peer const& by) { return "uid " + std::to_string(by.uid); }

} // namespace

server::server(options const& options, std::shared_ptr<config const> const& settings,
               supervisor const& supervisor, inherited_sockets inherited)
    : file_(absolute(options.config_file)), started_with_(settings), settings_(settings),
      supervisor_(supervisor), inherited_(std::move(inherited)), messages_({}, STDERR_FILENO),
      decisions_(settings->decision_log, STDOUT_FILENO,
                 [this](std::string what) { say("error: decision log " + std::move(what)); }),
      gateway_(settings,
               {[this](decision&& one) { decided(std::move(one)); },
                [this](evaluation&& one) { evaluated(std::move(one)); },
                [this](log_event&& one) { logged(std::move(one)); },
                [this](client_refusal&& one) { record(std::move(one)); }},
               &inherited_),
      control_(std::make_shared<control>(gateway_.context(), &inherited_, actions())),
      signals_(gateway_.context(), SIGTERM, SIGINT) {
    signals_.add(SIGHUP);
    signals_.add(SIGUSR1);
    counters_.watch(settings->milters);
}

int server::serve() {
    if (auto const problem = listen(); !problem.empty()) {
        std::cerr << "milter-manager: " << problem << '\n';
        return EX_UNAVAILABLE;
    }
    say_where_it_listens();
    await_signal();
    supervisor_.ready();
    gateway_.run();
    control_->stop(gateway_.cut_off());
    say(last_words());
    decisions_.stop(std::chrono::seconds(2));
    messages_.stop(std::chrono::seconds(1));
    return EX_OK;
}

control_actions server::actions() {
    return {[this] { return status(); },
            [this](control_peer const& peer) { return ordered_reload(peer); },
            [this](control_peer const& peer, std::optional<proto::duration> patience) {
                return ordered_drain(peer, patience);
            }};
}

std::string server::listen() {
    if (auto problem = gateway_.listen(); !problem.empty()) return problem;
    auto planned = control_->plan(*settings_);
    if (!planned.problem().empty()) return planned.problem();
    control_->reload(std::move(planned));
    return {};
}

void server::say_where_it_listens() {
    for (auto const& what : inherited_.close_rest()) say("warning: " + what);
    for (auto const& one : gateway_.listeners()) {
        say("listening on " + to_string(one->where));
        if (one->inherited && (one->asked.mode || !one->asked.group.empty()))
            say("warning: mode and group of " + to_string(one->where) +
                " are left as they are: it is inherited");
    }
}

void server::say(std::string text) {
    messages_.post([text = "milter-manager: " + std::move(text)] { return text; });
}

void server::decided(decision&& one) {
    counters_.count(one);
    record(std::move(one));
}

void server::evaluated(evaluation&& one) {
    counters_.count(one);
    record(std::move(one));
}

template <class Record> void server::record(Record one) {
    decisions_.post([kept = std::make_shared<Record>(std::move(one)), when = now()] {
        return to_json_line(*kept, when);
    });
}

void server::logged(log_event&& one) {
    counters_.note(one, now());
    messages_.post(
        [kept = std::make_shared<log_event>(std::move(one))] { return to_text_line(*kept); });
}

void server::await_signal() {
    signals_.async_wait([this](boost::system::error_code ec, int signal) {
        if (ec) return;
        switch (signal) {
        case SIGHUP: reload(); break;
        case SIGUSR1: decisions_.reopen(); break;
        default: end(); break;
        }
        await_signal();
    });
}

// ---- the end

/// The first time politely.
void server::end() {
    if (draining_) {
        impatient_ = true;
        return gateway_.stop();
    }
    drain(settings_->drain);
}

void server::drain(proto::duration patience) {
    patience_ = patience;
    if (!std::exchange(draining_, true)) {
        auto const what = "draining " + counted(gateway_.sessions(), "session");
        say(what);
        supervisor_.stopping(what);
    }
    gateway_.drain(patience);
}

drain_outcome server::ordered_drain(control_peer const& by,
                                    std::optional<proto::duration> patience) {
    auto const time = patience.value_or(settings_->drain);
    say("drain within " + duration_text(time) + ", ordered by " + name_of(by));
    drain(time);
    return {gateway_.sessions(), time};
}

std::string server::last_words() const {
    auto const left = gateway_.cut_off();
    if (left == 0) return "stopped";
    return "stopped; " + counted(left, "session") + " cut off " +
           (impatient_ ? "by the second signal" : "after " + duration_text(patience_));
}

// ---- other settings

reload_outcome server::ordered_reload(control_peer const& by) {
    say("reload, ordered by " + name_of(by));
    return reload();
}

/// All of it or nothing.
reload_outcome server::reload() {
    if (draining_) {
        say("configuration not reloaded: draining");
        return {control_refusal::draining, "it is draining", {}, {}};
    }
    supervisor_.reloading();
    auto outcome = read_and_take_over();
    supervisor_.ready();
    if (outcome.refused) say("configuration not reloaded: the old one stays in force");
    last_reload_ = {now(), !outcome.refused, outcome.problems};
    if (outcome.refused == control_refusal::listen)
        outcome.problems.pop_back(); // the answer has it as its error
    return outcome;
}

reload_outcome server::read_and_take_over() {
    auto const here = this_machine();
    auto const loaded = load_config(file_, &here);
    reload_outcome outcome{std::nullopt, {}, texts_of(loaded.problems), file_};
    for (auto const& problem : outcome.problems) say(problem);
    if (!loaded.config) {
        outcome.refused = control_refusal::configuration;
        outcome.error = file_ + " has errors; nothing has changed";
        return outcome;
    }
    auto planned = gateway_.plan(*loaded.config);
    auto planned_control = control_->plan(*loaded.config);
    auto const& why = planned.problem().empty() ? planned_control.problem() : planned.problem();
    if (!why.empty()) {
        say(why);
        outcome.problems.push_back(why);
        outcome.refused = control_refusal::listen;
        outcome.error = why + "; nothing has changed";
        return outcome;
    }
    bool const falls_silent =
        !settings_->control.socket.path.empty() && loaded.config->control.socket.path.empty();
    settings_ = fitted(loaded.config, read_postfix_settings());
    loaded_at_ = now();
    counters_.watch(settings_->milters);
    gateway_.reload(settings_, std::move(planned));
    control_->reload(std::move(planned_control));
    say("configuration reloaded");
    for (auto const& key : changed_for_restart(*started_with_, *settings_))
        warn(outcome, key + " takes effect at the next start");
    if (falls_silent) warn(outcome, "no control socket any more: only signals are heard");
    return outcome;
}

void server::take_sets(std::shared_ptr<config const> const& of, changed_sets read) {
    if (draining_ || of != settings_) return; // by a reload, all sets have been read anew
    for (auto const& problem : texts_of(read.problems)) say(problem);
    auto const fresh = std::make_shared<config const>(std::move(read.value));
    if (read.names.empty()) {
        settings_ = fresh;
        return;
    }
    auto planned = gateway_.plan(*fresh);
    if (!planned.problem().empty()) return say(planned.problem()); // and once more, soon
    settings_ = fresh;
    gateway_.reload(settings_, std::move(planned));
    std::string names;
    for (auto const& one : read.names) (names += names.empty() ? "@" : ", @") += one;
    say("sets read anew: " + names);
}

void server::warn(reload_outcome& of, std::string const& what) {
    of.problems.push_back("warning: " + what);
    say(of.problems.back());
}

// ---- how it is

status_report server::status() const {
    status_report report;
    report.version = milter::version_string;
    report.pid = ::getpid();
    report.draining = draining_;
    report.started = started_at_;
    report.now = now();
    report.configuration = file_;
    report.loaded = loaded_at_;
    report.last_reload = last_reload_;
    for (auto const& one : gateway_.listeners()) report.listeners.push_back(status_of(*one));
    report.sessions = gateway_.sessions();
    report.sessions_ever = gateway_.sessions_ever();
    report.session_limit = settings_->limits.sessions;
    auto const& memory = *gateway_.settings().spool.budget;
    report.memory = memory.taken();
    report.memory_limit = memory.limit();
    auto const& of_copies = *gateway_.settings().evaluation_budget;
    report.evaluation_memory = of_copies.taken();
    report.evaluation_memory_limit = of_copies.limit();
    for (auto const& one : gateway_.settings().milters) report.milters.push_back(status_of(one));
    add_lists(report, *settings_, gateway_.desk());
    report.sets = sets_of(*settings_, sets_.overdue());
    counters_.fill(report);
    report.lines_lost = decisions_.dropped();
    return report;
}

} // namespace milter::manager
