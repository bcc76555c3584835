// SPDX-License-Identifier: BSL-1.0
// tests/fuzz/replay_main.cpp - runs a fuzz target over files, without libFuzzer
//
//   replay_NAME [FILE|FOLDER]...
//
// A folder stands for all files in it; one that does not exist is empty. The empty input always runs first.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size);

namespace {

using path = std::filesystem::path;

std::vector<path> files_of(path const& place) {
    if (std::filesystem::is_regular_file(place)) return {place};
    std::vector<path> files;
    if (std::filesystem::is_directory(place))
        for (auto const& entry : std::filesystem::directory_iterator(place))
            if (entry.is_regular_file()) files.push_back(entry.path());
    std::ranges::sort(files);
    return files;
}

void replay(path const& file) {
    // Before the run: the last line names the input that broke it.
    std::cerr << file.string() << '\n';
    std::ifstream in(file, std::ios::binary);
    std::vector<char> const text{std::istreambuf_iterator<char>(in), {}};
    std::vector<std::uint8_t> const bytes(text.begin(), text.end());
    (void)LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

} // namespace

int main(int argc, char** argv) {
    std::uint8_t const none = 0;
    (void)LLVMFuzzerTestOneInput(&none, 0);
    std::size_t count = 1;
    for (int i = 1; i < argc; ++i)
        for (auto const& file : files_of(argv[i])) {
            replay(file);
            ++count;
        }
    std::cout << count << " inputs replayed\n";
    return EXIT_SUCCESS;
}
