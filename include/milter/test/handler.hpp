// SPDX-License-Identifier: BSL-1.0
// milter/test/handler.hpp - a handler of commands as something that an MTA can talk to
//
// For milters that are written for proto::filter_session or net::serve_filter(); a milter::filter::session can be talked
// to as it is.
//
//     milter::test::handler milter(tiny::options(), tiny::answer);
//     milter::test::mta mta(milter);
#pragma once

#include <milter/proto/filter_session.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace milter::test {

template <class Answer> class handler {
public:
    /// @param answer  answer(wire::any_command const&, proto::filter_session&), which replies before it returns
    handler(proto::filter_options options, Answer answer)
        : session_(std::move(options)), answer_(std::move(answer)) {}

    bool received(std::string_view bytes) {
        session_.received(bytes);
        while (auto const command = session_.next(error_)) {
            answer_(*command, session_);
            if (session_.awaits_reply()) error_ = errc::misuse; // the MTA would wait for ever
            if (error_) break;
        }
        return !error_ && !session_.closed();
    }

    std::string take_output() { return std::exchange(session_.output(), {}); }
    error_code const& error() const noexcept { return error_; }

private:
    proto::filter_session session_;
    Answer answer_;
    error_code error_;
};

} // namespace milter::test
