// SPDX-License-Identifier: BSL-1.0
// tests/manager/random_session.cpp - two sessions, peers that do anything, and a model of what they may see of each other
//
// The model is that of the fuzz target manager_session (tests/support/session_watch.hpp); here inputs come from a seed,
// and mostly bring a message on, so that many reach its end.

#include <boost/test/unit_test.hpp>

#include <support/session_input.hpp>

#include <random>

using namespace support;

namespace {

constexpr unsigned inputs = 3'000;

enum class milters { there_from_the_beginning, join_late };

/// Mostly usual steps; every sixth something else.
std::string random_input(unsigned seed, milters when) {
    std::mt19937 random(seed);
    std::string bytes;
    auto const add = [&](std::uint_fast32_t byte) { bytes += static_cast<char>(byte); };
    for (int i = 0; i < 4; ++i) {
        bool const of_milter = i > 1 && when == milters::join_late;
        add(random() % 128 + (of_milter ? 128 : 0));
        if (!of_milter) continue;
        add(random() % 8 * 32); // the stage
        add(random() % 8 == 0 ? 0x80 : 0);
    }
    for (auto left = 20 + random() % 100; left > 0; --left) {
        auto const session = random() % 2 == 0 ? 0U : 0x80U;
        bool const usual = random() % 6 != 0;
        add(session | static_cast<unsigned>(usual ? 23 + random() % 9 : random() % 23));
        if (usual) continue;
        for (auto arguments = random() % 4; arguments > 0; --arguments) add(random() % 256);
    }
    return bytes;
}

struct outcome {
    std::size_t accepted = 0, edits = 0, deleted_late = 0;
};

outcome play_inputs(milters when) {
    outcome all;
    for (unsigned seed = 0; seed < inputs; ++seed) BOOST_TEST_CONTEXT("seed " << seed) {
            session_input input(random_input(seed, when),
                                [](std::string const& what) { BOOST_ERROR(what); });
            input.run();
            for (std::size_t id = 0; id < 2; ++id) {
                all.accepted += input.watch(id).accepted();
                all.edits += input.watch(id).edits_passed();
                all.deleted_late += input.watch(id).deleted_late();
            }
        }
    BOOST_TEST(all.accepted > inputs / 2); // they are worth something
    BOOST_TEST(all.edits > inputs / 10);
    BOOST_TEST_MESSAGE(all.accepted << " accepted, " << all.edits << " edits, " << all.deleted_late
                                    << " recipients deleted late");
    return all;
}

} // namespace

BOOST_AUTO_TEST_SUITE(random_sessions)

BOOST_AUTO_TEST_CASE(show_each_peer_what_it_may_see_and_answer_in_time) {
    play_inputs(milters::there_from_the_beginning);
}

BOOST_AUTO_TEST_CASE(the_same_with_milters_that_join_late) {
    BOOST_TEST(play_inputs(milters::join_late).deleted_late > 0U);
}

BOOST_AUTO_TEST_SUITE_END()
