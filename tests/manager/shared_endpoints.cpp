// SPDX-License-Identifier: BSL-1.0
// tests/manager/shared_endpoints.cpp - what one session finds out about an endpoint serves the next
//
// Source: protocol.md 9.9 (a breaker over sessions, which the MTAs themselves lack); statements 207-210.

#include "endpoints_fixture.hpp"

#include <map>
#include <memory>

using namespace endpoints_test;
using manager::on_error;

namespace {

/// What sessions of one manager share, at a time that goes on from one session to the next.
class sessions {
public:
    explicit sessions(manager::config const& config) : settings_(manager::with_endpoints(config)) {}

    void reload(manager::config const& config) {
        settings_ = manager::with_endpoints(config, settings_.get());
    }
    void pass(proto::duration time) { late_ += time; }
    /// A session that has not begun.
    std::unique_ptr<several> next(std::size_t filters = 2) {
        auto one = std::make_unique<several>(filters);
        one->settings = settings_;
        one->begin_later(late_);
        return one;
    }
    /// A session with `down` that are not there. @return who served it, or what MAIL was answered
    std::string one(std::vector<std::size_t> const& down, std::size_t filters = 2) {
        auto rig = next(filters);
        for (auto const k : down) rig->is_down(k);
        rig->begin();
        auto answer = rig->mail();
        for (std::size_t k = 0; k < filters; ++k) {
            tried_[k] = rig->dialled(k);
            if (rig->filter(k).story().find("mail") != std::string::npos)
                answer = std::string(1, static_cast<char>('a' + k));
        }
        log_ = rig->log();
        return answer;
    }
    std::size_t tried(std::size_t k) { return tried_[k]; }
    std::vector<std::string> const& log() const { return log_; }

private:
    std::shared_ptr<manager::config const> settings_;
    proto::duration late_{};
    std::map<std::size_t, std::size_t> tried_;
    std::vector<std::string> log_;
};

/// Milter a with the sockets a and b; an endpoint is given up with the second failure, for 10 s.
manager::config two_sockets() {
    several rig;
    rig.milter().breaker = {2, 30s, 10s, 10s, 9s};
    return rig.config;
}

manager::config one_socket() {
    auto config = two_sockets();
    config.milters[0].sockets.resize(1);
    return config;
}

} // namespace

BOOST_AUTO_TEST_SUITE(shared_endpoints)

BOOST_AUTO_TEST_CASE(endpoints_that_are_all_down_are_judged_by_on_error) {
    struct row {
        on_error policy;
        std::string_view at_connect, at_mail;
    };
    row const rows[] = {
        {on_error::tempfail, "continue", tempfail},
        {on_error::accept, "continue", "continue"},
        {on_error::reject, "continue", "reply \"550 5.5.0 Service unavailable\""},
        {on_error::quarantine, "continue", "continue"},
        {on_error::shutdown, "reply \"421 4.7.1 Service unavailable - try again later\"",
         "reply \"421 4.7.1 Service unavailable - try again later\""},
    };
    for (auto const& [policy, at_connect, at_mail] : rows) {
        auto config = two_sockets();
        config.milters[0].on_error = policy;
        sessions shared(config);
        for (int i = 0; i < 2; ++i) shared.one({0, 1});
        auto rig = shared.next(); // both are there again, and nobody looks
        auto const before = rig->now();
        rig->negotiate();
        BOOST_TEST(rig->send(wire::connect{"client.test", wire::family::inet, 1025, "192.0.2.1"}) ==
                   at_connect);
        rig->send(wire::helo{"client.test"});
        BOOST_TEST(rig->mail() == at_mail);
        if (policy == on_error::quarantine) {
            rig->send(wire::rcpt{"<b@mx.test>", {}});
            rig->send(wire::data{});
            rig->content();
            BOOST_TEST(rig->end() == "quarantine \"milter a failed\"; continue");
        }
        rig->send(wire::abort{});
        BOOST_TEST((rig->now() == before)); // nobody waited
        BOOST_TEST(rig->dialled(0) + rig->dialled(1) == 0U);
        BOOST_TEST(rig->log().empty());
        if (policy == on_error::shutdown) continue; // 421 came before the milters were asked
        auto const& record = rig->decisions().at(0).milters.at(0);
        BOOST_TEST(record.verdict == "error");
        BOOST_TEST(record.reason == "all endpoints are down: cannot connect to unix:/run/b: "
                                    "Connection refused");
    }
}

