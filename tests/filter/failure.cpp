// SPDX-License-Identifier: BSL-1.0
// tests/filter/failure.cpp - exceptions and mistakes of handlers become tempfail, at once or with the next answer

#include "milter/filter/dispatch.hpp"

#include <boost/test/unit_test.hpp>

#include <filter/conversation.hpp>
#include <support/print_error.hpp>

#include <stdexcept>
#include <string>
#include <string_view>

using filter_test::conversation;
namespace filter = milter::filter;
namespace wire = milter::wire;
using wire::command_code;

namespace {

struct trouble {
    command_code at{};
    bool when_made = false;
};

/// Throws at one stage.
struct thrower {
    using shared = trouble;
    trouble& where;

    filter::verdict connect() { return at(command_code::connect); }
    filter::verdict helo() { return at(command_code::helo); }
    filter::verdict unknown() { return at(command_code::unknown); }

    struct message {
        thrower& by;

        filter::verdict mail() { return by.at(command_code::mail); }
        filter::verdict rcpt() { return by.at(command_code::rcpt); }
        filter::verdict data() { return by.at(command_code::data); }
        filter::verdict header() { return by.at(command_code::header); }
        filter::verdict end_of_headers() { return by.at(command_code::end_of_headers); }
        filter::verdict body() { return by.at(command_code::body); }
        filter::verdict end_of_message() { return by.at(command_code::end_of_message); }
    };

    filter::verdict at(command_code stage) {
        if (stage == where.at) throw std::runtime_error("it\nbroke");
        return filter::proceed;
    }
};

/// The same, and nothing is answered.
struct silent_thrower {
    using shared = trouble;
    trouble& where;

    void connect() { at(command_code::connect); }

    struct message {
        silent_thrower& by;
        void mail() { by.at(command_code::mail); }
        void rcpt() { by.at(command_code::rcpt); }
        void header() { by.at(command_code::header); }
        void body() { by.at(command_code::body); }
        filter::verdict end_of_message() { return filter::accept; }
    };

    void at(command_code stage) const {
        if (stage == where.at) throw 1;
    }
};

struct hard_to_make {
    using shared = trouble;
    explicit hard_to_make(trouble& where) {
        if (where.when_made) throw std::runtime_error("no memory for that");
    }
    void rcpt() {}
    filter::verdict end_of_headers() { return filter::proceed; }
};

struct confused {
    filter::verdict unknown() { return filter::accept; }
    struct message {
        filter::verdict end_of_message() {
            return filter::reply("550 5.7.1 " + std::string(5, 'x'));
        }
    };
};

struct needs {
    static constexpr auto actions = filter::action::quarantine;
    void end_of_message(filter::edits&) {}
};

template <class With> std::string at_stage(With& with, command_code stage) {
    switch (stage) {
    case command_code::connect: return with.client();
    case command_code::helo: return with.say(wire::helo{"me"});
    case command_code::unknown: return with.say(wire::unknown{"X"});
    case command_code::mail: return with.mail();
    case command_code::rcpt: return with.rcpt();
    case command_code::data: return with.say(wire::data{});
    case command_code::header: return with.say(wire::header{"Subject", "hi"});
    case command_code::end_of_headers: return with.say(wire::end_of_headers{});
    case command_code::body: return with.say(wire::body{"text"});
    default: return with.end();
    }
}

constexpr command_code stages[] = {
    command_code::connect,        command_code::helo,           command_code::unknown,
    command_code::mail,           command_code::rcpt,           command_code::data,
    command_code::header,         command_code::end_of_headers, command_code::body,
    command_code::end_of_message,
};

} // namespace

BOOST_AUTO_TEST_SUITE(failure)

