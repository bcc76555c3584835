// SPDX-License-Identifier: BSL-1.0
// manager/rules/text_file.cpp
#include "manager/rules/text_file.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

namespace milter::manager {

namespace {

struct closer {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};
using file_handle = std::unique_ptr<std::FILE, closer>;

std::string why() { return std::generic_category().message(errno); }

read_text read_all(std::FILE* from, std::size_t limit) {
    read_text read;
    constexpr std::size_t piece = 1 << 16; // bytes
    while (read.text.size() <= limit) {    // so that the excess is seen
        auto const had = read.text.size();
        read.text.resize(had + piece);
        read.text.resize(had + std::fread(read.text.data() + had, 1, piece, from));
        if (read.text.size() < had + piece) break;
    }
    if (std::ferror(from) != 0)
        read.problem = "cannot read the file: " + why();
    else if (read.text.size() > limit)
        read.problem = "it has more than " + std::to_string(limit) + " bytes";
    return read;
}

} // namespace

read_text read_text_file(std::string const& path, std::size_t limit) {
    if (path == "-") return read_all(stdin, limit);
    file_handle const from(std::fopen(path.c_str(), "re"));
    return from ? read_all(from.get(), limit) : read_text{{}, "cannot read the file: " + why()};
}

std::string write_text_file(std::string const& path, std::string const& text) {
    file_handle to(std::fopen(path.c_str(), "r+e"));
    if (!to) return why();
    bool const wrote = std::fwrite(text.data(), 1, text.size(), to.get()) == text.size() &&
                       std::fflush(to.get()) == 0 &&
                       ::ftruncate(::fileno(to.get()), static_cast<off_t>(text.size())) == 0;
    auto const problem = wrote ? std::string() : why();
    bool const closed = std::fclose(to.release()) == 0;
    return wrote && !closed ? why() : problem;
}

} // namespace milter::manager