BOOST_AUTO_TEST_CASE(dead_endpoint_is_not_dialled_until_its_pause_is_over) {
    sessions shared(two_sockets());
    for (int i = 0; i < 2; ++i) {
        BOOST_TEST(shared.one({0}) == "b");
        BOOST_TEST(shared.tried(0) == 1U);
    }
    for (int i = 0; i < 7; ++i) { // chance makes the 10 s not less than 7.5 s
        BOOST_TEST(shared.one({0}) == "b");
        BOOST_TEST(shared.tried(0) == 0U);
        shared.pass(1s);
    }
    shared.pass(3s);
    BOOST_TEST(shared.one({0}) == "b");
    BOOST_TEST(shared.tried(0) == 1U); // the one trial
    BOOST_TEST(shared.one({0}) == "b");
    BOOST_TEST(shared.tried(0) == 0U);
    shared.pass(10s);
    BOOST_TEST(shared.one({}) == "a");
    BOOST_TEST(shared.one({}) == "a");
}

BOOST_AUTO_TEST_CASE(failures_to_negotiate_open_the_breaker) {
    for (auto const& fault : {then_close(), raw("HTTP/1.1 400 Bad Request\r\n\r\n"), silence()}) {
        sessions shared(one_socket());
        for (int i = 0; i < 2; ++i) {
            auto rig = shared.next();
            rig->filter(0).on("negotiate", fault);
            rig->negotiate();
            rig->pass(10s);
        }
        BOOST_TEST(shared.one({}) == tempfail);
        BOOST_TEST(shared.tried(0) == 0U);
    }
}

BOOST_AUTO_TEST_CASE(milter_that_refuses_what_one_mta_offers_is_not_taken_away_from_others) {
    sessions shared(one_socket());
    for (int i = 0; i < 10; ++i) {
        auto rig = shared.next();
        rig->mta.offer = {6, static_cast<wire::action>(0), wire::step::all};
        rig->filter(0).on("negotiate", then_close());
        rig->begin();
        BOOST_TEST(rig->mail() == tempfail);
        BOOST_TEST(rig->blamed("a"));
    }
    BOOST_TEST(shared.one({}) == "a");
}

BOOST_AUTO_TEST_CASE(failures_after_the_negotiation_do_not_open_it) {
    sessions shared(one_socket());
    for (int i = 0; i < 10; ++i) {
        auto rig = shared.next();
        rig->filter(0).on("helo", then_close(), once);
        rig->begin();
        BOOST_TEST(rig->mail() == "continue");
    }
}

BOOST_AUTO_TEST_CASE(shortage_of_our_own_opens_nothing_and_tries_no_other) {
    sessions shared(two_sockets());
    for (int i = 0; i < 10; ++i) {
        auto rig = shared.next();
        rig->connect_error = EMFILE;
        rig->is_down(0);
        rig->begin();
        BOOST_TEST(rig->mail() == "reply \"451 4.3.0 Mail filtering failed - try again later\"");
        BOOST_TEST(rig->dialled(1) == 0U);
    }
    BOOST_TEST(shared.one({}) == "a");
}

BOOST_AUTO_TEST_CASE(one_of_two_sessions_tries_when_the_pause_is_over) {
    sessions shared(one_socket());
    for (int i = 0; i < 2; ++i) shared.one({0});
    shared.pass(10s);
    auto first = shared.next(), second = shared.next();
    first->is_down(0, arrival::silent);
    first->mta.say(first->mta.offer);
    first->settle();
    second->begin();
    BOOST_TEST(second->dialled(0) == 0U);
    BOOST_TEST(second->mail() == tempfail);
    first->pass(1s);
    first->mta_closes(); // what it found out nobody knows: another may try
    BOOST_TEST(first->dialled(0) == 1U);
    shared.pass(1s);
    BOOST_TEST(shared.one({}) == "a");
}

