// SPDX-License-Identifier: BSL-1.0
// tests/rule/shared_steps.cpp - what was found out is not found out again, and what was taken back is
#include "rule/shared_steps.hpp"

#include "expression_source.hpp"
#include "given_facts.hpp"
#include "mail_source.hpp"
#include "rule/book.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <random>

using namespace rule_test;

BOOST_AUTO_TEST_SUITE(rule_shared_steps)

namespace {

/// Counts what is asked of it.
class counting_facts final : public fact_source {
public:
    value read(fact which, argument const* with, cursor const* at) const noexcept override {
        ++reads;
        return facts.read(which, with, at);
    }
    bool next(quantity of, argument const* with, cursor& at) const noexcept override {
        return facts.next(of, with, at);
    }
    knowledge is_complete(quantity of, argument const* with) const noexcept override {
        return facts.is_complete(of, with);
    }

    given_facts facts;
    mutable int reads = 0;
};

/// Milters by their `when`.
class milters {
public:
    explicit milters(std::vector<std::string> const& when) {
        book_text from;
        from.sets = {{"customers", set_kind::domains}};
        for (auto const& one : when)
            from.milters.push_back({"m" + std::to_string(from.milters.size()), one, true});
        book_ = build(from).value;
        known.forget(book_->memo_size());
    }
    truth applies(std::size_t milter) {
        return book_->applies(milter, {book_->conditions(), sets_, mail, known});
    }
    book const& rules() const { return *book_; }

    counting_facts mail;
    memo known;

private:
    std::shared_ptr<book const> book_;
    std::vector<std::shared_ptr<set const>> sets_ = {std::make_shared<set const>(
        *parse_set(set_kind::domains, {"example.com", "example.org"}).value)};
};

} // namespace

BOOST_AUTO_TEST_CASE(what_stands_in_several_expressions_is_found_out_once) {
    milters all({"client.name matches /x/ and auth.present", "client.name matches /x/",
                 "not (client.name matches /x/)"});
    all.mail.facts.text(fact::client_name, "mx.example.com");
    BOOST_TEST((all.applies(0) == truth::pending));
    BOOST_TEST((all.applies(1) == truth::yes));
    BOOST_TEST((all.applies(2) == truth::no));
    BOOST_TEST(all.mail.reads == 2);
}

BOOST_AUTO_TEST_CASE(final_answers_stay_while_more_becomes_known_and_pending_ones_do_not) {
    milters all({"client.name matches /x/ and auth.present", "auth.present"});
    all.mail.facts.text(fact::client_name, "mx.example.com");
    BOOST_TEST((all.applies(0) == truth::pending));
    BOOST_TEST((all.applies(1) == truth::pending));
    all.mail.facts.number(fact::auth_present, 1);
    all.mail.reads = 0;
    all.known.learned();
    BOOST_TEST((all.applies(0) == truth::yes));
    BOOST_TEST((all.applies(1) == truth::yes));
    BOOST_TEST(all.mail.reads == 1);
}

BOOST_AUTO_TEST_CASE(samples_of_two_milters_are_two_samples) {
    milters all({"sample(50%, by = sender.domain)", "sample(50%, by = sender.domain)"});
    int other = 0;
    for (int i = 0; i < 64; ++i) {
        all.known.forget(all.rules().memo_size());
        all.mail.facts.text(fact::sender_domain, std::to_string(i) + ".example.com");
        if (all.applies(0) != all.applies(1)) ++other;
    }
    BOOST_TEST(other > 10);
}

BOOST_AUTO_TEST_CASE(each_recipient_is_looked_at_once) {
    milters all({"any(recipient.domain in @customers)"});
    constexpr int many = 1000;
    for (int i = 0; i < many; ++i) {
        all.mail.facts.recipient("<a@" + std::to_string(i) + ".example.net>");
        all.known.learned();
        BOOST_REQUIRE((all.applies(0) == truth::pending));
    }
    BOOST_TEST(all.mail.reads == many);
    all.mail.facts.recipient("<a@example.org>");
    all.known.learned();
    BOOST_TEST((all.applies(0) == truth::yes));
    BOOST_TEST(all.mail.reads == many + 1);
}

