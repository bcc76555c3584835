// SPDX-License-Identifier: BSL-1.0
// test-filter/fault_schedule.cpp - faults now and then, the same ones whenever the seed is the same
#include "test-filter/fault_schedule.hpp"

#include <charconv>
#include <cmath>
#include <string>

namespace milter::test_filter {

namespace {

/// Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014): each input its own number.
constexpr std::uint64_t mixed(std::uint64_t x) noexcept {
    x += 0x9e3779b97f4a7c15;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
}

} // namespace

action const* fault_schedule::at(std::size_t session, std::size_t command) const noexcept {
    if (rate <= 0 || kinds.empty()) return nullptr;
    auto const number = mixed(mixed(mixed(seed) ^ session) ^ command);
    auto const share = std::ldexp(static_cast<double>(number >> 11), -53); // 0 to 1
    return share < rate ? &kinds[mixed(number) % kinds.size()] : nullptr;
}

std::vector<action> usual_faults() {
    std::vector<action> all;
    for (auto const* const text :
         {"close", "reset", "half", "garbage", "unknown_reply", "extra", "oversize"})
        all.push_back(parse_action(text));
    return all;
}

void read_fault_rate(std::string_view text, fault_schedule& to) {
    auto const wrong = [&] {
        return script_error("expected RATE or RATE,SEED, such as 0.01 or 2%,42, instead of \"" +
                            std::string(text) + "\"");
    };
    auto const comma = text.find(',');
    auto rate = text.substr(0, comma);
    bool const percent = rate.ends_with('%');
    if (percent) rate.remove_suffix(1);
    auto const* const rate_end = rate.data() + rate.size();
    auto const [end, ec] = std::from_chars(rate.data(), rate_end, to.rate);
    if (percent) to.rate /= 100;
    if (ec != std::errc{} || end != rate_end || !(to.rate >= 0 && to.rate <= 1)) throw wrong();
    if (comma == text.npos) return;
    auto const seed = text.substr(comma + 1);
    auto const* const seed_end = seed.data() + seed.size();
    auto const read = std::from_chars(seed.data(), seed_end, to.seed);
    if (read.ec != std::errc{} || read.ptr != seed_end) throw wrong();
}

} // namespace milter::test_filter
