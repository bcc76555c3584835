// SPDX-License-Identifier: BSL-1.0
// tiny_milter_test.cpp - a milter tried without an MTA and without sockets: both sessions face to face
//
// What one session has to say is what the other receives. Any test framework will do; here it is assert().
#undef NDEBUG
#include "tiny_milter.hpp"
#include <milter/proto/mta_session.hpp>

#include <cassert>
#include <string>
#include <vector>

namespace proto = milter::proto;
namespace wire = milter::wire;

namespace {

struct conversation {
    proto::mta_session mta;
    proto::filter_session filter{tiny::options()};
    milter::error_code ec;

    conversation() {
        mta.negotiate({}, ec);
        deliver();
    }

    /// Says a command. @return the replies in words, the verdict last
    template <class Command> std::vector<std::string> say(Command const& command) {
        mta.send(command, {}, ec);
        assert(!ec);
        return deliver();
    }

    std::vector<std::string> deliver() {
        filter.received(std::exchange(mta.output(), {}));
        while (auto command = filter.next(ec)) tiny::answer(*command, filter);
        assert(!ec); // nor is it lost: the next next() clears it
        mta.received(std::exchange(filter.output(), {}));
        std::vector<std::string> replies;
        while (auto reply = mta.next({}, ec)) replies.push_back(wire::describe(*reply));
        assert(!ec); // neither side broke the protocol
        return replies;
    }
};

using words = std::vector<std::string>;

void one_recipient_is_refused_and_the_message_is_marked() {
    conversation with;
    assert(with.say(wire::connect{"client.example.com", wire::family::inet, 25, "192.0.2.1"}) ==
           words{"continue"});
    assert(with.say(wire::helo{"client.example.com"}) == words{"continue"});
    assert(with.say(wire::mail{"<alice@example.com>", {}}) == words{"continue"});
    assert(with.say(wire::rcpt{"<nobody@example.org>", {}}) ==
           words{"reply \"550 5.1.1 Nobody lives here\""});
    assert(with.say(wire::rcpt{"<bob@example.org>", {}}) == words{"continue"});
    with.say(wire::data{});
    with.say(wire::header{"Subject", "hi"});
    with.say(wire::end_of_headers{});
    with.say(wire::body{"text\r\n"});
    assert((with.say(wire::end_of_message{}) ==
            words{"add_header \"X-Tiny\" \"was here\"", "continue"}));
}

} // namespace

int main() { one_recipient_is_refused_and_the_message_is_marked(); }
