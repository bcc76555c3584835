// SPDX-License-Identifier: BSL-1.0
// filter_by_hand.hpp - a filter over any descriptor, with read(2), write(2) and poll(2) and nothing else
//
// Of the guide docs/library/sessions.md. filter_by_hand.cpp runs it, mta_by_hand.cpp talks to it.
#pragma once

#include <milter/proto/filter_session.hpp>
#include <milter/proto/timeouts.hpp>

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <iostream>
#include <string>
#include <string_view>
#include <variant>

namespace by_hand {

namespace proto = milter::proto;
namespace wire = milter::wire;

/// Notes in a header who sent how much, and refuses too much. One for each connection.
class size_milter {
public:
    static proto::filter_options options() {
        proto::filter_options wanted;
        wanted.wants.actions = wire::action::add_header;
        wanted.wants.steps = wire::step::no_helo | wire::step::no_header | wire::step::nr_body;
        return wanted;
    }

    void answer(wire::any_command const& command, proto::filter_session& session) {
        milter::error_code ec;
        if (auto const* mail = std::get_if<wire::mail>(&command))
            begin_message(*mail);
        else if (auto const* chunk = std::get_if<wire::body>(&command))
            size_ += chunk->bytes.size();
        else if (std::holds_alternative<wire::end_of_message>(command))
            return end_message(session);
        session.reply(wire::proceed{}, ec);
    }

private:
    /// State of the message before ends here, however that message ended.
    void begin_message(wire::mail const& mail) {
        sender_ = mail.address; // copied: the view dies with the next command
        size_ = 0;
    }

    void end_message(proto::filter_session& session) {
        milter::error_code ec;
        if (size_ > max_size)
            return session.reply(wire::reply_text{"552 5.3.4 That is too much"}, ec);
        // escaped: a sender may hold what would be another header
        auto const text = wire::quoted(sender_) + " " + std::to_string(size_);
        session.reply(wire::add_header{"X-Size", text}, ec);
        if (ec) std::cerr << "no X-Size: " << ec.message() << '\n'; // not negotiated, for one
        session.reply(wire::proceed{}, ec);                         // owed all the same
    }

    static constexpr std::size_t max_size = 10'000'000; // bytes

    std::string sender_;
    std::size_t size_ = 0; ///< of the body so far, bytes
};

inline milter::error_code last_error() noexcept {
    return {errno, boost::system::system_category()};
}

/// Waits until something can be read. @return false at the deadline
inline bool readable(int descriptor, proto::time_point deadline) {
    using std::chrono::milliseconds;
    pollfd one{descriptor, POLLIN, 0};
    for (;;) {
        auto const left = std::chrono::ceil<milliseconds>(deadline - proto::clock::now()).count();
        auto const wait = std::clamp<decltype(left)>(left, 0, 60'000);
        if (::poll(&one, 1, static_cast<int>(wait)) > 0) return true;
        if (left <= 0) return false;
    }
}

/// Serves one connection. @return none after QUIT; else why it ended, and session.failure() has it in words
template <class Milter>
milter::error_code serve(int descriptor, proto::filter_session& session, Milter& milter) {
    std::array<char, 16'384> room;
    for (;;) {
        milter::error_code ec;
        while (auto const command = session.next(ec)) milter.answer(*command, session);
        if (ec) return ec;
        if (auto const& bytes = session.output(); !bytes.empty()) {
            auto const size = ::write(descriptor, bytes.data(), bytes.size());
            if (size < 0) return last_error();
            session.sent(static_cast<std::size_t>(size));
            continue;
        }
        if (session.closed()) return {};
        if (!readable(descriptor, proto::clock::now() + proto::filter_idle_timeout))
            return milter::errc::timed_out;
        auto const size = ::read(descriptor, room.data(), room.size());
        if (size < 0) return last_error();
        if (size == 0) {
            session.ended(ec);
            return ec;
        }
        session.received({room.data(), static_cast<std::size_t>(size)});
    }
}

} // namespace by_hand
