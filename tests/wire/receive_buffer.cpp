// SPDX-License-Identifier: BSL-1.0
// tests/wire/receive_buffer.cpp - bytes in, bytes out, and no memory while idle

#include "milter/wire/receive_buffer.hpp"

#include <boost/test/unit_test.hpp>

#include <random>
#include <string>
#include <utility>
#include <vector>

using milter::wire::receive_buffer;

namespace {

void write(receive_buffer& buffer, std::string_view bytes) {
    auto const room = buffer.prepare(bytes.size());
    BOOST_TEST_REQUIRE(room.size() >= bytes.size());
    std::ranges::copy(bytes, room.begin());
    buffer.commit(bytes.size());
}

} // namespace

BOOST_AUTO_TEST_SUITE(receive_buffer_)

BOOST_AUTO_TEST_CASE(new_buffer_owns_nothing) {
    receive_buffer buffer;
    BOOST_TEST(buffer.empty());
    BOOST_TEST(buffer.data() == "");
    BOOST_TEST(buffer.capacity() == 0u);
}

BOOST_AUTO_TEST_CASE(what_is_committed_is_data_until_it_is_consumed) {
    receive_buffer buffer;
    write(buffer, "hello ");
    write(buffer, "world");
    BOOST_TEST(buffer.data() == "hello world");
    buffer.consume(6);
    BOOST_TEST(buffer.data() == "world");
    BOOST_TEST(!buffer.empty());
    buffer.append("s");
    BOOST_TEST(buffer.data() == "worlds");
    buffer.consume(6);
    BOOST_TEST(buffer.empty());
    BOOST_TEST(buffer.data() == "");
}

BOOST_AUTO_TEST_CASE(part_of_the_room_may_be_committed) {
    receive_buffer buffer;
    auto room = buffer.prepare(100);
    room[0] = 'a';
    buffer.commit(1);
    room = buffer.prepare(50);
    room[0] = 'b';
    buffer.commit(1);
    buffer.commit(0);
    BOOST_TEST(buffer.data() == "ab");
}

BOOST_AUTO_TEST_CASE(consuming_leaves_the_views_of_the_rest) {
    receive_buffer buffer;
    buffer.append("first second");
    auto const second = buffer.data().substr(6);
    buffer.consume(6);
    BOOST_TEST(second == "second");
    BOOST_TEST(static_cast<void const*>(buffer.data().data()) == second.data());
}

BOOST_AUTO_TEST_CASE(room_of_consumed_bytes_is_used_again) {
    receive_buffer buffer;
    buffer.append(std::string(1000, 'x'));
    auto const capacity = buffer.capacity();
    for (int i = 0; i < 100; ++i) {
        buffer.consume(900);
        buffer.append(std::string(900, 'y'));
        BOOST_TEST(buffer.data().size() == 1000u);
    }
    BOOST_TEST(buffer.data() == std::string(1000, 'y'));
    BOOST_TEST(buffer.capacity() == capacity);
}

BOOST_AUTO_TEST_CASE(release_gives_the_memory_of_an_empty_buffer_back) {
    receive_buffer buffer;
    buffer.append(std::string(1000, 'x'));
    buffer.release();
    BOOST_TEST(buffer.data().size() == 1000u, "release must not touch what is buffered");
    buffer.consume(1000);
    buffer.release();
    BOOST_TEST(buffer.capacity() == 0u);
    BOOST_TEST(static_cast<void const*>(buffer.data().data()) == nullptr,
               "the memory is still held");
    buffer.append("again");
    BOOST_TEST(buffer.data() == "again");
}

BOOST_AUTO_TEST_CASE(moved_buffer_has_what_was_in_it_and_leaves_nothing) {
    receive_buffer from;
    from.append("consumed, kept");
    from.consume(10);
    receive_buffer to(std::move(from));
    BOOST_TEST(to.data() == "kept");
    to.append(", more");
    BOOST_TEST(to.data() == "kept, more");
    receive_buffer third;
    third.append("gone");
    third = std::move(to);
    BOOST_TEST(third.data() == "kept, more");
    // NOLINTBEGIN(bugprone-use-after-move): what they are then is promised
    for (auto* left : {&from, &to}) {
        BOOST_TEST(left->empty());
        BOOST_TEST(left->capacity() == 0u);
    }
    // NOLINTEND(bugprone-use-after-move)
}

BOOST_AUTO_TEST_CASE(more_buffers_than_a_thread_keeps_may_be_given_back) {
    for (std::size_t const size : {milter::wire::busy_room, milter::wire::body_room}) {
        std::vector<receive_buffer> many(100);
        for (auto& one : many) one.append(std::string(size, 'x'));
        for (auto& one : many) {
            one.consume(size);
            one.release();
            BOOST_TEST(one.capacity() == 0u);
        }
        for (auto& one : many) one.append("again");
        for (auto const& one : many) BOOST_TEST(one.data() == "again");
    }
}

BOOST_AUTO_TEST_CASE(nothing_may_be_asked_for_appended_and_consumed) {
    receive_buffer buffer;
    BOOST_TEST(buffer.prepare(0).empty());
    buffer.commit(0);
    buffer.append("");
    buffer.consume(0);
    buffer.release();
    BOOST_TEST(buffer.empty());
}

BOOST_AUTO_TEST_CASE(random_use_gives_the_bytes_in_order) {
    std::mt19937 random(1);
    auto const below = [&](unsigned n) {
        return std::uniform_int_distribution<std::size_t>(0, n)(random);
    };
    receive_buffer buffer;
    std::string expected;
    char next = 0;
    for (int round = 0; round < 20'000; ++round) {
        std::string bytes(below(40), '\0');
        for (char& c : bytes) c = ++next;
        if (round % 2 != 0)
            buffer.append(bytes);
        else
            write(buffer, bytes);
        expected += bytes;
        auto const used = below(static_cast<unsigned>(expected.size()));
        if (std::string_view(expected) != buffer.data()) BOOST_FAIL("differs in round " << round);
        buffer.consume(used);
        expected.erase(0, used);
        if (round % 7 == 0) buffer.release();
    }
    BOOST_TEST(buffer.data() == expected);
    BOOST_TEST(buffer.capacity() < 1000u);
}

BOOST_AUTO_TEST_SUITE_END()
