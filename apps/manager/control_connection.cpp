// SPDX-License-Identifier: BSL-1.0
// manager/control_connection.cpp
#include "manager/control_connection.hpp"

#include "manager/config/printable.hpp"
#include <milter/net/connect.hpp>

#include <boost/asio/co_spawn.hpp>

#include <sysexits.h>

#include <array>
#include <exception>
#include <utility>

namespace milter::manager {

namespace asio = boost::asio;

namespace {

using json = nlohmann::ordered_json;

constexpr std::size_t answer_limit = std::size_t{1} << 20; // bytes

bool is_deserted(error_code ec) {
    return ec == asio::error::connection_refused ||
           ec == boost::system::errc::no_such_file_or_directory;
}

std::string advice(bool is_named) {
    std::string const running = "; is the manager running?";
    return is_named ? running : running + " If the control socket was changed: --control OLD";
}

proto::time_point after(proto::duration patience) { return proto::clock::now() + patience; }

} // namespace

/// Until the coroutine is through, which has deadlines of its own; timers that are still set are not waited for.
template <class Task> void control_connection::run(Task task) {
    context_.restart();
    asio::co_spawn(context_, std::move(task),
                   [this](std::exception_ptr const&) { context_.stop(); });
    context_.run();
}

control_connection::control_connection(endpoint where, bool is_named, proto::duration patience)
    : where_(std::move(where)), patience_(patience) {
    error_code ec;
    run([&]() -> asio::awaitable<void> {
        auto fresh = co_await net::connect(where_, after(patience_), ec);
        if (!ec) stream_.emplace(std::move(fresh));
    });
    if (!ec) return;
    bool const forbidden = ec == asio::error::access_denied;
    throw control_failure{forbidden ? EX_NOPERM : EX_UNAVAILABLE,
                          "cannot ask on " + printable(to_string(where_)) + ": " + ec.message() +
                              (is_deserted(ec) ? advice(is_named) : "")};
}

void control_connection::say(json const& request) {
    auto const line = request.dump() + '\n';
    error_code ec;
    run([&]() -> asio::awaitable<void> { co_await stream_->write(line, after(patience_), ec); });
    // who was busy has said so, and hung up: it is to be heard
    if (ec == errc::timed_out) throw control_failure{EX_TEMPFAIL, "the question is not read"};
}

json control_connection::hear(proto::duration patience) {
    error_code ec;
    run([&]() -> asio::awaitable<void> {
        auto const deadline = after(patience);
        std::array<char, 4096> room{};
        while (!ec && bytes_.find('\n') == bytes_.npos && bytes_.size() <= answer_limit) {
            auto const size = co_await stream_->read(room, deadline, ec);
            bytes_.append(room.data(), size);
        }
    });
    if (ec == errc::timed_out) throw control_failure{EX_TEMPFAIL, "no answer in time"};
    if (ec) throw control_failure{EX_UNAVAILABLE, "it hung up without an answer"};
    auto const end = bytes_.find('\n');
    auto const line = bytes_.substr(0, end);
    bytes_.erase(0, line.size() + 1);
    auto answer = json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (end == line.npos || !answer.is_object() || !answer["ok"].is_boolean())
        throw control_failure{EX_PROTOCOL, "no answer of a manager"};
    return answer;
}

} // namespace milter::manager
