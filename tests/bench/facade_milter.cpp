// SPDX-License-Identifier: BSL-1.0
// tests/bench/facade_milter.cpp - a milter on milter::filter that continues with everything: every command is sent and answered
//
//     facade_milter unix:PATH|inet:PORT@A.B.C.D
#include <milter/filter/server.hpp>

#include <string_view>

namespace filter = milter::filter;

namespace {

struct null_milter {
    static constexpr auto actions = filter::action::none;
    static constexpr auto optional_actions = filter::action::all;

    filter::verdict connect(filter::client const&) { return filter::proceed; }
    filter::verdict helo(std::string_view) { return filter::proceed; }
    filter::verdict unknown(std::string_view) { return filter::proceed; }

    struct message {
        filter::verdict mail(filter::sender const&) { return filter::proceed; }
        filter::verdict rcpt(filter::recipient const&) { return filter::proceed; }
        filter::verdict data() { return filter::proceed; }
        filter::verdict header(std::string_view, std::string_view) { return filter::proceed; }
        filter::verdict end_of_headers() { return filter::proceed; }
        filter::verdict body(std::string_view) { return filter::proceed; }
        filter::verdict end_of_message(filter::edits&) { return filter::proceed; }
    };
};

} // namespace

int main(int argc, char** argv) { return filter::run<null_milter>(argc, argv); }
