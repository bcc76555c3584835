// SPDX-License-Identifier: BSL-1.0
// tests/filter/traits.cpp - what is negotiated follows from the members of a class

#include "milter/filter/traits.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>

namespace filter = milter::filter;
namespace proto = milter::proto;
namespace wire = milter::wire;
using filter::action;
using filter::step;

namespace {

template <class Filter> proto::wish wish_of() {
    filter::nothing_shared none;
    return filter::wish_of<Filter>(none);
}

struct only_ends {
    static constexpr auto actions = action::add_header;
    static constexpr auto optional_actions = action::quarantine;
    void end_of_message(filter::edits&) {}
};

struct watches {
    void connect(filter::client const&) {}
    filter::verdict helo(std::string_view) { return filter::proceed; }
    struct message {
        void header(std::string_view, std::string_view) {}
        void body(std::string_view, filter::context&) {}
        filter::plain_verdict end_of_headers() { return filter::proceed; }
    };
};

struct skips {
    filter::body_verdict body() { return filter::skip; }
};

struct by_name {
    static constexpr auto actions = action::change_header;
    void end_of_message(filter::named_edits&, filter::context&) {}
};

struct asks {
    static constexpr filter::macro_names macros{
        .mail = "{auth_authen}", .rcpt = "", .end_of_message = "i"};
    static constexpr auto steps = step::leading_space | step::rejected_rcpt;
    filter::verdict end_of_message() { return filter::proceed; }
};

struct asks_at_headers {
    static constexpr filter::macro_names macros{.end_of_headers = "{mail_addr}"};
    filter::verdict end_of_headers() { return filter::proceed; }
};

struct asks_at_both {
    static constexpr filter::macro_names macros{.end_of_headers = "", .end_of_message = "i"};
    filter::verdict end_of_message() { return filter::proceed; }
};

struct asks_twice {
    static constexpr filter::macro_names macros{.connect = "j", .helo = "{tls_version}"};
    void connect() {}
    struct message {
        static constexpr filter::macro_names macros{.mail = "{auth_authen}", .end_of_message = "i"};
        void mail() {}
    };
};

struct adjusts {
    struct shared {
        bool quarantines;
    };
    static void negotiate(proto::wish& wish, shared const& with) {
        if (with.quarantines) wish.needs |= action::quarantine;
    }
    void end_of_message(filter::edits&) {}
};

struct wrong {
    void rcpt(int, int) {}
    template <class T> void body(T*) {}
};

constexpr auto all_but_end = step::no_connect | step::no_helo | step::no_mail | step::no_rcpt |
                             step::no_body | step::no_header | step::no_end_of_headers |
                             step::no_unknown | step::no_data;

void same(step found, step expected) { BOOST_TEST(to_string(found) == to_string(expected)); }

} // namespace

BOOST_AUTO_TEST_SUITE(traits)

BOOST_AUTO_TEST_CASE(what_has_no_handler_is_not_sent) {
    auto const wish = wish_of<only_ends>();
    same(wish.steps, all_but_end);
    BOOST_TEST((wish.needs == action::add_header));
    BOOST_TEST((wish.actions == action::quarantine));
}

BOOST_AUTO_TEST_CASE(a_handler_that_returns_nothing_is_not_answered) {
    same(wish_of<watches>().steps, step::nr_connect | step::no_mail | step::no_rcpt |
                                       step::no_unknown | step::no_data | step::nr_header |
                                       step::nr_body);
}

BOOST_AUTO_TEST_CASE(skip_is_asked_for_where_it_may_be_said) {
    same(wish_of<skips>().steps, (all_but_end & ~step::no_body) | step::skip);
}

BOOST_AUTO_TEST_CASE(edits_by_name_need_the_headers) {
    same(wish_of<by_name>().steps, (all_but_end & ~step::no_header) | step::nr_header);
}

BOOST_AUTO_TEST_CASE(a_stage_whose_macros_are_asked_for_is_sent) {
    auto const wish = wish_of<asks>();
    same(wish.steps, (all_but_end & ~step::no_mail) | step::nr_mail | step::leading_space |
                         step::rejected_rcpt);
    BOOST_TEST(wish.lists[2].value() == "{auth_authen}");
    BOOST_TEST(wish.lists[3].value() == "");
    BOOST_TEST(wish.lists[5].value() == "i");
    BOOST_TEST(!wish.lists[0]);
}

BOOST_AUTO_TEST_CASE(lists_of_both_ends_are_asked_for_or_none) {
    auto const message = wish_of<asks>();
    BOOST_TEST(message.lists[6].value_or("none") == "i");
    same(message.steps & step::no_end_of_headers, step::no_end_of_headers); // no command for that
    auto const headers = wish_of<asks_at_headers>();
    BOOST_TEST(headers.lists[6].value_or("none") == "{mail_addr}");
    BOOST_TEST(headers.lists[5].value_or("none") == "{mail_addr}");
    auto const both = wish_of<asks_at_both>();
    BOOST_TEST(both.lists[6].value_or("none") == "");
    BOOST_TEST(both.lists[5].value_or("none") == "i");
    auto const neither = wish_of<only_ends>();
    BOOST_TEST(!neither.lists[5]);
    BOOST_TEST(!neither.lists[6]);
}

BOOST_AUTO_TEST_CASE(macros_of_the_connection_and_of_its_message_are_both_asked_for) {
    auto const wish = wish_of<asks_twice>();
    BOOST_TEST(wish.lists[0].value() == "j");
    BOOST_TEST(wish.lists[1].value() == "{tls_version}");
    BOOST_TEST(wish.lists[2].value() == "{auth_authen}");
    BOOST_TEST(wish.lists[5].value() == "i");
    BOOST_TEST(!wish.lists[3]);
    same(wish.steps & step::no_helo, step::none);
}

BOOST_AUTO_TEST_CASE(macros_of_a_stage_are_asked_for_in_one_place) {
    using filter::macro_names;
    using filter::detail::overlap;
    static_assert(!overlap({.connect = "j"}, {.helo = "j", .mail = "i"}));
    static_assert(overlap({.end_of_message = "i"}, {.mail = "i", .end_of_message = ""}));
    static_assert(!overlap({}, {}));
    BOOST_TEST(true);
}

BOOST_AUTO_TEST_CASE(a_class_may_adjust_what_it_asks_for) {
    adjusts::shared const yes{true}, no{false};
    BOOST_TEST((filter::wish_of<adjusts>(yes).needs == action::quarantine));
    BOOST_TEST((filter::wish_of<adjusts>(no).needs == action::none));
}

BOOST_AUTO_TEST_CASE(a_handler_is_found_by_its_name_whatever_its_parameters) {
    using namespace filter::detail;
    static_assert(has_name<at_rcpt, wrong>() && has_name<at_body, wrong>());
    static_assert(!has_name<at_mail, wrong>());
    static_assert(!handles<at_rcpt, wrong, filter::context, filter::recipient const>);
    BOOST_TEST(true);
}

BOOST_AUTO_TEST_SUITE_END()
