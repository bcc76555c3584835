// SPDX-License-Identifier: BSL-1.0
// tests/service/dns_lists_failure.cpp - name servers that are slow, silent, wrong or hostile, and the end of the lists

#include "dns_lists_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

using namespace support;
using milter::manager::breaker;

namespace {

using packets = std::vector<std::string>;

packets silence(asked_name const&) { return {}; }

struct fixture {
    name_server silent{silence};
    name_server good{[](auto const& of) { return addresses(of, {loopback(2)}); }};
};

/// What is said when `wrong` packets come before the right one, which says "not listed".
listing after(std::function<packets(asked_name)> const& wrong) {
    name_server server([&](asked_name const& of) {
        auto all = wrong(of);
        all.push_back(no_such_name(of).front());
        return all;
    });
    dns_lists lists(patient({server.where()}));
    return ask(lists, lists.know(zone("list.example")), client(1));
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(manager_dns_lists_failure, fixture)

BOOST_AUTO_TEST_CASE(silent_server_has_failed_at_the_deadline_and_holds_up_no_other_zone) {
    name_server half([](asked_name const& of) {
        return of.name.find("slow") != of.name.npos ? packets() : addresses(of, {loopback(2)});
    });
    auto settings = impatient({half.where()});
    settings.deadline = 2s;
    dns_lists lists(settings);
    auto const slow = lists.know(zone("slow.example"));
    auto const quick = lists.know(zone("quick.example"));
    poller waits;
    std::string heard;
    auto const began = std::chrono::steady_clock::now();
    lists.ask(slow, client(1), waits, [&](listing said) {
        heard += said == listing::failed ? "slow failed" : "?";
        waits.stop();
    });
    lists.ask(quick, client(1), waits,
              [&](listing said) { heard += said == listing::listed ? "quick listed, " : "?"; });
    waits.run();
    BOOST_TEST(heard == "quick listed, slow failed");
    BOOST_TEST((std::chrono::steady_clock::now() - began >= 2s));
    BOOST_TEST(lists.status().zones.at(slow).reason == "no answer within 2s");
}

BOOST_AUTO_TEST_CASE(next_server_is_asked_when_the_first_is_silent_or_refuses) {
    name_server refuses([](auto const& of) { return rcode(of, dns_refused); });
    for (auto const& first : {silent.where(), refuses.where()}) {
        auto settings = patient({first, good.where()});
        settings.deadline = 4s; // a quarter of which the first is waited for
        dns_lists lists(settings);
        BOOST_TEST(ask(lists, lists.know(zone("l.example")), client(1)) == listing::listed);
    }
}

BOOST_AUTO_TEST_CASE(failure_is_remembered_for_its_time) {
    auto settings = impatient({silent.where()});
    settings.failure_ttl = 1h;
    dns_lists lists(settings);
    auto const number = lists.know(zone("l.example"));
    BOOST_TEST(ask(lists, number, client(1)) == listing::failed);
    BOOST_TEST(ask(lists, number, client(1)) == listing::failed);
    BOOST_TEST(lists.status().zones.at(0).cached == 1u);
    BOOST_TEST(lists.status().zones.at(0).sent == 1u);
}

BOOST_AUTO_TEST_CASE(breaker_opens_and_what_it_lets_in_closes_it) {
    std::atomic<bool> works = false;
    name_server server([&](auto const& of) {
        return works ? addresses(of, {loopback(2)}) : rcode(of, dns_servfail);
    });
    auto settings = patient({server.where()});
    settings.breaker.failures = 3;
    settings.breaker.first_pause = 1h;
    settings.breaker.longest_pause = 1h;
    std::vector<std::string> log;
    std::mutex mutex;
    auto const logs = [&](std::string const& line) {
        std::lock_guard const lock(mutex);
        log.push_back(line);
    };
    {
        dns_lists lists(settings, logs);
        auto const number = lists.know(zone("l.example"));
        for (std::uint32_t i = 0; i < 20; ++i)
            BOOST_TEST(ask(lists, number, client(i)) == listing::failed);
        auto const status = lists.status().zones.at(0);
        BOOST_TEST((status.state == breaker::state::open));
        BOOST_TEST((status.last == breaker::experience::failed));
        BOOST_TEST(status.sent == 3u);
        BOOST_TEST(status.skipped == 17u);
        BOOST_TEST(status.failed == 20u);
        BOOST_TEST((status.pause > 0s));
        BOOST_TEST(ask(lists, lists.know(zone("other.example")), client(1)) == listing::failed);
        BOOST_TEST(lists.status().zones.at(1).sent == 1u);
    }
    BOOST_TEST_REQUIRE(log.size() == 3u);
    BOOST_TEST(log[0].starts_with("list l.example has not answered: "));
    BOOST_TEST(log[1].starts_with("list l.example is not asked for a while: "));
    BOOST_TEST(log[2].starts_with("list other.example has not answered: "));
    settings.breaker.first_pause = settings.breaker.longest_pause = 1ms;
    dns_lists lists(settings, logs);
    auto const number = lists.know(zone("l.example"));
    for (std::uint32_t i = 0; i < 3; ++i) ask(lists, number, client(i));
    works = true;
    std::uint32_t next = 3;
    while (ask(lists, number, client(next)) != listing::listed) ++next;
    BOOST_TEST((lists.status().zones.at(0).state == breaker::state::closed));
    BOOST_TEST((lists.status().zones.at(0).last == breaker::experience::worked));
    lists.close();
    BOOST_TEST(log.size() == 6u);
    BOOST_TEST(log.back() == "list l.example answers again");
}

BOOST_AUTO_TEST_CASE(failure_that_came_too_late_is_no_news_and_a_late_answer_is_remembered) {
    std::mutex held;
    std::unique_lock hold(held);
    name_server late([&](auto const& of) {
        std::lock_guard const wait(held);
        return addresses(of, {loopback(2)});
    });
    auto settings = impatient({late.where()});
    settings.deadline = 1s;
    dns_lists lists(settings);
    auto const number = lists.know(zone("l.example"));
    BOOST_TEST(ask(lists, number, client(1)) == listing::failed);
    hold.unlock();
    while (lists.status().outstanding > 0) {
    }
    BOOST_TEST(lists.status().remembered == 1u);
    BOOST_TEST(ask(lists, number, client(1)) == listing::listed);
}

BOOST_AUTO_TEST_CASE(too_many_questions_at_once_fail_at_once) {
    auto settings = impatient({silent.where()});
    settings.max_outstanding = 10;
    dns_lists lists(settings);
    auto const number = lists.know(zone("l.example"));
    poller waits;
    int heard = 0;
    int at_once = 0;
    for (std::uint32_t i = 0; i < 30; ++i)
        lists.ask(number, client(i), waits, [&](listing) {
            if (++heard == 30) waits.stop();
        });
    at_once = heard;
    waits.run();
    BOOST_TEST(at_once == 20);
    BOOST_TEST(lists.status().zones.at(0).crowded_out == 20u);
    BOOST_TEST(lists.status().zones.at(0).sent == 10u);
}

BOOST_AUTO_TEST_CASE(silent_zone_leaves_room_for_others) {
    name_server half([](asked_name const& of) {
        return of.name.find("slow") != of.name.npos ? packets() : addresses(of, {loopback(2)});
    });
    auto settings = patient({half.where()});
    settings.max_outstanding = 10;
    dns_lists lists(settings);
    auto const slow = lists.know(zone("slow.example"));
    auto const quick = lists.know(zone("quick.example"));
    poller waits;
    for (std::uint32_t i = 0; i < 10; ++i) lists.ask(slow, client(i), waits, [](listing) {});
    BOOST_TEST(ask(lists, quick, client(1)) == listing::listed);
    BOOST_TEST(lists.status().zones.at(slow).crowded_out == 5u);
    lists.close();
}

BOOST_AUTO_TEST_CASE(forged_answers_are_ignored) {
    auto const lie = [](asked_name const& of) { return addresses(of, {loopback(2)}).front(); };
    BOOST_TEST(after([&](asked_name of) { // whatever id but the right one
                   packets all;
                   auto const right = of.answer.id;
                   for (unsigned i = 1; i < 200; ++i) {
                       of.answer.id = (right + i) & 0xffff;
                       all.push_back(lie(of));
                   }
                   return all;
               }) == listing::not_listed);
    BOOST_TEST(after([&](asked_name of) { // another question
                   of.answer.question = dns_question_bytes("2.0.0.127.list.example");
                   return packets{lie(of)};
               }) == listing::not_listed);
    BOOST_TEST(after([&](asked_name const& of) { // too short to be one, and nothing at all
                   auto const whole = lie(of);
                   return packets{whole.substr(0, 11), whole.substr(0, 2), ""};
               }) == listing::not_listed);
}

BOOST_AUTO_TEST_CASE(hostile_packets_list_nobody) {
    std::vector<std::function<void(asked_name&)>> const ways{
        [](asked_name& of) { // of another name
            of.answer.answers = {address_record(loopback(2), 300, dns_name("list.example"))};
        },
        [](asked_name& of) { // a name that points to itself
            auto const here = static_cast<unsigned>(12 + of.answer.question.size());
            of.answer.answers = {address_record(loopback(2), 300, big_endian(0xc000 | here, 2))};
        },
        [](asked_name& of) { // without end
            of.answer.answers.assign(80, address_record(loopback(2)));
        },
        [](asked_name& of) {
            of.answer.answers = {{{}, dns_a, 300, "\x7f"}};
        },
        [](asked_name& of) {
            of.answer.answers = {{{}, dns_cname, 0, std::string(300, '\xc0')}};
        },
    };
    for (std::size_t i = 0; i < ways.size(); ++i) {
        name_server server([&](asked_name of) {
            ways[i](of);
            return packets{of.answer.bytes()};
        });
        dns_lists lists(patient({server.where()}));
        BOOST_TEST(ask(lists, lists.know(zone("list.example")), client(1)) != listing::listed, i);
    }
}

BOOST_AUTO_TEST_CASE(nobody_hears_of_it_after_the_end) {
    dns_lists lists(patient({silent.where()}));
    auto const number = lists.know(zone("list.example"));
    poller waits;
    bool told = false;
    for (std::uint32_t i = 0; i < 100; ++i)
        lists.ask(number, client(i), waits, [&](listing) { told = true; });
    lists.close(); // at once, with all of them outstanding
    lists.ask(number, client(1), waits, [&](listing) { told = true; });
    waits.post([&] { waits.stop(); });
    waits.run();
    BOOST_TEST(!told);
    lists.close();
}

BOOST_AUTO_TEST_CASE(server_that_cannot_be_is_said_at_the_start) {
    dns_lists lists(patient({{milter::endpoint::kind::inet, {}, "no address", "53"}}));
    BOOST_CHECK_THROW(lists.know(zone("list.example")), std::runtime_error);
    BOOST_TEST(lists.status().zones.empty());
}

BOOST_AUTO_TEST_CASE(server_where_nobody_listens_has_failed) {
    milter::endpoint where;
    { where = name_server(silence).where(); }
    dns_lists lists(impatient({where}));
    BOOST_TEST(ask(lists, lists.know(zone("list.example")), client(1)) == listing::failed);
}

BOOST_AUTO_TEST_SUITE_END()
