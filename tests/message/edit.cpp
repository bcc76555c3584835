// SPDX-License-Identifier: BSL-1.0
// tests/message/edit.cpp - edits staged in raw form, and given back as packets

#include "milter/message/edit.hpp"

#include <boost/test/unit_test.hpp>

#include <support/print_error.hpp>
#include <support/print_packet.hpp>

namespace message = milter::message;
namespace wire = milter::wire;
using message::edit_limits;
using message::edit_list;
using message::header_edit;
using message::stage;
using message::to_header_edit;
using kind = header_edit::kind;

namespace {

std::string packet(header_edit const& edit, bool leading_space) {
    std::string out;
    encode(out, edit, leading_space);
    return out;
}

template <class Reply> std::string packet(Reply const& reply) {
    std::string out;
    wire::encode(out, reply);
    return out;
}

constexpr bool blanks[] = {false, true};

} // namespace

BOOST_AUTO_TEST_SUITE(edit)

BOOST_AUTO_TEST_CASE(values_are_kept_raw_whatever_was_negotiated_166) {
    BOOST_TEST((to_header_edit(wire::add_header{"X", "v"}, false) ==
                header_edit{kind::add, 0, "X", " v"}));
    BOOST_TEST((to_header_edit(wire::add_header{"X", " v"}, true) ==
                header_edit{kind::add, 0, "X", " v"}));
    BOOST_TEST(
        (to_header_edit(wire::add_header{"X", "v"}, true) == header_edit{kind::add, 0, "X", "v"}));
    BOOST_TEST(
        (to_header_edit(wire::add_header{"X", ""}, false) == header_edit{kind::add, 0, "X", " "}));
    BOOST_TEST((to_header_edit(wire::insert_header{7, "X", "v"}, false) ==
                header_edit{kind::insert, 7, "X", " v"}));
    BOOST_TEST((to_header_edit(wire::insert_header{7, "X", ""}, true) ==
                header_edit{kind::insert, 7, "X", ""}));
    BOOST_TEST((to_header_edit(wire::change_header{2, "X", "v"}, false) ==
                header_edit{kind::change, 2, "X", " v"}));
    BOOST_TEST((to_header_edit(wire::change_header{2, "X", "v"}, true) ==
                header_edit{kind::change, 2, "X", "v"}));
}

BOOST_AUTO_TEST_CASE(deletion_stays_a_deletion_and_nothing_else_becomes_one_154_162_246) {
    for (bool const from : blanks) {
        auto const deletion = to_header_edit(wire::change_header{3, "X", ""}, from);
        BOOST_TEST(deletion.value == "");
        for (bool const to : blanks)
            BOOST_TEST(packet(deletion, to) == packet(wire::change_header{3, "X", ""}));
    }
    for (auto const* value : {" ", "  ", "v", " v", "\n v"})
        for (bool const from : blanks)
            for (bool const to : blanks) {
                std::string out =
                    packet(to_header_edit(wire::change_header{1, "X", value}, from), to);
                BOOST_TEST(out != packet(wire::change_header{1, "X", ""}));
            }
}

BOOST_AUTO_TEST_CASE(values_are_converted_for_all_four_combinations_246) {
    struct {
        std::string_view value;
        bool from, to;
        std::string_view sent;
    } const rows[] = {
        {"v", false, false, "v"},
        {"v", false, true, " v"},
        {" v", true, false, "v"},
        {" v", true, true, " v"},
        {"v", true, true, "v"},
        {"v", true, false, "v"}, // cannot be said: the MTA adds a blank
        {" v", false, false, " v"},
        {" v", false, true, "  v"},
        {"  v", true, false, " v"},
        {"", false, false, ""},
        {"", false, true, " "},
        {"", true, true, ""},
        {"", true, false, ""},
        {"\tv", false, true, " \tv"},
        {"\tv", true, false, "\tv"},
    };
    for (auto const& row : rows) {
        BOOST_TEST_CONTEXT('"' << row.value << "\" from " << row.from << " to " << row.to) {
            auto const add = to_header_edit(wire::add_header{"X", row.value}, row.from);
            BOOST_TEST(packet(add, row.to) == packet(wire::add_header{"X", row.sent}));
            auto const insert = to_header_edit(wire::insert_header{4, "X", row.value}, row.from);
            BOOST_TEST(packet(insert, row.to) == packet(wire::insert_header{4, "X", row.sent}));
            if (row.value.empty()) continue;
            auto const change = to_header_edit(wire::change_header{4, "X", row.value}, row.from);
            BOOST_TEST(packet(change, row.to) == packet(wire::change_header{4, "X", row.sent}));
        }
    }
}

