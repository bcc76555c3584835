// SPDX-License-Identifier: BSL-1.0
// milter/filter/verdict.hpp - what a handler returns
//
//     return proceed;     accept, reject, tempfail, discard
//     return reply("550 5.7.1 No such luck");
//     return skip;        of body() alone: enough of the body has been seen
//
// Source: protocol.md 3.5, 3.6.
#pragma once

#include <milter/proto/smtp_reply.hpp>
#include <milter/wire/code.hpp>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace milter::filter {

/// A verdict of one word.
struct plain_verdict {
    wire::reply_code code;
    friend bool operator==(plain_verdict, plain_verdict) = default;
};

inline constexpr plain_verdict proceed{wire::reply_code::proceed};   ///< nothing against it so far
inline constexpr plain_verdict accept{wire::reply_code::accept};     ///< no more questions
inline constexpr plain_verdict reject{wire::reply_code::reject};     ///< for good
inline constexpr plain_verdict tempfail{wire::reply_code::tempfail}; ///< for now
inline constexpr plain_verdict discard{wire::reply_code::discard};   ///< taken and thrown away

/// The rest of the body is not wanted.
struct skip_verdict {};
inline constexpr skip_verdict skip{};

/// Any verdict but skip. One that is not given a value is tempfail.
class verdict {
public:
    verdict() noexcept = default;
    verdict(plain_verdict word) noexcept : code_(word.code) {}

    wire::reply_code code() const noexcept { return code_; }
    /// Of reply(): the SMTP reply, as both MTAs take it.
    std::string const& text() const noexcept { return text_; }

    friend verdict reply(std::string_view text);

protected:
    explicit verdict(wire::reply_code code) noexcept : code_(code) {}

private:
    wire::reply_code code_ = wire::reply_code::tempfail;
    std::string text_;
};

/// An SMTP reply of your own, e.g. "550 5.7.1 Come back tomorrow". Lines end with a line feed; codes, separators and
/// percent signs are put right, and what is too long for the MTAs is cut (proto/smtp_reply.hpp).
/// On the wire, in text(), and in what tests and tools show, a percent sign is two; the client sees one.
/// @throws  std::invalid_argument when it does not begin with a code from 400 to 599
inline verdict reply(std::string_view text) {
    auto repaired = proto::repair_reply_text(text);
    if (!repaired) throw std::invalid_argument("an SMTP reply begins with a 4xx or 5xx code");
    verdict made(wire::reply_code::reply_text);
    made.text_ = proto::double_percent(*repaired);
    return made;
}

/// What body() may return: a verdict, or skip.
class body_verdict : public verdict {
public:
    body_verdict() noexcept = default;
    body_verdict(plain_verdict word) noexcept : verdict(word) {}
    body_verdict(verdict other) noexcept : verdict(std::move(other)) {}
    body_verdict(skip_verdict) noexcept : verdict(wire::reply_code::skip) {}
};

} // namespace milter::filter
