// SPDX-License-Identifier: BSL-1.0
// tests/fuzz/scenario_toml.cpp - scenarios of milter-test-server, from any text
//
// What can be read is written again, and then reads to the same.
#include "test-server/scenario/scenario_toml.hpp"

#include "cli/file.hpp"
#include "invariant.hpp"
#include "test-server/scenario/learn.hpp"

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

/// In place of the one of the library: an input is to open no file, which might be /dev/zero.
std::string milter::cli::read_file(std::string const& path) {
    throw std::runtime_error(path + ": there are no files here");
}

namespace {

using namespace milter::test_server;

void check_again(scenario const& one) {
    auto const text = to_toml(one);
    try {
        auto const again = to_toml(parse_scenario(text, "again.toml", {}));
        fuzz::require(again == text, "what was written reads to the same");
    } catch (scenario_error const&) {
        fuzz::require(false, "what was written can be read");
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    try {
        check_again(parse_scenario(fuzz::view(data, size), "input.toml", {{"set", "a ${value}"}}));
    } catch (scenario_error const& why) {
        fuzz::require(std::string_view(why.what()).starts_with("input.toml:"),
                      "a problem has a place");
    }
    return 0;
}
