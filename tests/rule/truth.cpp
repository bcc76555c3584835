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

BOOST_AUTO_TEST_SUITE_END()
