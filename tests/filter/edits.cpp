// SPDX-License-Identifier: BSL-1.0
// tests/filter/edits.cpp - edits at the end of the message: by index, by name, a new body; and those that cannot be made

#include "milter/filter/edits.hpp"

#include <milter/message/edit.hpp>

#include <boost/test/unit_test.hpp>

#include <filter/conversation.hpp>
#include <support/print_error.hpp>
#include <support/reference_mta.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

using filter_test::conversation;
namespace filter = milter::filter;
namespace message = milter::message;
namespace wire = milter::wire;
using filter::action;

namespace {

template <class Edits> struct does { std::function<void(Edits&)> what; };

struct edits_all {
    using shared = does<filter::edits>;
    static constexpr auto actions = action::all & ~action::set_macro_list;
    shared& with;
    void end_of_message(filter::edits& edits) const { with.what(edits); }
};

struct edits_little {
    using shared = does<filter::edits>;
    static constexpr auto actions = action::quarantine;
    static constexpr auto optional_actions = action::add_header;
    shared& with;
    void end_of_message(filter::edits& edits) const { with.what(edits); }
};

struct edits_by_name {
    using shared = does<filter::named_edits>;
    static constexpr auto actions = action::add_header | action::change_header;
    shared& with;
    void end_of_message(filter::named_edits& edits) const { with.what(edits); }
};

template <class Milter, class Do> std::string said(Do what) {
    typename Milter::shared with{what};
    conversation<Milter> between(with);
    return between.message();
}

using support::reference_mta;
using lines = std::vector<std::string>;

/// Edits of one reply in the words of our lists.
struct edit_of {
    template <class Reply> std::optional<message::header_edit> operator()(Reply const& one) const {
        if constexpr (requires { message::to_header_edit(one, false); })
            return message::to_header_edit(one, false);
        else
            return std::nullopt;
    }
};

/// What this MTA makes of the edits to a message with these headers, written as its lines, its own Received left out.
lines result(reference_mta::kind which, std::vector<std::string> const& names,
             std::function<void(filter::named_edits&)> what) {
    does<filter::named_edits> with{std::move(what)};
    conversation<edits_by_name> between(with);
    reference_mta mta(which);
    between.mail();
    between.rcpt();
    for (auto const& name : names) {
        between.say(wire::header{name, "old"});
        mta.original(name, " old");
    }
    auto const out = between.force(wire::end_of_message{});
    for (std::string_view rest = out; !rest.empty();) {
        milter::error_code ec;
        auto const frame = wire::first_frame(rest, 65536, ec);
        BOOST_REQUIRE(frame);
        rest.remove_prefix(frame->raw.size());
        if (auto const edit = std::visit(edit_of{}, wire::decode_reply(*frame, ec).value()))
            mta.apply(*edit);
    }
    auto all = mta.lines();
    std::erase(all, "Received:*");
    return all;
}

} // namespace

BOOST_AUTO_TEST_SUITE(edits)

BOOST_AUTO_TEST_CASE(each_edit_is_its_packet) {
    BOOST_TEST(said<edits_all>([](filter::edits& edits) {
                   edits.add_header("A", "1");
                   edits.insert_header(0, "B", "2");
                   edits.change_header("Subject", 1, "x");
                   edits.delete_header("Subject", 2);
                   edits.add_recipient("<c@d>");
                   edits.add_recipient("<e@f>", "NOTIFY=NEVER");
                   edits.remove_recipient("<b@example.org>");
                   edits.change_sender("<>");
                   edits.quarantine("why not");
                   edits.replace_body("new\r\n");
               }) ==
               R"(add_header "A" "1"; insert_header 0 "B" "2"; change_header 1 "Subject" "x"; )"
               R"(change_header 2 "Subject" ""; add_rcpt "<c@d>"; )"
               R"(add_rcpt_with_args "<e@f>" "NOTIFY=NEVER"; delete_rcpt "<b@example.org>"; )"
               R"(change_from "<>"; quarantine "why not"; replace_body 5 bytes; continue)");
}

