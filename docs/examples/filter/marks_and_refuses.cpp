// SPDX-License-Identifier: BSL-1.0
// marks_and_refuses.cpp - each message is marked, one recipient refused: the milter of the README
//
//     marks_and_refuses SOCKET
#include <milter/filter/server.hpp>

namespace filter = milter::filter;

struct tiny {
    static constexpr auto actions = filter::action::add_header;

    filter::verdict rcpt(filter::recipient const& to) {
        if (to == "nobody@example.org") return filter::reply("550 5.1.1 Nobody lives here");
        return filter::proceed;
    }

    void end_of_message(filter::edits& edits) { edits.add_header("X-Tiny", "was here"); }
};

int main(int argc, char** argv) { return filter::run<tiny>(argc, argv); }
