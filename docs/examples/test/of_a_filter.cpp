// SPDX-License-Identifier: BSL-1.0
// of_a_filter.cpp - a milter that is a class, tried in process: what it answers, what it knows, what it makes of a message
//
// Of the guide docs/library/filter.md.
#undef NDEBUG
#include <milter/filter/session.hpp>
#include <milter/test/mta.hpp>

#include <cassert>
#include <stdexcept>
#include <string>
#include <string_view>

namespace filter = milter::filter;
namespace test = milter::test;

namespace {

struct gate {
    static constexpr auto actions = filter::action::add_header;

    int recipients = 0;

    filter::verdict rcpt(filter::recipient const& to) {
        if (!milter::equal_ignoring_case(to.domain(), "example.org"))
            return filter::reply("550 5.7.1 We take no mail for others");
        ++recipients;
        return filter::proceed;
    }
    filter::verdict body(std::string_view chunk) {
        if (chunk.find("eicar") != chunk.npos) throw std::runtime_error("the scanner has crashed");
        return filter::proceed;
    }
    void end_of_message(filter::edits& edits) {
        edits.add_header("X-Recipients", std::to_string(recipients));
    }
};

} // namespace

int main() {
    filter::session<gate> milter;
    test::mta mta(milter);

    assert(mta.rcpt("<bob@example.com>") == test::replies("550 5.7.1 We take no mail for others"));
    assert(mta.rcpt("<bob@example.org>") == test::proceeds);
    assert(milter.message()->recipients == 1); // the object of the message at hand
    mta.abort();
    assert(!milter.message());

    auto const done = mta.deliver(test::mail::parse("Subject: hi\n\ntext\n"));
    assert(done.accepted());
    assert(done.result.header("X-Recipients") == "1");

    mta.connect();
    assert(mta.body("eicar") == test::tempfails); // what a handler throws
    assert(milter.counts().exceptions == 1);
}