BOOST_AUTO_TEST_CASE(an_edit_that_was_not_negotiated_throws_and_the_message_is_tempfailed) {
    BOOST_TEST(said<edits_little>([](filter::edits& edits) {
                   BOOST_TEST(!edits.can(action::change_header));
                   BOOST_TEST(edits.can(action::add_header | action::quarantine));
                   BOOST_CHECK_THROW(edits.change_header("Subject", 1, "x"), filter::edit_error);
                   edits.change_sender("<>");
                   BOOST_ERROR("it did not throw");
               }) == "tempfail");
}

BOOST_AUTO_TEST_CASE(what_the_mta_does_not_offer_is_seen_before_it_is_tried) {
    bool could = true;
    does<filter::edits> with{[&](filter::edits& edits) { could = edits.can(action::add_header); }};
    conversation<edits_little> between(with,
                                       wire::negotiate{6, action::quarantine, wire::step::all});
    BOOST_TEST(between.message() == "continue");
    BOOST_TEST(!could);
}

BOOST_AUTO_TEST_CASE(apply_tells_what_is_wrong_and_throws_nothing) {
    said<edits_little>([](filter::edits& edits) {
        milter::error_code ec;
        edits.apply(wire::change_from{"<>", {}}, ec);
        BOOST_TEST(ec == milter::errc::not_negotiated);
        ec = {};
        edits.apply(wire::add_header{"", "x"}, ec);
        BOOST_TEST(ec == milter::errc::empty_name);
        ec = {};
        edits.apply(wire::add_header{"A", std::string_view("x\0y", 3)}, ec);
        BOOST_TEST(ec == milter::errc::embedded_nul);
    });
}

