// SPDX-License-Identifier: BSL-1.0
// per_message_state.cpp - what is known of a client, and what of each of its messages
//
//     per_message_state SOCKET
//
// Of the guide docs/library/filter.md.
#include <milter/filter/server.hpp>

#include <string>
#include <string_view>

namespace filter = milter::filter;

class counting {
public:
    void connect(filter::client const& from) { address_ = from.address(); }

    /// One of these is made for each message, and gone with it, whether it was taken, refused or broken off.
    struct message {
        static constexpr auto actions = filter::action::add_header;

        counting& from;
        int recipients = 0;

        filter::verdict rcpt() {
            if (++recipients > 2) return filter::reply("452 4.5.3 Two at a time, please");
            return filter::proceed;
        }
        void end_of_message(filter::edits& edits) {
            edits.add_header("X-Seen", "message " + std::to_string(++from.messages_) + " of " +
                                           from.address_ +
                                           ", recipients: " + std::to_string(recipients));
        }
    };

private:
    std::string address_;
    int messages_ = 0;
};

int main(int argc, char** argv) { return filter::run<counting>(argc, argv); }
