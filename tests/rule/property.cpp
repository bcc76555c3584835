// SPDX-License-Identifier: BSL-1.0
// tests/rule/property.cpp - what holds of all expressions and all mails: made up by chance, from fixed seeds
#include "expression_source.hpp"
#include "given_facts.hpp"
#include "mail_source.hpp"
#include "rule/compile.hpp"
#include "rule/contradiction.hpp"
#include "rule/format.hpp"
#include "rule/outlook.hpp"
#include "rule/parser.hpp"
#include "rule/tree_json.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <random>
#include <utility>

using namespace rule_test;

BOOST_AUTO_TEST_SUITE(rule_property)

namespace {

choice by_chance(std::uint32_t seed) {
    return [random = std::make_shared<std::mt19937>(seed)](std::size_t below) {
        return (*random)() % below;
    };
}

/// An expression and two conditions that it may name.
struct made_up {
    scope names = names_of_expressions();
    std::vector<std::string> texts; ///< of the conditions
    std::vector<program> conditions;
    std::string text;
    std::optional<program> what;
    memo known;

    made_up(choice const& choose, int depth, std::vector<fact> const& only = {}) {
        std::vector<std::string> known_names;
        for (std::string const name : {"c0", "c1"}) {
            texts.push_back(expression_source(choose, only, known_names).condition(1));
            conditions.push_back(compiled(texts.back()));
            names.conditions.emplace(name, static_cast<std::uint32_t>(conditions.size() - 1));
            known_names.push_back(name);
        }
        text = expression_source(choose, only, known_names).condition(depth);
        what = compiled(text);
    }

    program compiled(std::string const& from) const {
        auto made = compile(from, names, "test");
        if (!made.value) BOOST_FAIL(from << ": " << made.problems.at(0).message);
        return std::move(*made.value);
    }

    truth say(fact_source const& facts, program const& of) {
        static auto const sets = sets_of_expressions();
        known.forget({conditions.size(), 0});
        return evaluate(of, {conditions, sets, facts, known});
    }
    truth say(fact_source const& facts) { return say(facts, *what); }
};

truth final_answer(made_up& asked, std::vector<revelation> const& mail) {
    given_facts facts;
    for (auto const& one : mail) one.tell(facts);
    return asked.say(facts);
}

constexpr std::uint32_t cases = 2000;
constexpr std::uint32_t fewer_cases = 600; // where each takes longer

} // namespace

BOOST_AUTO_TEST_CASE(a_final_answer_stays_and_is_that_of_the_whole_mail) {
    std::size_t early = 0;
    for (std::uint32_t seed = 0; seed < cases; ++seed) {
        auto const choose = by_chance(seed);
        made_up asked(choose, 3);
        auto mail = mail_source(choose).mail();
        auto const whole = final_answer(asked, mail);
        shuffle(mail, choose);
        given_facts facts;
        auto answer = asked.say(facts);
        for (auto const& one : mail) {
            if (is_final(answer)) ++early;
            one.tell(facts);
            auto const next = asked.say(facts);
            if (is_final(answer) && next != answer) BOOST_FAIL(asked.text << ", seed " << seed);
            answer = next;
        }
        BOOST_REQUIRE_MESSAGE(is_final(answer), asked.text);
        BOOST_REQUIRE_MESSAGE(answer == whole, asked.text << ", seed " << seed);
        BOOST_REQUIRE_MESSAGE(asked.say(facts) == answer, "the same facts, another answer");
    }
    BOOST_CHECK_GT(early, cases); // else nothing was tried
}

BOOST_AUTO_TEST_CASE(the_order_of_recipients_never_matters) {
    std::vector<fact> const only = {fact::recipient, fact::recipient_domain, fact::recipient_local,
                                    fact::recipients_count, fact::client_address};
    for (std::uint32_t seed = 0; seed < fewer_cases; ++seed) {
        auto const choose = by_chance(seed);
        made_up asked(choose, 2, only);
        auto mail = mail_source(choose).mail();
        auto const whole = final_answer(asked, mail);
        for (int order = 0; order < 3; ++order) {
            shuffle(mail, choose);
            BOOST_REQUIRE_MESSAGE(final_answer(asked, mail) == whole, asked.text);
        }
    }
}

