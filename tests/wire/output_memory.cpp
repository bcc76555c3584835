// SPDX-License-Identifier: BSL-1.0
// tests/wire/output_memory.cpp - one piece of memory serves the output of all sessions of a thread

#include "milter/wire/output_memory.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using milter::wire::give_output_memory_back;
using milter::wire::idle_room;
using milter::wire::take_output_memory;

namespace {

/// The capacity of what the thread keeps after an output of `size` bytes was written.
std::size_t kept_after(std::size_t size) {
    std::string written(size, 'x');
    written.clear();
    give_output_memory_back(written);
    BOOST_TEST(written.capacity() <= idle_room, "an idle session holds none");
    std::string next;
    take_output_memory(next);
    auto const kept = next.capacity();
    give_output_memory_back(next);
    return kept;
}

} // namespace

BOOST_AUTO_TEST_SUITE(output_memory)

BOOST_AUTO_TEST_CASE(memory_of_one_output_serves_the_next) {
    BOOST_TEST(kept_after(50'000) >= 50'000u);
    BOOST_TEST(kept_after(1000) >= 50'000u, "the larger one is kept");
}

BOOST_AUTO_TEST_CASE(more_than_a_thread_may_keep_is_given_back) {
    BOOST_TEST(kept_after(10'000'000) <= milter::wire::detail::most_output_kept);
}

BOOST_AUTO_TEST_CASE(what_is_still_to_be_written_is_not_touched) {
    kept_after(50'000);
    std::string waiting = "waiting";
    take_output_memory(waiting);
    BOOST_TEST(waiting == "waiting");
    std::string empty;
    take_output_memory(empty);
    BOOST_TEST(empty == "", "nothing of another session is in it");
}

BOOST_AUTO_TEST_SUITE_END()
