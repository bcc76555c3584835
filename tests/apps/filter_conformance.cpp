// SPDX-License-Identifier: BSL-1.0
// tests/apps/filter_conformance.cpp - milter-test-filter conformance: our MTA side keeps to the rules, and MTAs with one
// fault each are caught by the case that is about it

#include "programs_fixture.hpp"
#include <milter/wire/command.hpp>

#include <support/raw_client.hpp>
#include <test-filter/conformance/mta_judge.hpp>

#include <algorithm>
#include <chrono>
#include <set>
#include <string>
#include <string_view>
#include <vector>

using namespace programs_test;

namespace {

namespace wire = milter::wire;
namespace proto = milter::proto;
using milter::cli::case_verdict;
using milter::test_filter::all_mta_cases;
using milter::test_filter::all_variants;
using milter::test_filter::mta_judge;
using milter::test_filter::variant;

variant const& variant_of(std::string_view name) {
    auto const all = all_variants();
    return *std::find_if(all.begin(), all.end(),
                         [&](variant const& one) { return one.name == name; });
}

/// What an MTA says in one session, packet by packet; the judge answers in between.
struct played {
    explicit played(std::string_view name) : judge(variant_of(name)) { say(wire::negotiate{}); }

    template <class Command> played& say(Command const& command) {
        std::string bytes;
        wire::encode(bytes, command);
        return raw(bytes);
    }
    played& raw(std::string_view bytes) {
        judge.received(bytes, now);
        while (answers && judge.due()) {
            now = *judge.due();
            judge.tick(now);
        }
        return *this;
    }
    played& greet() {
        say(wire::connect{"host", wire::family::inet, 25, "192.0.2.1"});
        return say(wire::helo{"client"});
    }
    played& envelope() {
        say(wire::mail{"<a@example.com>"});
        return say(wire::rcpt{"<b@example.org>"});
    }
    /// The statement's case, judged by this session.
    case_verdict verdict(std::string_view id) const {
        for (auto const& one : all_mta_cases())
            if (one.id == id) return judge.seen().result_of(one).verdict;
        return case_verdict::inconclusive;
    }

