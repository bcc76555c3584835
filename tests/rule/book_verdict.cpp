// SPDX-License-Identifier: BSL-1.0
// tests/rule/book_verdict.cpp - the first rule that holds decides, as soon as none before it can say the opposite
#include "given_facts.hpp"
#include "rule/book.hpp"

#include <boost/test/unit_test.hpp>

using namespace rule_test;

BOOST_AUTO_TEST_SUITE(rule_book_verdict)

namespace {

rule_text ruled(std::string name, std::string when, verdict_kind verdict) {
    rule_text one;
    one.name = std::move(name);
    one.when = std::move(when);
    one.verdict = verdict;
    return one;
}

/// Two rules, of which the first one asks about HELO and the second one about the sender.
class two_rules {
public:
    two_rules(verdict_kind first, verdict_kind second) {
        book_text from;
        from.rules = {ruled("first", "helo == \"x\"", first),
                      ruled("second", "sender.null", second)};
        book_ = build(from).value;
    }
    std::string decided() {
        memo known;
        known.forget(book_->memo_size());
        moment const now{book_->conditions(), {}, facts, known};
        auto const* const found = book_->verdict(now);
        return (found ? found->name : "none") + (book_->verdict_is_out(now) ? ", final" : "");
    }
    given_facts facts;

private:
    std::shared_ptr<book const> book_;
};

} // namespace

BOOST_AUTO_TEST_CASE(the_opposite_before_it_is_waited_for) {
    struct {
        verdict_kind first, second;
        char const* early; // the second one holds, the first one is pending
    } const rows[] = {
        {verdict_kind::accept, verdict_kind::reject, "none"},
        {verdict_kind::reject, verdict_kind::accept, "none"},
        {verdict_kind::accept, verdict_kind::accept, "none"},
        {verdict_kind::reject, verdict_kind::tempfail, "second"},
    };
    for (auto const& row : rows) {
        two_rules mail(row.first, row.second);
        mail.facts.number(fact::sender_null, 1);
        BOOST_CHECK_EQUAL(mail.decided(), row.early);
        mail.facts.text(fact::helo, "y");
        BOOST_CHECK_EQUAL(mail.decided(), "second, final");
        two_rules other(row.first, row.second);
        other.facts.number(fact::sender_null, 1);
        other.facts.text(fact::helo, "x");
        BOOST_CHECK_EQUAL(other.decided(), "first, final");
    }
}

BOOST_AUTO_TEST_SUITE_END()
