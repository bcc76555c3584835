// SPDX-License-Identifier: BSL-1.0
// tests/service/dns_lists.cpp - lists in DNS as sessions hear of them, where name servers answer

#include "dns_lists_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <future>
#include <string>
#include <thread>
#include <vector>

using namespace support;

namespace {

struct fixture {
    name_server server{[](auto const& of) { return addresses(of, {loopback(2)}); }};
    dns_settings settings = patient({server.where()});
};

listing answer_of(name_server::script says, dns_zone const& of) {
    name_server server(std::move(says));
    dns_lists lists(patient({server.where()}));
    return ask(lists, lists.know(of), client(1));
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(manager_dns_lists, fixture)

BOOST_AUTO_TEST_CASE(ipv4_address_is_found_listed) {
    dns_lists lists(settings);
    BOOST_TEST(ask(lists, lists.know(zone("list.example")), {192, 0, 2, 99}) == listing::listed);
    BOOST_TEST(server.times("99.2.0.192.list.example") == 1);
}

BOOST_AUTO_TEST_CASE(ipv6_address_is_found_listed) {
    dns_lists lists(settings);
    address_bytes const address{0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x1f};
    BOOST_TEST(ask(lists, lists.know(zone("list.example")), address) == listing::listed);
    BOOST_TEST(server.times("f.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2."
                            "list.example") == 1);
}

BOOST_AUTO_TEST_CASE(all_addresses_are_looked_at_by_the_ranges_of_the_zone) {
    auto const several = [](auto const& of) {
        return addresses(of, {loopback(4), loopback(10), loopback(200)});
    };
    BOOST_TEST(answer_of(several, zone("l.example", {"127.0.0.10/31"})) == listing::listed);
    BOOST_TEST(answer_of(several, zone("l.example", {"127.0.0.200"})) == listing::listed);
    BOOST_TEST(answer_of(several, zone("l.example", {"127.0.0.2", "127.0.0.5-127.0.0.9"})) ==
               listing::not_listed);
}

BOOST_AUTO_TEST_CASE(list_that_does_not_serve_has_failed) {
    auto const refuses = [](auto const& of) { return addresses(of, {0x7ffffffe}); };
    BOOST_TEST(answer_of(refuses, zone("l.example")) == listing::failed);
    BOOST_TEST(answer_of(refuses, zone("l.example", {"127.0.0.2"})) == listing::failed);
}

BOOST_AUTO_TEST_CASE(nobody_is_listed_by_who_is_no_list) {
    BOOST_TEST(answer_of([](auto const& of) { return addresses(of, {0xc0000250}); },
                         zone("l.example")) == listing::failed);
}

BOOST_AUTO_TEST_CASE(no_such_name_and_no_address_are_not_listed) {
    BOOST_TEST(answer_of([](auto const& of) { return no_such_name(of); }, zone("l.example")) ==
               listing::not_listed);
    BOOST_TEST(answer_of([](auto const& of) { return addresses(of, {}); }, zone("l.example")) ==
               listing::not_listed);
}

BOOST_AUTO_TEST_CASE(refusals_of_the_name_server_have_failed) {
    for (unsigned const code : {dns_servfail, dns_refused})
        BOOST_TEST(answer_of([code](auto const& of) { return rcode(of, code); },
                             zone("l.example")) == listing::failed);
}

BOOST_AUTO_TEST_CASE(answer_is_known_at_once_the_next_time) {
    server.will_say([](auto const& of) { return no_such_name(of); });
    dns_lists lists(settings);
    auto const number = lists.know(zone("list.example"));
    BOOST_TEST(ask(lists, number, client(1)) == listing::not_listed);
    poller never_runs;
    std::vector<listing> heard;
    lists.ask(number, client(1), never_runs, [&](listing said) { heard.push_back(said); });
    BOOST_TEST(heard == std::vector{listing::not_listed}, boost::test_tools::per_element());
    BOOST_TEST(server.times() == 1);
    auto const status = lists.status();
    BOOST_TEST(status.remembered == 1u);
    BOOST_TEST(status.zones.at(0).asked == 2u);
    BOOST_TEST(status.zones.at(0).cached == 1u);
    BOOST_TEST(status.zones.at(0).not_listed == 2u);
    BOOST_TEST(status.zones.at(0).sent == 1u);
}

BOOST_AUTO_TEST_CASE(answer_that_holds_for_no_time_is_asked_for_again) {
    for (bool const listed : {true, false}) {
        server.will_say([listed](auto const& of) {
            return listed ? addresses(of, {loopback(2)}, 0) : no_such_name(of, 0);
        });
        dns_lists lists(settings);
        auto const number = lists.know(zone(listed ? "yes.example" : "no.example"));
        ask(lists, number, client(1));
        ask(lists, number, client(1));
        BOOST_TEST(lists.status().zones.at(0).sent == 2u);
    }
}

BOOST_AUTO_TEST_CASE(answers_hold_no_longer_than_the_settings_say) {
    settings.positive_ttl_max = {};
    dns_lists lists(settings);
    ask(lists, lists.know(zone("list.example")), client(1));
    BOOST_TEST(lists.status().remembered == 0u);
}

BOOST_AUTO_TEST_CASE(same_question_is_asked_once_for_all_who_wait) {
    std::promise<void> go_on;
    server.will_say([&, held = go_on.get_future().share()](auto const& of) {
        held.wait();
        return addresses(of, {loopback(2)});
    });
    dns_lists lists(settings);
    auto const number = lists.know(zone("list.example"));
    poller waits;
    int heard = 0;
    for (int i = 0; i < 100; ++i)
        lists.ask(number, client(1), waits, [&](listing said) {
            BOOST_TEST(said == listing::listed);
            if (++heard == 100) waits.stop();
        });
    BOOST_TEST(heard == 0);
    go_on.set_value();
    waits.run();
    BOOST_TEST(lists.status().zones.at(0).sent == 1u);
    BOOST_TEST(lists.status().zones.at(0).listed == 100u);
}

BOOST_AUTO_TEST_CASE(thousand_questions_at_once_are_answered) {
    server.will_say([](auto const& of) {
        bool const odd = (of.name.front() - '0') % 2 != 0; // of the last digits the first
        return odd ? addresses(of, {loopback(2)}) : no_such_name(of);
    });
    dns_lists lists(settings);
    auto const number = lists.know(zone("list.example"));
    poller waits;
    int heard = 0;
    int listed = 0;
    for (std::uint32_t i = 0; i < 1000; ++i)
        lists.ask(number, client(i), waits, [&](listing said) {
            listed += said == listing::listed ? 1 : 0;
            if (++heard == 1000) waits.stop();
        });
    waits.run();
    int expected = 0;
    for (std::uint32_t i = 0; i < 1000; ++i)
        expected += (std::to_string(i & 0xff).front() - '0') % 2;
    BOOST_TEST(listed == expected);
    BOOST_TEST(lists.status().outstanding == 0u);
}

BOOST_AUTO_TEST_CASE(several_threads_ask_at_once) {
    dns_lists lists(settings);
    auto const first = lists.know(zone("a.example"));
    auto const second = lists.know(zone("b.example"));
    constexpr int threads = 4;
    std::vector<std::jthread> workers;
    workers.reserve(threads);
    std::atomic<int> listed = 0;
    for (int i = 0; i < threads; ++i)
        workers.emplace_back([&] {
            for (std::uint32_t each = 0; each < 50; ++each)
                for (auto const number : {first, second})
                    listed += ask(lists, number, client(each)) == listing::listed ? 1 : 0;
        });
    workers.clear();
    BOOST_TEST(listed == 400);
    BOOST_TEST(lists.status().zones.at(0).asked == 200u);
    BOOST_TEST(lists.status().remembered == 100u);
}

BOOST_AUTO_TEST_CASE(bound_of_what_is_remembered_holds) {
    settings.cache_entries = 10;
    dns_lists lists(settings);
    auto const number = lists.know(zone("list.example"));
    for (std::uint32_t i = 0; i < 50; ++i) ask(lists, number, client(i));
    BOOST_TEST(lists.status().remembered == 10u);
}

BOOST_AUTO_TEST_CASE(zone_that_is_known_keeps_its_number_and_its_answers) {
    dns_lists lists(settings);
    auto const number = lists.know(zone("list.example"));
    ask(lists, number, client(1));
    BOOST_TEST(lists.know(zone("other.example")) != number);
    BOOST_TEST(lists.know(zone("list.example", {"127.0.0.2"})) != number);
    BOOST_TEST(lists.know(zone("list.example")) == number);
    ask(lists, lists.know(zone("list.example")), client(1));
    BOOST_TEST(server.times() == 1);
}

BOOST_AUTO_TEST_CASE(answer_that_was_cut_short_comes_by_tcp) {
    server.will_say([](asked_name of) {
        if (of.by_tcp) return addresses(of, {loopback(2)});
        of.answer.more_flags = 0x0200;
        return addresses(of, {loopback(9)});
    });
    dns_lists lists(settings);
    auto const number = lists.know(zone("list.example", {"127.0.0.2"}));
    BOOST_TEST(ask(lists, number, client(1)) == listing::listed);
    BOOST_TEST(server.times() == 2);
}

BOOST_AUTO_TEST_CASE(ports_change_while_something_is_asked_all_the_time) {
    server.will_say([](asked_name const& of) {
        bool const is_silent = of.name.starts_with("0.0.0.10.");
        return is_silent ? std::vector<std::string>() : no_such_name(of);
    });
    poller nobody;
    dns_lists lists(settings);
    auto const number = lists.know(zone("list.example"));
    lists.ask(number, client(0), nobody, [](listing) {});
    for (std::uint32_t i = 1; i <= 200; ++i) ask(lists, number, client(i));
    BOOST_TEST(server.ports() > 2u);
}

BOOST_AUTO_TEST_CASE(nothing_is_asked_of_an_address_that_is_none) {
    dns_lists lists(settings);
    auto const number = lists.know(zone("list.example"));
    BOOST_TEST(ask(lists, number, {1, 2, 3}) == listing::failed);
    BOOST_TEST(ask(lists, number + 1, client(1)) == listing::failed);
    BOOST_TEST(server.times() == 0);
}

BOOST_AUTO_TEST_CASE(name_that_no_question_can_have_has_failed) {
    dns_lists lists(settings);
    BOOST_TEST(ask(lists, lists.know(zone(std::string(70, 'x'))), client(1)) == listing::failed);
    BOOST_TEST(lists.status().outstanding == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
