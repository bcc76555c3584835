// SPDX-License-Identifier: BSL-1.0
// tests/apps/scenario_fixture.hpp - scenarios played against a milter in this process, which keeps what it is sent
#pragma once

#include "server_session_fixture.hpp"
#include "test-server/scenario/scenario_player.hpp"
#include "test-server/scenario/scenario_toml.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace scenario_test {

using namespace milter::test_server;
using server_session_test::code;
using server_session_test::packets;
namespace asio = boost::asio;
namespace net = milter::net;
namespace proto = milter::proto;
namespace wire = milter::wire;

/// A line for each expectation that was not met: "mail: expected pass; found: reject".
inline std::vector<std::string> findings(scenario const& wanted, scenario_result const& result) {
    std::vector<std::string> all;
    for (std::size_t i = 0; i < result.steps.size(); ++i)
        for (auto const& one : result.steps[i].findings) {
            auto text = std::string(name_of(wanted.steps[i].what)) + ": ";
            if (!one.expected.empty()) text += "expected " + one.expected + "; found: ";
            all.push_back(text + one.found);
        }
    return all;
}

struct scenario_fixture {
    proto::filter_options wants; ///< of the milter
    std::function<void(wire::any_command const&, proto::filter_session&)> answer =
        server_session_test::proceed;
    bool leaves = false; ///< the milter ends the connection, whatever the MTA waits for
    play_options how;
    scenario last; ///< what was played

    scenario_fixture() { wants.wants.actions = wire::action::all; }

    /// Answers `stage` with these replies, everything else with CONTINUE.
    template <class... Replies> void on(code stage, Replies... replies) {
        answer = [=](wire::any_command const& command, proto::filter_session& filter) {
            milter::error_code ec;
            if (wire::code_of(command) != stage)
                return server_session_test::proceed(command, filter);
            (filter.reply(replies, ec), ...);
            BOOST_TEST(!ec, ec.message());
        };
    }

    scenario_result play(scenario wanted) {
        last = std::move(wanted);
        heard_.clear();
        asio::io_context context{1};
        support::temp_dir const dir;
        auto const path = dir / "x.sock";
        how.milter = {milter::endpoint::kind::unix_path, path, {}, {}};
        asio::local::stream_protocol::acceptor acceptor(context, path);
        support::begin(context, accept_all(acceptor));
        transcript const log;
        auto result = support::run(context, milter::test_server::play(last, how, log));
        context.restart();
        while (open_ != 0 && context.run_one() != 0) { // until the milter has read the rest
        }
        return result;
    }

    /// What of the scenario in `text` was not met.
    std::vector<std::string> unmet(std::string_view text) {
        auto const result = play(parse_scenario(text, "test.toml", {}));
        return findings(last, result);
    }

    void passes(std::string_view text) {
        for (auto const& one : unmet(text)) BOOST_TEST(false, one);
    }

    void tells(std::string_view text, std::vector<std::string> const& expected) {
        auto const found = unmet(text);
        BOOST_CHECK_EQUAL_COLLECTIONS(found.begin(), found.end(), expected.begin(), expected.end());
    }

    std::size_t connections() const { return heard_.size(); }

    /// All packets of a connection, in order.
    packets heard(std::size_t connection = 0) const {
        packets all;
        milter::error_code ec;
        if (connection >= heard_.size()) return all;
        for (std::string_view rest = heard_[connection];;) {
            auto const frame = wire::first_frame(rest, 1 << 20, ec);
            if (!frame) {
                BOOST_TEST(rest.empty(), "the stream is whole packets");
                return all;
            }
            all.emplace_back(frame->raw);
            rest.remove_prefix(frame->raw.size());
        }
    }
    packets heard_of(code which, std::size_t connection = 0) const {
        packets all;
        for (auto const& one : heard(connection))
            if (one[4] == static_cast<char>(which)) all.push_back(one);
        return all;
    }
    /// Code letters of a connection; without macros.
    std::string story(std::size_t connection = 0) const {
        std::string letters;
        for (auto const& one : heard(connection))
            if (one[4] != 'D') letters += one[4];
        return letters;
    }
    /// "NAME=VALUE ..." of the macros before the first command of a stage.
    std::string macros_of(code stage, std::size_t which = 0) const {
        for (auto const& one : heard_of(code::macros)) {
            if (one[5] != static_cast<char>(stage) || which-- > 0) continue;
            std::string text;
            bool is_name = true;
            for (auto const part : wire::zstr_list(std::string_view(one).substr(6))) {
                text.append(is_name && !text.empty() ? " " : "").append(part);
                if (is_name) text += '=';
                is_name = !is_name;
            }
            return text;
        }
        return "none";
    }

private:
    asio::awaitable<void> accept_all(asio::local::stream_protocol::acceptor& acceptor) {
        for (;;) {
            auto [ec, connected] = co_await acceptor.async_accept(net::use_tuple);
            if (ec) co_return;
            ++open_;
            asio::co_spawn(acceptor.get_executor(), serve(net::socket(std::move(connected))),
                           asio::detached);
        }
    }

    asio::awaitable<void> serve(net::socket connected) {
        auto const mine = heard_.size();
        heard_.emplace_back();
        net::stream peer{std::move(connected)};
        proto::filter_session session(wants);
        std::string room(1 << 16, '\0');
        milter::error_code ec;
        while (!ec && !session.closed()) {
            while (auto const command = session.next(ec))
                if (wire::code_of(*command) != code::negotiate) answer(*command, session);
            if (!ec) co_await net::flush(peer, session, std::chrono::hours(1), ec);
            if (ec || session.closed() || leaves) break;
            auto const size = co_await peer.read(room, proto::never, ec);
            heard_[mine].append(room, 0, size);
            session.received({room.data(), size});
        }
        --open_;
    }

    std::deque<std::string> heard_; ///< of each connection
    std::size_t open_ = 0;
};

} // namespace scenario_test
