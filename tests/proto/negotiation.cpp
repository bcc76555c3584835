// SPDX-License-Identifier: BSL-1.0
// tests/proto/negotiation.cpp - offers and answers of both roles, statement by statement
//
// Numbers in the names of the cases are those of the statements in the protocol description.

#include "milter/proto/negotiation.hpp"

#include <boost/test/unit_test.hpp>

#include <support/print_error.hpp>
#include <support/print_packet.hpp>

namespace wire = milter::wire;
using milter::errc;
using milter::proto::agreement;
using milter::proto::answer_offer;
using milter::proto::check_answer;
using milter::proto::macro_lists;
using milter::proto::strictness;
using milter::proto::wish;
using wire::action;
using wire::command_code;
using wire::negotiate;
using wire::negotiate_reply;
using wire::step;

namespace {

constexpr negotiate everything{6, action::all, step::all};
constexpr negotiate version_2{2, static_cast<action>(0x3f), step::all_v2};

std::size_t at(wire::macro_stage stage) { return static_cast<std::size_t>(stage); }

template <class Result> void fails_with(errc why, Result const& result) {
    BOOST_TEST_REQUIRE(result.has_error());
    BOOST_TEST(result.error() == why);
    BOOST_TEST(result.error() == milter::condition::violation);
}

void refused_by_both(errc why, negotiate const& offer, negotiate_reply const& answer) {
    fails_with(why, check_answer(offer, answer, strictness::strict));
    fails_with(why, check_answer(offer, answer, strictness::lenient));
}

} // namespace

BOOST_AUTO_TEST_SUITE(negotiation_of_a_filter)

BOOST_AUTO_TEST_CASE(version_below_2_ends_the_connection_27) {
    for (std::uint32_t const version : {0u, 1u})
        fails_with(errc::version_refused, answer_offer({version, action::all, step::all}, {}));
}

