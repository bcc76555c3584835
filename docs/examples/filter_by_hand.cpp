// SPDX-License-Identifier: BSL-1.0
// filter_by_hand.cpp - the filter of filter_by_hand.hpp, asked over a pair of sockets
//
// Of the guide docs/library/sessions.md. The MTA here is a list of packets that are sent without waiting for an answer.
#undef NDEBUG
#include "filter_by_hand.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cassert>
#include <csignal>
#include <iostream>
#include <string>

namespace wire = milter::wire;

namespace {

std::string one_message() {
    std::string bytes;
    wire::encode(bytes, wire::negotiate{});
    wire::encode(bytes, wire::connect{"client.example.com", wire::family::inet, 25, "192.0.2.1"});
    wire::encode(bytes, wire::mail{"<alice@example.com>", {}});
    wire::encode(bytes, wire::rcpt{"<bob@example.org>", {}});
    wire::encode(bytes, wire::data{});
    wire::encode(bytes, wire::end_of_headers{});
    wire::encode(bytes, wire::body{"text\r\n"});
    wire::encode(bytes, wire::end_of_message{});
    wire::encode(bytes, wire::quit{});
    return bytes;
}

/// Prints the replies. @return the last but one, in words
std::string print_replies(std::string_view bytes) {
    std::string edit, verdict;
    milter::error_code ec;
    while (auto const frame = wire::first_frame(bytes, wire::default_data_limit, ec)) {
        edit = std::exchange(verdict, wire::describe_reply(*frame));
        std::cout << verdict << '\n';
        bytes.remove_prefix(frame->raw.size());
    }
    return edit;
}

} // namespace

int main() {
    std::signal(SIGPIPE, SIG_IGN); // an MTA that has gone is an error of write(), not our end
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return 1;
    auto const commands = one_message();
    if (::write(ends[0], commands.data(), commands.size()) < 0) return 1;

    by_hand::size_milter milter;
    milter::proto::filter_session session(by_hand::size_milter::options());
    auto const ec = by_hand::serve(ends[1], session, milter);
    if (ec) std::cerr << (session.failure().empty() ? ec.message() : session.failure()) << '\n';

    std::string replies(4096, '\0');
    auto const size = ::read(ends[0], replies.data(), replies.size());
    assert(!ec && size > 0);
    replies.resize(static_cast<std::size_t>(size));
    assert(print_replies(replies) == R"(add_header "X-Size" "\"<alice@example.com>\" 6")");
}
