// SPDX-License-Identifier: BSL-1.0
// macros.cpp - who has logged in is not looked at; the others are, and their mail is marked
//
//     macros SOCKET
//
// Of the guide docs/library/filter.md.
#include <milter/filter/server.hpp>

#include <string>

namespace filter = milter::filter;

struct outsiders {
    static constexpr auto actions = filter::action::add_header;
    static constexpr filter::macro_names macros{.mail = "{auth_authen}", .end_of_message = "i"};

    filter::verdict mail(filter::context& context) {
        if (context.macro("{auth_authen}")) return filter::accept; // no more questions
        return filter::proceed;
    }

    void end_of_message(filter::edits& edits, filter::context& context) {
        edits.add_header("X-Outside", std::string(context.queue_id()));
    }
};

int main(int argc, char** argv) { return filter::run<outsiders>(argc, argv); }
