// SPDX-License-Identifier: BSL-1.0
// tests/manager/failure_table.cpp - every kind of failure at every stage under every policy: what the MTA hears, and when
//
// The middle one of three milters fails, once or each time. Source: statements 207-212, 267, 268.

#include <boost/test/unit_test.hpp>

#include <support/manager_rig.hpp>

#include <tuple>

using namespace support;
using manager::on_error;

namespace {

enum class kind {
    refused,
    no_connection,
    closes,
    silent,
    garbage,
    unknown_reply,
    wrong_reply,
    second_reply,
    edit_not_agreed,
    too_many_edits
};
constexpr char const* kind_names[] = {
    "refused",       "no connection", "closes",       "silent",          "garbage",
    "unknown reply", "wrong reply",   "second reply", "edit not agreed", "too many edits"};
enum class how_often { once, always };
constexpr on_error policies[] = {on_error::tempfail, on_error::accept, on_error::reject,
                                 on_error::quarantine, on_error::shutdown};

std::string const commands[] = {"connect", "helo", "mail", "rcpt", "data", "end_of_message"};

std::size_t command_index(std::string const& name) {
    return static_cast<std::size_t>(std::find(std::begin(commands), std::end(commands), name) -
                                    commands);
}

/// Where the MTA hears of a failure at this stage.
std::string answered_at(std::string const& stage) {
    if (stage == "negotiate") return "connect";
    if (stage == "header" || stage == "end_of_headers" || stage == "body") return "end_of_message";
    return stage;
}

bool about_client(std::string const& stage) {
    return stage == "negotiate" || stage == "connect" || stage == "helo";
}

std::string verdict_of(on_error policy) {
    switch (policy) {
    case on_error::reject: return "reply \"550 5.5.0 Service unavailable\"";
    case on_error::shutdown: return "reply \"421 4.7.1 Service unavailable - try again later\"";
    case on_error::accept: return "continue";
    default: return "reply \"451 4.7.1 Service unavailable - try again later\"";
    }
}

void make_fail(manager_rig& rig, kind what, std::string const& stage, how_often often) {
    auto& filter = rig.filter(1);
    unsigned const times = often == how_often::once ? once : always;
    rig.config.milters[1].timeouts = {1s, 1s, 1s, 1s, 1s};
    auto const arrivals = [&](scripted_filter::arrival how) {
        filter.arrivals.assign(times == once ? 1 : 20, how);
    };
    std::string unknown;
    wire::append_frame(unknown, 'Z', "what");
    bool const at_end = stage == "end_of_message";
    switch (what) {
    case kind::refused: return arrivals(scripted_filter::arrival::refused);
    case kind::no_connection: return arrivals(scripted_filter::arrival::silent);
    case kind::closes: return filter.on(stage, then_close(), times);
    case kind::silent: return filter.on(stage, silence(), times);
    case kind::garbage: return filter.on(stage, raw("HTTP/1.1 400 Bad Request\r\n\r\n"), times);
    case kind::unknown_reply: return filter.on(stage, raw(unknown), times);
    case kind::wrong_reply:
        return filter.on(stage,
                         at_end ? say(wire::connection_failed{}) : say(wire::add_header{"X", "1"}),
                         times);
    case kind::second_reply:
        return filter.on(stage,
                         stage == "negotiate" ? say(proto::to_reply(filter.wants), wire::proceed{})
                                              : say(wire::proceed{}, wire::proceed{}),
                         times);
    case kind::edit_not_agreed:
        filter.wants.actions &= ~wire::action::add_rcpt;
        return filter.on(stage, say(wire::add_rcpt{"<c@mx.test>"}, wire::proceed{}), times);
    case kind::too_many_edits:
        rig.config.limits.edits.count = 1;
        return filter.on(
            stage, say(wire::add_header{"X", "1"}, wire::add_header{"X", "2"}, wire::proceed{}),
            times);
    }
}

/// What the MTA is to hear at each of `commands`.
std::vector<std::string> expected(kind what, std::string const& stage, on_error policy,
                                  how_often often) {
    std::vector<std::string> heard(std::size(commands), "continue");
    bool const judged =
        what == kind::second_reply && stage == "end_of_message"; // it had given its verdict
    if (judged || policy == on_error::accept) return heard;
    bool const at_once = policy == on_error::shutdown;
    if (about_client(stage) && often == how_often::once && !at_once) return heard;
    if (policy == on_error::quarantine) {
        heard.back() = "quarantine \"milter b failed\"; continue";
        return heard;
    }
    auto const first = about_client(stage) && !at_once ? "mail" : answered_at(stage);
    for (std::size_t i = command_index(first); i < heard.size(); ++i) heard[i] = verdict_of(policy);
    return heard;
}

std::vector<std::string> message_through(manager_rig& rig) {
    std::vector<std::string> heard;
    heard.push_back(rig.send(wire::mail{"<a@client.test>", {}}));
    heard.push_back(rig.send(wire::rcpt{"<b@mx.test>", {}}));
    heard.push_back(rig.send(wire::data{}));
    rig.content();
    heard.push_back(rig.end());
    return heard;
}

std::vector<std::string> session_through(manager_rig& rig) {
    rig.negotiate();
    std::vector<std::string> heard;
    heard.push_back(rig.send(wire::connect{"client.test", wire::family::inet, 1025, "192.0.2.1"}));
    heard.push_back(rig.send(wire::helo{"client.test"}));
    auto const rest = message_through(rig);
    heard.insert(heard.end(), rest.begin(), rest.end());
    return heard;
}

template <class Each> void for_each_failure(Each each) {
    auto const row = [&](kind what, std::string const& stage) {
        for (auto const policy : policies)
            for (auto const often : {how_often::once, how_often::always})
                BOOST_TEST_CONTEXT(kind_names[static_cast<int>(what)]
                                   << " at " << stage
                                   << ", on_error = " << manager::to_string(policy)
                                   << (often == how_often::once ? ", once" : ", always"))
        each(what, stage, policy, often);
    };
    row(kind::refused, "negotiate");
    row(kind::no_connection, "negotiate");
    for (auto const what :
         {kind::closes, kind::silent, kind::garbage, kind::unknown_reply, kind::wrong_reply})
        for (std::string const stage : {"negotiate", "connect", "helo", "mail", "rcpt", "data",
                                        "header", "end_of_headers", "body", "end_of_message"})
            row(what, stage);
    for (std::string const stage : {"negotiate", "connect", "helo", "mail", "rcpt", "data",
                                    "header", "end_of_headers", "body", "end_of_message"})
        row(kind::second_reply, stage);
    row(kind::edit_not_agreed, "end_of_message");
    row(kind::too_many_edits, "end_of_message");
}

constexpr auto per_element = boost::test_tools::per_element();

} // namespace

