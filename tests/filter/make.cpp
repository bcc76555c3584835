// SPDX-License-Identifier: BSL-1.0
// tests/filter/make.cpp - objects of a milter are made with what they take, without a warning in the milter's own build
//
// The warning is about this file as well as any other, and one is an error here.
#if defined(__GNUC__)
#pragma GCC diagnostic error "-Wmissing-field-initializers"
#endif

#include "milter/filter/make.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

namespace detail = milter::filter::detail;

namespace {

struct connection {
    int messages = 0;
};
struct context {};

struct of_owner {
    connection& from;
    std::string subject;
    int recipients;
};
struct of_both {
    connection& from;
    context& with;
    std::string subject;
};
struct of_context {
    context& with;
    std::string subject;
};
struct of_nothing {
    std::string subject;
};
class constructed {
public:
    explicit constructed(connection& from) : messages(++from.messages) {}
    int messages;
};

} // namespace

BOOST_AUTO_TEST_SUITE(make)

BOOST_AUTO_TEST_CASE(an_aggregate_takes_its_first_members_and_the_others_are_empty) {
    connection owner;
    context with;
    auto const one = detail::make<of_owner>(owner, with);
    BOOST_TEST(&one->from == &owner);
    BOOST_TEST(one->subject.empty());
    BOOST_TEST(one->recipients == 0);
    auto const both = detail::make<of_both>(owner, with);
    BOOST_TEST(&both->from == &owner);
    BOOST_TEST(&both->with == &with);
    BOOST_TEST(&detail::make<of_context>(owner, with)->with == &with);
    BOOST_TEST(detail::make<of_nothing>(owner, with)->subject.empty());
}

BOOST_AUTO_TEST_CASE(a_class_takes_what_its_constructor_does) {
    connection owner;
    context with;
    BOOST_TEST(detail::make<constructed>(owner, with)->messages == 1);
}

BOOST_AUTO_TEST_SUITE_END()
