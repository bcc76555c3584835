// SPDX-License-Identifier: BSL-1.0
// tests/manager/limit.cpp - the manager's own failures: limits of a message, the spool; and peers that do not read
//
// Source: statements 203, 204.

#include <boost/test/unit_test.hpp>

#include <support/manager_rig.hpp>

#include <filesystem>

using namespace support;
using manager::on_internal_error;

namespace {

std::string verdict_of(on_internal_error policy) {
    switch (policy) {
    case on_internal_error::reject: return "reply \"554 5.3.0 Mail filtering failed\"";
    case on_internal_error::shutdown:
        return "reply \"421 4.3.0 Mail filtering failed - try again later\"";
    default: return "reply \"451 4.3.0 Mail filtering failed - try again later\"";
    }
}

constexpr on_internal_error policies[] = {on_internal_error::tempfail, on_internal_error::reject,
                                          on_internal_error::shutdown};

/// The message is refused at its end under each policy, whatever the milters' own are; the next one passes.
template <class Prepare, class Content>
void refused_at_the_end(Prepare prepare, Content content, std::string_view logged) {
    for (auto const policy : policies) {
        manager_rig rig(2);
        rig.config.on_internal_error = policy;
        for (auto& one : rig.config.milters) one.on_error = manager::on_error::accept;
        prepare(rig);
        rig.begin();
        rig.envelope();
        content(rig);
        BOOST_TEST(rig.end() == verdict_of(policy));
        BOOST_TEST(rig.blamed("manager"));
        BOOST_TEST(rig.logged(logged));
        BOOST_TEST(rig.mta.edits().empty());
        BOOST_REQUIRE(rig.decisions().size() == 1U);
        BOOST_TEST(rig.decisions()[0].decided_by == "manager");
        rig.filter(0).forget_rules();
        BOOST_TEST(rig.message() == "continue");
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(limit)

BOOST_AUTO_TEST_CASE(too_many_headers_204) {
    refused_at_the_end([](auto& rig) { rig.config.limits.headers = 5; },
                       [](auto& rig) {
                           for (int i = 0; i < 8; ++i) rig.send(wire::header{"X-Many", " 1"});
                           rig.send(wire::end_of_headers{});
                       },
                       "manager: [limits] headers = 5 reached");
}

BOOST_AUTO_TEST_CASE(too_large_headers_202_204) {
    refused_at_the_end([](auto& rig) { rig.config.limits.header_bytes = 100'000; },
                       [](auto& rig) {
                           std::string const value(60'000, 'v');
                           rig.send(wire::header{"X-Large", value});
                           rig.send(wire::header{"X-Large", value});
                           rig.send(wire::end_of_headers{});
                       },
                       "manager: [limits] header_bytes = 100000B reached");
}

BOOST_AUTO_TEST_CASE(body_beyond_the_spool) {
    refused_at_the_end(
        [](auto& rig) {
            rig.config.spool.memory_bytes = 1000;
            rig.config.spool.max_bytes = 100'000;
            rig.config.spool.directory = std::filesystem::temp_directory_path().string();
        },
        [](auto& rig) { rig.content(rig.usual_headers(), std::string(150'000, 'b')); },
        "manager: message body: [spool] max = 100000B reached");
}

BOOST_AUTO_TEST_CASE(spool_that_cannot_be_opened) {
    manager_rig rig(2);
    rig.config.spool.memory_bytes = 1000;
    rig.config.spool.directory = "/nowhere/at/all";
    rig.begin();
    rig.envelope();
    rig.content(rig.usual_headers(), std::string(2000, 'b'));
    BOOST_TEST(rig.end() == verdict_of(on_internal_error::tempfail));
    BOOST_TEST(rig.logged("manager: message body: out of resources"));
    BOOST_TEST(rig.message() == "continue"); // small enough
}

BOOST_AUTO_TEST_CASE(body_in_the_spool_is_the_same_body) {
    manager_rig rig(3);
    rig.config.spool.memory_bytes = 1000;
    rig.config.spool.directory = std::filesystem::temp_directory_path().string();
    std::string body;
    while (body.size() < 300'000) body += "line " + std::to_string(body.size()) + "\r\n";
    auto const changed = std::string(200'000, 'c') + "\r\n";
    rig.filter(1).on("end_of_message", say(wire::replace_body{changed}, wire::proceed{}));
    rig.begin();
    rig.envelope();
    rig.content(rig.usual_headers(), body);
    rig.end();
    BOOST_TEST((rig.filter(0).message().body == body));
    BOOST_TEST((rig.filter(1).message().body == body));
    BOOST_TEST((rig.filter(2).message().body == changed));
    BOOST_TEST((rig.mta.new_body() == changed));
}

BOOST_AUTO_TEST_CASE(too_many_recipients_are_refused_and_so_is_their_message_204) {
    for (auto const policy : policies) {
        manager_rig rig(1);
        rig.config.on_internal_error = policy;
        rig.config.limits.recipients = 3;
        rig.begin();
        rig.send(wire::mail{"<a@client.test>", {}});
        for (int i = 0; i < 3; ++i)
            BOOST_TEST(rig.send(wire::rcpt{"<b@mx.test>", {}}) == "continue");
        BOOST_TEST(rig.send(wire::rcpt{"<b@mx.test>", {}}) == verdict_of(policy));
        BOOST_TEST(rig.send(wire::rcpt{"<b@mx.test>", {}}) == verdict_of(policy));
        BOOST_TEST(rig.send(wire::data{}) == verdict_of(policy));
        BOOST_TEST(rig.filter(0).story() == "connect helo mail rcpt rcpt rcpt abort");
        BOOST_TEST(rig.logged("manager: [limits] recipients = 3 reached"));
    }
}

BOOST_AUTO_TEST_CASE(old_mta_is_answered_at_the_header_that_is_too_many) {
    manager_rig rig(1);
    rig.mta.offer = {2, static_cast<wire::action>(0x1f), static_cast<wire::step>(0x7f)};
    rig.config.limits.headers = 1;
    rig.begin();
    rig.send(wire::mail{"<a@client.test>", {}});
    rig.send(wire::rcpt{"<b@mx.test>", {}});
    for (int i = 0; i < 3; ++i) BOOST_TEST(rig.send(wire::header{"X-A", "1"}) == "continue");
    rig.send(wire::end_of_headers{});
    BOOST_TEST(rig.end() == verdict_of(on_internal_error::tempfail));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(back_pressure)

BOOST_AUTO_TEST_CASE(milter_that_does_not_read_is_not_sent_more_than_a_little_ahead_203) {
    manager_rig rig(1);
    rig.filter(0).wants.steps = wire::step::all_nr;
    rig.begin();
    rig.envelope();
    rig.filter(0).reads = false;
    rig.content(rig.usual_headers(), std::string(4'000'000, 'b'));
    BOOST_TEST(rig.filter(0).waiting() < 400'000U);
    rig.filter(0).reads = true;
    BOOST_TEST(rig.end() == "continue");
    BOOST_TEST(rig.filter(0).message().body.size() == 4'000'000U);
}

BOOST_AUTO_TEST_CASE(milter_that_never_reads_fails_in_the_end_203) {
    manager_rig rig(2);
    rig.filter(0).wants.steps = wire::step::all_nr;
    rig.begin();
    rig.envelope();
    rig.filter(0).reads = false;
    rig.content(rig.usual_headers(), std::string(4'000'000, 'b'));
    auto const answer = rig.end();
    BOOST_TEST(answer.substr(answer.find("reply")) ==
               "reply \"451 4.7.1 Service unavailable - try again later\"");
    BOOST_TEST(rig.blamed("a"));
    BOOST_REQUIRE(rig.decisions().size() == 1U);
    BOOST_TEST(rig.decisions()[0].decided_by == "a");
}

BOOST_AUTO_TEST_CASE(mta_that_sends_on_without_waiting_for_replies_is_hung_up_on_202) {
    manager_rig rig(1);
    rig.filter(0).on("mail", silence());
    rig.begin();
    rig.mta.say(wire::mail{"<a@client.test>", {}});
    std::string flood;
    std::string const line(60'000, 'x');
    wire::encode(flood, wire::unknown{line});
    for (int i = 0; i < 30 && !rig.hung_up(); ++i) {
        rig.mta.out += flood;
        rig.settle();
    }
    BOOST_TEST(rig.hung_up());
    BOOST_TEST(rig.logged("mta: commands sent without waiting for replies"));
}

BOOST_AUTO_TEST_CASE(mta_that_does_not_read_its_replies_is_hung_up_on_202) {
    manager_rig rig(0);
    rig.mta.judges = false;
    rig.begin();
    rig.mta_reads = false;
    std::string flood;
    for (int i = 0; i < 5'000; ++i) wire::encode(flood, wire::rcpt{"<b@mx.test>", {}});
    for (int i = 0; i < 30 && !rig.hung_up(); ++i) rig.send_bytes(flood);
    BOOST_TEST(rig.hung_up());
    BOOST_TEST(rig.unread_by_mta() < 2'000'000U);
    BOOST_TEST(rig.logged("mta: replies are not read"));
}

BOOST_AUTO_TEST_CASE(milter_that_does_not_read_commands_it_need_not_answer_fails_in_the_end_203) {
    std::string const line(60'000, 'x');
    for (bool const reads_again : {false, true}) BOOST_TEST_CONTEXT(reads_again) {
            manager_rig rig(2);
            rig.filter(0).wants.steps = wire::step::all_nr;
            rig.config.milters[0].on_error = manager::on_error::accept;
            rig.begin();
            rig.filter(0).reads = false;
            for (int i = 0; i < 5; ++i) BOOST_TEST(rig.send(wire::unknown{line}) == "continue");
            for (int i = 0; i < 10; ++i) rig.mta.say(wire::unknown{line});
            rig.settle();
            BOOST_TEST(rig.filter(0).waiting() < 400'000U);
            rig.filter(0).reads = reads_again;
            auto const answer = rig.send(wire::mail{"<a@client.test>", {}});
            BOOST_TEST(answer.ends_with("continue"));
            BOOST_TEST(rig.blamed("a") != reads_again);
            BOOST_TEST(rig.filter(1).story().ends_with("unknown mail"));
        }
}

BOOST_AUTO_TEST_CASE(
    large_packet_of_a_milter_is_refused_on_its_length_but_for_a_new_body_that_is_due) {
    for (std::string const stage : {"mail", "end_of_message"}) {
        manager_rig rig(1);
        if (stage == "end_of_message") rig.filter(0).wants.actions &= ~wire::action::change_body;
        std::string start;
        wire::append_u32(start, 32'000'000);
        rig.filter(0).on(stage, raw(start + "bxyz"), once);
        rig.begin();
        rig.message();
        BOOST_TEST(rig.logged("a: packet of"));
        BOOST_TEST(rig.logged("packet longer than the limit"));
    }
}

BOOST_AUTO_TEST_CASE(mta_is_not_kept_from_sending_content_by_a_slow_milter) {
    manager_rig rig(1);
    rig.filter(0).on("header", silence());
    rig.begin();
    rig.envelope();
    auto const before = rig.now();
    rig.content(rig.usual_headers(), std::string(1'000'000, 'b'));
    BOOST_TEST((rig.now() == before));
    rig.pass(250ms);
    BOOST_TEST(rig.mta.out.empty()); // all was taken
}

BOOST_AUTO_TEST_SUITE_END()
