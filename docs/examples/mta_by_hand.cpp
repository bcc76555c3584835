// SPDX-License-Identifier: BSL-1.0
// mta_by_hand.cpp - the side of an MTA over any descriptor: asks the filter of filter_by_hand.hpp
//
// Of the guide docs/library/sessions.md. The filter runs on a thread of its own, at the other end of a pair of sockets.
#undef NDEBUG
#include "filter_by_hand.hpp"
#include <milter/proto/mta_session.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cassert>
#include <csignal>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace proto = milter::proto;
namespace wire = milter::wire;

namespace {

class asker {
public:
    explicit asker(int descriptor) : descriptor_(descriptor) {}

    void negotiate(milter::error_code& ec) {
        session_.negotiate(proto::clock::now(), ec);
        settle(ec);
    }

    /// Says a command. @return the verdict; empty where none is owed, and when ec is set
    template <class Command>
    std::optional<wire::reply_code> say(Command const& command, milter::error_code& ec) {
        session_.send(command, proto::clock::now(), ec);
        return settle(ec);
    }

    void quit(milter::error_code& ec) {
        session_.quit();
        write(ec);
    }

private:
    std::optional<wire::reply_code> settle(milter::error_code& ec) {
        if (!ec) write(ec);
        while (!ec && session_.awaited()) {
            while (auto const reply = session_.next(proto::clock::now(), ec)) {
                std::cout << wire::describe(*reply) << '\n';
                if (!session_.awaited()) return wire::code_of(*reply); // what came before: edits
            }
            if (!ec) read(ec);
        }
        return std::nullopt;
    }

    void write(milter::error_code& ec) {
        while (!session_.output().empty() && !ec) {
            auto const& bytes = session_.output();
            auto const size = ::write(descriptor_, bytes.data(), bytes.size());
            if (size < 0)
                ec = by_hand::last_error();
            else
                session_.sent(static_cast<std::size_t>(size));
        }
    }

    void read(milter::error_code& ec) {
        if (!by_hand::readable(descriptor_, session_.deadline()))
            return session_.expire(proto::clock::now(), ec);
        auto const size = ::read(descriptor_, room_.data(), room_.size());
        if (size < 0) ec = by_hand::last_error();
        if (size == 0) session_.ended(ec);
        if (size > 0) session_.received({room_.data(), static_cast<std::size_t>(size)});
    }

    int descriptor_;
    proto::mta_session session_;
    std::array<char, 16'384> room_;
};

/// What becomes of the mail when a filter has failed.
std::string_view fallback(milter::error_code const& ec) {
    if (ec == milter::condition::timeout || ec == milter::condition::lost)
        return "accept"; // it is not there: the mail goes on without it
    return "tempfail";   // malformed, violation: it is broken; local, or of the system: we are
}

std::optional<wire::reply_code> send_message(asker& to, milter::error_code& ec) {
    auto const goes_on = [&](auto const& command) {
        auto const verdict = to.say(command, ec);
        return !ec && verdict.value_or(wire::reply_code::proceed) == wire::reply_code::proceed;
    };
    bool const wanted =
        goes_on(wire::connect{"client.example.com", wire::family::inet, 25, "192.0.2.1"}) &&
        goes_on(wire::helo{"client.example.com"}) && // not sent: that filter wants no HELO
        goes_on(wire::mail{"<alice@example.com>", {}}) &&
        goes_on(wire::rcpt{"<bob@example.org>", {}}) && goes_on(wire::data{}) &&
        goes_on(wire::header{"Subject", "hi"}) && goes_on(wire::end_of_headers{}) &&
        goes_on(wire::body{"text\r\n"});
    if (!wanted) return std::nullopt; // a real MTA acts on the verdict that it got
    return to.say(wire::end_of_message{}, ec);
}

} // namespace

int main() {
    std::signal(SIGPIPE, SIG_IGN);
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return 1;
    std::jthread const filter([there = ends[1]] {
        by_hand::size_milter milter;
        proto::filter_session session(by_hand::size_milter::options());
        by_hand::serve(there, session, milter);
        ::close(there);
    });

    asker mta(ends[0]);
    milter::error_code ec;
    mta.negotiate(ec);
    auto const verdict = ec ? std::nullopt : send_message(mta, ec);
    if (ec) std::cerr << ec.message() << ", so " << fallback(ec) << '\n';
    milter::error_code ignored;
    mta.quit(ignored);
    ::close(ends[0]);
    assert(verdict == wire::reply_code::proceed);
}
