// SPDX-License-Identifier: BSL-1.0
// tests/filter/dispatch.cpp - commands reach their handlers, and messages and connections live as long as they should

#include "milter/filter/dispatch.hpp"

#include <boost/test/unit_test.hpp>

#include <filter/conversation.hpp>

#include <string>
#include <string_view>
#include <vector>

using filter_test::conversation;
using std::string_view_literals::operator""sv;
namespace filter = milter::filter;
namespace wire = milter::wire;

namespace {

struct journal {
    std::vector<std::string> lines;
    int messages = 0; ///< alive
    int connections = 0;
};

/// Writes down all that it is told.
class scribe {
public:
    using shared = journal;

    explicit scribe(journal& of) : journal_(of) { ++journal_.connections; }
    scribe(scribe const&) = delete;
    scribe& operator=(scribe const&) = delete;
    ~scribe() { --journal_.connections; }

    filter::verdict connect(filter::client const& from) { return note("connect", from.address()); }
    filter::verdict helo(std::string_view name) { return note("helo", name); }
    filter::verdict unknown(std::string_view line) { return note("unknown", line); }

    class message {
    public:
        explicit message(scribe& by) : by_(by) { ++by_.journal_.messages; }
        message(message const&) = delete;
        message& operator=(message const&) = delete;
        ~message() { --by_.journal_.messages; }

        filter::verdict mail(filter::sender const& from) {
            return by_.note("mail", from.mailbox());
        }
        filter::verdict rcpt(filter::recipient const& to) {
            ++recipients;
            return by_.note("rcpt", to.mailbox());
        }
        filter::verdict data() { return by_.note("data", ""); }
        filter::verdict header(std::string_view name, std::string_view value) {
            return by_.note(std::string(name), value);
        }
        filter::verdict end_of_headers() { return by_.note("end_of_headers", ""); }
        filter::verdict body(std::string_view chunk) { return by_.note("body", chunk); }
        filter::verdict end_of_message() { return by_.note("end", std::to_string(recipients)); }

        int recipients = 0;

    private:
        scribe& by_;
    };

private:
    filter::verdict note(std::string what, std::string_view which) {
        journal_.lines.push_back(what.append(" ").append(which));
        if (which == "refused"sv) return filter::reject;
        if (which == "accepted"sv) return filter::accept;
        return filter::proceed;
    }

