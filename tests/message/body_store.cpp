// SPDX-License-Identifier: BSL-1.0
// tests/message/body_store.cpp - a body in memory and in its file, to the byte

#include "body_fixture.hpp"

using namespace body_test;

BOOST_AUTO_TEST_SUITE(body_store_)

BOOST_AUTO_TEST_CASE(new_store_is_empty) {
    body_store const store;
    BOOST_TEST(store.size() == 0u);
    BOOST_TEST(!store.spilled());
    BOOST_TEST(content(store, 10) == "");
}

BOOST_AUTO_TEST_CASE(bytes_are_the_same_in_memory_and_in_the_file) {
    folder const place;
    spool_options const options{
        .memory_bytes = 1000, .max_bytes = 100'000, .directory = place.path.string()};
    for (std::size_t const size : {1u, 999u, 1000u, 1001u, 5000u, 100'000u}) {
        for (std::size_t const step : {1u, 7u, 1000u, 65'535u}) {
            if (step == 1 && size > 5000) continue;
            auto const bytes = pattern(size);
            body_store store(&options);
            error_code ec;
            for (std::size_t at = 0; at < size; at += step)
                store.append(std::string_view(bytes).substr(at, step), ec);
            BOOST_TEST_CONTEXT(size << " bytes in pieces of " << step) {
                BOOST_TEST(!ec);
                BOOST_TEST(store.size() == size);
                BOOST_TEST(store.spilled() == (size > 1000));
                BOOST_TEST((content(store, 997) == bytes));
                BOOST_TEST((content(store, size) == bytes));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(file_has_no_name_and_is_closed_at_the_end) {
    folder const place;
    spool_options const options{
        .memory_bytes = 10, .max_bytes = 1000, .directory = place.path.string()};
    auto const before = open_files();
    {
        body_store store(&options);
        error_code ec;
        store.append(pattern(100), ec);
        BOOST_TEST(store.spilled());
        BOOST_TEST(filesystem::is_empty(place.path));
        BOOST_TEST(open_files() == before + 1);
        store.clear();
        BOOST_TEST(!store.spilled());
        BOOST_TEST(store.size() == 0u);
        BOOST_TEST(open_files() == before);
        store.append("again", ec);
        BOOST_TEST(content(store, 10) == "again");
        store.append(pattern(100), ec);
        BOOST_TEST(store.size() == 105u);
    }
    BOOST_TEST(open_files() == before);
}

BOOST_AUTO_TEST_CASE(memory_is_given_back_by_clear_and_by_the_spill) {
    folder const place;
    spool_options const options{
        .memory_bytes = 100'000, .max_bytes = 1'000'000, .directory = place.path.string()};
    auto const address = [](body_store const& store) {
        std::string scratch;
        error_code ec;
        return store.read(0, 1, scratch, ec).data();
    };
    body_store store(&options);
    error_code ec;
    store.append(pattern(50'000), ec);
    auto const* const old = address(store);
    store.clear();
    store.append("x", ec);
    BOOST_TEST(static_cast<void const*>(address(store)) != old,
               "the buffer of the last message is still held");
}

BOOST_AUTO_TEST_CASE(body_over_the_limit_is_refused_and_the_store_unchanged) {
    folder const place;
    for (std::size_t const memory : {10u, 10'000u}) {
        spool_options const options{
            .memory_bytes = memory, .max_bytes = 100, .directory = place.path.string()};
        body_store store(&options);
        error_code ec;
        store.append(pattern(100), ec);
        BOOST_TEST(!ec);
        store.append("", ec);
        BOOST_TEST(!ec);
        store.append("x", ec);
        BOOST_TEST(ec == errc::limit_exceeded);
        BOOST_TEST((content(store, 1000) == pattern(100)));
        body_store other(&options);
        ec = {};
        other.append(pattern(101), ec);
        BOOST_TEST(ec == errc::limit_exceeded);
        BOOST_TEST(other.size() == 0u);
        BOOST_TEST(!other.spilled());
    }
}

BOOST_AUTO_TEST_CASE(without_a_place_for_the_file_the_store_is_unchanged) {
    spool_options const options{
        .memory_bytes = 10, .max_bytes = 1000, .directory = "/nonexistent/place"};
    body_store store(&options);
    error_code ec;
    store.append("0123456789", ec);
    BOOST_TEST(!ec);
    store.append("x", ec);
    BOOST_TEST(ec == errc::resource);
    BOOST_TEST(ec == milter::condition::local);
    BOOST_TEST(!store.spilled());
    BOOST_TEST(content(store, 100) == "0123456789");
}

BOOST_AUTO_TEST_CASE(without_a_descriptor_the_store_is_unchanged) {
    folder const place;
    spool_options const options{
        .memory_bytes = 10, .max_bytes = 1000, .directory = place.path.string()};
    rlimit before{};
    BOOST_TEST_REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    body_store store(&options);
    error_code ec;
    store.append("0123456789", ec);
    auto none = before;
    none.rlim_cur = 0;
    BOOST_TEST_REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
    store.append("x", ec);
    ::setrlimit(RLIMIT_NOFILE, &before);
    BOOST_TEST(ec == errc::resource);
    BOOST_TEST(content(store, 100) == "0123456789");
    ec = {};
    store.append("x", ec);
    BOOST_TEST(!ec);
    BOOST_TEST(content(store, 100) == "0123456789x");
}

BOOST_AUTO_TEST_CASE(reading_behind_the_end_gives_nothing) {
    folder const place;
    for (std::size_t const memory : {2u, 1000u}) {
        spool_options const options{
            .memory_bytes = memory, .max_bytes = 1000, .directory = place.path.string()};
        body_store store(&options);
        error_code ec;
        store.append("abc", ec);
        std::string scratch;
        BOOST_TEST(store.read(0, 0, scratch, ec) == "");
        BOOST_TEST(store.read(1, 1, scratch, ec) == "b");
        BOOST_TEST(store.read(2, 100, scratch, ec) == "c");
        BOOST_TEST(store.read(3, 1, scratch, ec) == "");
        BOOST_TEST(store.read(1000, 1000, scratch, ec) == "");
        BOOST_TEST(!ec);
    }
}

BOOST_AUTO_TEST_CASE(store_may_be_moved) {
    folder const place;
    spool_options const options{
        .memory_bytes = 10, .max_bytes = 1000, .directory = place.path.string()};
    auto const before = open_files();
    {
        error_code ec;
        body_store large(&options);
        large.append(pattern(50), ec);
        body_store moved(std::move(large));
        BOOST_TEST((content(moved, 100) == pattern(50)));
        body_store small(&options);
        small.append("abc", ec);
        moved = std::move(small);
        BOOST_TEST(content(moved, 100) == "abc");
        BOOST_TEST(!moved.spilled());
        moved.append(pattern(50), ec);
        BOOST_TEST(moved.size() == 53u);
    }
    BOOST_TEST(open_files() == before);
}

/// Several bodies that share memory, as strings are.
BOOST_AUTO_TEST_CASE(whole_packets_are_read_without_being_copied) {
    body_store store;
    std::string scratch;
    error_code ec;
    for (int i = 0; i < 5; ++i) store.append(pattern(65'535, 7), ec);
    for (std::size_t at = 0; at < store.size(); at += 65'535)
        BOOST_TEST((store.read(at, 65'535, scratch, ec) == pattern(65'535, 7)));
    BOOST_TEST(scratch.capacity() < 100u);
}

BOOST_AUTO_TEST_CASE(bodies_share_memory_and_those_that_get_none_go_to_files) {
    constexpr std::size_t limit = 1'000'000, size = 400'000;
    spool_options options;
    options.directory = std::filesystem::temp_directory_path().string();
    options.budget = std::make_shared<milter::message::memory_budget>(limit);
    std::vector<body_store> stores;
    stores.reserve(50);
    for (int i = 0; i < 50; ++i) stores.emplace_back(&options);
    auto const piece = [](std::size_t store, std::size_t at) {
        return std::string(20'000, static_cast<char>('a' + (store + at / 20'000) % 26));
    };
    milter::error_code ec;
    for (std::size_t at = 0; at < size; at += 20'000)
        for (std::size_t k = 0; k < stores.size(); ++k) {
            stores[k].append(piece(k, at), ec);
            BOOST_TEST_REQUIRE(!ec);
            BOOST_TEST_REQUIRE(options.budget->taken() <= limit);
        }
    auto const in_files = [&] {
        return std::count_if(stores.begin(), stores.end(),
                             [](auto const& one) { return one.spilled(); });
    };
    BOOST_TEST(in_files() > 40);
    std::string scratch;
    for (std::size_t at = 0; at < size; at += 20'000)
        for (std::size_t k = 0; k < stores.size(); ++k)
            BOOST_TEST_REQUIRE((stores[k].read(at, 20'000, scratch, ec) == piece(k, at)));
    stores.erase(stores.begin(), stores.begin() + 25);
    for (auto& one : stores) one.clear();
    BOOST_TEST(options.budget->taken() == 0u);
    stores[0].append("again", ec);
    BOOST_TEST(!stores[0].spilled());
    auto moved = std::move(stores[0]);
    stores.clear();
    BOOST_TEST(options.budget->taken() == 5u);
    moved = body_store();
    BOOST_TEST(options.budget->taken() == 0u);
}

BOOST_AUTO_TEST_CASE(memory_that_is_not_to_be_had_is_no_error_while_there_are_files) {
    spool_options options;
    options.directory = "/nowhere/at/all";
    options.budget = std::make_shared<milter::message::memory_budget>(14);
    body_store store(&options);
    milter::error_code ec;
    store.append("ten bytes.", ec);
    BOOST_TEST(!ec);
    store.append("x", ec);
    BOOST_TEST(ec == milter::errc::resource);
    BOOST_TEST(store.size() == 10u);
    BOOST_TEST(options.budget->taken() == 10u);
}

BOOST_AUTO_TEST_SUITE_END()
