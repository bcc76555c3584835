// SPDX-License-Identifier: BSL-1.0
// tests/capture/tcp_stream.cpp - segments to bytes in order
#include <milter/capture/tcp_stream.hpp>

#include <boost/test/unit_test.hpp>

#include <random>
#include <vector>

namespace {

using milter::capture::tcp_stream;

/// What came out; holes as "[5]".
struct reader {
    tcp_stream stream;
    std::string out;

    explicit reader(std::size_t max_waiting = 4UL << 20) : stream(max_waiting) {}
    void add(std::uint32_t sequence, std::string_view bytes, std::size_t missing = 0) {
        stream.add(
            sequence, bytes, missing, [&](std::string_view data) { out += data; },
            [&](std::uint64_t size) { out += "[" + std::to_string(size) + "]"; });
    }
    std::string finish() {
        stream.finish([&](std::string_view data) { out += data; },
                      [&](std::uint64_t size) { out += "[" + std::to_string(size) + "]"; });
        return out;
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(tcp_stream_of_one_direction)

BOOST_AUTO_TEST_CASE(segments_in_order_are_given_at_once) {
    reader one;
    one.stream.begin(999);
    one.add(1000, "ab");
    BOOST_TEST(one.out == "ab");
    one.add(1002, "c");
    BOOST_TEST(one.out == "abc");
    BOOST_TEST(one.stream.waiting() == 0U);
}

BOOST_AUTO_TEST_CASE(stream_without_syn_begins_with_its_first_segment) {
    reader one;
    one.add(77, "ab");
    one.add(79, "c");
    BOOST_TEST(one.finish() == "abc");
}

BOOST_AUTO_TEST_CASE(early_segments_wait_for_their_turn) {
    reader one;
    one.stream.begin(0);
    one.add(5, "ef");
    one.add(3, "cd");
    BOOST_TEST(one.out == "");
    BOOST_TEST(one.stream.waiting() > 4U);
    one.add(1, "ab");
    BOOST_TEST(one.finish() == "abcdef");
    BOOST_TEST(one.stream.waiting() == 0U);
}

BOOST_AUTO_TEST_CASE(first_copy_of_a_byte_counts) {
    reader one;
    one.stream.begin(0);
    one.add(1, "abc");
    one.add(1, "XYZ"); // again
    one.add(2, "YZd"); // partly
    BOOST_TEST(one.out == "abcd");
    one.add(7, "gh");   // early
    one.add(6, "FGHi"); // early, around it
    one.add(5, "ef");   // its tail came already
    BOOST_TEST(one.finish() == "abcdeFghi");
}

BOOST_AUTO_TEST_CASE(numbers_wrap) {
    reader one;
    one.stream.begin(0xFFFF'FFFD);
    one.add(0xFFFF'FFFE, "ab");
    one.add(1, "d");
    one.add(0, "c");
    one.add(0xFFFF'FFFE, "ab");
    BOOST_TEST(one.finish() == "abcd");
}

BOOST_AUTO_TEST_CASE(probes_of_a_connection_kept_alive_change_nothing) {
    reader one;
    one.stream.begin(0);
    one.add(1, "ab");
    one.add(2, "?"); // one byte before what is expected
    one.add(2, "");
    one.add(3, "c");
    BOOST_TEST(one.finish() == "abc");
}

BOOST_AUTO_TEST_CASE(bytes_before_the_first_are_nothing_where_numbers_wrap) {
    for (auto const syn : {0U, 1U, 0xFFFF'FFFFU}) {
        reader one;
        one.stream.begin(syn);
        one.add(syn - 1, "??abc"); // begins two before the first byte
        BOOST_TEST(one.finish() == "abc");
    }
    reader unseen; // the SYN
    unseen.add(0, "ab");
    unseen.add(0xFFFF'FFFF, "?");
    BOOST_TEST(unseen.finish() == "ab");
}

BOOST_AUTO_TEST_CASE(holes_are_told_at_the_end_or_when_too_much_waits) {
    reader end;
    end.stream.begin(0);
    end.add(1, "ab");
    end.add(6, "f");
    BOOST_TEST(end.out == "ab");
    BOOST_TEST(end.finish() == "ab[3]f");

    reader full(1000);
    full.stream.begin(0);
    full.add(11, std::string(900, 'x'));
    BOOST_TEST(full.out == "[10]" + std::string(900, 'x'));
}

BOOST_AUTO_TEST_CASE(many_tiny_pieces_do_not_wait_for_ever) {
    reader one(10'000);
    one.stream.begin(0);
    for (std::uint32_t i = 0; i < 100'000; ++i) one.add(10 + 2 * i, "x");
    BOOST_TEST(one.stream.waiting() <= 10'000U);
}

BOOST_AUTO_TEST_CASE(large_pieces_behind_tiny_ones_do_not_wait_for_ever) {
    reader one(10'000);
    one.stream.begin(0);
    for (std::uint32_t i = 0; i < 70; ++i) one.add(10 + 2 * i, "x");
    for (std::uint32_t i = 0; i < 70; ++i) one.add(10'000 + 2'000 * i, std::string(1'000, 'y'));
    BOOST_TEST(one.stream.waiting() <= 10'000U);
}

BOOST_AUTO_TEST_CASE(bytes_that_the_capture_cut_off_are_holes) {
    reader one;
    one.stream.begin(0);
    one.add(1, "ab", 3);
    one.add(6, "f");
    BOOST_TEST(one.out == "ab[3]f");
    one.add(10, "j", 1);
    one.add(7, "ghi");
    BOOST_TEST(one.finish() == "ab[3]fghij[1]");
}

BOOST_AUTO_TEST_CASE(any_order_with_any_overlap_gives_the_bytes) {
    std::mt19937 random(7);
    for (int round = 0; round < 500; ++round) {
        std::string whole;
        for (auto size = 20 + random() % 60; size > 0; --size)
            whole.push_back(static_cast<char>('a' + random() % 26));
        auto const start = static_cast<std::uint32_t>(random());
        std::vector<std::pair<std::uint32_t, std::string_view>> pieces;
        for (std::size_t at = 0; at < whole.size();) {
            auto const back = random() % 5;
            auto const from = at > back ? at - back : 0;
            auto const size = 1 + random() % 9 + (at - from);
            pieces.emplace_back(start + 1 + static_cast<std::uint32_t>(from),
                                std::string_view(whole).substr(from, size));
            at = from + size;
        }
        pieces.push_back(pieces[random() % pieces.size()]);
        std::shuffle(pieces.begin(), pieces.end(), random);
        reader one;
        one.stream.begin(start);
        for (auto const& [sequence, bytes] : pieces) one.add(sequence, bytes);
        BOOST_TEST(one.finish() == whole);
        BOOST_TEST(one.stream.waiting() == 0U);
    }
}

BOOST_AUTO_TEST_SUITE_END()
