// SPDX-License-Identifier: BSL-1.0
// manager/core/unit_text.cpp
#include "manager/core/unit_text.hpp"

#include <chrono>
#include <span>

namespace milter::manager {

namespace {

std::string scaled_text(std::uint64_t value, std::span<unit const> units) {
    auto unit = units.rbegin();
    while (value % unit->factor != 0 || (value == 0 && unit->factor != 1)) ++unit;
    return std::to_string(value / unit->factor) + std::string(unit->name);
}

} // namespace

std::string counted(std::size_t count, std::string_view what) {
    return std::to_string(count) + ' ' + std::string(what) + (count == 1 ? "" : "s");
}

std::string size_text(std::uint64_t bytes) { return scaled_text(bytes, sizes); }
std::string duration_text(std::uint64_t milliseconds) {
    return scaled_text(milliseconds, durations);
}
std::string duration_text(proto::duration value) {
    auto const count = std::chrono::duration_cast<std::chrono::milliseconds>(value).count();
    return duration_text(static_cast<std::uint64_t>(count));
}

} // namespace milter::manager