BOOST_AUTO_TEST_CASE(trial_is_given_back_however_it_ends) {
    using how = void (*)(manager_rig&);
    for (how const end :
         {how([](manager_rig& rig) { rig.mta_closes(); }), how([](manager_rig& rig) {
              rig.mta.say(wire::quit{});
              rig.settle();
          }),
          how([](manager_rig& rig) {
              rig.connect_error = ENOMEM;
              rig.filter(0).arrivals.assign(1, arrival::refused);
              rig.settle();
          }),
          how([](manager_rig&) {})}) { // it is destroyed
        sessions shared(one_socket());
        for (int i = 0; i < 2; ++i) shared.one({0});
        shared.pass(10s);
        {
            auto rig = shared.next();
            rig->filter(0).on("negotiate", silence());
            rig->mta.say(rig->mta.offer);
            end(*rig);
        }
        BOOST_TEST(shared.one({}) == "a");
    }
}

BOOST_AUTO_TEST_CASE(budget_that_ends_while_connecting_counts_against_the_endpoint) {
    auto config = one_socket();
    config.milters[0].timeouts.connect = 1h;
    config.command_budget = 2s;
    sessions shared(config);
    for (int i = 0; i < 2; ++i) {
        auto rig = shared.next();
        rig->is_down(0, arrival::silent);
        rig->begin();
    }
    BOOST_TEST(shared.one({}) == tempfail);
    BOOST_TEST(shared.tried(0) == 0U);
}

BOOST_AUTO_TEST_CASE(sessions_go_round_the_endpoints_and_past_those_that_are_down) {
    auto config = two_sockets();
    config.milters[0].sockets.push_back(manager_rig::socket_of(2));
    config.milters[0].balance = manager::balance::round_robin;
    sessions shared(config);
    std::string served;
    for (int i = 0; i < 6; ++i) served += shared.one({}, 3);
    BOOST_TEST(served == "abcabc");
    served.clear();
    for (int i = 0; i < 6; ++i) served += shared.one({0}, 3);
    BOOST_TEST(served == "bbcbbc");
    served.clear();
    std::size_t tried = 0;
    for (int i = 0; i < 6; ++i) {
        served += shared.one({0}, 3);
        tried += shared.tried(0);
    }
    BOOST_TEST(served == "bbcbbc");
    BOOST_TEST(tried == 0U);
}

BOOST_AUTO_TEST_CASE(the_log_has_one_line_when_an_endpoint_is_given_up_and_one_when_it_is_back) {
    sessions shared(two_sockets());
    shared.one({0});
    BOOST_TEST(shared.log() == list{"a: " + std::string(a_is_down)}, per_element);
    shared.one({0});
    BOOST_TEST_REQUIRE(shared.log().size() == 1U);
    auto const opened = "a: " + std::string(a_is_down) + "; unix:/run/a is not tried for ";
    BOOST_TEST(shared.log()[0].starts_with(opened), shared.log()[0]);
    BOOST_TEST(shared.log()[0].ends_with("ms"));
    shared.one({0});
    BOOST_TEST(shared.log().empty());
    for (int i = 0; i < 5; ++i) {
        shared.pass(10s);
        shared.one({0}); // a trial that fails is no news
        BOOST_TEST(shared.log().empty());
    }
    shared.pass(10s);
    shared.one({});
    BOOST_TEST(shared.log() == list{"a: unix:/run/a works again"}, per_element);
    shared.one({});
    BOOST_TEST(shared.log().empty());
}

BOOST_AUTO_TEST_CASE(breaker_that_is_switched_off_lets_each_session_find_out) {
    auto config = one_socket();
    config.milters[0].breaker.failures = 0;
    sessions shared(config);
    for (int i = 0; i < 20; ++i) {
        BOOST_TEST(shared.one({0}) == tempfail);
        BOOST_TEST(shared.tried(0) == 2U); // at the negotiation and at MAIL
        BOOST_TEST(shared.log() == list{"a: " + std::string(a_is_down)}, per_element);
    }
}

BOOST_AUTO_TEST_CASE(reload_does_not_forget_that_an_endpoint_is_down) {
    auto config = two_sockets();
    sessions shared(config);
    for (int i = 0; i < 2; ++i) shared.one({0});
    config.milters[0].timeouts.command = 1s;
    config.milters[0].on_error = on_error::reject;
    shared.reload(config);
    BOOST_TEST(shared.one({}) == "b");
    BOOST_TEST(shared.tried(0) == 0U);
    config.milters[0].breaker.failures = 3; // other settings, another breaker
    shared.reload(config);
    BOOST_TEST(shared.one({}) == "a");
}

BOOST_AUTO_TEST_SUITE_END()
