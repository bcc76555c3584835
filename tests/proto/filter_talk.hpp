// SPDX-License-Identifier: BSL-1.0
// tests/proto/filter_talk.hpp - a filter session with the plumbing of a test
#pragma once

#include <milter/proto/filter_session.hpp>

#include <boost/test/unit_test.hpp>

#include <support/exact_copy.hpp>
#include <support/print_error.hpp>
#include <support/print_packet.hpp>

namespace filter_talk {

namespace wire = milter::wire;
using milter::errc;
using milter::error_code;
using milter::proto::filter_options;
using milter::proto::filter_session;
using milter::proto::phase;
using support::bytes;
using support::exact_copy;
using wire::action;
using wire::command_code;
using wire::step;
using namespace std::string_view_literals;

inline filter_options wants(action actions, step steps = step::none) {
    filter_options options;
    options.wants.actions = actions;
    options.wants.steps = steps;
    return options;
}

template <class Command> std::string packet(Command const& command) {
    std::string out;
    wire::encode(out, command);
    return out;
}

/// A session with the plumbing of a test: it must live, and its output is taken packet by packet.
struct talk {
    filter_session session;
    error_code ec;

    explicit talk(filter_options options = {}, wire::negotiate offer = {})
        : session(std::move(options)) {
        hear(offer);
        BOOST_TEST_REQUIRE(!ec, ec.message());
        session.output().clear();
    }

    template <class Command> std::optional<wire::any_command> hear(Command const& command) {
        return hear_bytes(packet(command));
    }
    std::optional<wire::any_command> hear_bytes(std::string_view data) {
        session.received(exact_copy(data).view());
        return session.next(ec);
    }
    template <class Reply> errc say(Reply const& reply) {
        error_code why;
        session.reply(reply, why);
        return static_cast<errc>(why.value());
    }
    std::string said() { return support::to_hex(std::exchange(session.output(), {})); }

    /// Up to the reply to `code`, with a continue to all before it.
    void come_to(command_code code) {
        using enum command_code;
        auto const before = [&](command_code one) {
            if (one == code) return true;
            if (session.awaits_reply()) say(wire::proceed{});
            return false;
        };
        hear(wire::connect{"client", wire::family::unknown, 0, ""});
        if (before(connect)) return;
        hear(wire::helo{"client"});
        if (before(helo)) return;
        if (code == unknown) {
            hear(wire::unknown{"FOO"});
            return;
        }
        hear(wire::mail{"<a@b>", {}});
        if (before(mail)) return;
        hear(wire::rcpt{"<c@d>", {}});
        if (before(rcpt)) return;
        hear(wire::data{});
        if (before(data)) return;
        hear(wire::header{"Subject", "hello"});
        if (before(header)) return;
        hear(wire::end_of_headers{});
        if (before(end_of_headers)) return;
        hear(wire::body{"text\r\n"});
        if (before(body)) return;
        hear(wire::end_of_message{});
        before(end_of_message);
    }
};

inline constexpr command_code answered[] = {
    command_code::connect,        command_code::helo, command_code::mail,
    command_code::rcpt,           command_code::data, command_code::header,
    command_code::end_of_headers, command_code::body, command_code::end_of_message,
    command_code::unknown,
};

inline constexpr auto none = errc{};

} // namespace filter_talk
