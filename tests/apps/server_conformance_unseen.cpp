// SPDX-License-Identifier: BSL-1.0
// tests/apps/server_conformance_unseen.cpp - milter-test-server conformance: of a milter that says nothing, closes, or breaks
// off, no case passes but those that were seen

#include "odd_filter.hpp"
#include "programs_fixture.hpp"
#include <milter/wire/reply.hpp>

#include <algorithm>
#include <atomic>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace programs_test;

namespace {

namespace wire = milter::wire;

void send(int peer, std::string_view bytes) {
    ::send(peer, bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

/// What one read gives; empty when the other side closes.
std::string hear(int peer) {
    std::string room(65'536, '\0');
    auto const size = support::receive(peer, room.data(), room.size(), 0);
    room.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return room;
}

bool hears_an_offer(int peer) {
    auto const bytes = hear(peer);
    return bytes.size() > 4 && bytes[4] == 'O';
}

void say_nothing(int peer) {
    while (!hear(peer).empty()) {
    }
}

std::string answer_to_the_offer(wire::step steps = wire::step::none) {
    std::string bytes;
    wire::encode(bytes, wire::negotiate_reply{.version = 2, .steps = steps}); // any offer has that
    return bytes;
}

struct unseen_fixture : programs_fixture {
    finished_program try_it(arguments args) {
        args.insert(args.begin(), {"conformance", "--connect", socket, "--timeout", "200ms",
                                   "--patience", "200ms", "--quiet", "20ms"});
        return support::run_program(program("milter-test-server"), args, dir);
    }

    /// Ids of the cases that have that verdict.
    static std::vector<std::string> cases(finished_program const& done, std::string_view verdict) {
        std::vector<std::string> ids;
        for (std::string_view rest = done.out; !rest.empty();) {
            auto const line = rest.substr(0, rest.find('\n'));
            rest.remove_prefix(std::min(rest.size(), line.size() + 1));
            bool const is_case = !line.empty() && line[0] >= '1' && line[0] <= '9';
            if (is_case && line.substr(0, 40).find(" " + std::string(verdict) + " ") != line.npos)
                ids.emplace_back(line.substr(0, line.find(' ')));
        }
        return ids;
    }

    static void passes_nothing(finished_program const& done) {
        for (auto const& id : cases(done, "pass")) BOOST_ERROR("passes " + id);
        BOOST_TEST(contains(done.out, "\n0 passed"), done.out << done.err);
        BOOST_TEST(done.exit_code == 1, done.out << done.err);
    }

    void fails(std::string const& id, std::string_view why) {
        auto const done = try_it({"--case", id, "--strict"});
        BOOST_TEST(done.exit_code == 1, done.out << done.err);
        BOOST_TEST(contains(done.out, "found:    " + std::string(why)), done.out);
    }

    void is_left_open(std::string const& ids) {
        auto const done = try_it({"--case", ids});
        BOOST_TEST(contains(done.out, "\n0 passed, 0 failed"), done.out);
        BOOST_TEST(!contains(done.out, " skipped "), done.out);
        BOOST_TEST(done.exit_code == 1, done.out);
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(apps_server_conformance_unseen, unseen_fixture)

BOOST_AUTO_TEST_CASE(a_milter_that_closes_at_each_offer_passes_nothing) {
    odd_filter const wrong(dir / "x.sock", [](int peer) { hear(peer); });
    passes_nothing(try_it({}));
    fails("44", "the milter closes the connection");
    is_left_open("28,36,37,40,43,46,64");
    is_left_open("131-137");
    is_left_open("1,7,39,54,62,99,129,138,198");
}

BOOST_AUTO_TEST_CASE(a_milter_that_answers_nothing_passes_nothing) {
    odd_filter const wrong(dir / "x.sock", say_nothing);
    passes_nothing(try_it({"--case", "1-64,99-119,131-138,140-150,198,215"}));
    fails("44", "no reply in time");
    fails("27", "behind version 1 the milter keeps its end open");
}

BOOST_AUTO_TEST_CASE(a_milter_that_answers_the_first_offer_alone_is_caught) {
    std::atomic<bool> is_first = true;
    odd_filter const wrong(dir / "x.sock", [&](int peer) {
        if (hear(peer).empty() || !is_first.exchange(false)) return;
        send(peer, answer_to_the_offer());
        hear(peer);
    });
    for (auto const* id : {"36", "28a", "28b", "37a", "37b", "43", "44", "64"}) {
        is_first = true; // it waits for a connection now
        fails(id, "afterwards a new connection is not served");
    }
}

BOOST_AUTO_TEST_CASE(a_milter_that_breaks_its_answer_off_is_caught) {
    odd_filter const wrong(dir / "x.sock", [](int peer) {
        if (hear(peer).empty()) return;
        send(peer, std::string_view(answer_to_the_offer()).substr(0, 9));
    });
    passes_nothing(try_it({}));
    for (auto const* id : {"1", "28a", "36", "37a", "43", "44", "46", "64"})
        fails(id, id == std::string_view("1")
                      ? "the milter closes the connection within a packet: 00"
                      : "");
}

BOOST_AUTO_TEST_CASE(a_milter_that_agrees_on_no_replies_and_ends_passes_nothing_behind_it) {
    odd_filter const wrong(dir / "x.sock", [](int peer) {
        if (hears_an_offer(peer)) send(peer, answer_to_the_offer(wire::step::all_nr));
    });
    passes_nothing(try_it(
        {"--case", "1-7,10-20,62,63,66-68,69a,70-93,99-138,139a,139b,139c,139d,140-150,183,184,"
                   "191,198,205"}));
}

BOOST_AUTO_TEST_CASE(a_milter_that_agrees_on_no_replies_and_is_silent_passes_nothing_behind_it) {
    odd_filter const wrong(dir / "x.sock", [](int peer) {
        if (!hears_an_offer(peer)) return;
        send(peer, answer_to_the_offer(wire::step::all_nr));
        say_nothing(peer);
    });
    passes_nothing(try_it(
        {"--case", "2,3,12-14,20,62,63,66-68,69a,70-93,99,100a,100b,131-137,149,150,183,205"}));
}

BOOST_AUTO_TEST_CASE(a_milter_that_dies_of_the_last_case_is_told) {
    std::atomic<bool> is_dead = false;
    odd_filter const wrong(dir / "x.sock", [&](int peer) {
        if (is_dead || !hears_an_offer(peer)) return;
        send(peer, answer_to_the_offer());
        hear(peer);
        is_dead = true;
    });
    auto const done = try_it({"--case", "185", "--strict"});
    BOOST_TEST(done.exit_code == 1, done.out);
    BOOST_TEST(contains(done.out, "185   should fail"), done.out);
    BOOST_TEST(contains(done.out, "; afterwards a new connection is not served: "), done.out);
}

BOOST_AUTO_TEST_CASE(a_reply_that_never_comes_is_not_one_within_ten_seconds) {
    start({"--on", "header=silence"});
    fails("198", "none came to header");
}

BOOST_AUTO_TEST_SUITE_END()
