// SPDX-License-Identifier: BSL-1.0
// tests/corpus/recorder.cpp - streams to conversations, and the same streams back
#include <milter/corpus/recorder.hpp>

#include <boost/test/unit_test.hpp>

#include <support/exact_copy.hpp>
#include <support/hex.hpp>

#include <random>

namespace {

using namespace milter;
using corpus::completeness;
using corpus::conversation;
using corpus::event_kind;
using corpus::recorder;
using corpus::side;
using support::bytes;
using namespace std::string_literals;

template <class... Packets> std::string packets(Packets const&... some) {
    std::string out;
    (wire::encode(out, some), ...);
    return out;
}

std::string const offer = packets(wire::negotiate{});
std::string const answer = packets(wire::negotiate_reply{});
std::string const hello = packets(wire::helo{"h"});
std::string const go_on = packets(wire::proceed{});

std::string in_words(conversation const& talk) {
    std::string out;
    for (auto const& one : talk.events)
        out += std::to_string(one.at) + (one.from == side::mta ? ">" : "<") +
               corpus::describe(one).substr(0, 30) + "\n";
    return out;
}

/// A conversation from its beginning to its end.
conversation whole(std::string const& from_mta, std::string const& from_filter) {
    recorder record;
    record.received(side::mta, from_mta, 1);
    record.received(side::filter, from_filter, 2);
    record.ended(side::mta, event_kind::end, 3);
    record.ended(side::filter, event_kind::end, 4);
    return record.finish();
}

} // namespace

BOOST_AUTO_TEST_SUITE(recorder_of_conversations)

BOOST_AUTO_TEST_CASE(packets_are_recorded_in_the_order_in_which_they_were_complete) {
    recorder record;
    record.received(side::mta, offer.substr(0, 4), 10);
    record.received(side::mta, offer.substr(4), 20);
    record.received(side::filter, answer, 30);
    record.received(side::mta, hello, 40);
    record.received(side::filter, go_on, 50);
    record.ended(side::mta, event_kind::end, 60);
    record.ended(side::filter, event_kind::reset, 70);
    auto const talk = record.finish();
    BOOST_TEST(in_words(talk) == "20>negotiate version=6 actions=ad\n"
                                 "30<negotiate version=6 actions=no\n"
                                 "40>helo \"h\"\n50<continue\n60>(end)\n70<(reset)\n");
    BOOST_TEST((talk.state == completeness::complete));
    BOOST_TEST(record.events() == 0U); // empty again
}

BOOST_AUTO_TEST_CASE(streams_come_back_byte_for_byte) {
    for (auto const& tail :
         {std::string(), std::string("\0\0", 2), hello.substr(0, 5),
          std::string("GET / HTTP/1.0\r\n"), std::string(9, '\0'), bytes("00000003 'Zzz'")}) {
        auto const from_mta = (offer + hello).append(tail);
        auto const from_filter = (answer + go_on).append(tail);
        auto const talk = whole(from_mta, from_filter);
        BOOST_TEST(corpus::wire_of(talk, side::mta) == from_mta);
        BOOST_TEST(corpus::wire_of(talk, side::filter) == from_filter);
    }
}

BOOST_AUTO_TEST_CASE(any_streams_come_back_byte_for_byte) {
    std::mt19937 random(1);
    for (int round = 0; round < 2000; ++round) {
        recorder record;
        std::string sent[2];
        for (int piece = 0; piece < 20; ++piece) {
            auto const from = random() % 2 ? side::mta : side::filter;
            std::string data;
            for (auto size = random() % 12; size > 0; --size)
                data.push_back(random() % 2 ? '\0' : static_cast<char>(random() % 128));
            if (random() % 2) data = from == side::mta ? hello : go_on;
            sent[from == side::mta ? 0 : 1] += data;
            record.received(from, support::exact_copy(data).view(), piece);
        }
        auto const talk = record.finish();
        BOOST_TEST(corpus::wire_of(talk, side::mta) == sent[0]);
        BOOST_TEST(corpus::wire_of(talk, side::filter) == sent[1]);
    }
}

