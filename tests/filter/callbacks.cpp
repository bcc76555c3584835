// SPDX-License-Identifier: BSL-1.0
// tests/filter/callbacks.cpp - functions in place of a class

#include "milter/filter/callbacks.hpp"

#include <boost/test/unit_test.hpp>

#include <filter/conversation.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

using filter_test::conversation;
namespace filter = milter::filter;
namespace wire = milter::wire;
using filter::action;

namespace {

template <class... Items> struct talk {
    explicit talk(Items... items) : list(std::move(items)...) {}
    filter::callbacks<Items...> list;
    conversation<filter::callback_milter<Items...>> with{list};
};

} // namespace

BOOST_AUTO_TEST_SUITE(callbacks)

BOOST_AUTO_TEST_CASE(what_has_no_function_is_not_sent) {
    talk one(filter::on_rcpt([](filter::recipient const& to) -> filter::verdict {
        return to.domain() == "example.org" ? filter::proceed : filter::reject;
    }));
    BOOST_TEST(one.with.client().empty());
    BOOST_TEST(one.with.mail().empty());
    BOOST_TEST(one.with.rcpt() == "continue");
    BOOST_TEST(one.with.rcpt("<b@example.net>") == "reject");
    BOOST_TEST(one.with.end() == "continue");
}

BOOST_AUTO_TEST_CASE(functions_may_take_the_context_or_nothing) {
    talk one(filter::on_helo([](std::string_view, filter::context& context) {
                 context.log(filter::log_level::info, "helo");
             }),
             filter::on_mail(
                 [](filter::context& context) { context.log(filter::log_level::info, "mail"); }),
             filter::on_data([] { return filter::tempfail; }));
    one.with.say(wire::helo{"me"});
    one.with.mail();
    one.with.rcpt();
    BOOST_TEST(one.with.say(wire::data{}) == "tempfail");
    BOOST_TEST(one.with.log == (std::vector<std::string>{"helo", "mail"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(state_is_new_for_each_message) {
    talk one(filter::uses<action::add_header>, filter::per_message<int>,
             filter::on_header([](int& count, std::string_view, std::string_view) { ++count; }),
             filter::on_end_of_message([](int& count, filter::edits& edits) {
                 edits.add_header("X-Count", std::to_string(count));
             }));
    BOOST_TEST(one.with.message() == "add_header \"X-Count\" \"1\"; continue");
    BOOST_TEST(one.with.message() == "add_header \"X-Count\" \"1\"; continue");
}

BOOST_AUTO_TEST_CASE(functions_may_edit_by_name_and_ask_for_macros) {
    talk one(filter::uses<action::add_header | action::change_header>,
             filter::macro_names{.mail = "i"},
             filter::on_end_of_message(
                 [](filter::named_edits& edits) { edits.set_header("Subject", "new"); }));
    BOOST_TEST(one.with.mta.agreed().lists[2].value() == "i");
    BOOST_TEST(one.with.message() == "change_header 1 \"Subject\" \"new\"; continue");
}

BOOST_AUTO_TEST_CASE(what_a_function_throws_is_tempfail) {
    talk one(filter::on_mail([]() -> filter::verdict { throw 1; }));
    BOOST_TEST(one.with.mail() == "tempfail");
}

BOOST_AUTO_TEST_SUITE_END()
