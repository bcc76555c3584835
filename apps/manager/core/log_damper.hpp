// SPDX-License-Identifier: BSL-1.0
// manager/core/log_damper.hpp - a line that a flood would repeat is said at most once a second, or a few times
//
//   if (auto const left_out = full_.say(now)) log(with_count("too many sessions", *left_out));
//
// One for each kind of line; it belongs to one thread.
#pragma once

#include <milter/proto/timeouts.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

namespace milter::manager {

class log_damper {
public:
    /// @param most  lines within `pause`
    explicit log_damper(proto::duration pause = std::chrono::seconds(1),
                        std::size_t most = 1) noexcept
        : pause_(pause), most_(most) {}

    /// Something happened.
    /// @return  say it, and how many were left out before; empty: leave it out
    std::optional<std::size_t> say(proto::time_point now) noexcept {
        if (now >= next_) begin(now);
        if (said_ == most_) {
            ++left_out_;
            return std::nullopt;
        }
        ++said_;
        return std::exchange(left_out_, 0);
    }

    /// When to call rest(), so that the last of a flood are not lost: `never` when none was left out.
    proto::time_point deadline() const noexcept { return left_out_ == 0 ? proto::never : next_; }
    /// @return  how many were left out since the last line; 0: say nothing
    std::size_t rest(proto::time_point now) noexcept {
        if (now < deadline()) return 0;
        begin(now);
        ++said_;
        return take_rest();
    }
    /// There will be no more of them.
    std::size_t take_rest() noexcept { return std::exchange(left_out_, 0); }

private:
    void begin(proto::time_point now) noexcept {
        next_ = now + pause_;
        said_ = 0;
    }

    proto::duration pause_;
    proto::time_point next_ =
        proto::time_point::min(); ///< until then lines beyond `most_` are left out
    std::size_t most_;
    std::size_t said_ = 0; ///< until next_
    std::size_t left_out_ = 0;
};

/// "text (7 more before)"
inline std::string with_count(std::string text, std::size_t left_out) {
    if (left_out > 0) text.append(" (").append(std::to_string(left_out)).append(" more before)");
    return text;
}

} // namespace milter::manager
