// SPDX-License-Identifier: BSL-1.0
// load/stage.hpp - the answers that a session waits for, in order
#pragma once

#include <milter/wire/code.hpp>

#include <cstddef>
#include <string_view>

namespace milter::load {

/// Commands that are answered; connecting belongs to `negotiate`.
enum class stage : unsigned char {
    negotiate,
    connect,
    helo,
    mail,
    rcpt,
    data,
    header,
    end_of_headers,
    body,
    end_of_message,
};

inline constexpr std::size_t stage_count = 10;

inline constexpr wire::command_code commands_of_stages[stage_count] = {
    wire::command_code::negotiate, wire::command_code::connect,
    wire::command_code::helo,      wire::command_code::mail,
    wire::command_code::rcpt,      wire::command_code::data,
    wire::command_code::header,    wire::command_code::end_of_headers,
    wire::command_code::body,      wire::command_code::end_of_message,
};

constexpr std::size_t index_of(stage one) noexcept { return static_cast<std::size_t>(one); }
constexpr wire::command_code command_of(stage one) noexcept {
    return commands_of_stages[index_of(one)];
}
constexpr std::string_view name_of(stage one) noexcept { return wire::name_of(command_of(one)); }

/// Of an answered command; UNKNOWN has none here.
constexpr stage stage_of(wire::command_code code) noexcept {
    for (std::size_t i = 0; i < stage_count; ++i)
        if (commands_of_stages[i] == code) return static_cast<stage>(i);
    return stage::negotiate;
}

} // namespace milter::load
