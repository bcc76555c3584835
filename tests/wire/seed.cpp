// SPDX-License-Identifier: BSL-1.0
// tests/wire/seed.cpp - every vector is a seed of the fuzz targets, too
//
// After a new vector:  test_wire --run_test=seed/write

#include "command_vectors.hpp"
#include "reply_vectors.hpp"

#include <boost/test/unit_test.hpp>

#include <support/hex.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace {

std::filesystem::path const seeds = std::filesystem::path(MILTER_SOURCE_DIR) / "tests/fuzz/seeds";

std::string read(std::filesystem::path const& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::string file_name(std::string_view title) {
    std::string name;
    for (char c : title)
        if (std::isalnum(static_cast<unsigned char>(c)) != 0)
            name += c;
        else if (!name.empty() && name.back() != '-')
            name += '-';
    while (name.ends_with('-')) name.pop_back();
    return name;
}

/// Calls each(file, bytes) for the seeds that the vectors make. Targets `command` and `reply` take a
/// packet without its length, target `frame` a byte that says how to cut, then a stream.
template <class Function> void for_each_seed(Function each) {
    std::string commands = "\x01";
    std::string replies = "\x04";
    for (auto const& row : vectors::commands) {
        auto const packet = support::bytes(row.bytes);
        each(seeds / "command" / file_name(row.name), packet.substr(4));
        commands += packet;
    }
    for (auto const& row : vectors::replies) {
        auto const packet = support::bytes(row.bytes);
        each(seeds / "reply" / file_name(row.name), packet.substr(4));
        replies += packet;
    }
    each(seeds / "frame" / "commands", commands);
    each(seeds / "frame" / "replies", replies);
    each(seeds / "frame" / "length-0-after-a-packet",
         support::bytes("02 00 00 00 01 41 00 00 00 00"));
    each(seeds / "frame" / "length-too-large", support::bytes("00 00 01 00 01 42"));
    each(seeds / "frame" / "unfinished", support::bytes("00 00 00 00 05 42 'abc'"));
    each(seeds / "frame" / "http", "\x03GET / HTTP/1.1\r\nHost: mx\r\n\r\n");
    each(seeds / "frame" / "tls", support::bytes("00 16 03 01 00 05 01 00 00 01 00"));
}

} // namespace

BOOST_AUTO_TEST_SUITE(seed)

BOOST_AUTO_TEST_CASE(every_vector_is_a_seed) {
    for_each_seed([](std::filesystem::path const& file, std::string const& bytes) {
        BOOST_TEST(support::to_hex(read(file)) == support::to_hex(bytes),
                   file << " is out of date");
    });
}

BOOST_AUTO_TEST_CASE(write, *boost::unit_test::disabled()) {
    for_each_seed([](std::filesystem::path const& file, std::string const& bytes) {
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file, std::ios::binary) << bytes;
        BOOST_TEST(read(file) == bytes);
    });
}

BOOST_AUTO_TEST_SUITE_END()
