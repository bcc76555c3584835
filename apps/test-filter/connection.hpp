// SPDX-License-Identifier: BSL-1.0
// test-filter/connection.hpp - one session of the filter on its socket
#pragma once

#include "test-filter/event.hpp"
#include "test-filter/script.hpp"
#include <milter/net/stream.hpp>
#include <milter/proto/filter_session.hpp>

#include <cstddef>
#include <vector>

namespace milter::test_filter {

class connection {
public:
    /// All of these must outlive it. @param watch  is told each command
    connection(net::socket connected, std::size_t number, script const& plan, event_sink& events,
               expectation_watch& watch);

    /// `one` is told all bytes, and must outlive it.
    void tap(net::stream_tap& one) noexcept { stream_.tap(&one); }

    /// Until either side ends it.
    /// @return  why; none after QUIT, and when the script ended it
    net::asio::awaitable<error_code> serve();

private:
    net::asio::awaitable<void> handle(wire::any_command const& command);
    net::asio::awaitable<void> perform(std::vector<action const*> actions,
                                       wire::command_code stage);
    net::asio::awaitable<void> flush();
    net::asio::awaitable<void> keep_alive(send_progress const& step, wire::command_code stage);
    net::asio::awaitable<void> stay_silent();
    net::asio::awaitable<void> pause(proto::duration time);
    void negotiate(wire::negotiate const& offer, send_answer const* instead);
    void send(send_reply const& step, wire::command_code stage);
    template <class Reply> void send_one(Reply const& reply, bool forced, wire::command_code stage);
    void force(send_reply const& step, wire::command_code stage);
    template <class Reply> void force(Reply const& reply);
    void pretend_reply(wire::reply_code code);
    void end(end_connection::how way);

    net::stream stream_;
    std::size_t number_;
    script const& plan_;
    event_sink& events_;
    expectation_watch& watch_;
    std::size_t answered_ = 0; ///< commands that were owed a reply
    proto::filter_session session_;
    seen seen_;
    wire::negotiate offer_;
    bool ended_here_ = false;
    error_code gave_up_; ///< how the MTA left a filter that had fallen silent
};

} // namespace milter::test_filter
