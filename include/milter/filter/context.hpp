// SPDX-License-Identifier: BSL-1.0
// milter/filter/context.hpp - what a handler can ask besides what it is given: macros, what was agreed, the log
//
// A handler takes it as its last argument when it wants it; a message or connection may keep the reference, which lives
// longer than both.
#pragma once

#include <milter/filter/counters.hpp>
#include <milter/filter/hooks.hpp>
#include <milter/proto/filter_session.hpp>

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

namespace milter::filter {

/// What the connections of one thread have in common.
struct common_state {
    filter::hooks hooks;
    tally counts;
};

class context {
public:
    using pending = std::variant<std::monostate>; ///< how handlers may wait: not at all

    context(proto::filter_session const& session, common_state& common, std::uint64_t id) noexcept
        : session_(session), common_(common), id_(id) {}
    context(context const&) = delete;
    context& operator=(context const&) = delete;
    ~context() = default;

    /// The value of a macro, "i" or "{auth_authen}", as far as the MTA has sent it; it may be empty. The view lives
    /// until the handler is done.
    std::optional<std::string_view> macro(std::string_view name) const noexcept {
        return session_.macros().find(name);
    }
    /// Macro "i": the MTA's name for the message, empty while there is none. Postfix has one from the first accepted
    /// recipient on.
    std::string_view queue_id() const noexcept { return macro("i").value_or(""); }

    std::uint64_t connection() const noexcept { return id_; } ///< its number, from 1
    proto::agreement const& agreed() const noexcept { return session_.agreed(); }

    /// A line for the log. @param text  escape what is the peer's: wire/describe.hpp
    void log(log_level level, std::string_view text) const noexcept {
        common_.hooks.log(level, id_, text);
    }

    common_state& common() const noexcept { return common_; }

private:
    proto::filter_session const& session_;
    common_state& common_;
    std::uint64_t id_;
};

} // namespace milter::filter
