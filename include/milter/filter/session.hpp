// SPDX-License-Identifier: BSL-1.0
// milter/filter/session.hpp - a milter in this process: bytes of the MTA in, bytes for it out; no sockets, no threads
//
//     filter::session<my_milter> milter;
//     milter.received(bytes);                  // runs the handlers
//     mta.received(milter.take_output());      // a proto::mta_session is its other end
//
// For tests, and for programs with an event loop of their own. Handlers that wait need filter/server.hpp.
#pragma once

#include <milter/filter/dispatch.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace milter::filter {

template <class Filter> class session {
public:
    using shared = shared_of<Filter>;

    session() : session(not_shared<Filter>()) {}
    explicit session(filter::hooks hooks) : session(not_shared<Filter>(), std::move(hooks)) {}
    /// @param with  must outlive it
    explicit session(shared& with, filter::hooks hooks = {}, std::uint64_t id = 1)
        : common_{std::move(hooks), {}}, wish_(wish_of<Filter>(with)),
          context_(protocol_, common_, id), dispatch_(protocol_, context_, wish_, with) {}

    /// Bytes from the MTA; handlers run for what is whole.
    /// @return  false when the connection is over: the MTA said QUIT, or error() says why
    bool received(std::string_view bytes) {
        if (error_) return false;
        protocol_.received(bytes);
        while (auto const command = protocol_.next(error_)) {
            dispatch_.start(*command);
            if (dispatch_.error()) error_ = dispatch_.error();
            if (error_) break;
        }
        return !error_ && !protocol_.closed();
    }

    /// What is to be sent to the MTA; sent() when some of it was.
    std::string const& output() const noexcept { return protocol_.output(); }
    void sent(std::size_t size) { protocol_.sent(size); }
    std::string take_output() { return std::exchange(protocol_.output(), {}); }

    error_code const& error() const noexcept { return error_; }

    /// An edit was tempfail because the class does not declare its action: which, and what lacks. Empty: none so far.
    std::string mistake() const {
        auto const edit = dispatch_.undeclared();
        return edit ? detail::undeclared_text(*edit) : std::string();
    }

    /// The objects that handle the message and the connection at hand; null when there is none.
    message_of<Filter>* message() const noexcept { return dispatch_.current_message(); }
    connection_of<Filter>* connection() const noexcept { return dispatch_.current_connection(); }

    proto::filter_session const& protocol() const noexcept { return protocol_; }
    counters counts() const noexcept {
        counters sum;
        common_.counts.add_to(sum);
        return sum;
    }

private:
    common_state common_;
    proto::wish wish_;
    proto::filter_session protocol_{
        proto::filter_options{{}, /*manual_negotiation*/ true, std::nullopt, {}}};
    context context_;
    dispatcher<Filter> dispatch_;
    error_code error_;
};

} // namespace milter::filter
