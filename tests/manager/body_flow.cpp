// SPDX-License-Identifier: BSL-1.0
// tests/manager/body_flow.cpp - what is kept of a body, and when the MTA has to wait with the rest of it

#include <boost/test/unit_test.hpp>

#include <support/manager_rig.hpp>
#include <support/staged_selection.hpp>

using namespace support;
using milter::manager::config;

namespace {

constexpr std::size_t mebibyte = 1UL << 20;

/// Of lines, no two pieces alike.
std::string long_body(std::size_t size) {
    std::string text;
    while (text.size() < size) text += "line " + std::to_string(text.size()) + "\r\n";
    return text;
}

/// A body that does not fit into memory is lost, as there is no place for a file.
void allow_no_file(config& settings) { settings.spool.directory = "/nonexistent/place"; }

void only_judge(manager_rig& rig, std::size_t milters) {
    for (std::size_t k = 0; k < milters; ++k) rig.config.milters[k].read_only = true;
}

/// Up to the end of headers.
void begin_message(manager_rig& rig) {
    rig.begin();
    rig.envelope();
    rig.content(manager_rig::usual_headers(), {});
}

/// In packets, as far as the session wants them.
void say_body(manager_rig& rig, std::string_view body) {
    for (std::size_t at = 0; at < body.size(); at += wire::default_data_limit)
        rig.mta.say(wire::body{body.substr(at, wire::default_data_limit)});
    rig.settle();
}

constexpr std::size_t long_message = 3 * mebibyte;

/// The MTA, with a body, before all of it is read.
void has_to_wait_for(manager_rig& rig, proto::duration time) {
    say_body(rig, long_body(long_message));
    BOOST_TEST(rig.session().holds_mta_back());
    rig.pass(time - 1ms);
    BOOST_TEST(rig.session().holds_mta_back());
    rig.pass(1ms);
    BOOST_TEST(!rig.session().holds_mta_back());
    BOOST_TEST(rig.mta.out.size() == 0u);
}

} // namespace

BOOST_AUTO_TEST_SUITE(manager_body_flow)

BOOST_AUTO_TEST_CASE(body_larger_than_memory_passes_one_milter_without_a_file) {
    manager_rig rig(1);
    allow_no_file(rig.config);
    auto const body = long_body(10 * mebibyte);
    rig.begin();
    rig.envelope();
    rig.content(rig.usual_headers(), body);
    BOOST_TEST(rig.end() == "continue");
    BOOST_TEST((rig.filter(0).message().body == body));
}

BOOST_AUTO_TEST_CASE(body_larger_than_memory_passes_milters_that_only_judge_without_a_file) {
    manager_rig rig(3);
    allow_no_file(rig.config);
    only_judge(rig, 3);
    rig.filter(1).on("body", say(wire::proceed{}).after(10ms));
    auto const body = long_body(10 * mebibyte);
    rig.begin();
    rig.envelope();
    rig.content(rig.usual_headers(), body);
    BOOST_TEST(rig.end() == "continue");
    for (std::size_t k = 0; k < 3; ++k) BOOST_TEST((rig.filter(k).message().body == body));
}

BOOST_AUTO_TEST_CASE(body_that_nobody_wants_is_not_kept) {
    manager_rig rig(2);
    allow_no_file(rig.config);
    only_judge(rig, 2);
    rig.filter(0).wants.steps = wire::step::no_body;
    rig.filter(1).on("body", say(wire::skip{}));
    rig.begin();
    rig.envelope();
    rig.content(rig.usual_headers(), long_body(10 * mebibyte));
    BOOST_TEST(rig.end() == "continue");
}

BOOST_AUTO_TEST_CASE(body_is_kept_for_milters_whose_turn_comes_later) {
    manager_rig rig(3);
    auto const body = long_body(3 * mebibyte);
    rig.begin();
    rig.envelope();
    rig.content(rig.usual_headers(), body);
    BOOST_TEST(rig.end() == "continue");
    for (std::size_t k = 0; k < 3; ++k) BOOST_TEST((rig.filter(k).message().body == body));
}

BOOST_AUTO_TEST_CASE(body_is_kept_for_milters_that_are_chosen_at_its_end) {
    manager_rig rig(2);
    only_judge(rig, 2);
    rig.config.selection = std::make_shared<staged_selection>(
        std::vector<staged_choice>{{}, {wire::command_code::end_of_message, applicability::yes}});
    auto const body = long_body(3 * mebibyte);
    rig.begin();
    rig.envelope();
    rig.content(rig.usual_headers(), body);
    BOOST_TEST(rig.end() == "continue");
    for (std::size_t k = 0; k < 2; ++k) BOOST_TEST((rig.filter(k).message().body == body));
}

