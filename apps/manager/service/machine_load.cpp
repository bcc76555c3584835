// SPDX-License-Identifier: BSL-1.0
// manager/service/machine_load.cpp
#include "manager/service/machine_load.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <system_error>

namespace milter::manager {

namespace {

// The columns behind "cpu"; those that follow are parts of the first two. Source: proc(5)
enum column { user, nice, system_, idle, waits_for_disk, irq, soft_irq, stolen, columns };

} // namespace

std::optional<cpu_times> parse_cpu_times(std::string_view stat) noexcept {
    constexpr std::string_view label = "cpu ";
    auto const end_of_line = stat.find('\n');
    if (!stat.starts_with(label) || end_of_line == stat.npos) return std::nullopt;
    stat = stat.substr(label.size(), end_of_line - label.size());
    cpu_times found;
    for (int which = 0; which < columns; ++which) {
        stat.remove_prefix(std::min(stat.find_first_not_of(' '), stat.size()));
        std::uint64_t ticks = 0;
        auto const [end, ec] = std::from_chars(stat.data(), stat.data() + stat.size(), ticks);
        if (ec != std::errc{}) return std::nullopt;
        stat.remove_prefix(static_cast<std::size_t>(end - stat.data()));
        found.all += ticks;
        if (which != idle && which != waits_for_disk) found.busy += ticks;
    }
    return found;
}

std::optional<unsigned> busy_percent(cpu_times const& before, cpu_times const& now) noexcept {
    if (now.all <= before.all || now.busy < before.busy) return std::nullopt;
    auto const all = now.all - before.all;
    auto const busy = std::min(now.busy - before.busy, all);
    return static_cast<unsigned>((busy * 100 + all / 2) / all);
}

machine_load::machine_load(boost::asio::io_context& context, std::string const& file)
    : file_(::open(file.c_str(), O_RDONLY | O_CLOEXEC)), timer_(context) {
    last_ = read();
    if (last_) look_again(); // else there is nothing to be seen, and nobody looks
}

void machine_load::look_again() {
    timer_.expires_after(period);
    timer_.async_wait([this](error_code ec) {
        if (ec) return;
        look();
        look_again();
    });
}

void machine_load::look() noexcept {
    auto const now = read();
    if (!now || !last_) return;
    if (auto const percent = busy_percent(*last_, *now))
        percent_.store(*percent, std::memory_order_relaxed);
    last_ = now;
}

load_snapshot machine_load::snapshot(std::size_t sessions) const noexcept {
    auto const percent = percent_.load(std::memory_order_relaxed);
    return {sessions, percent == unknown ? std::nullopt : std::optional(percent)};
}

std::optional<cpu_times> machine_load::read() const noexcept {
    char room[512];
    auto const size = ::pread(file_.number(), room, sizeof room, 0);
    if (size <= 0) return std::nullopt;
    return parse_cpu_times({room, static_cast<std::size_t>(size)});
}

} // namespace milter::manager
