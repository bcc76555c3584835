// SPDX-License-Identifier: BSL-1.0
// tests/proto/conversation.cpp - both sides face to face, and each against scripts whose steps fail one by one
//
// Numbers in the names of the cases are those of the statements in the protocol description.

#include <milter/proto/filter_session.hpp>
#include <milter/proto/mta_session.hpp>

#include <boost/test/unit_test.hpp>

#include <support/pair.hpp>
#include <support/print_packet.hpp>
#include <support/steps.hpp>

#include <random>

namespace proto = milter::proto;
namespace wire = milter::wire;
using milter::error_code;
using support::bytes;
using wire::action;
using wire::command_code;
using wire::step;
using words = std::vector<std::string>;
using namespace std::string_view_literals;

namespace {

proto::filter_options wants(action actions, step steps) {
    proto::filter_options options;
    options.wants.actions = actions;
    options.wants.steps = steps;
    return options;
}

/// Continue, and at the end of the message an edit of each kind and accept. What was not negotiated is
/// not sent: the tests look at what arrives.
void edit_everything(wire::any_command const& command, proto::filter_session& filter) {
    if (wire::code_of(command) != command_code::end_of_message)
        return support::proceed(command, filter);
    auto const say = [&](auto const& reply) {
        error_code ignored;
        filter.reply(reply, ignored);
    };
    say(wire::progress{});
    say(wire::change_header{2, "Received", ""});
    say(wire::add_header{"X-Checked", "yes"});
    say(wire::insert_header{0, "X-First", "1"});
    say(wire::replace_body{"new "});
    say(wire::replace_body{"body\r\n"});
    say(wire::add_rcpt{"<e@f>"});
    say(wire::add_rcpt_with_args{"<g@h>", "NOTIFY=NEVER"});
    say(wire::delete_rcpt{"<c@d>"});
    say(wire::change_from{"<>", std::nullopt});
    say(wire::quarantine{"why not"});
    say(wire::accept{});
}

void whole_message(support::pair& both) {
    both.macros(command_code::mail, "{mail_addr}\0a@b\0"sv);
    both.command(wire::mail{"<a@b>", wire::zstr_list("SIZE=9\0"sv)});
    both.macros(command_code::rcpt, "{rcpt_addr}\0c@d\0"sv);
    both.command(wire::rcpt{"<c@d>", {}});
    both.command(wire::data{});
    both.command(wire::header{"Subject", " hello"});
    both.command(wire::header{"X-Empty", ""});
    both.command(wire::end_of_headers{});
    both.command(wire::body{"one\r\n"});
    both.command(wire::body{"two\r\n"});
    both.command(wire::end_of_message{});
}

words const message_in_words{
    R"(mail "<a@b>" "SIZE=9")", R"(rcpt "<c@d>")", "data",         R"(header "Subject" " hello")",
    R"(header "X-Empty" "")",   "end_of_headers",  "body 5 bytes", "body 5 bytes",
    "end_of_message",
};

words const edits_in_words{
    "progress",
    R"(change_header 2 "Received" "")",
    R"(add_header "X-Checked" "yes")",
    R"(insert_header 0 "X-First" "1")",
    "replace_body 4 bytes",
    "replace_body 6 bytes",
    R"(add_rcpt "<e@f>")",
    R"(add_rcpt_with_args "<g@h>" "NOTIFY=NEVER")",
    R"(delete_rcpt "<c@d>")",
    R"(change_from "<>")",
    R"(quarantine "why not")",
    "accept",
};

template <class... More> words joined(words first, More const&... more) {
    (first.insert(first.end(), more.begin(), more.end()), ...);
    return first;
}

} // namespace

BOOST_AUTO_TEST_SUITE(conversation)

