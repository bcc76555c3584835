// SPDX-License-Identifier: BSL-1.0
// tests/manager/shadowed_session.cpp - what a copy of a session costs, how long it lives, and what it says of its end
//
// Source: "Evaluation" of docs/configuration.md and docs/architecture.md.

#include <boost/test/unit_test.hpp>

#include <support/evaluating_rig.hpp>

using namespace support;

namespace {

constexpr std::string_view used_up = "[limits] evaluation_memory is used up";

void send_100_kilobytes(evaluating_rig& rig) {
    rig.envelope();
    rig.content(manager_rig::usual_headers(), std::string(100'000, 'x'));
}

/// Milter "b" is not there yet when a message of 100 KB is.
void fall_behind(evaluating_rig& rig) {
    rig.b().on("mail", silence());
    rig.begin();
    send_100_kilobytes(rig);
}

/// Everything that can happen between the two happens. @return bytes of replies
std::size_t replies_of(manager::session& one, scripted_filter& filter, proto::time_point now) {
    using kind = manager::effect::kind;
    std::size_t replied = 0;
    for (auto effects = one.take_effects(); !effects.empty(); effects = one.take_effects())
        for (auto const& next : effects) {
            if (next.what == kind::reply) {
                replied += next.bytes.size();
                one.mta_drained(now);
            }
            if (next.what == kind::open) {
                filter.arrive();
                one.filter_connected(0, {}, now);
            }
            if (next.what != kind::send) continue;
            filter.receive(next.bytes);
            one.filter_drained(0, now);
            while (auto const answer = filter.read())
                for (auto const& part : answer->parts) {
                    filter.spoke(part.bytes);
                    one.filter_bytes(0, part.bytes, now);
                }
        }
    BOOST_TEST(filter.faults().empty());
    return replied;
}

} // namespace

BOOST_AUTO_TEST_SUITE(shadowed_sessions)

BOOST_AUTO_TEST_CASE(memory_of_copies_is_counted_over_reloads_also_while_nothing_is_evaluated) {
    evaluating_rig old, later;
    old.settings = manager::with_endpoints(old.config);
    fall_behind(old);
    auto const taken = old.settings->evaluation_budget->taken();
    BOOST_TEST(taken > 100'000u);

    auto const without = manager::with_endpoints(manager_rig(2).config, old.settings.get());
    later.config.limits.evaluation_memory = taken + 50'000;
    later.settings = manager::with_endpoints(later.config, without.get());
    BOOST_TEST(later.settings->evaluation_budget->limit() == taken + 50'000);
    fall_behind(later);
    BOOST_TEST(later.end() == "continue");
    BOOST_TEST(later.only_evaluation().dropped == used_up);

    old.mta_closes();
    BOOST_TEST(later.settings->evaluation_budget->taken() == 0u);
    BOOST_TEST(later.settings->spool.budget->taken() == 0u);
}

BOOST_AUTO_TEST_CASE(budgets_for_the_mtas_patience_are_not_for_a_copy) {
    for (std::string const stage : {"mail", "end_of_message"}) BOOST_TEST_CONTEXT(stage) {
            evaluating_rig rig;
            rig.config.command_budget = rig.config.end_of_message_budget = 1s;
            rig.config.milters[1].timeouts = {1h, 1h, 1h, 1h, 1h};
            rig.b().on(stage, say(wire::proceed{}).after(59min));
            rig.begin();
            BOOST_TEST(rig.message() == "continue");
            rig.quit();
            rig.pass(1h);
            BOOST_TEST(rig.only_evaluation().would.verdict == "accept");
            BOOST_TEST((rig.only_evaluation().agrees == true));
        }
}

BOOST_AUTO_TEST_CASE(copy_says_nothing_in_the_log_but_of_its_milter) {
    evaluating_rig rig;
    rig.config.limits.headers = 2;
    rig.b().arrivals = {scripted_filter::arrival::refused};
    rig.begin();
    BOOST_TEST(rig.message().starts_with("reply \"451"));
    rig.mta.out += std::string(2, '\0'); // half a packet
    rig.settle();
    rig.mta_closes();
    BOOST_TEST(rig.logged("manager: [limits] headers = 2 reached"));
    BOOST_TEST(rig.logged("b: (evaluated) "));
    for (auto const& line : rig.log())
        BOOST_TEST((line.find("(evaluated)") == line.npos || line.starts_with("b: ")), line);
}

BOOST_AUTO_TEST_CASE(mta_that_says_much_before_it_is_granted_anything_is_not_evaluated) {
    for (unsigned const packets : {1u, 2u}) BOOST_TEST_CONTEXT(packets) {
            evaluating_rig rig;
            rig.a().arrivals = {scripted_filter::arrival::silent};
            rig.mta.say(rig.mta.offer);
            for (unsigned i = 0; i < packets; ++i)
                rig.mta.say_macros(wire::command_code::connect,
                                   {{"{x}", std::string(40'000, 'x')}});
            rig.send(wire::connect{"client.test", wire::family::inet, 1025, "192.0.2.1"});
            BOOST_TEST(rig.message() == "continue");
            BOOST_TEST(rig.b().connections() == (packets == 1 ? 1u : 0u));
            BOOST_TEST(rig.evaluations().size() == (packets == 1 ? 1u : 0u));
        }
}

BOOST_AUTO_TEST_CASE(copy_that_is_through_holds_on_to_nothing) {
    evaluating_rig rig;
    rig.config.limits.evaluation_memory = 50'000;
    rig.settings = manager::with_endpoints(rig.config);
    auto const& alone = rig.settings->evaluated.at(0).alone;
    auto const holders = alone.use_count();
    rig.b().on("mail", silence());
    rig.begin();
    BOOST_TEST(alone.use_count() > holders);
    send_100_kilobytes(rig);
    BOOST_TEST(alone.use_count() ==
               holders); // though its session goes on, and there is a line to come
    BOOST_TEST(rig.end() == "continue");
    BOOST_TEST(rig.only_evaluation().dropped == used_up);
}

BOOST_AUTO_TEST_CASE(headers_for_which_a_copy_has_no_memory_name_its_limit) {
    evaluating_rig rig;
    rig.config.limits.evaluation_memory = 50'000;
    rig.begin();
    rig.envelope();
    rig.content({{"X-Large", std::string(30'000, 'x')}, {"X-More", std::string(25'000, 'x')}});
    BOOST_TEST(rig.end() == "continue");
    BOOST_TEST(rig.only_evaluation().dropped ==
               "no memory for more headers: [limits] evaluation_memory is used up");
}

BOOST_AUTO_TEST_CASE(copy_that_ends_before_its_session_says_so) {
    evaluating_rig rig;
    rig.mta.judges = false;
    rig.a().on("mail", say(wire::proceed{}).after(1s));
    rig.begin();
    rig.mta.say(wire::mail{"<a@client.test>", {}});
    rig.mta.out += std::string(4, '\xff'); // which the session comes to later
    rig.settle();
    BOOST_TEST(rig.decisions().empty());
    rig.pass(1min);
    BOOST_TEST(rig.decisions().size() == 1u);
    BOOST_TEST(rig.only_evaluation().dropped == "its copy of the session failed");
    BOOST_TEST(!rig.only_evaluation().agrees);
}

BOOST_AUTO_TEST_CASE(copy_of_a_session_that_the_mta_ends_has_not_failed) {
    evaluating_rig rig;
    rig.a().on("end_of_message", say(wire::proceed{}).after(1s));
    rig.begin();
    rig.envelope();
    rig.content();
    rig.mta.say(wire::end_of_message{});
    rig.quit(); // the copy comes to it before its session does
    BOOST_TEST(rig.decisions().empty());
    rig.pass(1min);
    BOOST_TEST(rig.only_evaluation().dropped == "");
    BOOST_TEST((rig.only_evaluation().agrees == true));
}

BOOST_AUTO_TEST_CASE(
    who_refuses_every_recipient_is_not_told_of_the_message_of_an_mta_without_data) {
    for (std::uint32_t const version : {2u, 6u}) BOOST_TEST_CONTEXT(version) {
            evaluating_rig rig;
            rig.mta.offer.version = version;
            if (version == 2) rig.mta.offer.steps = wire::step::none;
            rig.b().on("rcpt", say(wire::reject{}));
            rig.begin();
            rig.send(wire::mail{"<a@client.test>", {}});
            BOOST_TEST(rig.send(wire::rcpt{"<b@mx.test>", {}}) == "continue");
            rig.content();
            BOOST_TEST(rig.end() == "continue");
            BOOST_TEST(rig.a().story().ends_with("end_of_message"));
            BOOST_TEST(rig.b().story() == "connect helo mail rcpt abort");
            BOOST_TEST(rig.only_evaluation().would.verdict == "no_recipients");
            BOOST_TEST((rig.only_evaluation().agrees == false));
        }
}

BOOST_AUTO_TEST_CASE(mta_that_hears_of_refused_recipients_and_goes_on_is_taken_at_its_word) {
    evaluating_rig rig;
    rig.a().on("rcpt", say(wire::reject{}));
    rig.begin();
    BOOST_TEST(rig.message() == "continue");
    BOOST_TEST(rig.a().story().ends_with("rcpt data header header header end_of_headers body "
                                         "end_of_message"));
    BOOST_TEST(rig.decisions().at(0).verdict == "accept");
}

// ---- a new body, which goes nowhere

BOOST_AUTO_TEST_CASE(new_body_is_not_kept_and_its_size_is_recorded) {
    constexpr std::size_t pieces = 800, size = 65'000; // 52 MB
    evaluating_rig rig;
    rig.config.spool.directory = "/nowhere"; // as little in a file as in memory
    rig.settings = manager::with_endpoints(rig.config);
    auto const body = std::string(size, 'x');
    reaction answer = say(wire::replace_body{body});
    for (std::size_t i = 1; i < pieces; ++i)
        answer = std::move(answer).then(say(wire::replace_body{body}));
    rig.b().on("end_of_message", std::move(answer).then(say(wire::accept{}).after(1s)));
    rig.begin();
    BOOST_TEST(rig.message() == "continue");
    BOOST_TEST(rig.settings->evaluation_budget->taken() < 100'000u); // it has said it all
    rig.pass(1s);
    auto const& would = rig.only_evaluation().would;
    BOOST_TEST(would.verdict == "accept");
    BOOST_TEST(would.edits == std::vector<std::string>{"replace_body 52000000 bytes"},
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(new_body_has_its_limits_all_the_same) {
    for (bool const of_spool : {false, true}) {
        evaluating_rig rig;
        (of_spool ? rig.config.spool.max_bytes : rig.config.limits.edits.body_bytes) = 1'000;
        auto const body = std::string(600, 'x');
        rig.b().on("end_of_message",
                   say(wire::replace_body{body}, wire::replace_body{body}, wire::accept{}));
        rig.begin();
        BOOST_TEST(rig.message() == "continue");
        BOOST_TEST(rig.only_evaluation().failed());
        BOOST_TEST(rig.logged(of_spool ? "more than [spool] max = 1000B"
                                       : "more than [limits] replacement_body = 1000B"));
    }
}

BOOST_AUTO_TEST_CASE(new_body_is_not_encoded_for_an_mta_that_is_not_there) {
    auto const settings = manager::with_endpoints(manager_rig(1).config);
    constexpr proto::time_point now = proto::time_point{} + 1h;
    manager::session shadow(settings, 7, now);
    proto::agreement granted;
    granted.steps = wire::step::none;
    shadow.shadow(granted);
    scripted_filter filter;
    auto const body = std::string(65'000, 'x');
    filter.on("end_of_message", say(wire::replace_body{body}, wire::replace_body{body},
                                    wire::replace_body{body}, wire::accept{}));
    std::string said;
    wire::encode(said, wire::negotiate{});
    wire::encode(said, wire::connect{"client.test", wire::family::inet, 1025, "192.0.2.1"});
    wire::encode(said, wire::mail{"<a@client.test>", {}});
    wire::encode(said, wire::rcpt{"<b@mx.test>", {}});
    wire::encode(said, wire::end_of_headers{});
    wire::encode(said, wire::end_of_message{});
    shadow.mta_bytes(said, now);
    BOOST_TEST(replies_of(shadow, filter, now) < 1'000u); // bytes
    auto const records = shadow.take_decisions();
    BOOST_TEST_REQUIRE(records.size() == 1u);
    BOOST_TEST(records[0].verdict == "accept");
    BOOST_TEST(records[0].edit_count == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
