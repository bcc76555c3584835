// SPDX-License-Identifier: BSL-1.0
// tests/manager/sample.cpp - a share of the mail, and a milter that applies to it only
//
// Source: `share` and `by` of docs/configuration.md.

#include <boost/test/unit_test.hpp>

#include <support/manager_rig.hpp>
#include <support/staged_selection.hpp>

#include <set>

using namespace support;
using manager::applicability;
using manager::sample;
using manager::sample_key;

namespace {

struct mail_of {
    std::string client, sender;
    std::uint64_t session = 1;
};

applicability judged(sample const& of, mail_of const& mail, std::string_view name = "a") {
    proto::macro_store const macros;
    manager::facts known{wire::command_code::mail, "in", macros, {}, {}, {}, {}, {}, nullptr, 0, 0};
    known.client = wire::connect{"client.test", wire::family::inet, 25, mail.client};
    known.sender = wire::mail{mail.sender, {}};
    known.session = mail.session;
    return manager::in_sample(of, name, known);
}

std::set<unsigned> clients_in(sample const& of, std::string_view name = "a") {
    std::set<unsigned> in;
    for (unsigned i = 0; i < 20'000; ++i)
        if (judged(of, {std::to_string(i), {}}, name) == applicability::yes) in.insert(i);
    return in;
}

} // namespace

BOOST_AUTO_TEST_SUITE(sample_of_mail)

BOOST_AUTO_TEST_CASE(has_the_share_that_was_asked_for) {
    for (unsigned const share : {25U, 500U, 5'000U, 9'900U}) BOOST_TEST_CONTEXT(share) {
            auto const expected = 2.0 * share;
            auto const found =
                static_cast<double>(clients_in({share, sample_key::client_address}).size());
            BOOST_TEST(found > expected - 5 * std::sqrt(expected));
            BOOST_TEST(found < expected + 5 * std::sqrt(expected));
        }
    BOOST_TEST(clients_in({manager::whole_share, sample_key::client_address}).size() == 20'000u);
}

BOOST_AUTO_TEST_CASE(larger_share_has_all_of_the_smaller_one) {
    auto const small = clients_in({500, sample_key::client_address});
    auto const large = clients_in({1'000, sample_key::client_address});
    BOOST_TEST(std::includes(large.begin(), large.end(), small.begin(), small.end()));
}

BOOST_AUTO_TEST_CASE(is_another_one_for_another_milter) {
    auto const a = clients_in({5'000, sample_key::client_address}, "a");
    auto const b = clients_in({5'000, sample_key::client_address}, "b");
    std::vector<unsigned> both;
    std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
    BOOST_TEST(both.size() > 4'500u);
    BOOST_TEST(both.size() < 5'500u);
}

BOOST_AUTO_TEST_CASE(is_the_same_on_every_host_and_in_every_release) {
    // found once: these numbers may never change, as clients would change sides
    std::vector<unsigned> first;
    for (auto const one : clients_in({100, sample_key::client_address})) {
        first.push_back(one);
        if (first.size() == 4) break;
    }
    BOOST_TEST(first == (std::vector<unsigned>{45, 77, 112, 130}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(key_says_what_is_treated_alike) {
    struct row {
        sample_key by{};
        mail_of one, other;
    };
    row const alike[] = {
        {sample_key::client_address, {"192.0.2.1", "<a@x>", 1}, {"192.0.2.1", "<b@y>", 2}},
        {sample_key::client_address, {"IPv6:2001:db8::1", "", 1}, {"2001:db8::1", "", 1}},
        {sample_key::sender_address, {"1", "<A@x.test>", 1}, {"2", "a@X.test", 2}},
        {sample_key::sender_domain, {"1", "<a@x.test>", 1}, {"2", "<b@X.test>", 2}},
        {sample_key::session, {"1", "<a@x>", 7}, {"2", "<b@y>", 7}},
    };
    for (auto const& [by, one, other] : alike) BOOST_TEST_CONTEXT(one.client << one.sender) {
            for (unsigned share = 100; share < 10'000; share += 100)
                BOOST_TEST((judged({share, by}, one) == judged({share, by}, other)));
        }
    unsigned differ = 0;
    for (unsigned share = 100; share < 10'000; share += 100)
        differ += judged({share, sample_key::sender_address}, {"1", "<a@x>"}) !=
                  judged({share, sample_key::sender_address}, {"1", "<b@x>"});
    BOOST_TEST(differ > 0u);
}

BOOST_AUTO_TEST_CASE(is_undecided_until_the_key_is_known) {
    proto::macro_store const macros;
    manager::facts known{
        wire::command_code::connect, "in", macros, {}, {}, {}, {}, {}, nullptr, 0, 0};
    for (auto const by :
         {sample_key::client_address, sample_key::sender_address, sample_key::sender_domain})
        BOOST_TEST((manager::in_sample({500, by}, "a", known) == applicability::undecided));
    BOOST_TEST(
        (manager::in_sample({500, sample_key::session}, "a", known) != applicability::undecided));
}

BOOST_AUTO_TEST_CASE(milter_out_of_it_is_not_even_connected_to) {
    unsigned in = 0;
    for (unsigned i = 0; i < 40; ++i) {
        manager_rig rig(2);
        rig.config.milters[1].sample = {5'000, sample_key::client_address};
        rig.filter(1).on("end_of_message", say(wire::reject{}));
        rig.negotiate();
        rig.send(
            wire::connect{"client.test", wire::family::inet, 1025, "192.0.2." + std::to_string(i)});
        rig.send(wire::helo{"client.test"});
        auto const heard = rig.message();
        auto const asked = rig.filter(1).connections() > 0;
        BOOST_TEST(heard == (asked ? "reject" : "continue"));
        auto const& record = rig.decisions().at(0).milters[1];
        BOOST_TEST(record.verdict == (asked ? "reject" : "not asked"));
        BOOST_TEST(record.reason == (asked ? "" : "not in its share"));
        in += asked;
    }
    BOOST_TEST(in > 8u);
    BOOST_TEST(in < 32u);
}

BOOST_AUTO_TEST_CASE(message_for_which_a_rule_says_no_is_not_said_to_be_outside) {
    manager_rig rig(1);
    rig.config.milters[0].sample = {manager::whole_share - 1, sample_key::client_address};
    rig.config.selection = std::make_shared<staged_selection>(
        std::vector<staged_choice>{{wire::command_code::mail, applicability::no}});
    rig.begin();
    rig.message();
    auto const& record = rig.decisions().at(0).milters[0];
    BOOST_TEST(record.verdict == "not asked");
    BOOST_TEST(record.reason == "");
}

BOOST_AUTO_TEST_CASE(by_sender_changes_from_message_to_message) {
    manager_rig rig(1);
    rig.config.milters[0].sample = {5'000, sample_key::sender_address};
    rig.begin();
    std::set<std::string> verdicts;
    for (int i = 0; i < 20; ++i) {
        rig.send(wire::mail{"<" + std::to_string(i) + "@client.test>", {}});
        rig.send(wire::rcpt{"<b@mx.test>", {}});
        rig.send(wire::data{});
        rig.content();
        BOOST_TEST(rig.end() == "continue");
        verdicts.insert(rig.decisions().back().milters[0].verdict);
    }
    BOOST_TEST(verdicts == (std::set<std::string>{"continue", "not asked"}),
               boost::test_tools::per_element());
    BOOST_TEST(rig.filter(0).connections() == 1u);
}

BOOST_AUTO_TEST_CASE(rules_hold_within_it) {
    struct no_one : manager::selection {
        applicability of(std::size_t, manager::facts const&) const noexcept override {
            return applicability::no;
        }
    };
    manager_rig rig(1);
    rig.config.milters[0].sample = {9'999, sample_key::client_address};
    rig.config.selection = std::make_shared<no_one>();
    rig.begin();
    BOOST_TEST(rig.message() == "continue");
    BOOST_TEST(rig.filter(0).connections() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
