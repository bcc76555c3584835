// SPDX-License-Identifier: BSL-1.0
// tests/allocation/session.cpp - neither session allocates for a frame once it has seen a message; idle ones keep little
#include "counter.hpp"
#include <milter/proto/filter_session.hpp>
#include <milter/proto/mta_session.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace proto = milter::proto;
namespace wire = milter::wire;
using milter::error_code;

namespace {

/// How bytes get in.
enum class way { copied, read_in_place };

template <class Session> void give(Session& session, std::string_view bytes, way how) {
    if (how == way::copied) return session.received(bytes);
    while (!bytes.empty()) {
        auto const room = session.prepare();
        auto const size = std::min(room.size(), bytes.size());
        std::memcpy(room.data(), bytes.data(), size);
        session.commit(size);
        bytes.remove_prefix(size);
    }
}

template <class... Packets> std::string frames(Packets const&... packets) {
    std::string all;
    (wire::encode(all, packets), ...);
    return all;
}

// ---- the filter's end

struct filter_end {
    explicit filter_end(way in) : how(in), session(wanting_all()) {
        hear(frames(wire::negotiate{}));
        hear(frames(wire::connect{"client.test", wire::family::inet, 25, "192.0.2.1"}));
        hear(frames(wire::helo{"client.test"}));
    }

    static proto::filter_options wanting_all() {
        proto::filter_options all;
        all.wants.actions = wire::action::all;
        return all;
    }

    /// All commands in `bytes` are answered, those at the end of the message with `edits` headers besides.
    void hear(std::string_view bytes, int edits = 0) {
        error_code ec;
        give(session, bytes, how);
        while (auto const command = session.next(ec)) {
            bool const end = std::holds_alternative<wire::end_of_message>(*command);
            for (int i = 0; end && i < edits; ++i)
                session.reply(wire::add_header{"X-Name", "value"}, ec);
            session.reply(wire::proceed{}, ec);
        }
        failed = failed || ec;
        session.sent(session.output().size());
    }

    way how;
    proto::filter_session session;
    bool failed = false;
};

std::string const mail = frames(
    wire::macros{'M', wire::zstr_list(std::string_view("i\0queue-id\0{auth_type}\0none\0", 26))},
    wire::mail{"<a-rather-long-address@client.example>", {}});
std::string const rcpt = frames(wire::rcpt{"<another-rather-long-address@server.example>", {}});
std::string const header = frames(wire::header{"Subject", std::string(900, 's')});
std::string const body = frames(wire::body{std::string(wire::default_data_limit, 'b')});
std::string const end = frames(wire::end_of_message{});

void message(filter_end& one, int repeated) {
    one.hear(mail);
    for (int i = 0; i < repeated; ++i) one.hear(rcpt);
    for (int i = 0; i < repeated; ++i) one.hear(header);
    for (int i = 0; i < repeated; ++i) one.hear(body);
    one.hear(end, 100);
}

} // namespace

BOOST_AUTO_TEST_SUITE(allocation_session)

BOOST_AUTO_TEST_CASE(a_filter_does_not_allocate_for_a_frame) {
    for (auto const how : {way::copied, way::read_in_place}) {
        filter_end one(how);
        message(one, 1);
        one.hear(mail);
        BOOST_TEST(allocation::of([&] { one.hear(rcpt); }) <= 1U,
                   "the first frame of a message may make room");
        one.hear(header);
        one.hear(body);
        for (auto const* packet : {&header, &body}) {
            BOOST_TEST(allocation::of([&] {
                           for (int i = 0; i < 100; ++i) one.hear(*packet);
                       }) == 0U);
        }
        BOOST_TEST(!one.failed);
    }
}

BOOST_AUTO_TEST_CASE(what_a_message_allocates_does_not_depend_on_its_frames) {
    for (auto const how : {way::copied, way::read_in_place}) {
        filter_end one(how);
        message(one, 1);
        auto const small = allocation::of([&] { message(one, 1); });
        auto const large = allocation::of([&] { message(one, 100); });
        BOOST_TEST(small == large);
        BOOST_TEST(small <= 16U);
        BOOST_TEST(!one.failed);
    }
}

