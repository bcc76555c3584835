// SPDX-License-Identifier: BSL-1.0
// test-server/outcome.cpp - what came of one session
#include "test-server/outcome.hpp"

#include <milter/proto/smtp_reply.hpp>

namespace milter::test_server {

std::string_view name_of(status one) noexcept {
    switch (one) {
    case status::pass: return "pass";
    case status::accept: return "accept";
    case status::reject: return "reject";
    case status::temporary_failure: return "temporary-failure";
    case status::discard: return "discard";
    case status::quarantine: return "quarantine";
    case status::shutdown: return "shutdown";
    case status::connection_failure: return "connection-failure";
    case status::quit: return "quit";
    case status::error: return "error";
    }
    return "error";
}

status status_of(wire::reply_code verdict, std::string_view text) noexcept {
    switch (verdict) {
    case wire::reply_code::accept: return status::accept;
    case wire::reply_code::reject: return status::reject;
    case wire::reply_code::tempfail: return status::temporary_failure;
    case wire::reply_code::discard: return status::discard;
    case wire::reply_code::shutdown: return status::shutdown;
    case wire::reply_code::connection_failed: return status::connection_failure;
    case wire::reply_code::reply_text:
        return proto::reply_class(text) == 4 ? status::temporary_failure : status::reject;
    default: return status::pass;
    }
}

status session_outcome::overall() const noexcept {
    if (failed) return status::error;
    if (ended_early) return ended_early->what;
    auto worst = status::pass;
    for (auto const& one : messages)
        if (worst == status::pass || refuses(one.verdict.what)) worst = one.verdict.what;
    return worst;
}

} // namespace milter::test_server