BOOST_AUTO_TEST_CASE(a_new_body_goes_out_in_pieces_that_fit) {
    auto const all = said<edits_all>([](filter::edits& edits) {
        edits.replace_body(std::string(100'000, 'x'));
        edits.replace_body("");
        edits.replace_body("end");
    });
    BOOST_TEST(
        all ==
        "replace_body 65535 bytes; replace_body 34465 bytes; replace_body 3 bytes; continue");
}

BOOST_AUTO_TEST_CASE(an_empty_body_is_said_once) {
    BOOST_TEST(said<edits_all>([](filter::edits& edits) {
                   edits.replace_body("");
                   edits.replace_body("");
               }) == "replace_body 0 bytes; continue");
}

BOOST_AUTO_TEST_CASE(a_body_with_an_edit_within_it_is_refused) {
    BOOST_TEST(said<edits_all>([](filter::edits& edits) {
                   edits.replace_body("one");
                   edits.add_header("A", "1");
                   edits.replace_body("two");
               }).ends_with("tempfail"));
}

BOOST_AUTO_TEST_CASE(by_name_there_is_one_header_or_none_under_both_mtas) {
    for (auto const which : {reference_mta::kind::postfix, reference_mta::kind::sendmail}) {
        auto const set = [](filter::named_edits& edits) { edits.set_header("x-a", "new"); };
        auto const remove = [](filter::named_edits& edits) { edits.remove_header("X-A"); };
        auto const both = [&](filter::named_edits& edits) {
            remove(edits);
            set(edits);
        };
        auto const added = [&](filter::named_edits& edits) {
            edits.add_header("X-A", "own");
            edits.insert_header(1, "X-A", "own too");
            set(edits);
            set(edits);
        };
        auto const deleted = [&](filter::named_edits& edits) {
            edits.delete_header("X-A", 1);
            set(edits);
        };
        auto const changed = [&](filter::named_edits& edits) {
            for (auto const index : {0U, 1U, 4U, 4U}) edits.change_header("x-a", index, "own");
            edits.change_header("X-A", 9, "");
            set(edits);
        };
        auto const changed_and_gone = [&](filter::named_edits& edits) {
            edits.change_header("X-A", 1, "own");
            edits.change_header("X-A", 5, "own too");
            remove(edits);
        };
        auto const back = [&](filter::named_edits& edits) {
            remove(edits);
            edits.change_header("X-A", 1, "back");
            set(edits);
        };
        for (auto const& before : {lines{}, lines{"X-A"}, lines{"X-A", "B", "x-a", "X-a"}}) {
            auto const values = [&](auto what) {
                auto all = result(which, before, what);
                std::erase_if(all, [](auto const& line) { return line.starts_with("B:"); });
                for (auto& line : all) line.erase(0, 4);
                return all;
            };
            BOOST_TEST(values(set) == lines{" new"}, boost::test_tools::per_element());
            BOOST_TEST(values(remove).empty());
            BOOST_TEST(values(both) == lines{" new"}, boost::test_tools::per_element());
            BOOST_TEST(values(added) == lines{" new"}, boost::test_tools::per_element());
            BOOST_TEST(values(deleted) == lines{" new"}, boost::test_tools::per_element());
            BOOST_TEST(values(changed) == lines{" new"}, boost::test_tools::per_element());
            BOOST_TEST(values(changed_and_gone).empty());
            BOOST_TEST(values(back) == lines{" new"}, boost::test_tools::per_element());
        }
    }
}

BOOST_AUTO_TEST_CASE(a_header_that_a_change_adds_counts_and_one_of_apply_does_not) {
    std::vector<std::uint32_t> counts;
    does<filter::named_edits> with{[&](filter::named_edits& edits) {
        auto const note = [&] { counts.push_back(edits.count("X-A")); };
        milter::error_code ec;
        edits.change_header("X-A", 1, "");
        note();
        edits.change_header("X-A", 7, "first");
        note();
        edits.change_header("x-a", 1, "changed");
        note();
        edits.apply(wire::add_header{"X-A", "unseen"}, ec);
        note();
    }};
    conversation<edits_by_name> between(with);
    between.message();
    std::vector<std::uint32_t> const expected{0, 1, 1, 1};
    BOOST_TEST(counts == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(headers_of_the_message_before_do_not_count) {
    std::uint32_t count = 0;
    does<filter::named_edits> with{
        [&](filter::named_edits& edits) { count = edits.count("subject"); }};
    conversation<edits_by_name> between(with);
    between.message();
    between.mail();
    between.say(wire::header{"Subject", "x"});
    between.abort();
    between.message();
    BOOST_TEST(count == 1);
}

BOOST_AUTO_TEST_CASE(more_names_than_are_kept_are_an_error_and_no_guess) {
    does<filter::named_edits> with{[](filter::named_edits& edits) {
        BOOST_TEST(edits.count("X-1") == 1);
        edits.set_header("X-1", "known");
        edits.set_header("X-new", "unknown");
    }};
    conversation<edits_by_name> between(with);
    between.mail();
    between.rcpt();
    for (std::size_t i = 0; i <= filter::header_counts::most_names; ++i)
        between.say(wire::header{"X-" + std::to_string(i), "x"});
    between.say(wire::end_of_headers{});
    BOOST_TEST(between.end().ends_with("tempfail"));
    BOOST_TEST(between.log.at(0) ==
               "end_of_message: \"change_header: limit exceeded [milter:22]\"");
}

BOOST_AUTO_TEST_CASE(an_edit_that_is_not_declared_is_told_apart_from_one_that_is_not_offered) {
    does<filter::edits> changes{
        [](filter::edits& edits) { edits.change_header("Subject", 1, "x"); }};
    conversation<edits_little> undeclared(changes);
    BOOST_TEST(undeclared.milter.mistake().empty());
    BOOST_TEST(undeclared.message() == "tempfail");
    BOOST_TEST(undeclared.milter.mistake() ==
               "change_header: `actions` of the milter lack change_header");
    BOOST_TEST(undeclared.log.at(0) ==
               "end_of_message: \"change_header: `actions` of the milter lack change_header\"");
    does<filter::edits> adds{[](filter::edits& edits) { edits.add_header("A", "1"); }};
    conversation<edits_little> unoffered(adds,
                                         wire::negotiate{6, action::quarantine, wire::step::all});
    BOOST_TEST(unoffered.message() == "tempfail");
    BOOST_TEST(unoffered.milter.mistake().empty());
    BOOST_TEST(unoffered.log.at(0) == "end_of_message: \"add_header: not negotiated [milter:20]\"");
}

BOOST_AUTO_TEST_SUITE_END()
