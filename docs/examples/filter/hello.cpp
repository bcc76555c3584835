// SPDX-License-Identifier: BSL-1.0
// hello.cpp - the smallest milter: a header for each message
//
//     hello SOCKET
//
// Of the guide docs/library/filter.md.
#include <milter/filter/server.hpp>

namespace filter = milter::filter;

struct hello {
    static constexpr auto actions = filter::action::add_header;

    void end_of_message(filter::edits& edits) { edits.add_header("X-Hello", "world"); }
};

int main(int argc, char** argv) { return filter::run<hello>(argc, argv); }