BOOST_AUTO_TEST_CASE(what_is_missing_is_said) {
    struct {
        conversation talk;
        completeness state = completeness::complete;
        char const* why = "";
    } const rows[] = {
        {whole(offer + hello, answer + go_on), completeness::complete, ""},
        {whole(offer + hello + "\0"s, answer), completeness::truncated,
         "bytes that make no packet"},
        {whole(hello, go_on), completeness::truncated, "no negotiation"},
    };
    for (auto const& row : rows) {
        BOOST_TEST((row.talk.state == row.state), in_words(row.talk));
        BOOST_TEST(row.talk.why == row.why);
    }
    recorder open;
    open.received(side::mta, offer, 1);
    open.received(side::filter, answer, 2);
    auto const talk = open.finish();
    BOOST_TEST((talk.state == completeness::truncated));
    BOOST_TEST(talk.why == "no end");
}

BOOST_AUTO_TEST_CASE(gap_ends_the_packets_of_its_side) {
    recorder record;
    record.received(side::mta, offer + hello.substr(0, 3), 1);
    record.received(side::filter, answer, 2);
    record.missed(side::mta, 100, 3);
    record.missed(side::mta, 50, 4);
    record.received(side::mta, hello, 5);
    record.received(side::filter, go_on, 6);
    auto const talk = record.finish();
    BOOST_TEST((talk.state == completeness::gap));
    BOOST_TEST(talk.events.size() == 6U);
    BOOST_TEST((talk.events[3].kind == event_kind::gap));
    BOOST_TEST(talk.events[3].missing == 150U);
    BOOST_TEST(corpus::wire_of(talk, side::mta) == offer + hello.substr(0, 3) + hello);
}

BOOST_AUTO_TEST_CASE(size_is_limited_by_the_user) {
    auto const three = offer.size() + answer.size() + hello.size() + 2 * sizeof(corpus::event);
    recorder record({.watch = {}, .max_bytes = three});
    record.received(side::mta, offer, 1);
    record.received(side::filter, answer, 2);
    record.received(side::mta, hello, 3);
    for (int i = 0; i < 100; ++i) {
        record.received(side::mta, hello, 4);
        record.received(side::filter, go_on, 4);
    }
    auto const talk = record.finish();
    BOOST_TEST((talk.state == completeness::gap));
    BOOST_TEST_REQUIRE(talk.events.size() == 5U, in_words(talk));
    BOOST_TEST(talk.events[3].missing == 100 * hello.size());
    BOOST_TEST(talk.events[4].missing == 100 * go_on.size());
}

BOOST_AUTO_TEST_CASE(packets_cost_what_they_take_and_not_their_bytes_only) {
    recorder record({.watch = {}, .max_bytes = 100'000});
    record.received(side::mta, offer, 1);
    record.received(side::filter, answer, 2);
    for (int i = 0; i < 100'000; ++i) record.received(side::mta, packets(wire::abort{}), 3);
    BOOST_TEST(record.events() * sizeof(corpus::event) < 110'000U);
}

BOOST_AUTO_TEST_CASE(mta_is_known_by_macro_v) {
    auto const version = [](std::string const& value) {
        auto const pairs = "v\0"s + value + "\0"s;
        return whole(offer + packets(wire::macros{'C', wire::zstr_list(pairs)}), answer).mta;
    };
    BOOST_TEST(version("Postfix 3.7.11").name == "Postfix");
    BOOST_TEST(version("Postfix 3.7.11").version == "3.7.11");
    BOOST_TEST(version("8.17.1").name == ""); // any other MTA may say such a thing
    BOOST_TEST(version("8.17.1").version == "8.17.1");
}

BOOST_AUTO_TEST_SUITE_END()
