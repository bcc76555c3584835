// SPDX-License-Identifier: BSL-1.0
// tests/manager/random_session.cpp - two sessions, peers that do anything, and a model of what they may see of each other
//
// The model is that of the fuzz targets manager_session and manager_evaluation; here inputs come from a seed,
// and mostly bring a message on, so that many reach its end.

#include <boost/test/unit_test.hpp>

#include <support/session_input.hpp>

#include <random>

using namespace support;

namespace {

constexpr unsigned inputs = 3'000;

enum class milters { there_from_the_beginning, join_late };

/// Mostly usual steps; every sixth something else.
std::string random_input(unsigned seed, milters when, audience who) {
    std::mt19937 random(seed);
    std::string bytes;
    auto const add = [&](std::uint_fast32_t byte) { bytes += static_cast<char>(byte); };
    auto const add_milter = [&] {
        bool const late = when == milters::join_late;
        add(random() % 128 + (late ? 128 : 0));
        if (!late) return;
        add(random() % 8 * 32); // the stage
        add(random() % 8 == 0 ? 0x80 : 0);
    };
    auto const count = random() % 4;
    add(random() % 32 * 4 + count);
    add(random() % 128);
    for (auto left = 1 + count; left > 0; --left) add_milter();
    if (who == audience::with_evaluated_milters) {
        auto const evaluated = random() % 2;
        add(random() % 128 * 2 + evaluated);
        for (auto left = 1 + evaluated; left > 0; --left) add_milter();
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
    std::size_t inputs = 0;
    std::size_t accepted = 0, edits = 0, deleted_late = 0, evaluations = 0;
};

outcome play_inputs(milters when, audience who = audience::enforced_only) {
    outcome all;
    all.inputs =
        who == audience::enforced_only ? inputs : inputs / 3; // which cost three times as much
    for (unsigned seed = 0; seed < all.inputs; ++seed) BOOST_TEST_CONTEXT("seed " << seed) {
            session_input input(
                random_input(seed, when, who), [](std::string const& what) { BOOST_ERROR(what); },
                who);
            input.run();
            for (std::size_t id = 0; id < 2; ++id) {
                auto const& play = input.play(id);
                all.accepted += play.watch.accepted();
                all.edits += play.watch.edits_passed();
                all.deleted_late += play.watch.deleted_late();
                for (auto const& one : play.copies()) all.evaluations += one.evaluations();
            }
        }
    BOOST_TEST(all.accepted > all.inputs / 2); // they are worth something
    BOOST_TEST(all.edits > all.inputs / 10);
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

BOOST_AUTO_TEST_CASE(evaluated_milters_change_nothing_and_end_with_their_session) {
    for (auto const when : {milters::there_from_the_beginning, milters::join_late}) {
        auto const all = play_inputs(when, audience::with_evaluated_milters);
        BOOST_TEST(all.evaluations > all.inputs);
    }
}

BOOST_AUTO_TEST_SUITE_END()
