// SPDX-License-Identifier: BSL-1.0
// tests/message/body_fixture.hpp - places for bodies, and what is in them
#pragma once

#include "milter/message/body_store.hpp"

#include <boost/test/unit_test.hpp>

#include <support/print_error.hpp>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <random>

namespace body_test {

namespace filesystem = std::filesystem;
using milter::errc;
using milter::error_code;
using milter::message::body_store;
using milter::message::spool_options;

/// A directory of its own, to see that nothing stays in it.
struct folder {
    filesystem::path path;
    folder() {
        std::string name = (filesystem::temp_directory_path() / "milter-test-XXXXXX").string();
        BOOST_TEST_REQUIRE(::mkdtemp(name.data()) != nullptr);
        path = name;
    }
    folder(folder const&) = delete;
    folder& operator=(folder const&) = delete;
    ~folder() { filesystem::remove_all(path); }
};

inline std::string pattern(std::size_t size, unsigned seed = 1) {
    std::mt19937 random(seed);
    std::string bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    return bytes;
}

/// Everything, in pieces of `step`.
inline std::string content(body_store const& store, std::size_t step) {
    std::string all;
    std::string scratch;
    error_code ec;
    for (;;) {
        auto const piece = store.read(all.size(), step, scratch, ec);
        BOOST_TEST_REQUIRE(!ec);
        BOOST_TEST_REQUIRE(piece.size() <= step);
        if (piece.empty()) return all;
        all += piece;
    }
}

inline std::size_t open_files() {
    auto const all = filesystem::directory_iterator("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

/// Bytes, of those that this program has open.
inline std::size_t largest_open_file_in(filesystem::path const& folder) {
    std::size_t largest = 0;
    for (auto const& one : filesystem::directory_iterator("/proc/self/fd")) {
        std::error_code ec;
        auto const target = filesystem::read_symlink(one.path(), ec).string();
        struct stat found {};
        bool const is_there =
            target.starts_with(folder.string()) && ::stat(one.path().c_str(), &found) == 0;
        if (is_there) largest = std::max(largest, static_cast<std::size_t>(found.st_size));
    }
    return largest;
}

} // namespace body_test
