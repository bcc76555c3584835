// SPDX-License-Identifier: BSL-1.0
// refuse_recipient.cpp - recipients of another domain are refused, with a reply of our own
//
//     refuse_recipient SOCKET
//
// Of the guide docs/library/filter.md.
#include <milter/filter/server.hpp>

namespace filter = milter::filter;

struct gate {
    filter::verdict rcpt(filter::recipient const& to) {
        if (milter::equal_ignoring_case(to.domain(), "example.org")) return filter::proceed;
        return filter::reply("550 5.7.1 We take no mail for others");
    }
};

int main(int argc, char** argv) { return filter::run<gate>(argc, argv); }
