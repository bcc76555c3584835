// SPDX-License-Identifier: BSL-1.0
// cli/file.cpp - whole files
#include "file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <system_error>

namespace milter::cli {

namespace {

[[noreturn]] void fail(std::string const& path) {
    throw std::runtime_error(path + ": " + std::system_category().message(errno));
}

class descriptor {
public:
    explicit descriptor(std::string const& path)
        : fd_(path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
    descriptor(descriptor const&) = delete;
    descriptor& operator=(descriptor const&) = delete;
    ~descriptor() {
        if (fd_ > STDIN_FILENO) ::close(fd_);
    }
    int get() const noexcept { return fd_; }

private:
    int fd_;
};

} // namespace

std::string read_file(std::string const& path) {
    descriptor const file(path);
    if (file.get() < 0) fail(path);
    std::string text;
    char room[64 * 1024];
    for (;;) {
        auto const size = ::read(file.get(), room, sizeof room);
        if (size == 0) return text;
        if (size < 0 && errno != EINTR) fail(path);
        if (size > 0) text.append(room, static_cast<std::size_t>(size));
    }
}

bool is_folder(std::string const& path) noexcept {
    struct stat found {};
    return ::stat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode);
}

void write_file(std::string const& path, std::string_view text) {
    struct close_file {
        void operator()(std::FILE* one) const noexcept { std::fclose(one); } // NOLINT(cert-err33-c)
    };
    std::unique_ptr<std::FILE, close_file> const own(path == "-" ? nullptr
                                                                 : std::fopen(path.c_str(), "wbe"));
    auto* const file = path == "-" ? stdout : own.get();
    if (!file) fail(path);
    auto const size = std::fwrite(text.data(), 1, text.size(), file);
    if (size != text.size() || std::fflush(file) != 0) fail(path);
}

void refuse_unwritable(std::string const& path) {
    constexpr mode_t usual = 0666;
    if (path == "-") return;
    struct stat found {};
    bool const is_there = ::stat(path.c_str(), &found) == 0;
    // a pipe would take it for the end of the report that it is closed again
    if (is_there && !S_ISREG(found.st_mode) && !S_ISDIR(found.st_mode)) return;
    int const way = O_WRONLY | O_CLOEXEC | (is_there ? 0 : O_CREAT | O_EXCL);
    int const fd = ::open(path.c_str(), way, usual);
    if (fd < 0) fail(path);
    ::close(fd);
    if (!is_there) ::unlink(path.c_str());
}

} // namespace milter::cli
