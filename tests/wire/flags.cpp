// SPDX-License-Identifier: BSL-1.0
// tests/wire/flags.cpp - the bits of the negotiation, their values and names

#include "milter/wire/flags.hpp"

#include <boost/test/unit_test.hpp>

#include <support/print_packet.hpp>

#include <set>

namespace wire = milter::wire;
using wire::action;
using wire::step;

BOOST_AUTO_TEST_SUITE(flags)

BOOST_AUTO_TEST_CASE(actions_have_the_described_values) {
    std::pair<std::uint32_t, std::string> const described[] = {
        {0x001, "add_header"},  {0x002, "change_body"},        {0x004, "add_rcpt"},
        {0x008, "delete_rcpt"}, {0x010, "change_header"},      {0x020, "quarantine"},
        {0x040, "change_from"}, {0x080, "add_rcpt_with_args"}, {0x100, "set_macro_list"},
    };
    BOOST_TEST(std::size(described) == std::size(wire::action_rows));
    for (auto const& [value, name] : described)
        BOOST_TEST(to_string(static_cast<action>(value)) == name);
}

BOOST_AUTO_TEST_CASE(steps_have_the_described_values) {
    std::pair<std::uint32_t, std::string> const described[] = {
        {0x00000001, "no_connect"},
        {0x00000002, "no_helo"},
        {0x00000004, "no_mail"},
        {0x00000008, "no_rcpt"},
        {0x00000010, "no_body"},
        {0x00000020, "no_header"},
        {0x00000040, "no_end_of_headers"},
        {0x00000080, "nr_header"},
        {0x00000100, "no_unknown"},
        {0x00000200, "no_data"},
        {0x00000400, "skip"},
        {0x00000800, "rejected_rcpt"},
        {0x00001000, "nr_connect"},
        {0x00002000, "nr_helo"},
        {0x00004000, "nr_mail"},
        {0x00008000, "nr_rcpt"},
        {0x00010000, "nr_data"},
        {0x00020000, "nr_unknown"},
        {0x00040000, "nr_end_of_headers"},
        {0x00080000, "nr_body"},
        {0x00100000, "leading_space"},
        {0x10000000, "data_size_256k"},
        {0x20000000, "data_size_1m"},
    };
    BOOST_TEST(std::size(described) == std::size(wire::step_rows));
    for (auto const& [value, name] : described)
        BOOST_TEST(to_string(static_cast<step>(value)) == name);
}

BOOST_AUTO_TEST_CASE(masks_have_the_described_values) {
    BOOST_TEST(static_cast<std::uint32_t>(action::all) == 0x1ffu);
    BOOST_TEST(static_cast<std::uint32_t>(step::all) == 0x1fffffu);
    BOOST_TEST(static_cast<std::uint32_t>(step::all_v2) == 0x7fu);
    BOOST_TEST(static_cast<std::uint32_t>(step::all_v3) == 0x17fu);
    BOOST_TEST(static_cast<std::uint32_t>(step::all_v4) == 0x37fu);
    BOOST_TEST(static_cast<std::uint32_t>(step::all_no) == 0x37fu);
    BOOST_TEST(static_cast<std::uint32_t>(step::all_nr) == 0xff080u);
    BOOST_TEST(wire::newest_version == 6u);
    BOOST_TEST(wire::oldest_version == 2u);
}

BOOST_AUTO_TEST_CASE(masks_are_made_of_the_named_bits) {
    action actions = action::none;
    for (auto const& row : wire::action_rows) actions |= row.bit;
    BOOST_TEST(actions == action::all);
    step steps = step::none;
    for (auto const& row : wire::step_rows) steps |= row.bit;
    BOOST_TEST(steps == (step::all | step::all_data_sizes));
    BOOST_TEST((step::all & step::all_data_sizes) == step::none);
}

BOOST_AUTO_TEST_CASE(each_row_is_one_bit_with_a_name_of_its_own) {
    std::set<std::string_view> names;
    std::set<std::uint32_t> bits;
    auto const check = [&](auto const& rows) {
        names.clear();
        bits.clear();
        for (auto const& row : rows) {
            auto const value = static_cast<std::uint32_t>(row.bit);
            BOOST_TEST((value != 0 && (value & (value - 1)) == 0));
            BOOST_TEST(bits.insert(value).second);
            BOOST_TEST(names.insert(row.name).second);
        }
    };
    check(wire::action_rows);
    check(wire::step_rows);
}

BOOST_AUTO_TEST_CASE(names_are_joined_and_unknown_bits_shown_as_one_number) {
    BOOST_TEST(to_string(action::none) == "none");
    BOOST_TEST(to_string(step::none) == "none");
    BOOST_TEST(to_string(action::add_header | action::quarantine) == "add_header|quarantine");
    BOOST_TEST(to_string(step::nr_body | step::no_helo) == "no_helo|nr_body");
    BOOST_TEST(to_string(static_cast<action>(0x200)) == "0x200");
    BOOST_TEST(to_string(static_cast<action>(0x80000011)) == "add_header|change_header|0x80000000");
    BOOST_TEST(to_string(static_cast<step>(0x40200400)) == "skip|0x40200000");
    BOOST_TEST(to_string(static_cast<step>(0xa0000000)) == "data_size_1m|0x80000000");
}

BOOST_AUTO_TEST_CASE(every_single_bit_has_a_text_of_its_own) {
    std::set<std::string> actions;
    std::set<std::string> steps;
    for (unsigned bit = 0; bit < 32; ++bit) {
        actions.insert(to_string(static_cast<action>(1u << bit)));
        steps.insert(to_string(static_cast<step>(1u << bit)));
    }
    BOOST_TEST(actions.size() == 32u);
    BOOST_TEST(steps.size() == 32u);
}

BOOST_AUTO_TEST_CASE(has_wants_all_bits_and_any_one_of_them) {
    auto const set = step::skip | step::no_helo;
    BOOST_TEST(wire::has(set, step::skip));
    BOOST_TEST(wire::has(set, set));
    BOOST_TEST(wire::has(set, step::none));
    BOOST_TEST(!wire::has(set, step::skip | step::no_mail));
    BOOST_TEST(wire::any(set, step::skip | step::no_mail));
    BOOST_TEST(!wire::any(set, step::no_mail));
    BOOST_TEST(!wire::any(set, step::none));
    BOOST_TEST(wire::any(set));
    BOOST_TEST(!wire::any(step::none));
    BOOST_TEST(wire::any(action::quarantine));
    BOOST_TEST(!wire::any(action::none));
    BOOST_TEST(wire::has(action::all, action::set_macro_list));
    BOOST_TEST(wire::any(static_cast<action>(0x80000000)));
}

BOOST_AUTO_TEST_CASE(sets_are_joined_cut_and_inverted) {
    auto steps = step::skip;
    steps |= step::no_body;
    BOOST_TEST(static_cast<std::uint32_t>(steps) == 0x410u);
    steps &= ~step::skip;
    BOOST_TEST(steps == step::no_body);
    BOOST_TEST(static_cast<std::uint32_t>(~step::none) == 0xffff'ffffu);
    auto actions = action::add_rcpt;
    actions |= action::delete_rcpt;
    BOOST_TEST(static_cast<std::uint32_t>(actions) == 0xcu);
    actions &= ~action::add_rcpt;
    BOOST_TEST(actions == action::delete_rcpt);
}

BOOST_AUTO_TEST_SUITE_END()