BOOST_AUTO_TEST_CASE(what_a_handler_throws_is_tempfail_at_each_stage) {
    for (auto const at : stages) {
        trouble where{at};
        conversation<thrower> with(where);
        for (auto const stage : stages) {
            auto const said = at_stage(with, stage);
            BOOST_TEST_CONTEXT(wire::name_of(at))
            BOOST_TEST(said == (stage == at ? "tempfail" : "continue"));
            if (stage == at) break;
        }
        BOOST_TEST(with.log.size() == 1);
        BOOST_TEST(with.log.at(0) == std::string(wire::name_of(at)) + ": \"it\\nbroke\"");
        BOOST_TEST(with.milter.counts().exceptions == 1);
        BOOST_TEST(with.runs.back().threw);
        BOOST_TEST(with.sound());
    }
}

BOOST_AUTO_TEST_CASE(the_session_goes_on_after_an_exception) {
    trouble where{command_code::data};
    conversation<thrower> with(where);
    with.client();
    with.mail();
    with.rcpt();
    BOOST_TEST(with.say(wire::data{}) == "tempfail");
    BOOST_TEST(!with.milter.message());
    where.at = command_code::quit;
    BOOST_TEST(with.message() == "continue");
}

BOOST_AUTO_TEST_CASE(an_exception_where_nothing_is_answered_is_told_with_the_next_answer) {
    for (auto const at :
         {command_code::mail, command_code::rcpt, command_code::header, command_code::body}) {
        trouble where{at};
        conversation<silent_thrower> with(where);
        with.client();
        BOOST_TEST(with.message() == "tempfail");
        where.at = command_code::quit;
        BOOST_TEST(with.message() == "accept");
    }
}

BOOST_AUTO_TEST_CASE(an_exception_of_the_connection_is_told_for_each_message) {
    trouble where{command_code::connect};
    conversation<silent_thrower> with(where);
    with.client();
    BOOST_TEST(with.message() == "tempfail");
    BOOST_TEST(with.message() == "tempfail");
    where.at = command_code::quit;
    with.say(wire::quit_new_connection{});
    with.client();
    BOOST_TEST(with.message() == "accept");
}

BOOST_AUTO_TEST_CASE(a_message_that_cannot_be_made_is_tempfailed) {
    trouble where{command_code::quit, true};
    conversation<hard_to_make> with(where);
    with.client();
    with.mail();
    with.rcpt();
    BOOST_TEST(with.say(wire::end_of_headers{}) == "tempfail");
    BOOST_TEST(with.milter.counts().exceptions == 1);
    where.when_made = false;
    with.rcpt();
    BOOST_TEST(with.say(wire::end_of_headers{}) == "continue");
}

BOOST_AUTO_TEST_CASE(a_verdict_that_is_not_allowed_there_is_tempfail) {
    conversation<confused> with;
    BOOST_TEST(with.say(wire::unknown{"X"}) == "tempfail");
    BOOST_TEST(with.milter.counts().mistakes == 1);
    BOOST_TEST(with.log.at(0) == "unknown: \"accept: reply not allowed at this stage\"");
    BOOST_TEST(with.message() == "reply \"550 5.7.1 xxxxx\"");
}

BOOST_AUTO_TEST_CASE(a_hook_that_throws_changes_nothing) {
    filter::hooks hooks;
    hooks.on_log = [](filter::log_entry const&) { throw 1; };
    hooks.on_handler = [](filter::handler_run const&) { throw 1; };
    trouble where{command_code::mail};
    filter::session<thrower> milter(where, hooks);
    std::string bytes;
    wire::encode(bytes, wire::negotiate{});
    wire::encode(bytes, wire::mail{"<a@b>", {}});
    BOOST_TEST(milter.received(bytes));
    auto const said = milter.take_output();
    BOOST_TEST(said.back() == 't');
}

BOOST_AUTO_TEST_CASE(an_mta_that_does_not_offer_what_is_needed_is_left) {
    filter::session<needs> milter;
    std::string bytes;
    wire::encode(bytes, wire::negotiate{6, wire::action::add_header, wire::step::all});
    BOOST_TEST(!milter.received(bytes));
    BOOST_TEST(milter.error() == milter::errc::actions_refused);
    BOOST_TEST(milter.output().empty());
}

BOOST_AUTO_TEST_SUITE_END()
