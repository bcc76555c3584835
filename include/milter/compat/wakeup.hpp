// SPDX-License-Identifier: BSL-1.0
// milter/compat/wakeup.hpp - a descriptor that becomes readable when somebody says so (eventfd)
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

namespace milter::compat {

class wakeup {
public:
    wakeup() noexcept : descriptor_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}
    wakeup(wakeup const&) = delete;
    wakeup& operator=(wakeup const&) = delete;
    ~wakeup() { ::close(descriptor_); }

    bool good() const noexcept { return descriptor_ >= 0; }
    int descriptor() const noexcept { return descriptor_; }

    /// From any thread, and from a signal handler.
    void notify() const noexcept {
        std::uint64_t const one = 1;
        [[maybe_unused]] auto const size = ::write(descriptor_, &one, sizeof one);
    }

    /// Whether somebody said so since the last call.
    bool take() const noexcept {
        std::uint64_t count = 0;
        return ::read(descriptor_, &count, sizeof count) == sizeof count;
    }

private:
    int descriptor_;
};

} // namespace milter::compat
