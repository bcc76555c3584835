// SPDX-License-Identifier: BSL-1.0
// manager/control_client.cpp
#include "manager/control_client.hpp"

#include "manager/config/config_number.hpp"
#include "manager/config/config_toml.hpp"
#include "manager/config/printable.hpp"
#include "manager/status_table.hpp"
#include <milter/net/connect.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <nlohmann/json.hpp>

#include <sysexits.h>

#include <array>
#include <chrono>
#include <exception>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace milter::manager {

namespace asio = boost::asio;

namespace {

using json = nlohmann::ordered_json;

constexpr auto connect_patience = std::chrono::seconds(5);
constexpr auto answer_patience = std::chrono::seconds(60); // a reload may ask the name service
constexpr auto end_patience = std::chrono::seconds(15);    // behind the end of a drain
constexpr std::size_t answer_limit = std::size_t{1} << 20; // bytes

/// Whatever keeps us from an answer.
struct failure {
    int status;
    std::string text;
};

int complain(std::string const& what, int status) {
    std::cerr << "milter-manager: " << what << '\n';
    return status;
}

/// The --control option, else what the configuration says, also one with errors.
endpoint control_socket(options const& options) {
    if (options.control) return *options.control;
    auto const loaded = load_config(options.config_file);
    if (!loaded.control.path.empty()) return loaded.control;
    for (auto const& problem : loaded.problems)
        if (problem.weight == problem_weight::error) std::cerr << to_string(problem) << '\n';
    throw failure{EX_CONFIG, printable(options.config_file) +
                                 (loaded.config ? ": no [control] with a socket"
                                                : ": cannot tell the control socket") +
                                 "; --control names one"};
}

class connection {
public:
    connection(endpoint where, bool is_named) : where_(std::move(where)) {
        error_code ec;
        run([&]() -> asio::awaitable<void> {
            auto fresh = co_await net::connect(where_, after(connect_patience), ec);
            if (!ec) stream_.emplace(std::move(fresh));
        });
        if (!ec) return;
        bool const forbidden = ec == asio::error::access_denied;
        throw failure{forbidden ? EX_NOPERM : EX_UNAVAILABLE,
                      "cannot ask on " + printable(to_string(where_)) + ": " + ec.message() +
                          (is_deserted(ec) ? advice(is_named) : "")};
    }

    void say(json const& request) {
        auto const line = request.dump() + '\n';
        error_code ec;
        run([&]() -> asio::awaitable<void> {
            co_await stream_->write(line, after(connect_patience), ec);
        });
        if (ec) throw failure{EX_UNAVAILABLE, "cannot ask: " + ec.message()};
    }

    json hear(proto::duration patience) {
        error_code ec;
        run([&]() -> asio::awaitable<void> {
            auto const deadline = after(patience);
            std::array<char, 4096> room{};
            while (!ec && bytes_.find('\n') == bytes_.npos && bytes_.size() <= answer_limit) {
                auto const size = co_await stream_->read(room, deadline, ec);
                bytes_.append(room.data(), size);
            }
        });
        if (ec == errc::timed_out) throw failure{EX_TEMPFAIL, "no answer in time"};
        if (ec) throw failure{EX_UNAVAILABLE, "it hung up without an answer"};
        auto const end = bytes_.find('\n');
        auto const line = bytes_.substr(0, end);
        bytes_.erase(0, line.size() + 1);
        auto answer = json::parse(line, nullptr, /*allow_exceptions=*/false);
        if (end == line.npos || !answer.is_object() || !answer["ok"].is_boolean())
            throw failure{EX_PROTOCOL, "no answer of a manager"};
        return answer;
    }

private:
    static bool is_deserted(error_code ec) {
        return ec == asio::error::connection_refused ||
               ec == boost::system::errc::no_such_file_or_directory;
    }

    /// @param is_named  by --control, not by a file that may have changed since the manager read it
    static std::string advice(bool is_named) {
        std::string const running = "; is the manager running?";
        return is_named ? running : running + " If the control socket was changed: --control OLD";
    }

    static proto::time_point after(proto::duration patience) {
        return proto::clock::now() + patience;
    }

    /// Until the coroutine is through, which has deadlines of its own; timers that are still set are not waited for.
    template <class Task> void run(Task task) {
        context_.restart();
        asio::co_spawn(context_, std::move(task),
                       [this](std::exception_ptr const&) { context_.stop(); });
        context_.run();
    }

    endpoint where_;
    asio::io_context context_{1};
    std::optional<net::stream> stream_;
    std::string bytes_; ///< heard, of lines not read yet
};

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

json answer_to(connection& manager, json const& request) {
    manager.say(request);
    auto answer = manager.hear(answer_patience);
    show_problems(answer);
    if (!answer["ok"].get<bool>())
        throw failure{status_for(text_of(answer, "reason")), printable(text_of(answer, "error"))};
    return answer;
}

int show_status(connection& manager, options const& options) {
    auto const answer = answer_to(manager, {{"command", "status"}});
    if (options.json)
        std::cout << answer.dump() << '\n';
    else
        std::cout << status_table(answer);
    return EX_OK;
}

int reload(connection& manager) {
    auto const answer = answer_to(manager, {{"command", "reload"}});
    auto const file = text_of(answer, "configuration"); // an older manager does not say it
    std::cout << "configuration reloaded" << (file.empty() ? "" : ": " + printable(file)) << '\n';
    return EX_OK;
}

int await_end(connection& manager, std::string const& timeout) {
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

int drain(connection& manager, options const& options) {
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
        connection manager(control_socket(options), options.control.has_value());
        switch (options.verb) {
        case verb::reload: return reload(manager);
        case verb::drain: return drain(manager, options);
        default: return show_status(manager, options);
        }
    } catch (failure const& why) {
        return complain(why.text, why.status);
    } catch (json::exception const&) { // a key of another type than ours
        return complain("no answer of a manager", EX_PROTOCOL);
    }
}

} // namespace milter::manager