BOOST_AUTO_TEST_CASE(one_that_may_still_settle_it_is_looked_at_again) {
    milters all({"any(recipient.domain in @customers and helo == \"x\")"});
    all.mail.facts.recipient("<a@example.com>");
    BOOST_TEST((all.applies(0) == truth::pending));
    all.mail.facts.recipient("<a@example.net>");
    all.mail.facts.text(fact::helo, "x");
    all.known.learned();
    BOOST_TEST((all.applies(0) == truth::yes));
}

BOOST_AUTO_TEST_CASE(what_was_taken_back_does_not_count) {
    milters all({"any(recipient.domain in @customers)"});
    all.mail.facts.recipient("<a@example.net>");
    BOOST_TEST((all.applies(0) == truth::pending));
    all.mail.facts.recipient("<a@example.com>");
    all.known.learned();
    BOOST_TEST((all.applies(0) == truth::yes));
    all.mail.facts.take_recipient_back();
    all.known.taken_back(1);
    BOOST_TEST((all.applies(0) == truth::pending));
    all.mail.facts.recipient("<b@example.net>");
    all.known.learned();
    BOOST_TEST((all.applies(0) == truth::pending));
    all.mail.facts.take_recipient_back();
    all.known.taken_back(1);
    all.mail.facts.recipient("<b@example.org>"); // where another one was that had been passed
    BOOST_TEST((all.applies(0) == truth::yes));
}

BOOST_AUTO_TEST_CASE(nothing_of_one_message_is_left_for_the_next) {
    milters all({"any(recipient.domain in @customers)", "client.name matches /x/"});
    all.mail.facts.text(fact::client_name, "mx");
    all.mail.facts.recipient("<a@example.net>");
    all.applies(0);
    BOOST_TEST((all.applies(1) == truth::yes));
    all.mail.facts = {};
    all.known.forget(all.rules().memo_size());
    all.mail.facts.recipient("<a@example.com>");
    BOOST_TEST((all.applies(0) == truth::yes));
    BOOST_TEST((all.applies(1) == truth::pending));
}

BOOST_AUTO_TEST_CASE(pending_answers_are_forgotten_however_often_more_becomes_known) {
    milters all({"client.name matches /x/", "client.name matches /x/"});
    for (int i = 0; i < 40'000; ++i) { // turns are counted in 14 bits
        all.known.learned();
        if (i % 1000 == 0) BOOST_REQUIRE((all.applies(0) == truth::pending));
    }
    all.mail.facts.text(fact::client_name, "mx");
    for (int i = 0; i < 40'000; ++i) {
        all.known.learned();
        if (i % 1000 == 0) BOOST_REQUIRE((all.applies(0) == truth::yes));
    }
}

BOOST_AUTO_TEST_CASE(answers_that_are_kept_are_those_that_would_be_found_out) {
    constexpr std::uint32_t cases = 1000;
    auto const names = names_of_expressions();
    auto const sets = sets_of_expressions();
    for (std::uint32_t seed = 0; seed < cases; ++seed) {
        auto const choose = [random = std::make_shared<std::mt19937>(seed)](std::size_t below) {
            return (*random)() % below;
        };
        auto const text = expression_source(choose).condition(3);
        auto const fresh = compile(text, names, "test");
        auto kept = compile("(" + text + ") or (" + text + ")", names, "test");
        auto part = compile(text, names, "test");
        BOOST_REQUIRE((fresh.value && kept.value && part.value));
        memo known, unused;
        known.forget(share_steps({&*kept.value, &*part.value}, 0));
        auto mail = mail_source(choose).mail();
        shuffle(mail, choose);
        given_facts facts;
        for (auto const& one : mail) {
            one.tell(facts);
            known.learned();
            unused.forget({});
            auto const answer = evaluate(*fresh.value, {{}, sets, facts, unused});
            for (auto const* const other : {&*kept.value, &*part.value})
                BOOST_REQUIRE_MESSAGE(evaluate(*other, {{}, sets, facts, known}) == answer,
                                      text << ", seed " << seed);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