BOOST_AUTO_TEST_CASE(replaced_body_is_kept_for_the_mta) {
    auto const fresh = long_body(3 * mebibyte);
    manager_rig rig(2);
    rig.filter(0).on("end_of_message", say(wire::replace_body{fresh}, wire::accept{}));
    rig.begin();
    rig.envelope();
    rig.content();
    rig.end();
    BOOST_TEST((rig.filter(1).message().body == fresh));
    BOOST_TEST((rig.mta.new_body() == fresh));
}

BOOST_AUTO_TEST_CASE(next_message_begins_with_its_own_body) {
    manager_rig rig(1);
    allow_no_file(rig.config);
    rig.begin();
    for (auto const size : {2 * mebibyte, std::size_t{10}, 2 * mebibyte}) {
        auto const body = long_body(size);
        rig.envelope();
        rig.content(rig.usual_headers(), body);
        BOOST_TEST(rig.end() == "continue");
        BOOST_TEST((rig.filter(0).message().body == body));
    }
}

BOOST_AUTO_TEST_CASE(mta_waits_while_the_milter_has_enough_to_do) {
    manager_rig rig(1);
    rig.filter(0).on("body", say(wire::proceed{}).after(100ms));
    auto const body = long_body(2 * mebibyte);
    begin_message(rig);
    say_body(rig, body);
    BOOST_TEST(rig.session().holds_mta_back());
    auto const left = rig.mta.out.size();
    BOOST_TEST(left > mebibyte);
    rig.pass(1s);
    BOOST_TEST(rig.mta.out.size() < left, "the MTA is not read when the milter has caught up");
    BOOST_TEST(rig.mta.out.size() > 0u);
    BOOST_TEST(rig.end() == "continue");
    BOOST_TEST((rig.filter(0).message().body == body));
}

BOOST_AUTO_TEST_CASE(mta_that_waits_does_so_until_the_milter_has_half_of_it_left) {
    manager_rig rig(1);
    rig.most_read_of_mta = wire::default_data_limit;
    rig.filter(0).on("body", say(wire::proceed{}).after(100ms));
    begin_message(rig);
    say_body(rig, long_body(long_message));
    BOOST_TEST(rig.session().holds_mta_back());
    auto const left = rig.mta.out.size();
    rig.pass(300ms); // three packets; one would make room for the next
    BOOST_TEST(rig.mta.out.size() == left);
    rig.pass(300ms);
    BOOST_TEST(rig.mta.out.size() < left - 2 * wire::default_data_limit);
}

BOOST_AUTO_TEST_CASE(mta_is_read_all_the_same_when_the_milter_does_not_answer) {
    manager_rig rig(1);
    rig.filter(0).on("body", silence());
    begin_message(rig);
    has_to_wait_for(rig, 250ms);
}

/// Time that the MTA has to wait without being read.
struct longest_wait {
    manager_rig& rig;
    proto::duration longest{};

    void watch(proto::duration time) {
        constexpr auto step = 10ms;
        proto::duration waited{};
        for (proto::duration passed{}; passed < time; passed += step) {
            auto const before = rig.mta.out.size();
            rig.pass(step);
            bool const unread = before != 0 && rig.mta.out.size() == before;
            waited = unread ? waited + step : proto::duration{};
            longest = std::max(longest, waited);
        }
    }
};

BOOST_AUTO_TEST_CASE(mta_is_read_all_the_same_when_the_milter_is_still_with_the_headers) {
    manager_rig rig(1);
    rig.filter(0).on("header", say(wire::proceed{}).after(200ms));
    rig.begin();
    rig.envelope();
    for (int i = 0; i < 50; ++i) rig.mta.say(wire::header{"X-Some", "value"});
    rig.mta.say(wire::end_of_headers{});
    auto const body = long_body(5 * mebibyte);
    say_body(rig, body);
    longest_wait mta{rig};
    mta.watch(5s);
    BOOST_TEST((mta.longest <= 260ms));
    BOOST_TEST(rig.mta.out.size() == 0u);
    BOOST_TEST(rig.end() == "continue");
    BOOST_TEST((rig.filter(0).message().body == body));
}

BOOST_AUTO_TEST_CASE(mta_is_read_all_the_same_when_the_milter_is_still_with_the_recipients) {
    manager_rig rig(1);
    rig.config.selection = std::make_shared<staged_selection>(
        std::vector<staged_choice>{{wire::command_code::end_of_headers, applicability::yes}});
    rig.filter(0).on("rcpt", say(wire::proceed{}).after(200ms));
    rig.begin();
    rig.send(wire::mail{"<a@client.test>", {}});
    for (int i = 0; i < 50; ++i) rig.send(wire::rcpt{"<b@mx.test>", {}});
    rig.send(wire::data{});
    rig.content(rig.usual_headers(), {});
    say_body(rig, long_body(5 * mebibyte));
    longest_wait mta{rig};
    mta.watch(5s);
    BOOST_TEST((mta.longest <= 260ms));
    BOOST_TEST(rig.mta.out.size() == 0u);
    BOOST_TEST(rig.end() == "continue");
}

