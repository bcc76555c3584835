// SPDX-License-Identifier: BSL-1.0
// manager/doctor/finding.cpp
#include "manager/doctor/finding.hpp"

#include "manager/config/printable.hpp"

#include <algorithm>

namespace milter::manager::doctor {

namespace {

std::string counted(std::size_t number, std::string_view what) {
    auto const text = number == 0 ? std::string("no") : std::to_string(number);
    return text + ' ' + std::string(what) + (number == 1 ? "" : "s");
}

std::string to_text(finding const& one) {
    auto out = std::string(name_of(one.is)) + ": " + one.area + ": " + printable(one.what) + '\n';
    if (!one.why.empty()) out += "  " + printable(one.why) + '\n';
    for (auto const& line : one.lines) out += "    " + printable(line) + '\n';
    return out;
}

} // namespace

std::string_view name_of(weight is) noexcept {
    constexpr std::string_view names[] = {"problem", "warning", "note", "ok"};
    return names[static_cast<std::size_t>(is)];
}

std::size_t count(std::span<finding const> all, weight of) noexcept {
    return static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(), [of](auto const& one) { return one.is == of; }));
}

std::string to_text(std::span<finding const> all, shown which) {
    std::string out;
    for (auto const& one : all)
        if (one.is != weight::right || which == shown::everything) out += to_text(one);
    return out + counted(count(all, weight::problem), "problem") + ", " +
           counted(count(all, weight::warning), "warning") + '\n';
}

} // namespace milter::manager::doctor
