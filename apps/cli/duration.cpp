// SPDX-License-Identifier: BSL-1.0
// cli/duration.cpp - durations as people write them
#include "duration.hpp"

#include <charconv>

namespace milter::cli {

namespace {

double seconds_in(std::string_view unit) noexcept {
    if (unit.empty() || unit == "s") return 1;
    if (unit == "ms") return 0.001;
    if (unit == "us") return 0.000'001;
    if (unit == "m" || unit == "min") return 60;
    if (unit == "h") return 3600;
    return -1;
}

} // namespace

std::optional<duration> parse_duration(std::string_view text) {
    double number = 0;
    auto const* const last = text.data() + text.size();
    auto const [end, ec] = std::from_chars(text.data(), last, number, std::chars_format::fixed);
    if (ec != std::errc{} || !(number >= 0)) return std::nullopt;
    auto const scale = seconds_in(text.substr(static_cast<std::size_t>(end - text.data())));
    if (scale < 0 || number * scale > longest_duration) return std::nullopt;
    return std::chrono::duration_cast<duration>(std::chrono::duration<double>(number * scale));
}

} // namespace milter::cli