BOOST_AUTO_TEST_SUITE(failure_table)

BOOST_AUTO_TEST_CASE(
    every_cell_gives_its_verdict_at_its_command_and_to_the_end_of_the_message_45_197_207_208_209_210_216_268) {
    for_each_failure([](kind what, std::string const& stage, on_error policy, how_often often) {
        manager_rig rig(3);
        rig.config.milters[1].on_error = policy;
        make_fail(rig, what, stage, often);
        BOOST_TEST(session_through(rig) == expected(what, stage, policy, often), per_element);
        BOOST_TEST(rig.blamed("b"));
        BOOST_TEST(!rig.blamed("a"));
        BOOST_TEST(!rig.blamed("c"));
        BOOST_TEST(rig.filter(0).connections() == 1U);
        BOOST_TEST(rig.filter(2).connections() == 1U);
    });
}

BOOST_AUTO_TEST_CASE(next_message_finds_the_milter_again_on_a_fresh_connection_212) {
    for_each_failure([](kind what, std::string const& stage, on_error policy, how_often often) {
        if (policy == on_error::shutdown) return; // the MTA hung up
        manager_rig rig(3);
        rig.config.milters[1].on_error = policy;
        make_fail(rig, what, stage, often);
        session_through(rig);
        rig.send(wire::abort{});
        auto const second = message_through(rig);
        if (often == how_often::once) {
            BOOST_TEST(second == std::vector<std::string>(4, "continue"), per_element);
            auto const& story = rig.filter(1).story();
            BOOST_TEST(story.substr(story.size() - 15) == " end_of_message");
        } else {
            auto const all = expected(what, stage, policy, often);
            BOOST_TEST(second == std::vector<std::string>(all.begin() + 2, all.end()), per_element);
        }
    });
}