BOOST_AUTO_TEST_CASE(answered_version_is_the_lower_of_6_and_the_offer_28_29) {
    std::pair<std::uint32_t, std::uint32_t> const rows[] = {{2, 2}, {3, 3}, {4, 4},          {5, 5},
                                                            {6, 6}, {7, 6}, {0xffff'ffff, 6}};
    for (auto const& [offered, answered] : rows) {
        auto const got = answer_offer({offered, action::all, step::all}, {});
        BOOST_TEST_REQUIRE(got.has_value());
        BOOST_TEST(got->version == answered);
    }
}

BOOST_AUTO_TEST_CASE(answer_is_a_subset_of_the_offer_36_37) {
    for (unsigned bit = 0; bit < 32; ++bit) {
        negotiate const offer{6, static_cast<action>(~(1u << bit)),
                              static_cast<step>(~(1u << bit))};
        wish const all{action::none, ~action::none, ~step::none, {}};
        auto const got = answer_offer(offer, all);
        BOOST_TEST_REQUIRE(got.has_value());
        BOOST_TEST(wire::has(offer.actions, got->actions));
        BOOST_TEST(wire::has(offer.steps, got->steps));
        BOOST_TEST(wire::has(got->steps, offer.steps & step::all));
    }
}

BOOST_AUTO_TEST_CASE(needed_action_that_is_not_offered_ends_the_connection_38) {
    wish const needs{action::change_from | action::add_header, action::none, step::none, {}};
    fails_with(errc::actions_refused, answer_offer(version_2, needs));
    auto const got = answer_offer(everything, needs);
    BOOST_TEST_REQUIRE(got.has_value());
    BOOST_TEST(got->actions == needs.needs);
}

BOOST_AUTO_TEST_CASE(wanted_action_that_is_not_offered_is_done_without) {
    wish const wants{action::add_header, action::change_from | action::quarantine, step::none, {}};
    auto const got = answer_offer(version_2, wants);
    BOOST_TEST_REQUIRE(got.has_value());
    BOOST_TEST(got->actions == (action::add_header | action::quarantine));
}

BOOST_AUTO_TEST_CASE(unanswered_steps_that_are_not_offered_are_emulated_39) {
    wish const wants{action::none,
                     action::none,
                     step::nr_header | step::nr_body | step::no_helo | step::skip,
                     {}};
    negotiate const offer{6, action::all, step::no_helo | step::nr_header};
    auto const got = answer_offer(offer, wants);
    BOOST_TEST_REQUIRE(got.has_value());
    BOOST_TEST(got->steps == (step::no_helo | step::nr_header));
    BOOST_TEST(got->emulated == step::nr_body);
    BOOST_TEST(!got->answers(command_code::header));
    BOOST_TEST(got->answers(command_code::body), "the MTA waits for the emulated reply");
}

BOOST_AUTO_TEST_CASE(suppressions_that_are_not_offered_are_omitted_silently_40) {
    wish const wants{
        action::none, action::none, step::no_data | step::no_unknown | step::no_body, {}};
    auto const got = answer_offer(version_2, wants);
    BOOST_TEST_REQUIRE(got.has_value());
    BOOST_TEST(got->steps == step::no_body);
    BOOST_TEST(got->emulated == step::none);
}

BOOST_AUTO_TEST_CASE(offer_of_zero_means_all_that_version_1_had_43) {
    wish const all{action::none, action::all, step::all, {}};
    auto const got = answer_offer({2, action::none, step::none}, all);
    BOOST_TEST_REQUIRE(got.has_value());
    BOOST_TEST(static_cast<std::uint32_t>(got->actions) == 0x0fu);
    BOOST_TEST(static_cast<std::uint32_t>(got->steps) == 0x3fu);
    wish const needs{action::change_header, action::none, step::none, {}};
    fails_with(errc::actions_refused, answer_offer({2, action::none, step::none}, needs));
}

BOOST_AUTO_TEST_CASE(macro_lists_end_with_the_last_name_that_sendmail_takes) {
    auto const names = [](int count) {
        std::string list;
        for (int i = 0; i < count; ++i)
            list += (i == 0 ? "{n" : i % 2 ? ", {n" : " {n") + std::to_string(i) + "}";
        return list;
    };
    for (int const count : {49, 50, 51, 500}) {
        wish wants;
        wants.lists[at(wire::macro_stage::mail)] = names(count);
        auto const got = answer_offer(everything, wants);
        BOOST_TEST_REQUIRE(got.has_value());
        BOOST_TEST(got->lists[2].value_or("") == names(std::min(count, 50)));
    }
}

BOOST_AUTO_TEST_CASE(macro_lists_are_sent_only_where_offered_54) {
    wish wants;
    wants.lists[at(wire::macro_stage::mail)] = "i {auth_authen}";
    wants.lists[at(wire::macro_stage::data)] = "";

    auto const got = answer_offer(everything, wants);
    BOOST_TEST_REQUIRE(got.has_value());
    BOOST_TEST(got->actions == action::set_macro_list);
    auto const reply = to_reply(*got);
    BOOST_TEST(reply.macro_lists[2].present);
    BOOST_TEST(reply.macro_lists[2].names == "i {auth_authen}");
    BOOST_TEST(reply.macro_lists[4].present);
    BOOST_TEST(reply.macro_lists[4].names == "");
    for (std::size_t const other : {0u, 1u, 3u, 5u, 6u})
        BOOST_TEST(!reply.macro_lists[other].present);

    auto const without = answer_offer(version_2, wants);
    BOOST_TEST_REQUIRE(without.has_value());
    BOOST_TEST(without->actions == action::none);
    BOOST_TEST(to_reply(*without) == (negotiate_reply{2, action::none, step::none, {}}));
}

BOOST_AUTO_TEST_CASE(bit_for_macro_lists_is_set_exactly_when_there_are_some) {
    wish const no_lists{action::none, action::set_macro_list | action::add_rcpt, step::none, {}};
    auto const got = answer_offer(everything, no_lists);
    BOOST_TEST_REQUIRE(got.has_value());
    BOOST_TEST(got->actions == action::add_rcpt);
}

BOOST_AUTO_TEST_CASE(data_size_is_agreed_only_where_offered_64) {
    wish const wants{action::none, action::none, step::data_size_256k | step::data_size_1m, {}};
    struct {
        step offered, answered;
        std::size_t limit;
    } const rows[] = {
        {step::all, step::none, wire::default_data_limit},
        {step::all | step::data_size_256k, step::data_size_256k, wire::data_limit_256k},
        {step::all | step::data_size_1m, step::data_size_1m, wire::data_limit_1m},
    };
    for (auto const& row : rows) {
        auto const got = answer_offer({6, action::all, row.offered}, wants);
        BOOST_TEST_REQUIRE(got.has_value());
        BOOST_TEST(got->steps == row.answered);
        BOOST_TEST(got->data_limit == row.limit);
    }
    auto const got = answer_offer({6, action::all, step::all | step::all_data_sizes}, {});
    BOOST_TEST_REQUIRE(got.has_value());
    BOOST_TEST(got->data_limit == wire::default_data_limit);
}

BOOST_AUTO_TEST_CASE(example_of_the_description_is_answered_byte_for_byte) {
    wish wants{action::add_header | action::change_header,
               action::none,
               step::leading_space | step::no_data | step::no_end_of_headers | step::no_helo,
               {}};
    auto const got = answer_offer(everything, wants);
    BOOST_TEST_REQUIRE(got.has_value());
    std::string packet;
    encode(packet, to_reply(*got));
    BOOST_TEST(support::to_hex(packet) == "00 00 00 0d 4f 00 00 00 06 00 00 00 11 00 10 02 42");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(negotiation_of_an_mta)

BOOST_AUTO_TEST_CASE(version_1_is_a_failure_30) {
    refused_by_both(errc::version_refused, everything, {1, action::none, step::none, {}});
}

BOOST_AUTO_TEST_CASE(version_above_the_offer_is_a_failure_when_strict_31_275) {
    struct {
        std::uint32_t offered, answered, lenient;
    } const rows[] = {{6, 7, 6}, {2, 6, 2}, {4, 5, 4}, {6, 0xffff'ffff, 6}, {6, 0, 2}};
    for (auto const& row : rows) {
        negotiate const offer{row.offered, action::all, step::all};
        negotiate_reply const answer{row.answered, action::none, step::none, {}};
        fails_with(errc::version_refused, check_answer(offer, answer, strictness::strict));
        auto const got = check_answer(offer, answer, strictness::lenient);
        BOOST_TEST_REQUIRE(got.has_value());
        BOOST_TEST(got->version == row.lenient);
    }
}

BOOST_AUTO_TEST_CASE(commands_that_a_version_lacks_are_not_sent_32_33_34) {
    struct {
        std::uint32_t version;
        bool unknown, data;
    } const rows[] = {
        {2, false, false}, {3, true, false}, {4, true, true}, {5, true, true}, {6, true, true}};
    for (auto const& row : rows) {
        auto const got = check_answer(everything, {row.version, action::none, step::none, {}});
        BOOST_TEST_REQUIRE(got.has_value());
        BOOST_TEST_CONTEXT("version " << row.version) {
            BOOST_TEST(got->sends(command_code::unknown) == row.unknown);
            BOOST_TEST(got->sends(command_code::data) == row.data);
            for (auto const code : {command_code::connect, command_code::helo, command_code::mail,
                                    command_code::rcpt, command_code::header, command_code::body})
                BOOST_TEST(got->sends(code));
        }
    }
}

BOOST_AUTO_TEST_CASE(actions_outside_the_offer_are_a_failure_when_strict_35) {
    negotiate const offer{6, action::add_header, step::all};
    negotiate_reply const answer{6, action::add_header | action::quarantine, step::none, {}};
    fails_with(errc::actions_refused, check_answer(offer, answer, strictness::strict));
    auto const got = check_answer(offer, answer, strictness::lenient);
    BOOST_TEST_REQUIRE(got.has_value());
    BOOST_TEST(got->actions == action::add_header);
}

BOOST_AUTO_TEST_CASE(known_steps_outside_the_offer_are_honoured_or_fail_41) {
    negotiate const offer{6, action::all, step::no_helo};
    for (auto const& row : wire::step_rows) {
        if (row.bit == step::no_helo || wire::any(row.bit, step::all_data_sizes)) continue;
        negotiate_reply const answer{6, action::none, row.bit, {}};
        BOOST_TEST_CONTEXT(row.name) {
            fails_with(errc::steps_refused, check_answer(offer, answer, strictness::strict));
            auto const got = check_answer(offer, answer, strictness::lenient);
            BOOST_TEST_REQUIRE(got.has_value());
            BOOST_TEST(got->steps == row.bit);
        }
    }
}

BOOST_AUTO_TEST_CASE(unknown_steps_change_nothing_when_lenient_42) {
    for (unsigned bit = 21; bit < 32; ++bit) {
        auto const unknown = static_cast<step>(1u << bit);
        if (wire::any(unknown, step::all_data_sizes)) continue;
        negotiate_reply const answer{6, action::none, unknown | step::skip, {}};
        fails_with(errc::steps_refused, check_answer(everything, answer, strictness::strict));
        auto const got = check_answer(everything, answer, strictness::lenient);
        BOOST_TEST_REQUIRE(got.has_value());
        BOOST_TEST(got->steps == step::skip);
    }
}

BOOST_AUTO_TEST_CASE(data_size_that_was_not_offered_is_a_failure_64) {
    for (auto const size : {step::data_size_256k, step::data_size_1m})
        refused_by_both(errc::steps_refused, everything, {6, action::none, size, {}});
    for (auto const size : {step::data_size_256k, step::data_size_1m}) {
        negotiate const offer{6, action::all, step::all | size};
        auto const got = check_answer(offer, {6, action::none, size, {}}, strictness::strict);
        BOOST_TEST_REQUIRE(got.has_value());
        BOOST_TEST(got->data_limit > wire::default_data_limit);
    }
}

BOOST_AUTO_TEST_CASE(macro_lists_are_kept_empty_ones_apart_from_absent_ones_46_52_53) {
    negotiate_reply answer{6, action::set_macro_list, step::none, {}};
    answer.macro_lists[at(wire::macro_stage::rcpt)] = {true, "{rcpt_addr},i"};
    answer.macro_lists[at(wire::macro_stage::end_of_message)] = {true, ""};
    auto const got = check_answer(everything, answer, strictness::strict);
    BOOST_TEST_REQUIRE(got.has_value());
    for (std::size_t i = 0; i < got->lists.size(); ++i)
        BOOST_TEST(got->lists[i].has_value() == (i == 3 || i == 5));
    BOOST_TEST(*got->lists[3] == "{rcpt_addr},i");
    BOOST_TEST(*got->lists[5] == "");
}

BOOST_AUTO_TEST_CASE(suppressing_steps_suppress_their_command_and_no_other_56_58_59) {
    for (auto const& row : wire::command_rows) {
        if (row.suppressed_by == step::none) continue;
        auto const got = check_answer(everything, {6, action::none, row.suppressed_by, {}});
        BOOST_TEST_REQUIRE(got.has_value());
        for (auto const& other : wire::command_rows)
            BOOST_TEST_CONTEXT(row.name << ", " << other.name)
        BOOST_TEST(got->sends(other.code) == (other.code != row.code));
    }
    auto const got = check_answer(everything, {6, action::none, step::all_no, {}});
    BOOST_TEST_REQUIRE(got.has_value());
    BOOST_TEST(got->sends(command_code::end_of_message));
    BOOST_TEST(got->sends(command_code::macros));
}

BOOST_AUTO_TEST_CASE(unanswering_steps_silence_their_command_and_no_other_60) {
    for (auto const& row : wire::command_rows) {
        if (row.no_reply == step::none) continue;
        auto const got = check_answer(everything, {6, action::none, row.no_reply, {}});
        BOOST_TEST_REQUIRE(got.has_value());
        for (auto const& other : wire::command_rows)
            BOOST_TEST_CONTEXT(row.name << ", " << other.name)
        BOOST_TEST(got->answers(other.code) == (other.answered && other.code != row.code));
    }
}

BOOST_AUTO_TEST_CASE(answers_of_real_filters_are_accepted) {
    // version, actions, steps as seen on the wire
    negotiate_reply const answers[] = {
        {6, static_cast<action>(0x111), static_cast<step>(0x100702), {}}, // opendkim
        {6, static_cast<action>(0x21), static_cast<step>(0x710), {}},     // opendmarc
        {6, static_cast<action>(0x1ff), static_cast<step>(0xc178a), {}},  // pyspf-milter
        {6, static_cast<action>(0x1ff), static_cast<step>(0xc578a), {}},  // dkimpy-milter
        {6, static_cast<action>(0x13), static_cast<step>(0x300), {}},     // spamass-milter
        {6, static_cast<action>(0x1ff), static_cast<step>(0xff080), {}},  // rspamd
        {6, static_cast<action>(0x31), static_cast<step>(0x342), {}},     // clamav-milter
        {2, static_cast<action>(0x1f), step::none, {}},                   // Sendmail::PMilter
    };
    for (auto const& answer : answers) {
        for (auto const how : {strictness::strict, strictness::lenient}) {
            auto const got = check_answer(everything, answer, how);
            BOOST_TEST_REQUIRE(got.has_value());
            BOOST_TEST(got->actions == answer.actions);
            BOOST_TEST(wire::has(got->steps, answer.steps));
        }
    }
    auto const old = check_answer(everything, answers[7]);
    BOOST_TEST(!old->sends(command_code::data));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(negotiation_helpers)

BOOST_AUTO_TEST_CASE(steps_of_a_version_are_what_postfix_offers_for_it) {
    using milter::proto::steps_of;
    std::pair<std::uint32_t, std::uint32_t> const rows[] = {
        {2, 0x7f}, {3, 0x17f}, {4, 0x37f}, {5, 0x37f}, {6, 0x1fffff}};
    for (auto const& [version, steps] : rows)
        BOOST_TEST(static_cast<std::uint32_t>(steps_of(version)) == steps);
}

BOOST_AUTO_TEST_CASE(names_are_separated_by_spaces_and_commas_50) {
    using names = std::vector<std::string>;
    auto const split = [](std::string_view list) {
        names all;
        milter::proto::for_each_name(list, [&](std::string_view name) { all.emplace_back(name); });
        return all;
    };
    BOOST_TEST(split("") == names());
    BOOST_TEST(split(" ,, ") == names());
    BOOST_TEST(split("i") == names({"i"}));
    BOOST_TEST(split("i {auth_authen}") == names({"i", "{auth_authen}"}));
    BOOST_TEST(split(",j,v  ,_, ") == names({"j", "v", "_"}));
}

BOOST_AUTO_TEST_CASE(no_more_macros_are_asked_for_than_the_caller_allows) {
    wish few;
    few.ask_for(wire::macro_stage::connect, "j i v").ask_for(wire::macro_stage::mail, "");
    few.macro_names = 2;
    auto const agreed = answer_offer({}, few).value();
    BOOST_TEST(agreed.lists[0].value() == "j i");
    BOOST_TEST(agreed.lists[2].value() == "");
    BOOST_TEST(!agreed.lists[1].has_value());
}

BOOST_AUTO_TEST_CASE(macros_are_selected_in_the_spelling_asked_for_51_193) {
    std::map<std::string, std::string, std::less<>> const known{
        {"i", "4711"}, {"{mail_addr}", ""}, {"{j}", "mx"}};
    auto const find = [&](std::string_view name) -> std::optional<std::string_view> {
        auto const at = known.find(name);
        if (at == known.end()) return std::nullopt;
        return at->second;
    };
    using namespace std::string_view_literals;
    BOOST_TEST(milter::proto::select_macros("{j} nothing,{mail_addr} i", find) ==
               "{j}\0mx\0{mail_addr}\0\0i\0004711\0"sv);
    BOOST_TEST(milter::proto::select_macros("", find) == "");
    BOOST_TEST(milter::proto::select_macros("{j} i", find, 1) == "{j}\0mx\0"sv);
}

BOOST_AUTO_TEST_CASE(macros_that_no_longer_fit_a_packet_are_left_out_195) {
    // the stage, a name and two NULs besides: five bytes are left for b and its value, or four
    for (std::size_t const spare : {5u, 4u}) {
        std::string const large(wire::default_data_limit - 1 - 3 - spare, 'x');
        auto const packed = milter::proto::select_macros("a b c", [&](std::string_view name) {
            return std::optional(name == "a" ? std::string_view(large) : std::string_view("22"));
        });
        BOOST_TEST(wire::zstr_list(packed).size() == (spare == 5 ? 4u : 2u));
        std::string packet;
        wire::encode(packet, wire::macros{'C', wire::zstr_list(packed)});
        BOOST_TEST(packet.size() - wire::frame_header_size <= wire::default_data_limit);
    }
}

BOOST_AUTO_TEST_CASE(at_most_50_macros_of_a_list_are_given) {
    std::string list;
    for (int i = 0; i < 60; ++i) list += "m" + std::to_string(i) + " ";
    auto const packed = milter::proto::select_macros(
        list, [](std::string_view) { return std::optional<std::string_view>("1"); });
    BOOST_TEST(wire::zstr_list(packed).size() == 100u);
}

BOOST_AUTO_TEST_SUITE_END()