BOOST_AUTO_TEST_CASE(whole_session_is_the_same_in_pieces_of_any_size_2_3_136) {
    for (std::size_t const grain : {1u, 2u, 3u, 5u, 7u, 64u, 1u << 20}) {
        support::pair both({}, wants(action::all, step::leading_space), edit_everything);
        both.grain = grain;
        both.negotiate();
        both.macros(command_code::connect, "j\0mx\0"sv);
        both.command(wire::connect{"client", wire::family::inet, 25, "192.0.2.1"});
        both.command(wire::helo{"client"});
        whole_message(both);
        whole_message(both);
        both.quit();
        BOOST_TEST_CONTEXT("in pieces of " << grain) {
            BOOST_TEST(both.sound());
            auto seen = both.seen_by_filter;
            BOOST_TEST(seen.front().starts_with("negotiate version=6 "));
            seen.erase(seen.begin());
            BOOST_TEST(seen ==
                           joined({R"(connect "client" 4 "192.0.2.1" port 25)", R"(helo "client")"},
                                  message_in_words, message_in_words, words{"quit"}),
                       boost::test_tools::per_element());
            auto heard = both.seen_by_mta;
            heard.erase(heard.begin());
            words const continues(message_in_words.size() - 1, "continue");
            BOOST_TEST(heard == joined({"continue", "continue"}, continues, edits_in_words,
                                       continues, edits_in_words),
                       boost::test_tools::per_element());
            BOOST_TEST(both.filter.closed());
            BOOST_TEST(both.mta.closed());
        }
    }
}

BOOST_AUTO_TEST_CASE(broken_off_transaction_leaves_one_message_149) {
    int messages = 0;
    support::pair both({}, {},
                       [&](wire::any_command const& command, proto::filter_session& filter) {
                           if (wire::code_of(command) == command_code::end_of_message) ++messages;
                           support::proceed(command, filter);
                       });
    both.negotiate();
    both.command(wire::connect{"c", wire::family::unknown, 0, ""});
    both.command(wire::helo{"c"});
    both.command(wire::mail{"<a@b>", {}});
    both.command(wire::rcpt{"<a@b>", {}});
    both.mta.abort(both.now, both.mta_error);
    both.pump();
    whole_message(both);
    both.quit();
    BOOST_TEST(both.sound());
    BOOST_TEST(messages == 1);
}

BOOST_AUTO_TEST_CASE(aborts_after_a_finished_message_do_no_harm_150_131) {
    support::pair both({}, {});
    both.negotiate();
    both.macros(command_code::connect, "j\0mx\0"sv);
    both.command(wire::connect{"c", wire::family::unknown, 0, ""});
    for (int i = 0; i < 3; ++i) {
        whole_message(both);
        both.mta.abort(both.now, both.mta_error);
        both.mta.abort(both.now, both.mta_error);
        both.pump();
        BOOST_TEST((both.filter.macros().find("j") == "mx"sv));
    }
    BOOST_TEST(both.sound());
    BOOST_TEST(std::ranges::count(both.seen_by_filter, "end_of_message") == 3);
    BOOST_TEST(std::ranges::count(both.seen_by_filter, "abort") == 6);
}

BOOST_AUTO_TEST_CASE(macros_of_the_first_message_are_gone_in_the_second_135) {
    support::pair both({}, {});
    both.negotiate();
    both.command(wire::connect{"c", wire::family::unknown, 0, ""});
    whole_message(both);
    BOOST_TEST(both.filter.macros().find("{rcpt_addr}").has_value());
    both.command(wire::mail{"<x@y>", {}});
    BOOST_TEST(!both.filter.macros().find("{rcpt_addr}").has_value());
}

