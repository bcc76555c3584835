// SPDX-License-Identifier: BSL-1.0
// manager/service/supervisor.cpp
#include "manager/service/supervisor.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <ctime>

namespace milter::manager {

namespace {

std::uint64_t monotonic_microseconds() noexcept {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 +
           static_cast<std::uint64_t>(now.tv_nsec) / 1'000;
}

} // namespace

supervisor::supervisor() {
    auto const* const named = std::getenv("NOTIFY_SOCKET"); // NOLINT(concurrency-mt-unsafe)
    if (!named || (*named != '/' && *named != '@')) return;
    socket_ = named;
    if (socket_.size() >= sizeof sockaddr_un::sun_path) socket_.clear();
}

void supervisor::reloading() const {
    tell("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(monotonic_microseconds()));
}

void supervisor::stopping(std::string_view why) const {
    tell("STOPPING=1\nSTATUS=" + std::string(why));
}

void supervisor::tell(std::string_view state) const noexcept {
    if (socket_.empty()) return;
    sockaddr_un where{};
    where.sun_family = AF_UNIX;
    std::copy(socket_.begin(), socket_.end(), where.sun_path);
    if (where.sun_path[0] == '@') where.sun_path[0] = '\0';
    auto const size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size() +
                                             (socket_[0] == '/' ? 1 : 0));
    int const descriptor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return;
    ::sendto(descriptor, state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
             reinterpret_cast<sockaddr const*>(&where), size);
    ::close(descriptor);
}

} // namespace milter::manager
