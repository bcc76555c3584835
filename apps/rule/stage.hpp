// SPDX-License-Identifier: BSL-1.0
// rule/stage.hpp - when a fact becomes known: the steps of a mail in their order
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace milter::rule {

enum class stage : unsigned char {
    start, ///< before the MTA says anything
    connect,
    helo,
    mail,
    rcpt, ///< each recipient; all of them are known at data
    data,
    headers, ///< end of them
    message, ///< its end, when all milters before the one at hand have judged it
};

inline constexpr std::size_t stage_count = 8;

/// As tests, reports and records call them.
inline constexpr std::array<std::string_view, stage_count> stage_names = {
    "start", "connect", "helo", "mail", "rcpt", "data", "headers", "message"};

constexpr std::string_view name_of(stage at) noexcept {
    return stage_names[static_cast<std::size_t>(at)];
}

constexpr std::optional<stage> find_stage(std::string_view name) noexcept {
    for (std::size_t i = 0; i < stage_count; ++i)
        if (stage_names[i] == name) return static_cast<stage>(i);
    return std::nullopt;
}

/// Some of the stages.
class stage_set {
public:
    constexpr void add(stage one) noexcept {
        bits_ = static_cast<std::uint8_t>(bits_ | 1U << static_cast<unsigned>(one));
    }
    constexpr bool has(stage one) const noexcept {
        return (bits_ >> static_cast<unsigned>(one) & 1) != 0;
    }

private:
    std::uint8_t bits_ = 0;
};

} // namespace milter::rule
