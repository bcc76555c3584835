// SPDX-License-Identifier: BSL-1.0
// milter/filter/hooks.hpp - what a program is told of its milter: lines for the log, runs of handlers
//
// Hooks are called on the thread of the connection; with several workers, on several threads at once. What they throw is
// dropped.
#pragma once

#include <milter/proto/timeouts.hpp>
#include <milter/wire/code.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace milter::filter {

enum class log_level { debug, info, warning, error };

constexpr std::string_view name_of(log_level level) noexcept {
    switch (level) {
    case log_level::debug: return "debug";
    case log_level::info: return "info";
    case log_level::warning: return "warning";
    case log_level::error: return "error";
    }
    return "?";
}

struct log_entry {
    log_level level;
    std::uint64_t connection; ///< counted from 1; 0: of the server itself
    std::string_view text;    ///< what came from a peer is escaped; dies with the call
};

/// One handler has run.
struct handler_run {
    std::uint64_t connection;
    wire::command_code stage;
    std::optional<wire::reply_code> verdict; ///< as the MTA heard it; empty: nothing to answer
    bool threw;
    proto::duration time; ///< from its call to its end, waiting included
};

struct hooks {
    std::function<void(log_entry const&)> on_log;
    std::function<void(handler_run const&)> on_handler; ///< no clock is read without it

    void log(log_level level, std::uint64_t connection, std::string_view text) const noexcept {
        tell(on_log, log_entry{level, connection, text});
    }

    template <class Hook, class What>
    static void tell(Hook const& hook, What const& what) noexcept {
        if (!hook) return;
        try {
            hook(what);
        } catch (...) { // mail goes on
        }
    }
};

} // namespace milter::filter