BOOST_AUTO_TEST_CASE(text_tree_and_json_give_the_same_answer) {
    for (std::uint32_t seed = 0; seed < fewer_cases; ++seed) {
        auto const choose = by_chance(seed);
        made_up asked(choose, 3);
        auto const tree = parse(asked.text).tree;
        auto const text = to_text(*tree);
        auto const again = parse(text).tree;
        BOOST_REQUIRE_MESSAGE(again && *again == *tree, asked.text << " becomes " << text);
        auto const from_data = from_json(to_json(*tree)).tree;
        BOOST_REQUIRE_MESSAGE(from_data && *from_data == *tree, asked.text);
        auto mail = mail_source(choose).mail();
        auto const other = asked.compiled(text);
        given_facts facts;
        for (auto const& one : mail) {
            one.tell(facts);
            BOOST_REQUIRE(asked.say(facts) == asked.say(facts, other));
        }
    }
}

BOOST_AUTO_TEST_CASE(no_answer_comes_that_the_outlook_excludes) {
    for (std::uint32_t seed = 0; seed < fewer_cases; ++seed) {
        auto const choose = by_chance(seed);
        made_up asked(choose, 3);
        auto const ahead = outlook_of(*asked.what, asked.conditions);
        auto mail = mail_source(choose).mail();
        shuffle(mail, choose);
        given_facts facts;
        for (std::size_t i = 0; i < stage_count; ++i) {
            auto const at = static_cast<stage>(i);
            for (auto& one : mail) {
                if (!one.tell || one.from > at || (one.by > at && choose(2) == 0)) continue;
                std::exchange(one.tell, nullptr)(facts);
            }
            auto const answer = asked.say(facts);
            BOOST_REQUIRE_MESSAGE(ahead.can_be(at, answer),
                                  asked.text << " is " << name_of(answer) << " at " << name_of(at));
            if (is_final(answer)) BOOST_REQUIRE(at >= ahead.decided_from());
            if (!is_final(answer)) BOOST_REQUIRE(at < ahead.decided_by());
        }
    }
}

BOOST_AUTO_TEST_CASE(what_is_claimed_of_all_mails_holds_of_each) {
    std::vector<fact> const few[] = {{fact::client_address},
                                     {fact::helo},
                                     {fact::body_size},
                                     {fact::sender},
                                     {fact::sender_local},
                                     {fact::now},
                                     {fact::recipient},
                                     {fact::recipient_domain, fact::helo},
                                     {fact::auth_present, fact::load_cpu},
                                     {fact::declared_size, fact::header}};
    int never = 0, always = 0;
    for (std::uint32_t seed = 0; seed < 2 * fewer_cases; ++seed) {
        auto const choose = by_chance(seed);
        made_up asked(choose, 2, few[seed % std::size(few)]);
        std::vector<node> trees;
        for (auto const& one : asked.texts) trees.push_back(*parse(one).tree);
        condition_trees const conditions = {{"c0", &trees[0]}, {"c1", &trees[1]}};
        auto const what = constancy_of(*parse(asked.text).tree, conditions, "test");
        if (what == constancy::none) continue;
        ++(what == constancy::never ? never : always);
        auto const excluded = what == constancy::never ? truth::yes : truth::no;
        for (int i = 0; i < 20; ++i) {
            auto mail = mail_source(choose).mail();
            BOOST_REQUIRE_MESSAGE(final_answer(asked, mail) != excluded, asked.text);
        }
    }
    BOOST_CHECK_GT(never, 20);
    BOOST_CHECK_GT(always, 20);
    BOOST_TEST_MESSAGE(never << " never true, " << always << " always true");
}

BOOST_AUTO_TEST_SUITE_END()
