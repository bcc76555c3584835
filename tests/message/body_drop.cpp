// SPDX-License-Identifier: BSL-1.0
// tests/message/body_drop.cpp - a body that is read while it comes: what was read makes room

#include "body_fixture.hpp"

using namespace body_test;

BOOST_AUTO_TEST_SUITE(body_drop)

BOOST_AUTO_TEST_CASE(what_was_dropped_frees_memory_for_what_comes) {
    spool_options options{
        .memory_bytes = 300'000, .max_bytes = 10'000'000, .directory = "/nowhere"};
    options.budget = std::make_shared<milter::message::memory_budget>(1'000'000);
    auto const* const counted = options.budget.get();
    body_store store(&options);
    auto const bytes = pattern(3'000'000);
    std::string scratch, seen;
    error_code ec;
    for (std::size_t at = 0; at < bytes.size(); at += 50'000) {
        store.append(std::string_view(bytes).substr(at, 50'000), ec);
        BOOST_TEST_REQUIRE(!ec);
        BOOST_TEST_REQUIRE(counted->taken() <= 300'000u);
        while (store.size() - seen.size() >= 100'000) {
            seen += store.read(seen.size(), 70'001, scratch, ec);
            store.drop_before(seen.size());
        }
    }
    BOOST_TEST(store.size() == bytes.size());
    seen += store.read(seen.size(), bytes.size(), scratch, ec);
    BOOST_TEST((seen == bytes));
    store.drop_before(seen.size());
    BOOST_TEST(store.read(seen.size(), 1, scratch, ec) == "");
    BOOST_TEST(!ec);
    store.clear();
    BOOST_TEST(counted->taken() == 0u);
}

BOOST_AUTO_TEST_CASE(file_is_no_larger_than_what_was_not_dropped_yet) {
    folder const place;
    spool_options const options{
        .memory_bytes = 10, .max_bytes = 10'000'000, .directory = place.path.string()};
    body_store store(&options);
    auto const bytes = pattern(1'000'000);
    std::string scratch;
    error_code ec;
    for (std::size_t at = 0; at < bytes.size(); at += 50'000) {
        auto const piece = std::string_view(bytes).substr(at, 50'000);
        store.append(piece, ec);
        BOOST_TEST_REQUIRE((store.read(at, 50'000, scratch, ec) == piece));
        BOOST_TEST_REQUIRE(largest_open_file_in(place.path) == 50'000u);
        store.drop_before(at + 25'000); // not all: the file stays as it is
        BOOST_TEST_REQUIRE((store.read(at + 25'000, 50'000, scratch, ec) == piece.substr(25'000)));
        store.drop_before(at + 50'000);
    }
    BOOST_TEST(!ec);
    BOOST_TEST(!store.spilled());
}

BOOST_AUTO_TEST_CASE(what_is_left_comes_back_into_memory_when_there_is_room) {
    folder const place;
    spool_options options{
        .memory_bytes = 400'000, .max_bytes = 10'000'000, .directory = place.path.string()};
    options.budget = std::make_shared<milter::message::memory_budget>(2'000'000);
    body_store store(&options);
    auto const bytes = pattern(1'000'000);
    std::string scratch;
    error_code ec;
    store.append(bytes, ec);
    BOOST_TEST(store.spilled());
    store.drop_before(799'999);
    BOOST_TEST(store.spilled(), "more than half of what may be in memory");
    store.drop_before(800'001);
    BOOST_TEST(!store.spilled());
    BOOST_TEST(options.budget->taken() >= 199'999u);
    BOOST_TEST((store.read(800'001, 1'000'000, scratch, ec) == bytes.substr(800'001)));
    store.append(bytes, ec);
    BOOST_TEST(store.spilled());
    BOOST_TEST(options.budget->taken() == 0u);
    BOOST_TEST((store.read(800'001, 199'999, scratch, ec) == bytes.substr(800'001)));
    BOOST_TEST((store.read(1'000'000, 1'000'000, scratch, ec) == bytes));
    BOOST_TEST(!ec);
}

BOOST_AUTO_TEST_CASE(what_is_left_stays_in_the_file_when_others_have_the_memory) {
    folder const place;
    spool_options options{
        .memory_bytes = 400'000, .max_bytes = 10'000'000, .directory = place.path.string()};
    options.budget = std::make_shared<milter::message::memory_budget>(100'000);
    body_store store(&options);
    auto const bytes = pattern(1'000'000);
    std::string scratch;
    error_code ec;
    store.append(bytes, ec);
    store.drop_before(900'000);
    BOOST_TEST(store.spilled());
    BOOST_TEST((store.read(900'000, 100'000, scratch, ec) == bytes.substr(900'000)));
    BOOST_TEST(!ec);
}

BOOST_AUTO_TEST_CASE(bodies_are_what_was_appended_whatever_was_dropped_meanwhile) {
    struct one {
        body_store store;
        std::string all;
        std::size_t dropped = 0;
    };
    folder const place;
    spool_options options{
        .memory_bytes = 300'000, .max_bytes = 2'000'000, .directory = place.path.string()};
    options.budget = std::make_shared<milter::message::memory_budget>(1'000'000);
    std::mt19937 random(17);
    std::vector<one> bodies(4);
    for (auto& body : bodies) body.store = body_store(&options);
    std::string scratch;
    auto const size_of_some = [&] {
        constexpr std::size_t sizes[] = {0, 1, 500, 65'534, 65'535, 65'536, 200'000};
        return sizes[random() % std::size(sizes)];
    };
    for (int step = 0; step < 5000; ++step) {
        auto& body = bodies[random() % bodies.size()];
        error_code ec;
        switch (random() % 8) {
        case 0: {
            body.dropped += random() % (body.all.size() - body.dropped + 1);
            body.store.drop_before(body.dropped);
            break;
        }
        case 1: std::swap(body, bodies.front()); break;
        case 2:
            if (random() % 20 == 0) {
                body.store.clear();
                body.all.clear();
                body.dropped = 0;
            }
            break;
        case 3:
        case 4: {
            auto const at = body.dropped + random() % (body.all.size() - body.dropped + 1);
            auto const limit = size_of_some();
            BOOST_TEST_REQUIRE((body.store.read(at, limit, scratch, ec) ==
                                std::string_view(body.all).substr(at, limit)));
            break;
        }
        default:
            auto const piece = pattern(size_of_some(), static_cast<unsigned>(step));
            body.store.append(piece, ec);
            bool const fits = body.all.size() + piece.size() <= options.max_bytes;
            BOOST_TEST_REQUIRE(!ec == fits);
            if (fits) body.all += piece;
        }
        BOOST_TEST_REQUIRE((!ec || ec == errc::limit_exceeded));
        BOOST_TEST_REQUIRE(options.budget->taken() <= 750'000u);
        BOOST_TEST_REQUIRE(body.store.size() == body.all.size());
    }
    bodies.clear();
    BOOST_TEST(options.budget->taken() == 0u);
}

BOOST_AUTO_TEST_CASE(reading_what_was_dropped_is_misuse) {
    folder const place;
    for (std::size_t const memory : {10u, 1'000'000u}) {
        spool_options const options{
            .memory_bytes = memory, .max_bytes = 1'000'000, .directory = place.path.string()};
        body_store store(&options);
        std::string scratch;
        error_code ec;
        store.append(pattern(200'000), ec);
        store.drop_before(200'000);
        BOOST_TEST(!ec);
        BOOST_TEST(store.read(0, 10, scratch, ec) == "");
        BOOST_TEST(ec == errc::misuse);
    }
}

BOOST_AUTO_TEST_CASE(what_is_left_in_memory_goes_to_the_file) {
    folder const place;
    spool_options const options{
        .memory_bytes = 200'000, .max_bytes = 1'000'000, .directory = place.path.string()};
    body_store store(&options);
    auto const bytes = pattern(500'000);
    std::string scratch;
    error_code ec;
    store.append(std::string_view(bytes).substr(0, 150'000), ec);
    store.drop_before(100'000);
    store.append(std::string_view(bytes).substr(150'000), ec);
    BOOST_TEST(store.spilled());
    BOOST_TEST(
        (store.read(100'000, 400'000, scratch, ec) == std::string_view(bytes).substr(100'000)));
    BOOST_TEST(!ec);
}

BOOST_AUTO_TEST_SUITE_END()
