// SPDX-License-Identifier: BSL-1.0
// manager/run.cpp - `milter-manager run`: from the configuration to the last session
#include "manager/run.hpp"

#include "manager/config/config_number.hpp"
#include "manager/config/config_restart.hpp"
#include "manager/config/config_set.hpp"
#include "manager/config/config_toml.hpp"
#include "manager/config/decision_json.hpp"
#include "manager/machine.hpp"
#include "manager/mta_settings.hpp"
#include "manager/service/control.hpp"
#include "manager/service/counters.hpp"
#include "manager/service/gateway.hpp"
#include "manager/service/line_writer.hpp"
#include "manager/service/periodic.hpp"
#include "manager/service/supervisor.hpp"
#include "manager/status_of.hpp"
#include <milter/version.hpp>

#include <boost/asio/signal_set.hpp>
#include <boost/system/system_error.hpp>

#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <exception>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace milter::manager {

namespace {

constexpr auto set_watch_period = std::chrono::seconds(2);

std::string counted(std::size_t count, std::string_view what) {
    return std::to_string(count) + ' ' + std::string(what) + (count == 1 ? "" : "s");
}

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

/// Everything that only one thread of one process does.
class server {
public:
    server(options const& options, std::shared_ptr<config const> const& settings,
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

    int serve() {
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

private:
    control_actions actions() {
        return {[this] { return status(); },
                [this](control_peer const& peer) { return ordered_reload(peer); },
                [this](control_peer const& peer, std::optional<proto::duration> patience) {
                    return ordered_drain(peer, patience);
                }};
    }

    std::string listen() {
        if (auto problem = gateway_.listen(); !problem.empty()) return problem;
        auto planned = control_->plan(*settings_);
        if (!planned.problem().empty()) return planned.problem();
        control_->reload(std::move(planned));
        return {};
    }

    void say_where_it_listens() {
        for (auto const& what : inherited_.close_rest()) say("warning: " + what);
        for (auto const& one : gateway_.listeners()) {
            say("listening on " + to_string(one->where));
            if (one->inherited && (one->asked.mode || !one->asked.group.empty()))
                say("warning: mode and group of " + to_string(one->where) +
                    " are left as they are: it is inherited");
        }
    }

    void say(std::string text) {
        messages_.post([text = "milter-manager: " + std::move(text)] { return text; });
    }

    void decided(decision&& one) {
        counters_.count(one);
        record(std::move(one));
    }

    void evaluated(evaluation&& one) {
        counters_.count(one);
        record(std::move(one));
    }

    template <class Record> void record(Record one) {
        decisions_.post([kept = std::make_shared<Record>(std::move(one)), when = now()] {
            return to_json_line(*kept, when);
        });
    }

    void logged(log_event&& one) {
        counters_.note(one, now());
        messages_.post(
            [kept = std::make_shared<log_event>(std::move(one))] { return to_text_line(*kept); });
    }

    void await_signal() {
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
    void end() {
        if (draining_) {
            impatient_ = true;
            return gateway_.stop();
        }
        drain(settings_->drain);
    }

    void drain(proto::duration patience) {
        patience_ = patience;
        if (!std::exchange(draining_, true)) {
            auto const what = "draining " + counted(gateway_.sessions(), "session");
            say(what);
            supervisor_.stopping(what);
        }
        gateway_.drain(patience);
    }

    drain_outcome ordered_drain(control_peer const& by, std::optional<proto::duration> patience) {
        auto const time = patience.value_or(settings_->drain);
        say("drain within " + duration_text(time) + ", ordered by " + name_of(by));
        drain(time);
        return {gateway_.sessions(), time};
    }

    std::string last_words() const {
        auto const left = gateway_.cut_off();
        if (left == 0) return "stopped";
        return "stopped; " + counted(left, "session") + " cut off " +
               (impatient_ ? "by the second signal" : "after " + duration_text(patience_));
    }

    static std::string name_of(control_peer const& by) { return "uid " + std::to_string(by.uid); }

    // ---- other settings

    reload_outcome ordered_reload(control_peer const& by) {
        say("reload, ordered by " + name_of(by));
        return reload();
    }

    /// All of it or nothing.
    reload_outcome reload() {
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

    reload_outcome read_and_take_over() {
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

    /// Files of sets change more often than the configuration, and by other hands.
    void look_at_sets() {
        if (draining_ || !sets_have_changed(*settings_)) return;
        auto read = with_changed_sets(*settings_);
        for (auto const& problem : texts_of(read.problems)) say(problem);
        settings_ = std::make_shared<config const>(std::move(read.value));
        if (read.names.empty()) return;
        gateway_.reload(settings_, gateway_.plan(*settings_));
        std::string names;
        for (auto const& one : read.names) (names += names.empty() ? "@" : ", @") += one;
        say("sets read anew: " + names);
    }

    void warn(reload_outcome& of, std::string const& what) {
        of.problems.push_back("warning: " + what);
        say(of.problems.back());
    }

    // ---- how it is

    status_report status() const {
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
        for (auto const& one : gateway_.settings().milters)
            report.milters.push_back(status_of(one));
        add_lists(report, *settings_, gateway_.desk());
        report.sets = sets_of(*settings_);
        counters_.fill(report);
        report.lines_lost = decisions_.dropped();
        return report;
    }

    std::string file_; ///< of the configuration
    std::shared_ptr<config const> started_with_;
    std::shared_ptr<config const> settings_; ///< of new sessions
    supervisor const& supervisor_;
    inherited_sockets inherited_;
    counters counters_;
    line_writer messages_;
    line_writer decisions_;
    gateway gateway_;
    std::shared_ptr<control> control_;
    boost::asio::signal_set signals_;
    periodic watch_of_sets_{gateway_.context(), set_watch_period, [this] { look_at_sets(); }};
    wall_time started_at_ = now();
    wall_time loaded_at_ = started_at_;
    std::optional<reload_status> last_reload_;
    proto::duration patience_{}; ///< of the drain
    bool draining_ = false;
    bool impatient_ = false; ///< a second signal came
};

/// A session needs a descriptor for the MTA and one for each milter.
void raise_descriptor_limit() noexcept {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

loaded_config load_and_tell(std::string const& file, machine const& here) {
    auto loaded = load_config(file, &here);
    for (auto const& problem : loaded.problems)
        if (problem.weight != problem_weight::note) std::cerr << to_string(problem) << '\n';
    return loaded;
}

/// Not with what should be mended, so that whoever looks for that alone finds nothing else there.
void tell_notes(std::vector<config_problem> const& problems) {
    for (auto const& problem : problems)
        if (problem.weight == problem_weight::note) std::cout << to_string(problem) << '\n';
}

/// Of a file without errors.
std::string summary(config const& what, std::vector<config_problem> const& problems) {
    auto const warnings = std::count_if(problems.begin(), problems.end(), [](auto const& one) {
        return one.weight == problem_weight::warning;
    });
    auto const all = what.milters.size();
    auto const enabled = static_cast<std::size_t>(std::count_if(
        what.milters.begin(), what.milters.end(), [](auto const& one) { return one.enabled; }));
    auto const part = enabled < all ? std::to_string(enabled) + " enabled of " : std::string();
    auto text = counted(what.listens.size(), "listener") + ", " + part + counted(all, "milter") +
                ", no errors";
    if (warnings == 0) return text;
    return text + ", " + counted(static_cast<std::size_t>(warnings), "warning");
}

/// No descriptors or threads to be had, not even for a start.
int cannot_serve(std::string const& why) {
    std::cerr << "milter-manager: cannot serve: " << why << '\n';
    return EX_OSERR;
}

} // namespace

int run(options const& options) {
    supervisor const supervisor;
    auto inherited = inherited_sockets::of_environment(); // before anything else is opened
    auto const loaded = load_and_tell(options.config_file, this_machine());
    if (!loaded.config) return EX_CONFIG;
    std::signal(SIGPIPE, SIG_IGN);
    raise_descriptor_limit();
    auto const& spool = loaded.config->spool;
    if (int const error = this_machine().spool_error(spool)) {
        std::cerr << "milter-manager: " << spool_problem(spool, error) << '\n';
        return EX_CANTCREAT;
    }
    try {
        auto const settings = fitted(loaded.config, read_postfix_settings());
        server one(options, settings, supervisor, std::move(inherited));
        return one.serve();
    } catch (line_writer::cannot_open const& failed) {
        std::cerr << "milter-manager: decision log " << failed.what() << '\n';
        return EX_CANTCREAT;
    } catch (std::system_error const& failed) {
        return cannot_serve(failed.what());
    } catch (boost::system::system_error const& failed) { // Asio's
        return cannot_serve(failed.code().message());
    }
}

int check(options const& options) {
    auto const loaded = load_and_tell(options.config_file, this_machine_before_start());
    if (!loaded.config) return EX_CONFIG;
    if (options.quiet) return EX_OK;
    tell_notes(loaded.problems);
    std::cout << options.config_file << ": " << summary(*loaded.config, loaded.problems) << '\n';
    return EX_OK;
}

} // namespace milter::manager
