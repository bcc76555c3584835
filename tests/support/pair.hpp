// SPDX-License-Identifier: BSL-1.0
// tests/support/pair.hpp - filter_session and mta_session face to face, under a clock that only tests move
//
//   support::pair both({.offer = ...}, {.wants = ...}, answer);
//   both.negotiate();
//   both.command(wire::helo{"client"});
//   BOOST_TEST(both.seen_by_filter == ...);
#pragma once

#include <milter/proto/filter_session.hpp>
#include <milter/proto/mta_session.hpp>
#include <milter/wire/describe.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace support {

namespace proto = milter::proto;
namespace wire = milter::wire;

/// Answers one command; not called for the offer.
using answer_function = std::function<void(wire::any_command const&, proto::filter_session&)>;

/// Says continue to everything.
inline void proceed(wire::any_command const&, proto::filter_session& filter) {
    milter::error_code ec;
    filter.reply(wire::proceed{}, ec);
    if (ec) throw std::logic_error("continue is always allowed: " + ec.message());
}

class pair {
public:
    pair(proto::mta_options mta_side, proto::filter_options filter_side,
         answer_function answer = proceed)
        : mta(mta_side), filter(std::move(filter_side)), answer_(std::move(answer)) {}

    proto::mta_session mta;
    proto::filter_session filter;
    proto::time_point now{std::chrono::hours(1000)};
    std::size_t grain = 1 << 20; ///< bytes that travel at once

    std::vector<std::string> seen_by_filter; ///< commands in words
    std::vector<std::string> seen_by_mta;    ///< replies in words
    milter::error_code mta_error, filter_error;

    void negotiate() {
        mta.negotiate(now, mta_error);
        pump();
    }

    template <class Command> void command(Command const& command) {
        mta.send(command, now, mta_error);
        pump();
    }

    void macros(wire::command_code stage, std::string_view pairs) {
        mta.send(wire::macros{stage, wire::zstr_list(pairs)}, now, mta_error);
    }

    void quit() {
        mta.quit();
        pump();
    }

    /// Until nobody has anything to say.
    void pump() {
        while (to_filter() || to_mta()) {
        }
    }

    bool sound() const noexcept { return !mta_error && !filter_error; }

private:
    bool to_filter() {
        auto const bytes = std::exchange(mta.output(), {});
        for (std::size_t at = 0; at < bytes.size(); at += grain) {
            filter.received(std::string_view(bytes).substr(at, grain));
            drain_filter();
        }
        return !bytes.empty();
    }

    bool to_mta() {
        auto const bytes = std::exchange(filter.output(), {});
        for (std::size_t at = 0; at < bytes.size(); at += grain) {
            mta.received(std::string_view(bytes).substr(at, grain));
            while (auto const reply = mta.next(now, mta_error))
                seen_by_mta.push_back(describe(*reply));
        }
        return !bytes.empty();
    }

    void drain_filter() {
        while (auto const command = filter.next(filter_error)) {
            seen_by_filter.push_back(describe(*command));
            if (wire::code_of(*command) != wire::command_code::negotiate) answer_(*command, filter);
        }
    }

    answer_function answer_;
};

} // namespace support
