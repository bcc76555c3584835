// SPDX-License-Identifier: BSL-1.0
// an_mta.cpp - an MTA's code tried in process: a filter that answers as it is told
//
// What is tested here is reply_for(), which an MTA would have: what its client hears when a milter refuses a recipient.
#undef NDEBUG
#include <milter/proto/mta_session.hpp>
#include <milter/test/scripted_filter.hpp>

#include <cassert>
#include <string>
#include <utility>

namespace wire = milter::wire;

namespace {

template <class Filter> class small_mta {
public:
    explicit small_mta(Filter& filter) : filter_(filter) {
        session_.negotiate({}, ec_);
        exchange();
        say(wire::connect{"mx.example.net", wire::family::inet, 25, "192.0.2.1"});
        say(wire::helo{"mx.example.net"});
        say(wire::mail{"<alice@example.com>", {}});
    }

    std::string reply_for(std::string_view recipient) {
        auto const reply = say(wire::rcpt{recipient, {}});
        if (reply.empty()) return "250 2.1.5 Ok";
        return reply;
    }

private:
    /// @return what the client hears; empty when the filter has nothing against it
    template <class Command> std::string say(Command const& command) {
        session_.send(command, {}, ec_);
        return exchange();
    }

    std::string exchange() {
        filter_.received(std::exchange(session_.output(), {}));
        session_.received(filter_.take_output());
        std::string heard;
        while (auto const reply = session_.next({}, ec_)) {
            if (auto const* text = std::get_if<wire::reply_text>(&*reply)) heard = text->text;
            if (std::holds_alternative<wire::tempfail>(*reply)) heard = "451 4.7.1 Try again later";
        }
        return heard;
    }

    Filter& filter_;
    milter::proto::mta_session session_;
    milter::error_code ec_;
};

} // namespace

int main() {
    milter::test::scripted_filter filter;
    small_mta mta(filter);
    filter.on(wire::command_code::rcpt, wire::reply_text{"550 5.1.1 Nobody lives here"});
    assert(mta.reply_for("<nobody@example.org>") == "550 5.1.1 Nobody lives here");
    filter.on(wire::command_code::rcpt, wire::tempfail{});
    assert(mta.reply_for("<bob@example.org>") == "451 4.7.1 Try again later");
    filter.on(wire::command_code::rcpt);
    assert(mta.reply_for("<bob@example.org>") == "250 2.1.5 Ok");
    assert(filter.heard().back() == "rcpt \"<bob@example.org>\"");
    assert(!filter.error());
}