BOOST_AUTO_TEST_CASE(any_options_lead_through_a_session_39_56_60_62) {
    std::mt19937 random(11);
    auto const bits = [&] { return static_cast<step>(random()) & step::all; };
    for (int round = 0; round < 3000; ++round) {
        proto::mta_options offers;
        offers.offer.version = std::array{2u, 3u, 4u, 6u}[random() % 4];
        offers.offer.steps =
            proto::steps_of(offers.offer.version) & (random() % 2 == 0 ? step::all : bits());
        if (offers.offer.steps == step::none) continue; // read as an old "everything": statement 43
        offers.how = random() % 2 == 0 ? proto::strictness::strict : proto::strictness::lenient;
        support::pair both(offers, wants(action::all, bits()), edit_everything);
        both.grain = 1 + random() % 40;
        both.negotiate();
        both.command(wire::connect{"client", wire::family::inet, 25, "192.0.2.1"});
        both.command(wire::helo{"client"});
        both.command(wire::unknown{"FOO"});
        whole_message(both);
        whole_message(both);
        both.quit();
        BOOST_TEST_CONTEXT("version " << offers.offer.version << ", offered "
                                      << to_string(offers.offer.steps) << ", agreed "
                                      << to_string(both.mta.agreed().steps)) {
            BOOST_TEST_REQUIRE(both.sound(), both.mta.failure() << both.filter.failure());
            words expected;
            auto const agreed = both.mta.agreed();
            auto const sent = [&](std::string_view text) {
                for (auto const& row : wire::command_rows)
                    if (text == row.name || text.starts_with(std::string(row.name) + " "))
                        return agreed.sends(row.code);
                return false;
            };
            for (auto const& text : joined({R"(connect "client" 4 "192.0.2.1" port 25)",
                                            R"(helo "client")", R"(unknown "FOO")"},
                                           message_in_words, message_in_words, words{"quit"}))
                if (sent(text)) expected.push_back(text);
            both.seen_by_filter.erase(both.seen_by_filter.begin());
            BOOST_TEST_REQUIRE((both.seen_by_filter == expected));
            BOOST_TEST_REQUIRE(std::ranges::count(both.seen_by_mta, "accept") == 2);
        }
    }
}

BOOST_AUTO_TEST_CASE(filter_that_falls_silent_is_given_up_at_the_deadline_197) {
    support::pair both({}, {}, [](wire::any_command const&, proto::filter_session&) {});
    both.negotiate();
    both.command(wire::connect{"c", wire::family::unknown, 0, ""});
    BOOST_TEST_REQUIRE(both.sound());
    BOOST_TEST((both.mta.deadline() == both.now + std::chrono::seconds(30)));
    both.now = both.mta.deadline();
    both.mta.expire(both.now, both.mta_error);
    BOOST_TEST((both.mta_error == milter::errc::timed_out));
    both.filter.ended(both.filter_error);
    BOOST_TEST((both.filter_error == milter::errc::connection_closed));
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

/// The filter side under test: an ordinary filter.
class filter_side {
public:
    std::string hear(std::string_view data, error_code& ec) {
        session_.received(data);
        while (auto const command = session_.next(ec))
            if (wire::code_of(*command) != command_code::negotiate)
                edit_everything(*command, session_);
        return std::exchange(session_.output(), {});
    }
    void end(error_code& ec) { session_.ended(ec); }
    bool closed() const { return session_.closed(); }

private:
    proto::filter_session session_{wants(action::all, step::nr_header)};
};

/// The MTA side under test: sends its next command when the verdict on the last one has come.
class mta_side {
public:
    std::string hear(std::string_view data, error_code& ec) {
        if (!data.empty()) session_.received(data);
        while (session_.next(now_, ec)) {
        }
        if (!session_.closed() && !session_.awaited()) say_next(ec);
        return std::exchange(session_.output(), {});
    }
    void end(error_code& ec) { session_.ended(ec); }
    bool closed() const { return session_.closed(); }

private:
    void say_next(error_code& ec) {
        if (refused()) next_ = 5;
        switch (next_++) {
        case 0: return session_.negotiate(now_, ec);
        case 1: return session_.send(wire::connect{"c", wire::family::unknown, 0, ""}, now_, ec);
        case 2: return session_.send(wire::mail{"<a@b>", {}}, now_, ec);
        case 3: return session_.send(wire::rcpt{"<c@d>", {}}, now_, ec);
        case 4: return session_.send(wire::end_of_message{}, now_, ec);
        default: return session_.quit();
        }
    }

    /// The filter will have no more of the message.
    bool refused() const { return next_ > 2 && session_.at() == proto::phase::session; }

    proto::mta_session session_;
    proto::time_point now_{};
    int next_ = 0;
};

support::script const filter_script{
    {bytes("0000000d 4f 00000006 000001ff 001fffff"),
     bytes("0000000d 4f 00000006 000000ff 00000080")},
    {bytes("00000006 44 43 'j' 00 'm' 00 0000000f 43 'client' 00 34 0019 '::1' 00"),
     bytes("0000000163")},
    {bytes("00000003 48 'x' 00"), bytes("0000000163")},
    {bytes("00000002 44 4d 0000000b 4d '<>' 00 'SIZE=1' 00"), bytes("0000000163")},
    {bytes("00000004 52 'a@' 00"), bytes("0000000163")},
    {bytes("00000001 54"), bytes("0000000163")},
    {bytes("00000005 4c 'X' 00 'y' 00 00000004 4c 'Z' 00 00"), ""},
    {bytes("00000001 4e"), bytes("0000000163")},
    {bytes("00000005 42 'a' 00 0d 0a"), bytes("0000000163")},
    {bytes("00000001 45"),
     bytes("00000001 70 0000000f 6d 00000002 'Received' 00 00 0000000f 68 'X-Checked' 00 'yes' 00"
           "0000000f 69 00000000 'X-First' 00 '1' 00 00000005 62 'new ' 00000007 62 'body' 0d0a "
           "00000007 2b '<e@f>' 00"
           "00000014 32 '<g@h>' 00 'NOTIFY=NEVER' 00 00000007 2d '<c@d>' 00 00000004 65 '<>' 00"
           "00000009 71 'why not' 00 00000001 61")},
    {bytes("00000001 41"), ""},
    {bytes("00000001 51"), "", true},
};

support::script const mta_script{
    {"", bytes("0000000d 4f 00000006 000001ff 001fffff")},
    {bytes("00000012 4f 00000006 000001ff 00000000 00000002 00"), bytes("00000004 43 'c' 00 'U'")},
    {bytes("0000000163"), bytes("00000007 4d '<a@b>' 00")},
    {bytes("0000000163"), bytes("00000007 52 '<c@d>' 00")},
    {bytes("00000007 79 '550 x' 00"), bytes("0000000145")},
    {bytes("00000001 70 00000008 69 00000001 'X' 00 00 00000006 62 'text' 0a 00000002 71 00 "
           "00000001 61"),
     bytes("0000000151"), true},
};

} // namespace