    mta_judge judge;
    proto::time_point now{};
    bool answers = true;
};

void fails(played const& session, std::string_view id) {
    BOOST_TEST((session.verdict(id) == case_verdict::fail), id);
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(apps_filter_conformance, programs_fixture)

BOOST_AUTO_TEST_CASE(our_mta_keeps_to_every_rule) {
    filter.emplace(program("milter-test-filter"),
                   arguments{"conformance", "-s", socket, "--sessions", "60", "--strict"}, dir,
                   "listening on ");
    std::string const body(70'000, 'x');
    dir.write("mail.eml", "From: a@test\nTo: b@test\nSubject: x\nX-Empty:\nX-Folded: a\n b\n\n" +
                              body + "\n" + body + "\n");
    for (int i = 0; i < 30; ++i)
        server({"-f", "a@test SIZE=9 BODY=8BITMIME", "-r", "b@test", "-r", "c@test", "-m",
                dir / "mail.eml", "--messages", "2", "--unknown", "FOO", "--as",
                i % 2 == 0 ? "postfix-3.7" : "sendmail-8.17"});
    for (int i = 0; i < 15; ++i) server({"--rset"});
    for (int i = 0; i < 15; ++i)
        server({"--connect-address", i % 2 == 0 ? "inet6:25@[2001:db8::1]" : "unknown"});
    BOOST_TEST(filter->wait() == 0, filter->out());
    BOOST_TEST(contains(filter->out(), " 0 failed"), filter->out());
}

BOOST_AUTO_TEST_CASE(each_mta_with_one_fault_is_caught_by_the_case_about_it) {
    fails(played("everything").raw(std::string_view("\0\0\0\0", 4)), "1");
    fails(played("no commands").say(wire::end_of_message{}), "57");
    fails(played("no headers").greet().envelope().say(wire::data{}).say(wire::quit{}), "59");
    fails(played("everything").raw(std::string_view("\0\0\0\6Ch\0Uxy", 10)), "66");
    fails(played("a recipient refused")
              .greet()
              .envelope()
              .say(wire::rcpt{"<c@example.org>"})
              .say(wire::mail{"<d@example.org>"}),
          "121");
    played waits("no replies");
    waits.greet();
    BOOST_TEST((waits.verdict("60") == case_verdict::pass));
    waits.judge.tick(waits.now + std::chrono::minutes(1));
    fails(waits, "60");
    played impatient("progress and edits");
    impatient.greet().envelope();
    impatient.answers = false;
    impatient.say(wire::end_of_message{});
    impatient.judge.tick(impatient.judge.due().value());
    fails(impatient.say(wire::quit{}), "105");
    played gone("progress and edits");
    gone.greet().envelope().say(wire::end_of_message{});
    gone.judge.ended();
    fails(gone, "152");
    fails(played("everything").greet().envelope().say(wire::body{std::string(70'000, 'x')}), "7");
    fails(played("everything").raw(std::string_view("\0\0\0\5Habcd", 9)), "11");
    fails(played("version 2").greet().say(wire::unknown{"FOO"}), "32");
    fails(played("version 3").greet().envelope().say(wire::data{}), "33");
    fails(played("no commands").greet(), "56");
    fails(played("no headers").greet().envelope().say(wire::end_of_message{}), "58");
    fails(played("everything").say(wire::connect{"h", wire::family::inet, 25, "no address"}), "65");
    fails(played("everything").say(wire::connect{"h", wire::family::unix_path, 25, "/x"}), "67");
    fails(played("everything").say(wire::connect{"h", wire::family::inet6, 25, "::ffff:192.0.2.1"}),
          "72");
    auto const args = wire::pack_zstr(std::vector<std::string>{"SIZE=1 BODY=7BIT"});
    fails(played("everything").greet().say(wire::mail{"<a@b>", wire::zstr_list(args)}), "75");
    fails(played("everything").greet().envelope().say(wire::data{}).say(wire::data{}), "79");
    fails(played("everything").greet().envelope().say(wire::header{"X:Y", "z"}), "81");
    fails(played("everything").greet().envelope().say(wire::header{"X", "a\r\n b"}), "82");
    played blanks("everything"), stripped("skip");
    blanks.greet().envelope();
    stripped.greet().envelope();
    for (int i = 0; i < 3; ++i) {
        blanks.say(wire::header{"X", " a"});
        stripped.say(wire::header{"X", "a"});
    }
    fails(blanks, "84");
    fails(stripped, "85");
    fails(played("everything").greet().envelope().say(wire::body{"a\nb"}), "88");
    fails(played("everything").greet().envelope().say(wire::body{""}), "89");
    fails(played("everything").greet().envelope().say(wire::end_of_message{"x"}), "92");
    fails(played("everything").greet().say(wire::unknown{"FOO\r\n"}), "94");
    fails(played("everything").say(wire::quit_new_connection{}), "97");
    played hasty("slow");
    hasty.answers = false;
    fails(hasty.greet(), "99");
    fails(played("skip").greet().envelope().say(wire::body{"a\r\n"}).say(wire::body{"b\r\n"}),
          "103");
    fails(played("discard at MAIL").greet().envelope(), "122");
    fails(played("accept at CONNECT").greet(), "124");
    fails(played("accept at MAIL").greet().envelope(), "125");
    fails(played("everything").greet().say(wire::rcpt{"<b@example.org>"}), "141");
    fails(played("everything").greet().envelope().envelope(), "142");
    played leaves("everything");
    leaves.greet();
    leaves.judge.ended();
    fails(leaves, "145");
    fails(played("everything")
              .greet()
              .say(wire::macros{wire::command_code::rcpt, wire::zstr_list{}})
              .say(wire::mail{"<a@b>"}),
          "181");
    auto const pairs = wire::pack_zstr(std::vector<std::string>{"{if_name}", "eth0"});
    fails(played("macro lists")
              .greet()
              .say(wire::macros{wire::command_code::mail, wire::zstr_list(pairs)}),
          "193");
}

BOOST_AUTO_TEST_CASE(cases_that_no_session_showed_are_skipped) {
    played session("everything");
    session.greet();
    BOOST_TEST((session.verdict("24") == case_verdict::pass));
    BOOST_TEST((session.verdict("103") == case_verdict::skipped));
}

BOOST_AUTO_TEST_CASE(an_mta_that_goes_on_behind_a_refused_recipient_passes) {
    played session("a recipient refused");
    session.greet().envelope();
    BOOST_TEST((session.verdict("121") == case_verdict::skipped));
    session.say(wire::rcpt{"<c@example.org>"}).say(wire::data{});
    BOOST_TEST((session.verdict("121") == case_verdict::pass));
}

BOOST_AUTO_TEST_CASE(a_transaction_that_the_client_may_have_ended_shows_nothing) {
    played session("a recipient refused");
    session.greet().envelope().say(wire::rcpt{"<c@example.org>"}).say(wire::abort{});
    BOOST_TEST((session.verdict("121") == case_verdict::inconclusive));
    session.envelope().say(wire::rcpt{"<c@example.org>"}).say(wire::data{});
    BOOST_TEST((session.verdict("121") == case_verdict::inconclusive)); // said once a session
}

BOOST_AUTO_TEST_CASE(a_run_that_shows_nothing_is_no_success) {
    arguments const listens{"conformance", "-s", socket};
    filter.emplace(program("milter-test-filter"), listens, dir, "listening on ");
    BOOST_TEST(filter->stop() == 3, filter->out());
    BOOST_TEST(contains(filter->err(), "no MTA came"), filter->err());
    BOOST_TEST(run_filter({"conformance", "-s", socket, "--case", "999"}).exit_code == 2);
}

BOOST_AUTO_TEST_CASE(an_mta_that_reads_no_replies_is_not_heard_until_it_does) {
    filter.emplace(program("milter-test-filter"), arguments{"conformance", "-s", socket}, dir,
                   "listening on ");
    support::raw_client const mta(dir / "x.sock");
    std::string offer, ends;
    wire::encode(offer, wire::negotiate{});
    while (ends.size() < 5000) wire::encode(ends, wire::end_of_message{});
    mta.say(offer);
    constexpr std::size_t far_too_much = std::size_t{4} << 20;
    std::size_t taken = 0;
    for (std::string_view rest = ends; taken < far_too_much;) {
        auto const size = mta.try_to_say(rest);
        taken += size;
        rest.remove_prefix(size);
        if (rest.empty()) rest = ends;
        if (size == 0 && !mta.has_room_within(std::chrono::seconds(2))) break;
    }
    BOOST_TEST_MESSAGE(taken << " bytes were taken");
    BOOST_TEST(taken < far_too_much);
    mta.some(std::size_t{300} << 10);
    BOOST_TEST(mta.has_room_within(std::chrono::seconds(30)));
    filter->stop();
}

BOOST_AUTO_TEST_CASE(a_fault_is_told_with_its_packets) {
    filter.emplace(program("milter-test-filter"),
                   arguments{"conformance", "-s", socket, "--sessions", "1", "--case", "97",
                             "--report", dir / "r.json"},
                   dir, "listening on ");
    std::string bytes;
    wire::encode(bytes, wire::negotiate{});
    wire::encode(bytes, wire::quit_new_connection{});
    wire::encode(bytes, wire::quit{});
    support::raw_client(dir / "x.sock").say(bytes);
    BOOST_TEST(filter->wait() == 0); // a should
    BOOST_TEST(contains(filter->out(), "found:    QUIT_NC came (everything)"), filter->out());
    BOOST_TEST(contains(filter->out(), "        > quit_new_connection  00 00 00 01 4b"),
               filter->out());
    BOOST_TEST(contains(support::slurp(dir / "r.json"), "\"side\": \"mta\""));
}

BOOST_AUTO_TEST_SUITE_END()