BOOST_AUTO_TEST_CASE(quarantine_that_the_mta_cannot_do_is_a_temporary_failure_268) {
    for (std::string const stage : {"negotiate", "connect", "helo", "mail", "rcpt", "data",
                                    "header", "end_of_headers", "body", "end_of_message"})
        BOOST_TEST_CONTEXT(stage) {
            manager_rig rig(3);
            rig.config.milters[1].on_error = on_error::quarantine;
            rig.mta.offer.actions &= ~wire::action::quarantine;
            rig.filter(1).wants.actions &= ~wire::action::quarantine;
            make_fail(rig, kind::closes, stage, how_often::always);
            BOOST_TEST(session_through(rig) ==
                           expected(kind::closes, stage, on_error::tempfail, how_often::always),
                       per_element);
        }
}

BOOST_AUTO_TEST_CASE(default_policy_is_a_temporary_failure) {
    manager_rig rig(1);
    rig.filter(0).on("mail", then_close());
    rig.begin();
    BOOST_TEST(rig.send(wire::mail{"<a@client.test>", {}}) ==
               "reply \"451 4.7.1 Service unavailable - try again later\"");
}

BOOST_AUTO_TEST_CASE(first_in_order_decides_whichever_failed_first) {
    manager_rig rig(2);
    rig.config.milters[0].on_error = on_error::reject;
    rig.config.milters[1].on_error = on_error::tempfail;
    rig.filter(0).on("mail", then_close().after(1s));
    rig.filter(1).on("helo", then_close());
    rig.filter(1).arrivals = {scripted_filter::arrival::accepted,
                              scripted_filter::arrival::refused};
    rig.begin();
    BOOST_TEST(rig.send(wire::mail{"<a@client.test>", {}}) ==
               "reply \"550 5.5.0 Service unavailable\"");
}

BOOST_AUTO_TEST_CASE(verdict_of_an_earlier_milter_comes_before_the_failure_of_a_later_one_230) {
    manager_rig rig(2);
    rig.config.milters[1].on_error = on_error::shutdown;
    rig.filter(0).on("end_of_message", say(wire::reject{}).after(2s));
    rig.filter(1).on("data", then_close().after(1s));
    rig.filter(1).on("data", say(wire::proceed{}));
    rig.config.milters[1].timeouts.command = 5s;
    rig.begin();
    rig.send(wire::mail{"<a@client.test>", {}});
    rig.send(wire::rcpt{"<b@mx.test>", {}});
    BOOST_TEST(rig.send(wire::data{}) ==
               "reply \"421 4.7.1 Service unavailable - try again later\"");

    manager_rig content(2);
    content.filter(0).on("end_of_message", say(wire::reject{}).after(2s));
    content.filter(1).on("data", say(wire::proceed{}).then(then_close().after(1s)));
    content.begin();
    BOOST_TEST(content.message() == "reject");
}

BOOST_AUTO_TEST_CASE(
    edits_are_taken_back_at_the_end_of_message_and_a_quarantine_stands_under_every_policy_211_255) {
    auto const edits = say(wire::add_header{"X", "1"}, wire::change_from{"<c@mx.test>", {}},
                           wire::replace_body{"new"});
    for (auto const policy : policies) BOOST_TEST_CONTEXT(manager::to_string(policy)) {
            manager_rig rig(2);
            rig.config.milters[0].on_error = policy;
            rig.filter(0).on("end_of_message", reaction(edits).then(then_close()), once);
            rig.begin();
            bool const held = policy == on_error::quarantine;
            BOOST_TEST(rig.message() ==
                       (held ? "quarantine \"milter a failed\"; continue" : verdict_of(policy)));

            manager_rig asked(1);
            asked.config.milters[0].on_error = policy;
            auto before = reaction(edits).then(say(wire::quarantine{"odd"}));
            asked.filter(0).on("end_of_message", std::move(before).then(then_close()));
            asked.begin();
            auto const heard = asked.message();
            bool const passes = held || policy == on_error::accept;
            BOOST_TEST(heard.starts_with(passes ? "quarantine \"" : "reply \""), heard);
        }
}

// ---- an unknown command: nothing of it is the MTA's answer but 421

