// SPDX-License-Identifier: BSL-1.0
// manager/run.cpp - `milter-manager run`: from the configuration to the last session
#include "manager/run.hpp"

#include "manager/config/config_number.hpp"
#include "manager/config/config_restart.hpp"
#include "manager/config/config_toml.hpp"
#include "manager/config/decision_json.hpp"
#include "manager/machine.hpp"
#include "manager/service/gateway.hpp"
#include "manager/service/line_writer.hpp"

#include <boost/asio/signal_set.hpp>

#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <exception>
#include <iostream>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

namespace milter::manager {

namespace {

std::string counted(std::size_t count, std::string_view what) {
    return std::to_string(count) + ' ' + std::string(what) + (count == 1 ? "" : "s");
}

/// Everything that only one thread of one process does.
class server {
public:
    server(options const& options, std::shared_ptr<config const> const& settings)
        : options_(options), started_with_(settings), settings_(settings),
          messages_({}, STDERR_FILENO),
          decisions_(settings->decision_log, STDOUT_FILENO,
                     [this](std::string what) { say("error: decision log " + std::move(what)); }),
          gateway_(settings, {[this](decision&& one) { decided(std::move(one)); },
                              [this](log_event&& one) { logged(std::move(one)); }}),
          signals_(gateway_.context(), SIGTERM, SIGINT) {
        signals_.add(SIGHUP);
        signals_.add(SIGUSR1);
    }

    int serve() {
        if (auto const problem = gateway_.listen(); !problem.empty()) {
            std::cerr << "milter-manager: " << problem << '\n';
            return EX_UNAVAILABLE;
        }
        for (auto const& one : gateway_.addresses()) say("listening on " + one);
        await_signal();
        gateway_.run();
        say(last_words());
        decisions_.stop(std::chrono::seconds(2));
        messages_.stop(std::chrono::seconds(1));
        return EX_OK;
    }

private:
    void say(std::string text) {
        messages_.post([text = "milter-manager: " + std::move(text)] { return text; });
    }

    void decided(decision&& one) {
        auto const when = std::chrono::system_clock::now();
        decisions_.post([kept = std::make_shared<decision>(std::move(one)), when] {
            return to_json_line(*kept, when);
        });
    }

    void logged(log_event&& one) {
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

    /// The first time politely.
    void end() {
        if (std::exchange(draining_, true)) {
            impatient_ = true;
            return gateway_.stop();
        }
        say("draining " + counted(gateway_.sessions(), "session"));
        gateway_.drain();
    }

    std::string last_words() const {
        auto const left = gateway_.sessions();
        if (left == 0) return "stopped";
        return "stopped; " + counted(left, "session") + " cut off " +
               (impatient_ ? "by the second signal" : "after " + duration_text(settings_->drain));
    }

    void reload() {
        auto const here = this_machine();
        auto loaded = load_config(options_.config_file, &here);
        for (auto const& problem : loaded.problems) say(to_string(problem));
        if (!loaded.config) return say("configuration not reloaded: the old one stays in force");
        settings_ = loaded.config;
        gateway_.reload(settings_);
        say("configuration reloaded");
        for (auto const& key : changed_for_restart(*started_with_, *settings_))
            say("warning: " + key + " takes effect at the next start");
    }

    options const& options_;
    std::shared_ptr<config const> started_with_;
    std::shared_ptr<config const> settings_; ///< of new sessions
    line_writer messages_;
    line_writer decisions_;
    gateway gateway_;
    boost::asio::signal_set signals_;
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

loaded_config load_and_tell(std::string const& file) {
    auto const here = this_machine();
    auto loaded = load_config(file, &here);
    for (auto const& problem : loaded.problems) std::cerr << to_string(problem) << '\n';
    return loaded;
}

} // namespace

int run(options const& options) {
    auto const loaded = load_and_tell(options.config_file);
    if (!loaded.config) return EX_CONFIG;
    std::signal(SIGPIPE, SIG_IGN);
    raise_descriptor_limit();
    auto const& spool = loaded.config->spool;
    if (int const error = this_machine().spool_error(spool)) {
        std::cerr << "milter-manager: " << spool_problem(spool, error) << '\n';
        return EX_CANTCREAT;
    }
    try {
        server one(options, loaded.config);
        return one.serve();
    } catch (std::system_error const& failed) {
        std::cerr << "milter-manager: decision log " << failed.what() << '\n';
        return EX_CANTCREAT;
    }
}

int check(options const& options) {
    auto const loaded = load_and_tell(options.config_file);
    if (!loaded.config) return EX_CONFIG;
    if (!options.quiet)
        std::cout << options.config_file << ": "
                  << counted(loaded.config->listens.size(), "listener") << ", "
                  << counted(loaded.config->milters.size(), "milter") << ", no errors\n";
    return EX_OK;
}

} // namespace milter::manager
