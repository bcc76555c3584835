// SPDX-License-Identifier: BSL-1.0
// milter/test/answer.hpp - what a filter answered to a command
#pragma once

#include <milter/proto/smtp_reply.hpp>
#include <milter/wire/code.hpp>

#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace milter::test {

/// The filter broke the protocol or does not answer; or the test says what no MTA would say there. what() tells which, and at
/// which command.
class protocol_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// A verdict; compare it with one of those below. `proceed` where none is owed.
struct answer {
    wire::reply_code verdict = wire::reply_code::proceed;
    std::string text; ///< of an SMTP reply of its own, as it was on the wire: a percent sign is two

    friend bool operator==(answer const&, answer const&) = default;
};

inline answer const proceeds{wire::reply_code::proceed, {}};
inline answer const accepts{wire::reply_code::accept, {}};
inline answer const rejects{wire::reply_code::reject, {}};
inline answer const tempfails{wire::reply_code::tempfail, {}};
inline answer const discards{wire::reply_code::discard, {}};
inline answer const skips{wire::reply_code::skip, {}};

/// An SMTP reply of its own, e.g. replies("550 5.7.1 no"). A percent sign is two on the wire (statement 110): here one may
/// stand for that, and a filter that sends a single one fails the comparison.
inline answer replies(std::string_view text) {
    return {wire::reply_code::reply_text, proto::double_percent(text)};
}

inline std::ostream& operator<<(std::ostream& to, answer const& one) {
    to << wire::name_of(one.verdict);
    return one.text.empty() ? to : to << " \"" << one.text << '"';
}

} // namespace milter::test