/// The commands that may follow an unknown one in a message, or MAIL.
std::string say_next(manager_rig& rig, std::string const& next) {
    if (next == "mail") return rig.send(wire::mail{"<a@client.test>", {}});
    if (next == "rcpt") return rig.send(wire::rcpt{"<c@mx.test>", {}});
    if (next == "data") return rig.send(wire::data{});
    rig.content();
    return rig.end();
}

template <class Each> void for_each_failure_at_unknown(Each each) {
    for (auto const what : {kind::closes, kind::silent, kind::garbage, kind::unknown_reply,
                            kind::wrong_reply, kind::second_reply})
        for (auto const policy : policies)
            for (auto const often : {how_often::once, how_often::always})
                BOOST_TEST_CONTEXT(kind_names[static_cast<int>(what)]
                                   << " at unknown, on_error = " << manager::to_string(policy)
                                   << (often == how_often::once ? ", once" : ", always"))
    each(what, policy, often);
}

BOOST_AUTO_TEST_CASE(failure_at_an_unknown_command_in_a_message_is_judged_at_its_next_command_268) {
    for (std::string const next : {"rcpt", "data", "end_of_message"})
        for_each_failure_at_unknown([&](kind what, on_error policy, how_often often) {
            manager_rig rig(3);
            rig.config.milters[1].on_error = policy;
            make_fail(rig, what, "unknown", often);
            rig.begin();
            rig.send(wire::mail{"<a@client.test>", {}});
            if (next != "rcpt") rig.send(wire::rcpt{"<b@mx.test>", {}});
            bool const at_once = policy == on_error::shutdown;
            auto const heard = rig.send(wire::unknown{"FOO"});
            BOOST_TEST(heard == (at_once ? verdict_of(policy) : "continue"));
            BOOST_TEST(rig.blamed("b"));
            bool const held = policy == on_error::quarantine;
            bool const ends = next == "end_of_message";
            auto const wanted = !held  ? verdict_of(policy)
                                : ends ? "quarantine \"milter b failed\"; continue"
                                       : "continue";
            BOOST_TEST(say_next(rig, next) == wanted);
            if (!held || ends) return;
            rig.content();
            BOOST_TEST(rig.end() == "quarantine \"milter b failed\"; continue");
        });
}

BOOST_AUTO_TEST_CASE(
    failure_at_an_unknown_command_outside_a_message_costs_no_message_but_with_shutdown_268) {
    for_each_failure_at_unknown([](kind what, on_error policy, how_often often) {
        manager_rig rig(3);
        rig.config.milters[1].on_error = policy;
        make_fail(rig, what, "unknown", often);
        rig.begin();
        bool const at_once = policy == on_error::shutdown;
        BOOST_TEST(rig.send(wire::unknown{"FOO"}) == (at_once ? verdict_of(policy) : "continue"));
        BOOST_TEST(rig.blamed("b"));
        auto const answer = at_once ? verdict_of(policy) : "continue";
        BOOST_TEST(rig.message() == answer);
        if (!at_once) BOOST_TEST(rig.filter(1).judged().size() == 1U);
    });
}

BOOST_AUTO_TEST_CASE(failure_between_messages_costs_nothing) {
    manager_rig rig(2);
    rig.filter(0).on("end_of_message", say(wire::proceed{}).then(then_close().after(1s)), once);
    rig.begin();
    BOOST_TEST(rig.message() == "continue");
    rig.pass(5s);
    BOOST_TEST(rig.message() == "continue");
    BOOST_TEST(rig.filter(0).judged().size() == 2U);
    BOOST_TEST(rig.filter(0).connections() == 2U);
}

BOOST_AUTO_TEST_CASE(refused_recipient_is_not_what_a_failure_at_rcpt_means) {
    manager_rig rig(2);
    rig.filter(0).on("rcpt \"<two", then_close());
    rig.begin();
    rig.send(wire::mail{"<a@client.test>", {}});
    BOOST_TEST(rig.send(wire::rcpt{"<one@mx.test>", {}}) == "continue");
    BOOST_TEST(rig.send(wire::rcpt{"<two@mx.test>", {}}) == verdict_of(on_error::tempfail));
    BOOST_TEST(rig.send(wire::rcpt{"<three@mx.test>", {}}) == verdict_of(on_error::tempfail));
    BOOST_TEST(rig.send(wire::data{}) == verdict_of(on_error::tempfail));
}

BOOST_AUTO_TEST_SUITE_END()
