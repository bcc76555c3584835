// SPDX-License-Identifier: BSL-1.0
// cli/file.cpp - whole files
#include "file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
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

} // namespace milter::cli