BOOST_AUTO_TEST_CASE(body_that_comes_in_parts_costs_nothing_either) {
    for (std::size_t const first :
         {std::size_t{3}, std::size_t{4}, std::size_t{40'000}, body.size() - 1}) {
        filter_end one(way::read_in_place);
        message(one, 1);
        one.hear(mail);
        one.hear(rcpt);
        one.hear(header);
        one.hear(body);
        BOOST_TEST(allocation::of([&] {
                       for (int i = 0; i < 10; ++i) {
                           one.hear(std::string_view(body).substr(0, first));
                           one.hear(std::string_view(body).substr(first));
                       }
                   }) == 0U,
                   first);
        BOOST_TEST(!one.failed);
    }
}

BOOST_AUTO_TEST_CASE(commands_that_come_together_cost_nothing_either) {
    filter_end one(way::read_in_place);
    one.hear(mail);
    std::string many;
    for (int i = 0; i < 50; ++i) many += header; // no more than one read brings
    one.hear(many);
    BOOST_TEST(allocation::of([&] { one.hear(many); }) == 0U);
    BOOST_TEST(!one.failed);
}

BOOST_AUTO_TEST_CASE(a_filter_between_messages_keeps_hardly_any_memory) {
    filter_end one(way::read_in_place);
    message(one, 3);
    BOOST_TEST(one.session.output().capacity() <= wire::idle_room);
    BOOST_TEST(one.session.prepare().size() <= wire::idle_room);
}

// ---- the MTA's end

namespace {

struct mta_end {
    explicit mta_end(way in) : how(in) {
        error_code ec;
        session.negotiate({}, ec);
        say_all(frames(wire::negotiate_reply{6, wire::action::all, wire::step::none, {}}));
        ask(wire::helo{"client.test"});
    }

    template <class Command> void ask(Command const& command) {
        error_code ec;
        session.send(command, {}, ec);
        failed = failed || ec;
        say_all(proceed);
    }

    void say_all(std::string_view replies) {
        error_code ec;
        session.sent(session.output().size());
        give(session, replies, how);
        while (session.next({}, ec)) ++heard;
        failed = failed || ec;
    }

    way how;
    proto::mta_session session;
    std::string const proceed = frames(wire::proceed{});
    std::size_t heard = 0;
    bool failed = false;
};

} // namespace

BOOST_AUTO_TEST_CASE(an_mta_does_not_allocate_for_a_frame) {
    std::string const large(wire::default_data_limit, 'b');
    std::string const value(900, 's');
    for (auto const how : {way::copied, way::read_in_place}) {
        mta_end one(how);
        one.ask(wire::mail{"<a-rather-long-address@client.example>", {}});
        one.ask(wire::header{"Subject", value});
        one.ask(wire::body{large});
        BOOST_TEST(allocation::of([&] {
                       for (int i = 0; i < 100; ++i) one.ask(wire::body{large});
                   }) == 0U);
        BOOST_TEST(!one.failed);

        mta_end other(how);
        other.ask(wire::mail{"<a-rather-long-address@client.example>", {}});
        other.ask(wire::header{"Subject", value});
        BOOST_TEST(allocation::of([&] {
                       for (int i = 0; i < 100; ++i) other.ask(wire::header{"Subject", value});
                   }) == 0U);
        BOOST_TEST(!other.failed);
    }
}

BOOST_AUTO_TEST_CASE(an_mta_does_not_allocate_for_an_edit) {
    auto const edit = frames(wire::add_header{"X-Name", std::string(900, 'v')});
    for (auto const how : {way::copied, way::read_in_place}) {
        mta_end one(how);
        one.ask(wire::mail{"<a@client.example>", {}});
        error_code ec;
        one.session.send(wire::end_of_message{}, {}, ec);
        one.say_all(edit);
        BOOST_TEST(allocation::of([&] {
                       for (int i = 0; i < 100; ++i) one.say_all(edit);
                   }) == 0U);
        one.say_all(one.proceed);
        BOOST_TEST(!one.failed);
        BOOST_TEST(one.session.prepare().size() <= wire::idle_room);
        BOOST_TEST(one.session.output().capacity() <= wire::idle_room);
    }
}

BOOST_AUTO_TEST_SUITE_END()