    journal& journal_;
};

struct scribed {
    journal written;
    conversation<scribe> with{written};
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(dispatch, scribed)

BOOST_AUTO_TEST_CASE(each_command_reaches_its_handler) {
    with.client();
    with.say(wire::helo{"me"});
    with.say(wire::unknown{"XYZZY"});
    with.mail();
    with.rcpt();
    with.say(wire::data{});
    with.say(wire::header{"Subject", "hi"});
    with.say(wire::end_of_headers{});
    with.say(wire::body{"text"});
    BOOST_TEST(with.end() == "continue");
    std::vector<std::string> const all{
        "connect 192.0.2.1",  "helo me", "unknown XYZZY", "mail a@example.com",
        "rcpt b@example.org", "data ",   "Subject hi",    "end_of_headers ",
        "body text",          "end 1"};
    BOOST_TEST(written.lines == all, boost::test_tools::per_element());
    BOOST_TEST(with.sound());
}

BOOST_AUTO_TEST_CASE(a_message_lives_from_mail_to_its_verdict) {
    with.client();
    BOOST_TEST(written.messages == 0);
    BOOST_TEST(!with.milter.message());
    with.mail();
    BOOST_TEST(written.messages == 1);
    with.rcpt();
    BOOST_TEST(with.milter.message()->recipients == 1);
    with.say(wire::end_of_headers{});
    with.end();
    BOOST_TEST(written.messages == 0);
    BOOST_TEST(written.connections == 1);
}

BOOST_AUTO_TEST_CASE(a_second_message_begins_anew) {
    with.client();
    with.mail();
    with.rcpt();
    with.rcpt();
    with.say(wire::end_of_headers{});
    with.end();
    with.message();
    BOOST_TEST(written.lines.back() == "end 1");
}

BOOST_AUTO_TEST_CASE(a_message_ends_when_it_is_aborted_or_broken_off) {
    with.client();
    for (int how = 0; how < 4; ++how) {
        with.mail();
        with.rcpt();
        BOOST_TEST(with.milter.message()->recipients == 1);
        switch (how) {
        case 0: with.abort(); break;
        case 1: with.say(wire::helo{"again"}); break;
        case 2: with.rcpt("accepted"); break;
        case 3: with.mail(); break; // and begins anew
        }
        BOOST_TEST(written.messages == (how == 3 ? 1 : 0));
        if (how == 3) BOOST_TEST(with.milter.message()->recipients == 0);
    }
}

BOOST_AUTO_TEST_CASE(a_refused_recipient_ends_nothing) {
    with.client();
    with.mail();
    BOOST_TEST(with.rcpt("refused") == "reject");
    BOOST_TEST(with.rcpt() == "continue");
    BOOST_TEST(with.milter.message()->recipients == 2);
}

BOOST_AUTO_TEST_CASE(a_refused_sender_ends_the_message) {
    with.client();
    BOOST_TEST(with.mail("refused") == "reject");
    BOOST_TEST(written.messages == 0);
    BOOST_TEST(with.mail() == "continue");
}

BOOST_AUTO_TEST_CASE(another_client_on_the_same_connection_begins_anew) {
    with.client();
    with.mail();
    auto const* const before = with.milter.connection();
    BOOST_TEST(before);
    with.say(wire::quit_new_connection{});
    BOOST_TEST(written.messages == 0);
    BOOST_TEST(written.connections == 0);
    BOOST_TEST(with.client() == "continue");
    BOOST_TEST(written.connections == 1);
}

BOOST_AUTO_TEST_CASE(quit_ends_message_and_connection) {
    with.client();
    with.mail();
    std::string bytes;
    wire::encode(bytes, wire::quit{});
    BOOST_TEST(!with.milter.received(bytes));
    BOOST_TEST(!with.milter.error());
    BOOST_TEST(written.messages == 0);
    BOOST_TEST(written.connections == 0);
}

BOOST_AUTO_TEST_CASE(what_comes_out_of_order_reaches_no_handler) {
    with.client();
    written.lines.clear();
    BOOST_TEST(with.force(wire::body{"x"}) == "\0\0\0\1t"sv);
    BOOST_TEST(with.force(wire::connect{"mx", wire::family::unknown, 0, {}}) == "\0\0\0\1t"sv);
    BOOST_TEST(written.lines.empty());
    BOOST_TEST(written.messages == 0);
}

BOOST_AUTO_TEST_CASE(counters_and_runs_tell_what_happened) {
    with.client();
    with.mail();
    with.rcpt("refused");
    with.rcpt();
    with.say(wire::end_of_headers{});
    with.end();
    auto const counts = with.milter.counts();
    BOOST_TEST(counts.messages == 1);
    BOOST_TEST(counts.verdicts(wire::command_code::rcpt, wire::reply_code::reject) == 1);
    BOOST_TEST(counts.verdicts(wire::command_code::rcpt, wire::reply_code::proceed) == 1);
    BOOST_TEST(with.runs.size() == 6);
    BOOST_TEST((with.runs[2].stage == wire::command_code::rcpt));
    BOOST_TEST((with.runs[2].verdict == wire::reply_code::reject));
    BOOST_TEST(!with.runs[2].threw);
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

struct waits_for_body {
    std::string seen;
    filter::body_verdict body(std::string_view chunk) {
        seen += chunk;
        return filter::skip;
    }
    void end_of_message(filter::context& context) { context.log(filter::log_level::info, seen); }
};

struct old_style {
    std::string seen;
    void body(std::string_view chunk) { seen += chunk; }
    void end_of_message(filter::context& context) { context.log(filter::log_level::info, seen); }
};

struct reads_macros {
    static constexpr filter::macro_names macros{.mail = "{auth_authen}"};
    filter::verdict mail(filter::context& context) {
        return context.macro("{auth_authen}") == "alice"sv ? filter::accept : filter::reject;
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(dispatch_without_a_connection)

BOOST_AUTO_TEST_CASE(who_skips_sees_no_more_of_the_body_whatever_the_mta_can) {
    for (auto const offered : {wire::step::all, wire::step::all & ~wire::step::skip}) {
        conversation<waits_for_body> with(wire::negotiate{6, wire::action::all, offered});
        with.client();
        for (int message = 0; message < 2; ++message) {
            with.log.clear();
            with.mail();
            with.rcpt();
            with.say(wire::end_of_headers{});
            with.say(wire::body{"one"});
            with.say(wire::body{"two"});
            with.end();
            BOOST_TEST(with.log.at(0) == "one");
        }
    }
}

BOOST_AUTO_TEST_CASE(an_mta_that_cannot_leave_out_or_be_silent_is_answered) {
    conversation<old_style> with(
        wire::negotiate{2, static_cast<wire::action>(0x3f), wire::step::all_v2});
    BOOST_TEST(with.message() == "continue");
    BOOST_TEST(with.log.at(0) == "text\r\n");
    BOOST_TEST(with.sound());
}

BOOST_AUTO_TEST_CASE(a_body_within_the_end_of_message_reaches_the_same_handler) {
    conversation<old_style> with;
    with.mail();
    with.rcpt();
    with.say(wire::body{"one "});
    with.force(wire::end_of_message{"two"});
    BOOST_TEST(with.log.at(0) == "one two");
}

BOOST_AUTO_TEST_CASE(macros_are_asked_for_and_read_by_name) {
    conversation<reads_macros> with;
    BOOST_TEST(with.mta.agreed().lists[2].value() == "{auth_authen}");
    with.macros(wire::command_code::mail, "{auth_authen}\0alice\0"sv);
    BOOST_TEST(with.mail() == "accept");
    with.macros(wire::command_code::mail, ""sv);
    BOOST_TEST(with.mail() == "reject");
}

BOOST_AUTO_TEST_SUITE_END()
