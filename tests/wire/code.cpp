// SPDX-License-Identifier: BSL-1.0
// tests/wire/code.cpp - the tables of commands and replies say what the protocol description says

#include "milter/wire/code.hpp"

#include <milter/wire/command.hpp>
#include <milter/wire/reply.hpp>

#include <boost/test/unit_test.hpp>

#include <support/print_packet.hpp>

#include <set>

namespace wire = milter::wire;

namespace {

/// Protocol 1.5, in its own figures.
struct described_command {
    char letter;
    std::uint32_t since;
    bool verdict;
    std::uint32_t not_sent, not_answered;
};

constexpr described_command described_commands[] = {
    {'O', 2, true, 0, 0},           {'D', 2, false, 0, 0},        {'C', 2, true, 0x01, 0x1000},
    {'H', 2, true, 0x02, 0x2000},   {'M', 2, true, 0x04, 0x4000}, {'R', 2, true, 0x08, 0x8000},
    {'T', 4, true, 0x200, 0x10000}, {'L', 2, true, 0x20, 0x80},   {'N', 2, true, 0x40, 0x40000},
    {'B', 2, true, 0x10, 0x80000},  {'E', 2, true, 0, 0},         {'U', 3, true, 0x100, 0x20000},
    {'A', 2, false, 0, 0},          {'Q', 2, false, 0, 0},        {'K', 6, false, 0, 0},
};

/// Protocol 1.7.
struct described_reply {
    char letter;
    wire::reply_kind kind;
    std::uint32_t action;
};

constexpr described_reply described_replies[] = {
    {'O', wire::reply_kind::negotiation, 0}, {'c', wire::reply_kind::verdict, 0},
    {'a', wire::reply_kind::verdict, 0},     {'r', wire::reply_kind::verdict, 0},
    {'t', wire::reply_kind::verdict, 0},     {'d', wire::reply_kind::verdict, 0},
    {'s', wire::reply_kind::verdict, 0},     {'y', wire::reply_kind::verdict, 0},
    {'4', wire::reply_kind::verdict, 0},     {'f', wire::reply_kind::verdict, 0},
    {'p', wire::reply_kind::keepalive, 0},   {'h', wire::reply_kind::edit, 0x01},
    {'i', wire::reply_kind::edit, 0x01},     {'m', wire::reply_kind::edit, 0x10},
    {'b', wire::reply_kind::edit, 0x02},     {'+', wire::reply_kind::edit, 0x04},
    {'2', wire::reply_kind::edit, 0x80},     {'-', wire::reply_kind::edit, 0x08},
    {'e', wire::reply_kind::edit, 0x40},     {'q', wire::reply_kind::edit, 0x20},
};

template <class Variant, std::size_t... I> auto codes_of(std::index_sequence<I...>) {
    return std::array{std::variant_alternative_t<I, Variant>::code...};
}

template <class Variant> auto codes_of() {
    return codes_of<Variant>(std::make_index_sequence<std::variant_size_v<Variant>>());
}

template <class Rows> void names_and_codes_are_unique(Rows const& rows) {
    std::set<std::string_view> names;
    std::set<unsigned> codes;
    for (auto const& row : rows) {
        BOOST_TEST(names.insert(row.name).second, row.name << " stands twice");
        BOOST_TEST(codes.insert(static_cast<unsigned>(row.code)).second,
                   row.name << " has the code of another");
        BOOST_TEST(!row.name.empty());
        for (char c : row.name) BOOST_TEST(((c >= 'a' && c <= 'z') || c == '_'), row.name);
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(code)

BOOST_AUTO_TEST_CASE(each_name_and_each_code_stands_once) {
    names_and_codes_are_unique(wire::command_rows);
    names_and_codes_are_unique(wire::reply_rows);
}

BOOST_AUTO_TEST_CASE(each_struct_has_one_row_and_each_row_one_struct) {
    auto const sorted = [](auto codes) {
        std::ranges::sort(codes);
        return std::vector(codes.begin(), codes.end());
    };
    std::vector<wire::command_code> commands;
    for (auto const& row : wire::command_rows) commands.push_back(row.code);
    BOOST_TEST((sorted(codes_of<wire::any_command>()) == sorted(commands)));
    std::vector<wire::reply_code> replies;
    for (auto const& row : wire::reply_rows) replies.push_back(row.code);
    BOOST_TEST((sorted(codes_of<wire::any_reply>()) == sorted(replies)));
    BOOST_TEST(commands.size() == 15u);
    BOOST_TEST(replies.size() == 20u);
}

BOOST_AUTO_TEST_CASE(commands_are_as_described) {
    BOOST_TEST(std::size(described_commands) == std::size(wire::command_rows));
    for (auto const& expected : described_commands) {
        BOOST_TEST_CONTEXT("command " << expected.letter) {
            auto const* row = wire::find_command(static_cast<unsigned char>(expected.letter));
            BOOST_TEST_REQUIRE(row != nullptr);
            BOOST_TEST(row->since == expected.since);
            BOOST_TEST(row->answered == expected.verdict);
            BOOST_TEST(static_cast<std::uint32_t>(row->suppressed_by) == expected.not_sent);
            BOOST_TEST(static_cast<std::uint32_t>(row->no_reply) == expected.not_answered);
        }
    }
}

BOOST_AUTO_TEST_CASE(replies_are_as_described) {
    BOOST_TEST(std::size(described_replies) == std::size(wire::reply_rows));
    for (auto const& expected : described_replies) {
        BOOST_TEST_CONTEXT("reply " << expected.letter) {
            auto const* row = wire::find_reply(static_cast<unsigned char>(expected.letter));
            BOOST_TEST_REQUIRE(row != nullptr);
            BOOST_TEST((row->kind == expected.kind));
            BOOST_TEST(static_cast<std::uint32_t>(row->needs) == expected.action);
        }
    }
}

BOOST_AUTO_TEST_CASE(every_byte_is_found_if_and_only_if_it_is_a_code) {
    unsigned commands = 0;
    unsigned replies = 0;
    for (unsigned byte = 0; byte < 256; ++byte) {
        if (auto const* row = wire::find_command(static_cast<unsigned char>(byte))) {
            BOOST_TEST(static_cast<unsigned>(row->code) == byte);
            ++commands;
        }
        if (auto const* row = wire::find_reply(static_cast<unsigned char>(byte))) {
            BOOST_TEST(static_cast<unsigned>(row->code) == byte);
            ++replies;
        }
    }
    BOOST_TEST(commands == std::size(wire::command_rows));
    BOOST_TEST(replies == std::size(wire::reply_rows));
}

BOOST_AUTO_TEST_CASE(rows_and_names_are_found_by_code) {
    for (auto const& row : wire::command_rows) {
        BOOST_TEST(&wire::row_of(row.code) == &row);
        BOOST_TEST(wire::name_of(row.code) == row.name);
    }
    for (auto const& row : wire::reply_rows) {
        BOOST_TEST(&wire::row_of(row.code) == &row);
        BOOST_TEST(wire::name_of(row.code) == row.name);
    }
}

BOOST_AUTO_TEST_CASE(all_step_flags_of_commands_are_in_the_rows) {
    wire::step not_sent = wire::step::none;
    wire::step not_answered = wire::step::none;
    for (auto const& row : wire::command_rows) {
        BOOST_TEST(!wire::any(not_sent, row.suppressed_by));
        BOOST_TEST(!wire::any(not_answered, row.no_reply));
        not_sent |= row.suppressed_by;
        not_answered |= row.no_reply;
    }
    BOOST_TEST(not_sent == wire::step::all_no);
    BOOST_TEST(not_answered == wire::step::all_nr);
}

BOOST_AUTO_TEST_CASE(macro_lists_are_numbered_as_described_47) {
    std::map<char, std::size_t> const described{{'C', 0}, {'H', 1}, {'M', 2}, {'R', 3},
                                                {'T', 4}, {'E', 5}, {'N', 6}};
    for (auto const& row : wire::command_rows) {
        auto const at = described.find(static_cast<char>(row.code));
        auto const expected = at == described.end() ? wire::macro_stage_count : at->second;
        BOOST_TEST_CONTEXT(row.name) BOOST_TEST(wire::macro_stage_index(row.code) == expected);
    }
    BOOST_TEST(wire::macro_stage_count == described.size());
    BOOST_TEST(static_cast<std::size_t>(wire::macro_stage::end_of_message) ==
               wire::macro_stage_index(wire::command_code::end_of_message));
    BOOST_TEST(static_cast<std::size_t>(wire::macro_stage::end_of_headers) ==
               wire::macro_stage_index(wire::command_code::end_of_headers));
}

BOOST_AUTO_TEST_SUITE_END()
