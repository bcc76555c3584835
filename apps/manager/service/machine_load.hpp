// SPDX-License-Identifier: BSL-1.0
// manager/service/machine_load.hpp - how busy the machine is, for rules: looked at once a second, read at no cost
//
// Busy is whatever is not idle and does not wait for a disk; time that a hypervisor took away is busy, too. It is the whole
// machine that is looked at: in a container, limits of its cgroup do not count, and a manager that may use one of ten
// processors and does shows 10 %.
// Source: proc(5), /proc/stat
#pragma once

#include "manager/config/descriptor.hpp"
#include <milter/error.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace milter::manager {

/// Of all processors since the machine was started, in ticks.
struct cpu_times {
    std::uint64_t busy = 0;
    std::uint64_t all = 0;

    friend bool operator==(cpu_times const&, cpu_times const&) = default;
};

/// @param stat  the beginning of /proc/stat; empty when its first line is not what it should be
std::optional<cpu_times> parse_cpu_times(std::string_view stat) noexcept;

/// 0 to 100, rounded; empty when no time has gone by, or backwards, as it may on an idle machine.
std::optional<unsigned> busy_percent(cpu_times const& before, cpu_times const& now) noexcept;

/// What a rule may know of the load, at one time.
struct load_snapshot {
    std::size_t sessions = 0;
    std::optional<unsigned> cpu_percent; ///< of the machine; empty: not known
};

class machine_load {
public:
    static constexpr auto period = std::chrono::seconds(1);

    /// Looks from now on; what it knows is known after the first period.
    /// @param context  of the main thread, which calls all else but snapshot()
    explicit machine_load(boost::asio::io_context& context, std::string const& file = "/proc/stat");
    machine_load(machine_load const&) = delete;
    machine_load& operator=(machine_load const&) = delete;
    ~machine_load() = default;

    /// Looks now, out of turn.
    void look() noexcept;

    /// Of any thread. @param sessions  of the caller's counting
    load_snapshot snapshot(std::size_t sessions) const noexcept;

private:
    void look_again();
    std::optional<cpu_times> read() const noexcept;

    static constexpr unsigned unknown = 101; // percent

    descriptor file_;
    boost::asio::steady_timer timer_;
    std::optional<cpu_times> last_;
    std::atomic<unsigned> percent_ = unknown;
};

} // namespace milter::manager
