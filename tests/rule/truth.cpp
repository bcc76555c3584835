// SPDX-License-Identifier: BSL-1.0
// tests/rule/truth.cpp - the laws of Kleene's logic hold with two kinds of not knowing
#include "rule/truth.hpp"

#include <boost/test/unit_test.hpp>

using namespace milter::rule;

BOOST_AUTO_TEST_SUITE(rule_truth)

BOOST_AUTO_TEST_CASE(and_and_or_obey_the_laws_of_a_lattice) {
    for (auto const a : all_truths) {
        BOOST_CHECK(not_(not_(a)) == a);
        BOOST_CHECK(and_(a, a) == a && or_(a, a) == a);
        BOOST_CHECK(and_(a, truth::yes) == a && or_(a, truth::no) == a);
        BOOST_CHECK(and_(a, truth::no) == truth::no && or_(a, truth::yes) == truth::yes);
        for (auto const b : all_truths) {
            BOOST_CHECK(and_(a, b) == and_(b, a) && or_(a, b) == or_(b, a));
            BOOST_CHECK(not_(and_(a, b)) == or_(not_(a), not_(b)));
            for (auto const c : all_truths) {
                BOOST_CHECK(and_(a, and_(b, c)) == and_(and_(a, b), c));
                BOOST_CHECK(or_(a, or_(b, c)) == or_(or_(a, b), c));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(what_becomes_known_later_turns_no_final_answer) {
    for (auto const a : all_truths)
        for (auto const later : all_truths)
            for (bool const is_and : {true, false}) {
                auto const join = [&](truth x, truth y) { return is_and ? and_(x, y) : or_(x, y); };
                auto const before = join(truth::pending, a);
                if (is_final(before)) BOOST_CHECK(join(later, a) == before);
            }
}

BOOST_AUTO_TEST_CASE(many_truths_are_what_they_are_two_by_two_in_any_order) {
    for (auto const a : all_truths)
        for (auto const b : all_truths)
            for (auto const c : all_truths) {
                auto all = truths::that_all_hold(), one = truths::that_one_holds();
                bool settled_all = false, settled_one = false;
                for (auto const each : {a, b, c}) {
                    if (!settled_all) settled_all = all.add(each);
                    if (!settled_one) settled_one = one.add(each);
                }
                BOOST_CHECK(all.answer() == and_(a, and_(b, c)));
                BOOST_CHECK(one.answer() == or_(a, or_(b, c)));
                BOOST_CHECK(settled_all == (all.answer() == truth::no));
                BOOST_CHECK(settled_one == (one.answer() == truth::yes));
                BOOST_CHECK(all.is_neutral() == (all.answer() == truth::yes));
                BOOST_CHECK(one.is_neutral() == (one.answer() == truth::no));
            }
}

BOOST_AUTO_TEST_SUITE_END()
