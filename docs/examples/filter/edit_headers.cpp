// SPDX-License-Identifier: BSL-1.0
// edit_headers.cpp - headers by their names: one verdict of ours and none of others, a subject that is marked
//
//     edit_headers SOCKET
//
// Of the guide docs/library/filter.md.
#include <milter/filter/server.hpp>

#include <string>
#include <string_view>

namespace filter = milter::filter;

struct marker {
    static constexpr auto actions = filter::action::add_header | filter::action::change_header;

    std::string subject;

    void header(std::string_view name, std::string_view value) {
        if (milter::equal_ignoring_case(name, "Subject")) subject = value;
    }

    void end_of_message(filter::named_edits& edits) {
        edits.remove_header("X-Spam-Level");    // however many there are
        edits.set_header("X-Spam-Flag", "YES"); // one, wherever it came from
        edits.set_header("Subject", "[spam] " + subject);
    }
};

int main(int argc, char** argv) { return filter::run<marker>(argc, argv); }