BOOST_AUTO_TEST_SUITE(script)

BOOST_AUTO_TEST_CASE(filter_side_says_the_same_however_the_bytes_are_split) {
    support::run_whole_and_split(filter_script, [] { return filter_side(); });
}

BOOST_AUTO_TEST_CASE(filter_side_survives_each_step_failing_once) {
    support::run_with_each_step_failing_once(filter_script, [] { return filter_side(); });
}

BOOST_AUTO_TEST_CASE(mta_side_says_the_same_however_the_bytes_are_split) {
    support::run_whole_and_split(mta_script, [] { return mta_side(); });
}

BOOST_AUTO_TEST_CASE(mta_side_survives_each_step_failing_once) {
    support::run_with_each_step_failing_once(mta_script, [] { return mta_side(); });
}

/// Flips bits, cuts, doubles and swaps bytes of a stream.
std::string damaged(std::string stream, std::mt19937& random) {
    for (unsigned times = 1 + random() % 4; times > 0 && !stream.empty(); --times) {
        auto const at = random() % stream.size();
        switch (random() % 4) {
        case 0: stream[at] = static_cast<char>(stream[at] ^ (1 << random() % 8)); break;
        case 1: stream.erase(at, 1 + random() % 8); break;
        case 2: stream.insert(at, stream.substr(random() % stream.size(), random() % 16)); break;
        default: stream[at] = static_cast<char>(random()); break;
        }
    }
    return stream;
}

template <class Side> void survives_damage(support::script const& steps, unsigned seed) {
    std::mt19937 random(seed);
    std::string stream;
    for (auto const& step : steps) stream += step.hears;
    for (int round = 0; round < 3000; ++round) {
        Side side;
        error_code ec;
        side.hear("", ec);
        auto const broken = damaged(stream, random);
        auto const size = 1 + random() % 50;
        for (std::size_t at = 0; at < broken.size() && !ec && !side.closed(); at += size)
            side.hear(support::exact_copy(std::string_view(broken).substr(at, size)).view(), ec);
        if (ec) BOOST_TEST(side.closed());
        if (!side.closed()) side.end(ec);
        BOOST_TEST(side.closed());
    }
}

BOOST_AUTO_TEST_CASE(damaged_streams_end_in_an_error_and_nothing_worse_215) {
    survives_damage<filter_side>(filter_script, 5);
    survives_damage<mta_side>(mta_script, 6);
}

BOOST_AUTO_TEST_SUITE_END()