BOOST_AUTO_TEST_CASE(envelope_edits_are_given_back_as_they_came) {
    wire::any_reply const edits[] = {
        wire::add_rcpt{"<a@b>"},
        wire::delete_rcpt{"a@b"},
        wire::add_rcpt_with_args{"<a@b>", "NOTIFY=NEVER"},
        wire::add_rcpt_with_args{"<a@b>", std::nullopt},
        wire::change_from{"<>", std::nullopt},
        wire::change_from{"<a@b>", ""},
    };
    edit_list list;
    std::string expected;
    std::string out;
    for (auto const& edit : edits) {
        BOOST_TEST(!stage(list, edit, true, {}));
        wire::encode(expected, edit);
    }
    BOOST_TEST(list.envelope.size() == std::size(edits));
    for (auto const& edit : list.envelope) encode(out, edit);
    BOOST_TEST(support::to_hex(out, 1000) == support::to_hex(expected, 1000));
}

BOOST_AUTO_TEST_CASE(edits_are_staged_in_order_each_kind_in_its_place_152) {
    edit_list list;
    BOOST_TEST(list.empty());
    for (wire::any_reply const& edit :
         {wire::any_reply(wire::add_header{"A", "1"}), wire::any_reply(wire::add_rcpt{"<a@b>"}),
          wire::any_reply(wire::change_header{1, "B", ""}),
          wire::any_reply(wire::quarantine{"one"}), wire::any_reply(wire::replace_body{"x"}),
          wire::any_reply(wire::insert_header{0, "C", "3"}),
          wire::any_reply(wire::quarantine{"two"})})
        BOOST_TEST(!stage(list, edit, false, {}));
    BOOST_TEST_REQUIRE(list.headers.size() == 3u);
    BOOST_TEST(list.headers[0].name == "A");
    BOOST_TEST(list.headers[1].name == "B");
    BOOST_TEST(list.headers[2].name == "C");
    BOOST_TEST(list.envelope.size() == 1u);
    BOOST_TEST((list.quarantine == "two"), "the last reason wins");
    BOOST_TEST(list.replaces_body);
    BOOST_TEST(list.count == 7u);
    list.clear();
    BOOST_TEST(list.empty());
    BOOST_TEST(!list.replaces_body);
    BOOST_TEST(!list.quarantine.has_value());
}

BOOST_AUTO_TEST_CASE(staged_edits_outlive_their_packet) {
    edit_list list;
    {
        std::string text = "a value that does not fit into a small string";
        BOOST_TEST(!stage(list, wire::add_header{text, text}, true, {}));
        BOOST_TEST(!stage(list, wire::change_from{text, text}, true, {}));
        BOOST_TEST(!stage(list, wire::quarantine{text}, true, {}));
        text.assign(text.size(), '#');
    }
    BOOST_TEST(list.headers[0].value.find('#') == std::string::npos);
    BOOST_TEST(list.envelope[0].args->find('#') == std::string::npos);
    BOOST_TEST(list.quarantine->find('#') == std::string::npos);
}

BOOST_AUTO_TEST_CASE(replacement_body_counts_once_however_many_packets_it_takes) {
    edit_list list;
    edit_limits const limits{.count = 2, .bytes = 100, .body_bytes = 1};
    for (int i = 0; i < 100; ++i)
        BOOST_TEST(!stage(list, wire::replace_body{std::string(1000, 'x')}, true, limits));
    BOOST_TEST(list.count == 1u);
    BOOST_TEST(!stage(list, wire::add_header{"X", "y"}, true, limits));
    BOOST_TEST(stage(list, wire::add_header{"X", "y"}, true, limits) ==
               milter::errc::limit_exceeded);
}

BOOST_AUTO_TEST_CASE(number_and_bytes_of_edits_are_limited_204) {
    edit_limits const defaults;
    BOOST_TEST(defaults.count == 1000u);
    edit_list many;
    for (int i = 0; i < 1000; ++i) BOOST_TEST(!stage(many, wire::delete_rcpt{"a"}, true, defaults));
    BOOST_TEST(stage(many, wire::delete_rcpt{"a"}, true, defaults) == milter::errc::limit_exceeded);

    edit_limits const small{.count = 100, .bytes = 10, .body_bytes = 1};
    for (wire::any_reply const& edit : {wire::any_reply(wire::add_header{"12345", "67890"}),
                                        wire::any_reply(wire::change_header{1, "12345", "67890"}),
                                        wire::any_reply(wire::insert_header{1, "1234567890", ""}),
                                        wire::any_reply(wire::add_rcpt{"1234567890"}),
                                        wire::any_reply(wire::change_from{"12345", "67890"}),
                                        wire::any_reply(wire::quarantine{"1234567890"})}) {
        edit_list list;
        BOOST_TEST(!stage(list, edit, true, small), describe(edit));
        BOOST_TEST(list.bytes == 10u);
        BOOST_TEST(stage(list, wire::add_rcpt{"1"}, true, small) == milter::errc::limit_exceeded);
    }
}

BOOST_AUTO_TEST_SUITE_END()
