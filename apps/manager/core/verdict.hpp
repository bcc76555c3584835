// SPDX-License-Identifier: BSL-1.0
// manager/core/verdict.hpp - a verdict on its way from a milter, or from a failure, to the MTA
#pragma once

#include "manager/core/config.hpp"
#include <milter/proto/smtp_reply.hpp>
#include <milter/wire/code.hpp>
#include <milter/wire/reply.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace milter::manager {

struct verdict {
    wire::reply_code code = wire::reply_code::proceed;
    std::string text; ///< of reply_text, valid for both MTAs

    bool refuses() const noexcept {
        return code == wire::reply_code::reject || code == wire::reply_code::tempfail ||
               code == wire::reply_code::reply_text;
    }
    /// Ends the message, or the command it answers, for everybody.
    bool terminal() const noexcept { return refuses() || code == wire::reply_code::discard; }
    /// The MTA hangs up on the SMTP client.
    bool hangs_up() const noexcept { return text.substr(0, 4) == "421 "; }
};

/// As people call it: a text is "tempfail" or "reject" by its class.
inline std::string_view word(verdict const& verdict) noexcept {
    if (verdict.code != wire::reply_code::reply_text) return wire::name_of(verdict.code);
    return wire::name_of(verdict.text.substr(0, 1) == "4" ? wire::reply_code::tempfail
                                                          : wire::reply_code::reject);
}

inline verdict reply_with(std::string_view text) {
    return {wire::reply_code::reply_text, std::string(text)};
}

/// Texts as Postfix gives them for a milter it cannot talk to (protocol.md 6.2).
inline verdict failure_verdict(on_error policy) {
    switch (policy) {
    case on_error::reject: return reply_with("550 5.5.0 Service unavailable");
    case on_error::shutdown: return reply_with("421 4.7.1 Service unavailable - try again later");
    case on_error::accept: return {};
    case on_error::tempfail:
    case on_error::quarantine: break; // quarantine that the MTA cannot do becomes tempfail
    }
    return reply_with("451 4.7.1 Service unavailable - try again later");
}

inline verdict internal_verdict(on_internal_error policy) {
    switch (policy) {
    case on_internal_error::reject: return reply_with("554 5.3.0 Mail filtering failed");
    case on_internal_error::shutdown:
        return reply_with("421 4.3.0 Mail filtering failed - try again later");
    case on_internal_error::tempfail: break;
    }
    return reply_with("451 4.3.0 Mail filtering failed - try again later");
}

/// The time for the command was used up before some milter was asked: nobody failed (statement 267).
inline verdict out_of_time_verdict() {
    return reply_with("451 4.3.2 Mail filtering takes too long - try again later");
}

/// What a milter's verdict becomes upstream: a text both MTAs take is passed byte for byte, a faulty one repaired,
/// SHUTDOWN becomes 421. Empty: no verdict can be made of it, which is a failure of the milter.
/// @param may_have_lone_percent  Postfix drops a lone percent sign; Sendmail would drop the text and its class
/// @source  statements 239-241
inline std::optional<verdict> to_verdict(wire::any_reply const& reply, bool may_have_lone_percent) {
    auto const code = wire::code_of(reply);
    if (code == wire::reply_code::shutdown)
        return reply_with("421 4.7.0 Service unavailable, closing connection");
    if (code == wire::reply_code::connection_failed) return std::nullopt;
    auto const* given = std::get_if<wire::reply_text>(&reply);
    if (!given) return verdict{code, {}};
    std::string text(given->text);
    if (proto::check_reply_text(text)) {
        auto repaired = proto::repair_reply_text(text);
        if (!repaired) return std::nullopt;
        text = std::move(*repaired);
    }
    if (!may_have_lone_percent && proto::has_lone_percent(text)) text = proto::double_percent(text);
    return verdict{code, std::move(text)};
}

inline std::string_view to_string(on_error policy) noexcept {
    constexpr std::string_view names[] = {"tempfail", "accept", "reject", "quarantine", "shutdown"};
    return names[static_cast<std::size_t>(policy)];
}

} // namespace milter::manager
