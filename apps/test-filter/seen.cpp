// SPDX-License-Identifier: BSL-1.0
// test-filter/seen.cpp - what one session has shown the filter so far
#include "test-filter/seen.hpp"

#include <milter/message/headers.hpp>

#include <algorithm>

namespace milter::test_filter {

namespace {

struct taker {
    seen& state;
    bool raw_values;

    void operator()(wire::connect const& who) const {
        state.client_name = who.hostname;
        state.client_address = wire::without_ipv6_tag(who.address);
    }
    void operator()(wire::helo const& greeting) const { state.helo = greeting.name; }
    void operator()(wire::mail const& sender) const {
        state.clear_message();
        ++state.message;
        state.sender = sender.address;
    }
    void operator()(wire::rcpt const& recipient) const {
        state.recipients.emplace_back(recipient.address);
    }
    void operator()(wire::header const& field) const {
        state.headers.push_back(
            {std::string(field.name), std::string(message::shown_value(field.value, !raw_values))});
    }
    void operator()(wire::body const& chunk) const {
        state.body +=
            chunk.bytes.substr(0, seen_body_limit - std::min(seen_body_limit, state.body.size()));
    }
    void operator()(wire::unknown const& command) const { state.line = command.line; }
    void operator()(wire::abort const&) const { state.clear_message(); }
    template <class Other> void operator()(Other const&) const {}
};

} // namespace

void seen::take(wire::any_command const& command, bool raw_values) {
    std::visit(taker{*this, raw_values}, command);
}

void seen::clear_message() {
    sender.clear();
    recipients.clear();
    headers.clear();
    body.clear();
}

} // namespace milter::test_filter
