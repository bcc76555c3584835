// SPDX-License-Identifier: BSL-1.0
// tests/proto/observer.cpp - a connection watched from outside
#include <milter/proto/observer.hpp>

#include <boost/test/unit_test.hpp>

#include <support/exact_copy.hpp>
#include <support/hex.hpp>
#include <support/print_error.hpp>

#include <vector>

namespace {

namespace wire = milter::wire;
using milter::errc;
using milter::proto::exchange;
using milter::proto::observer;
using milter::proto::phase;
using milter::proto::side;
using milter::proto::time_point;
using wire::command_code;
using wire::reply_code;
using namespace std::chrono_literals;
using namespace std::string_literals;

template <class Packet> std::string packet(Packet const& one) {
    std::string out;
    wire::encode(out, one);
    return out;
}

/// What was seen, in words, and the exchanges that were finished.
struct watch {
    observer seen;
    time_point now{1000h};
    std::vector<std::string> lines;
    std::vector<exchange> exchanges;

    void bytes(side from, std::string_view data) {
        now += 1ms;
        seen.received(from, support::exact_copy(data).view());
        while (auto const one = seen.next(now)) note(*one);
    }
    template <class... Commands> void mta(Commands const&... commands) {
        bytes(side::mta, (packet(commands) + ...));
    }
    template <class... Replies> void filter(Replies const&... replies) {
        bytes(side::filter, (packet(replies) + ...));
    }
    void negotiate(wire::step steps = wire::step::none, std::uint32_t version = 6) {
        mta(wire::negotiate{});
        filter(wire::negotiate_reply{version, wire::action::all, steps, {}});
        lines.clear();
        exchanges.clear();
    }

private:
    void note(milter::proto::sighting const& one) {
        auto line = one.from == side::mta ? "> " + wire::describe_command(one.frame)
                                          : "< " + wire::describe_reply(one.frame);
        if (one.finding != errc{}) line += " !" + make_error_code(one.finding).message();
        lines.push_back(line);
        if (one.finished) exchanges.push_back(*one.finished);
    }
};

wire::connect const client{"c", wire::family::unknown, 0, ""};

std::string in_words(std::vector<exchange> const& exchanges) {
    std::string out;
    for (auto const& one : exchanges) {
        out += std::string(wire::name_of(one.command));
        if (one.verdict) out += "=" + std::string(wire::name_of(*one.verdict));
        if (one.edits) out += "+" + std::to_string(one.edits);
        out += ' ';
    }
    return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(observer_of_a_connection)

BOOST_AUTO_TEST_CASE(exchanges_are_finished_by_their_verdict_or_as_they_are_sent) {
    watch one;
    one.mta(wire::negotiate{});
    BOOST_TEST(!one.seen.negotiated());
    one.filter(wire::negotiate_reply{6, wire::action::all, wire::step::nr_header, {}});
    BOOST_TEST(one.seen.negotiated());
    one.mta(wire::macros{'C', {}}, client);
    BOOST_TEST((one.seen.awaited() == command_code::connect));
    one.filter(wire::proceed{});
    one.mta(wire::mail{"<>", {}});
    one.filter(wire::proceed{});
    one.mta(wire::header{"A", "b"}, wire::header{"C", "d"}, wire::end_of_headers{});
    one.filter(wire::proceed{});
    one.mta(wire::end_of_message{});
    one.filter(wire::progress{}, wire::add_header{"X", "y"}, wire::quarantine{"q"}, wire::accept{});
    one.mta(wire::abort{}, wire::quit{});
    BOOST_TEST(in_words(one.exchanges) ==
               "negotiate=negotiate macros connect=continue mail=continue header header "
               "end_of_headers=continue end_of_message=accept+2 abort quit ");
    BOOST_TEST((one.seen.at() == phase::closed));
    for (auto const& line : one.lines) BOOST_TEST(line.find('!') == line.npos, line);
}

BOOST_AUTO_TEST_CASE(times_of_an_exchange_are_those_of_its_last_bytes) {
    watch one;
    one.negotiate();
    auto const hello = packet(client);
    one.bytes(side::mta, hello.substr(0, 3));
    one.bytes(side::mta, hello.substr(3));
    auto const asked = one.now;
    one.filter(wire::proceed{});
    BOOST_TEST_REQUIRE(one.exchanges.size() == 1U);
    BOOST_TEST((one.exchanges[0].asked == asked));
    BOOST_TEST((one.exchanges[0].answered == asked + 1ms));
}

BOOST_AUTO_TEST_CASE(breaches_are_told_with_the_packet_and_end_nothing) {
    struct {
        char const* what;
        void (*happens)(watch&);
        errc finding;
    } const cases[] = {
        {"verdict that nobody awaits", [](watch& w) { w.filter(wire::proceed{}); },
         errc::reply_not_due},
        {"edit before the end",
         [](watch& w) {
             w.mta(client);
             w.filter(wire::add_header{"A", "b"});
         },
         errc::reply_not_allowed},
        {"recipient outside a transaction",
         [](watch& w) {
             w.mta(wire::rcpt{"<a@b>", {}});
         },
         errc::out_of_sequence},
        {"command that does not exist",
         [](watch& w) { w.bytes(side::mta, support::bytes("00000001 'Z'")); }, errc::unknown_code},
        {"reply that does not exist",
         [](watch& w) { w.bytes(side::filter, support::bytes("00000001 'Z'")); },
         errc::unknown_code},
        {"header without NUL",
         [](watch& w) { w.bytes(side::mta, support::bytes("00000002 'LX'")); }, errc::missing_nul},
        {"second answer to the offer",
         [](watch& w) {
             w.mta(client);
             w.filter(wire::negotiate_reply{});
         },
         errc::reply_not_allowed},
        {"answer to QUIT, as Sendmail::PMilter gives it",
         [](watch& w) {
             w.mta(wire::quit{});
             w.filter(wire::proceed{});
         },
         errc::reply_not_due},
    };
    for (auto const& row : cases) {
        BOOST_TEST_CONTEXT(row.what) {
            watch one;
            one.negotiate();
            row.happens(one);
            BOOST_TEST_REQUIRE(!one.lines.empty());
            auto const told = "!" + make_error_code(row.finding).message();
            BOOST_TEST(one.lines.back().find(told) != std::string::npos, one.lines.back());
            auto const count = one.lines.size();
            one.mta(wire::abort{});
            BOOST_TEST(one.lines.size() == count + 1);
        }
    }
}

BOOST_AUTO_TEST_CASE(edit_that_was_not_negotiated_is_told) {
    watch one;
    one.mta(wire::negotiate{});
    one.filter(wire::negotiate_reply{6, wire::action::add_header, wire::step::all_nr, {}});
    one.mta(client, wire::mail{"<>", {}}, wire::end_of_message{});
    one.filter(wire::add_header{"A", "b"}, wire::quarantine{"q"}, wire::proceed{});
    BOOST_TEST(one.lines[one.lines.size() - 3].find('!') == std::string::npos);
    BOOST_TEST(one.lines[one.lines.size() - 2].find('!') != std::string::npos);
    BOOST_TEST(in_words(one.exchanges) ==
               "negotiate=negotiate connect mail end_of_message=continue+1 ");
}

BOOST_AUTO_TEST_CASE(verdict_of_a_message_that_was_given_up_belongs_to_its_command) {
    watch one;
    one.negotiate(wire::step::nr_connect);
    one.mta(client, wire::mail{"<a>", {}});
    one.filter(wire::proceed{});
    one.mta(wire::end_of_message{}, wire::abort{}, wire::mail{"<b>", {}});
    BOOST_TEST((one.seen.awaited() == command_code::end_of_message));
    one.filter(wire::reject{});
    BOOST_TEST((one.seen.at() == phase::mail)); // the second message goes on
    one.filter(wire::tempfail{});
    BOOST_TEST((one.seen.at() == phase::session));
    BOOST_TEST(in_words(one.exchanges) ==
               "connect mail=continue abort end_of_message=reject mail=tempfail ");
}

BOOST_AUTO_TEST_CASE(length_that_cannot_be_loses_one_direction_only) {
    watch one;
    one.negotiate();
    one.bytes(side::filter, support::bytes("00000000 'c'"));
    BOOST_TEST((one.seen.lost(side::filter) == errc::frame_empty));
    BOOST_TEST(one.seen.rest(side::filter).size() == 5U);
    one.bytes(side::filter, "more"); // not kept
    BOOST_TEST(one.seen.rest(side::filter).size() == 5U);
    one.mta(client);
    BOOST_TEST(one.lines.size() == 1U);
    BOOST_TEST(!one.seen.lost(side::mta));
    one.bytes(side::mta, "GET / HTTP/1.1\r\n");
    BOOST_TEST((one.seen.lost(side::mta) == errc::frame_too_large));
}

BOOST_AUTO_TEST_CASE(limits_are_the_users) {
    watch one;
    one.seen = observer({.max_command_bytes = 10, .max_reply_bytes = 20, .max_unanswered = 2});
    one.bytes(side::mta, support::bytes("0000000b 'B0123456789'"));
    BOOST_TEST(!one.seen.lost(side::mta));
    one.bytes(side::mta, support::bytes("0000000c 'B0'"));
    BOOST_TEST((one.seen.lost(side::mta) == errc::frame_too_large));
    one.bytes(side::filter, support::bytes("00000016 'b'"));
    BOOST_TEST((one.seen.lost(side::filter) == errc::frame_too_large));
}

BOOST_AUTO_TEST_CASE(commands_nobody_answers_are_kept_up_to_a_limit) {
    watch one;
    one.seen = observer({.max_unanswered = 3});
    for (int i = 0; i < 100; ++i) one.mta(wire::helo{"h"});
    for (int i = 0; i < 3; ++i) one.filter(wire::proceed{});
    BOOST_TEST(!one.seen.awaited());
    BOOST_TEST(one.exchanges.size() == 3U);
}

BOOST_AUTO_TEST_CASE(same_packets_however_the_bytes_are_split) {
    auto const stream =
        packet(wire::negotiate{}) + packet(client) + packet(wire::helo{"h"}) + packet(wire::quit{});
    watch whole;
    whole.bytes(side::mta, stream);
    for (std::size_t size = 1; size < stream.size(); ++size) {
        watch pieces;
        for (std::size_t at = 0; at < stream.size(); at += size)
            pieces.bytes(side::mta, stream.substr(at, size));
        BOOST_TEST(pieces.lines == whole.lines, boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(idle_connection_owns_no_buffer_and_a_cut_packet_stays_in_sight) {
    watch one;
    one.negotiate();
    BOOST_TEST(one.seen.rest(side::mta).empty());
    one.bytes(side::mta, packet(client) + "\0\0\0\5H"s);
    BOOST_TEST(one.seen.rest(side::mta) == "\0\0\0\5H"s);
}

BOOST_AUTO_TEST_SUITE_END()
