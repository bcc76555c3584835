// SPDX-License-Identifier: BSL-1.0
// tests/filter/conversation.hpp - a milter of the facade and an MTA face to face, without sockets
//
//   conversation<my_milter> with;
//   BOOST_TEST(with.say(wire::helo{"client"}) == "continue");
#pragma once

#include <milter/filter/session.hpp>
#include <milter/proto/mta_session.hpp>
#include <milter/wire/describe.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace filter_test {

namespace filter = milter::filter;
namespace proto = milter::proto;
namespace wire = milter::wire;

template <class Filter> struct conversation {
    explicit conversation(wire::negotiate offer = {})
        : conversation(filter::not_shared<Filter>(), offer) {}
    explicit conversation(filter::shared_of<Filter>& shared, wire::negotiate offer = {})
        : mta(options_of(offer)), milter(shared, hooks()) {
        begin();
    }

    proto::mta_session mta;
    std::vector<std::string> log;
    std::vector<filter::handler_run> runs;
    filter::session<Filter> milter;
    milter::error_code ec; ///< of the MTA

    /// Says a command. @return  the replies in words, joined with "; "; empty when none is due
    template <class Command> std::string say(Command const& command) {
        mta.send(command, {}, ec);
        return deliver();
    }
    void macros(wire::command_code stage, std::string_view pairs) {
        mta.send(wire::macros{stage, wire::zstr_list(pairs)}, {}, ec);
    }

    std::string client() {
        return say(wire::connect{"mx.example.com", wire::family::inet, 25, "192.0.2.1"});
    }
    std::string mail(std::string_view from = "<a@example.com>") {
        return say(wire::mail{from, {}});
    }
    std::string rcpt(std::string_view to = "<b@example.org>") { return say(wire::rcpt{to, {}}); }
    std::string end() { return say(wire::end_of_message{}); }
    std::string abort() { return say(wire::abort{}); }
    /// As a client does it all. @return  what came of the end of message
    std::string message() {
        mail();
        rcpt();
        say(wire::header{"Subject", "hi"});
        say(wire::end_of_headers{});
        say(wire::body{"text\r\n"});
        return end();
    }
    /// The same command put on the wire by hand, whatever the MTA's session thinks of it.
    template <class Command> std::string force(Command const& command) {
        std::string bytes;
        wire::encode(bytes, command);
        milter.received(bytes);
        return milter.take_output();
    }

    bool sound() const noexcept { return !ec && !milter.error(); }

private:
    static proto::mta_options options_of(wire::negotiate const& offer) {
        proto::mta_options options;
        options.offer = offer;
        return options;
    }

    filter::hooks hooks() {
        filter::hooks told;
        told.on_log = [this](filter::log_entry const& entry) { log.emplace_back(entry.text); };
        told.on_handler = [this](filter::handler_run const& run) { runs.push_back(run); };
        return told;
    }

    void begin() {
        mta.negotiate({}, ec);
        deliver();
    }

    std::string deliver() {
        milter.received(std::exchange(mta.output(), {}));
        mta.received(milter.take_output());
        std::string replies;
        while (auto reply = mta.next({}, ec)) {
            if (!replies.empty()) replies += "; ";
            replies += wire::describe(*reply);
        }
        return replies;
    }
};

} // namespace filter_test