BOOST_AUTO_TEST_CASE(mta_never_waits_for_more_than_two_seconds) {
    for (auto const pause : {1ms, 50ms, 240ms, 249ms, 251ms, 400ms, 3000ms}) {
        manager_rig rig(1);
        rig.filter(0).on("body", say(wire::proceed{}).after(pause));
        auto const body = long_body(3 * mebibyte);
        begin_message(rig);
        say_body(rig, body);
        longest_wait mta{rig};
        mta.watch(30s);
        BOOST_TEST_CONTEXT(pause.count() << " ms a packet") {
            BOOST_TEST((mta.longest <= 2s));
            BOOST_TEST(rig.end().ends_with("continue")); // after some progress
            BOOST_TEST((rig.filter(0).message().body == body));
        }
    }
}

BOOST_AUTO_TEST_CASE(mta_does_not_wait_longer_however_much_was_read_at_once) {
    manager_rig rig(1);
    rig.most_read_of_mta = 4 * mebibyte;
    rig.filter(0).on("body", say(wire::proceed{}).after(200ms));
    auto const body = long_body(8 * mebibyte);
    begin_message(rig);
    say_body(rig, body);
    longest_wait mta{rig};
    mta.watch(10s);
    BOOST_TEST((mta.longest > 1500ms));
    BOOST_TEST((mta.longest <= 2s));
}

BOOST_AUTO_TEST_CASE(mta_that_waits_is_not_idle) {
    manager_rig rig(1);
    rig.config.idle_timeout = 1s;
    rig.filter(0).on("body", say(wire::proceed{}).after(240ms));
    auto const body = long_body(3 * mebibyte);
    begin_message(rig);
    say_body(rig, body);
    BOOST_TEST(rig.end() == "continue");
    BOOST_TEST(!rig.blamed("mta"));
    BOOST_TEST((rig.filter(0).message().body == body));
}

BOOST_AUTO_TEST_CASE(mta_is_read_all_the_same_when_the_milter_answers_byte_by_byte) {
    manager_rig rig(1);
    reaction drip;
    std::string answer;
    wire::encode(answer, wire::proceed{});
    for (char const c : answer) drip.parts.push_back({200ms, std::string(1, c)});
    rig.filter(0).on("body", drip, once);
    begin_message(rig);
    has_to_wait_for(rig, 250ms);
    BOOST_TEST(rig.end() == "continue");
}

BOOST_AUTO_TEST_CASE(mta_is_read_all_the_same_when_the_milter_does_not_read) {
    manager_rig rig(1);
    rig.filter(0).wants.steps = wire::step::nr_body;
    begin_message(rig);
    rig.filter(0).reads = false;
    has_to_wait_for(rig, 250ms);
}

BOOST_AUTO_TEST_CASE(mta_does_not_wait_while_one_of_several_milters_is_stuck) {
    manager_rig rig(2);
    only_judge(rig, 2);
    rig.filter(0).on("body", silence());
    rig.filter(1).on("body", say(wire::proceed{}).after(100ms));
    begin_message(rig);
    has_to_wait_for(rig, 250ms); // whatever the other takes
    rig.pass(10s);
    BOOST_TEST(rig.filter(1).message().body.size() > long_message - wire::default_data_limit);
}

BOOST_AUTO_TEST_CASE(mta_does_not_wait_for_a_milter_that_has_failed) {
    manager_rig rig(1);
    rig.config.milters[0].on_error = manager::on_error::accept;
    rig.filter(0).on("body", then_close().after(100ms));
    begin_message(rig);
    has_to_wait_for(rig, 100ms);
    BOOST_TEST(rig.end() == "continue");
}

BOOST_AUTO_TEST_CASE(mta_does_not_wait_with_the_rest_of_a_message_that_was_refused) {
    manager_rig rig(1);
    rig.filter(0).on("body", say(wire::reject{}).after(100ms));
    begin_message(rig);
    has_to_wait_for(rig, 100ms);
    BOOST_TEST(rig.end() == "reject");
}

BOOST_AUTO_TEST_CASE(mta_does_not_wait_where_the_body_is_kept_anyway) {
    manager_rig rig(2);
    rig.filter(0).on("body", say(wire::proceed{}).after(100ms));
    begin_message(rig);
    say_body(rig, long_body(3 * mebibyte));
    BOOST_TEST(!rig.session().holds_mta_back());
    BOOST_TEST(rig.mta.out.size() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
