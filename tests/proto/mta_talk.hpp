// SPDX-License-Identifier: BSL-1.0
// tests/proto/mta_talk.hpp - an MTA session that has negotiated, with the plumbing of a test
#pragma once

#include <milter/proto/mta_session.hpp>

#include <boost/test/unit_test.hpp>

#include <support/exact_copy.hpp>
#include <support/print_error.hpp>
#include <support/print_packet.hpp>

namespace mta_talk {

namespace wire = milter::wire;
using milter::errc;
using milter::error_code;
using milter::proto::mta_options;
using milter::proto::mta_session;
using milter::proto::never;
using milter::proto::phase;
using milter::proto::time_point;
using support::bytes;
using support::exact_copy;
using wire::action;
using wire::command_code;
using wire::step;
using namespace std::chrono_literals;
using namespace std::string_view_literals;

inline constexpr auto none = errc{};

template <class Packet> std::string packet(Packet const& one) {
    std::string out;
    wire::encode(out, one);
    return out;
}

/// A session that has negotiated what the test wants, with the plumbing of a test.
struct talk {
    mta_session session;
    time_point now{1000h};
    error_code ec;

    explicit talk(wire::negotiate_reply const& answer = {6, action::all, step::none, {}},
                  mta_options options = {})
        : session(options) {
        session.negotiate(now, ec);
        hear(answer);
        BOOST_TEST_REQUIRE(!ec, ec.message());
        session.output().clear();
    }

    template <class Command> errc send(Command const& command) {
        error_code why;
        session.send(command, now, why);
        return static_cast<errc>(why.value());
    }
    template <class Reply> std::optional<wire::any_reply> hear(Reply const& reply) {
        return hear_bytes(packet(reply));
    }
    std::optional<wire::any_reply> hear_bytes(std::string_view data) {
        session.received(exact_copy(data).view());
        return session.next(now, ec);
    }
    std::string sent() { return support::to_hex(std::exchange(session.output(), {})); }

    /// Up to the command `code`, whose verdict is then awaited; all before it is continued.
    void come_to(command_code code) {
        using enum command_code;
        auto const go = [&](auto const& command) {
            BOOST_TEST_REQUIRE((send(command) == none));
            if (command.code != code && session.awaited()) hear(wire::proceed{});
            return command.code == code;
        };
        if (session.at() == phase::negotiated &&
            go(wire::connect{"c", wire::family::unknown, 0, ""}))
            return;
        if (code == helo) return void(go(wire::helo{"c"}));
        if (code == unknown) return void(go(wire::unknown{"FOO"}));
        if (go(wire::mail{"<a@b>", {}}) || go(wire::rcpt{"<c@d>", {}}) || go(wire::data{}) ||
            go(wire::header{"Subject", "hi"}) || go(wire::end_of_headers{}) ||
            go(wire::body{"text"}))
            return;
        go(wire::end_of_message{});
    }
};

inline constexpr command_code answered[] = {
    command_code::connect,        command_code::helo, command_code::mail,
    command_code::rcpt,           command_code::data, command_code::header,
    command_code::end_of_headers, command_code::body, command_code::end_of_message,
    command_code::unknown,
};

} // namespace mta_talk
