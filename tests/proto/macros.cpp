// SPDX-License-Identifier: BSL-1.0
// tests/proto/macros.cpp - how long macros live and how they are found
//
// Numbers in the names of the cases are those of the statements in the protocol description.

#include "milter/proto/macros.hpp"

#include <boost/test/unit_test.hpp>

#include <support/print_packet.hpp>

namespace wire = milter::wire;
using milter::proto::macro_stages;
using milter::proto::macro_store;
using wire::command_code;
using wire::zstr_list;
using namespace std::string_literals;
using namespace std::string_view_literals;

namespace {

void set(macro_store& store, char stage, std::string_view raw) {
    store.set({static_cast<unsigned char>(stage), zstr_list(raw)});
}

/// A store with one macro for each stage; its name is the letter of the stage.
macro_store full() {
    macro_store store;
    for (auto const stage : macro_stages) {
        auto const letter = static_cast<char>(stage);
        set(store, letter, std::string(1, letter) + std::string("\0value\0", 7));
    }
    return store;
}

std::string stages_left(macro_store const& store) {
    std::string letters;
    for (char const letter : "CHMRTNE"sv)
        if (store.find(std::string_view(&letter, 1))) letters += letter;
    return letters;
}

} // namespace

BOOST_AUTO_TEST_SUITE(macros)

BOOST_AUTO_TEST_CASE(commands_forget_the_macros_of_later_stages_186_187) {
    std::map<char, std::string_view> const left{
        {'O', ""},        {'C', "C"},       {'H', "CH"},      {'M', "CHM"},     {'R', "CHMR"},
        {'T', "CHMRTNE"}, {'L', "CHMRTNE"}, {'N', "CHMRTNE"}, {'B', "CHMRTNE"}, {'E', "CHMRTNE"},
        {'U', "CHMRTNE"}, {'A', "CHMRTNE"}, {'Q', ""},        {'K', ""},        {'D', "CHMRTNE"},
    };
    for (auto const& row : wire::command_rows) {
        auto store = full();
        store.on_command(row.code);
        BOOST_TEST_CONTEXT(row.name)
        BOOST_TEST(stages_left(store) == left.at(static_cast<char>(row.code)));
        for (auto const stage : macro_stages) {
            bool const there =
                stages_left(store).find(static_cast<char>(stage)) != std::string::npos;
            BOOST_TEST(store.present(stage) == there);
            BOOST_TEST(store.at(stage).empty() == !there);
        }
    }
}

BOOST_AUTO_TEST_CASE(packet_replaces_the_whole_set_of_its_stage_182_190) {
    macro_store store;
    set(store, 'R', "{rcpt_addr}\0a@b\0{rcpt_host}\0h\0"sv);
    set(store, 'R', "{rcpt_addr}\0c@d\0"sv);
    BOOST_TEST((store.find("{rcpt_addr}") == "c@d"sv));
    BOOST_TEST(!store.find("{rcpt_host}").has_value());
}

BOOST_AUTO_TEST_CASE(packet_without_pairs_yields_an_empty_set_183) {
    macro_store store;
    set(store, 'M', "i\0001\0"sv);
    set(store, 'M', "");
    BOOST_TEST(!store.find("i").has_value());
    BOOST_TEST(store.present(command_code::mail));
    BOOST_TEST(!store.present(command_code::rcpt));
}

BOOST_AUTO_TEST_CASE(packets_of_other_codes_are_ignored_184) {
    auto store = full();
    for (unsigned code = 0; code < 256; ++code)
        if ("CHMRTNE"sv.find(static_cast<char>(code)) == std::string_view::npos)
            store.set({static_cast<unsigned char>(code), zstr_list("x\0y\0"sv)});
    BOOST_TEST(!store.find("x").has_value());
    BOOST_TEST(stages_left(store) == "CHMRTNE");
}

BOOST_AUTO_TEST_CASE(name_without_value_is_ignored_185) {
    macro_store store;
    set(store, 'C', "j\0mx\0v\0"sv);
    BOOST_TEST((store.find("j") == "mx"sv));
    BOOST_TEST(!store.find("v").has_value());
    set(store, 'C', "j\0mx\0v\0Post"sv);
    BOOST_TEST(!store.find("v").has_value());
    set(store, 'C', "v"sv);
    BOOST_TEST(!store.find("v").has_value());
}

BOOST_AUTO_TEST_CASE(one_letter_is_found_with_and_without_braces_188) {
    macro_store store;
    set(store, 'C', "j\0one\0{v}\0two\0{daemon_name}\0three\0{}\0four\0"sv);
    BOOST_TEST((store.find("j") == "one"sv));
    BOOST_TEST((store.find("{j}") == "one"sv));
    BOOST_TEST((store.find("v") == "two"sv));
    BOOST_TEST((store.find("{v}") == "two"sv));
    BOOST_TEST((store.find("{daemon_name}") == "three"sv));
    BOOST_TEST(!store.find("daemon_name").has_value());
    BOOST_TEST(!store.find("J").has_value());
    BOOST_TEST(!store.find("").has_value());
    BOOST_TEST((store.find("{}") == "four"sv));
}

BOOST_AUTO_TEST_CASE(most_recent_stage_comes_first_189) {
    macro_store store;
    std::string_view const order = "CHMRTNE";
    for (char const letter : order) {
        set(store, letter, "x\0"s.append(1, letter).append(1, '\0'));
        BOOST_TEST((store.find("x") == std::string_view(&letter, 1)));
    }
    macro_store reversed;
    for (std::size_t i = order.size(); i-- > 0;) {
        set(reversed, order[i], "x\0"s.append(1, order[i]).append(1, '\0'));
        BOOST_TEST((reversed.find("x") == "E"sv));
    }
}

BOOST_AUTO_TEST_CASE(absent_and_empty_values_are_told_apart_191) {
    macro_store store;
    set(store, 'M', "{mail_addr}\0\0"sv);
    BOOST_TEST(!store.find("i").has_value());
    BOOST_TEST((store.find("{mail_addr}") == ""sv));
}

BOOST_AUTO_TEST_CASE(repeated_name_in_a_packet_gives_the_first_value) {
    macro_store store;
    set(store, 'C', "j\0one\0j\0two\0"sv);
    BOOST_TEST((store.find("j") == "one"sv));
}

BOOST_AUTO_TEST_CASE(macros_outlive_the_packet_they_came_in) {
    macro_store store;
    {
        std::string packet("j\0mx.example.org\0", 17);
        set(store, 'C', packet);
        packet.assign(packet.size(), 'x');
    }
    BOOST_TEST((store.find("j") == "mx.example.org"sv));
}

BOOST_AUTO_TEST_CASE(two_messages_as_postfix_sends_them) {
    macro_store store;
    set(store, 'C', "j\0mx\0"sv);
    store.on_command(command_code::connect);
    set(store, 'M', "{mail_addr}\0a@b\0"sv);
    store.on_command(command_code::mail);
    set(store, 'R', "{rcpt_addr}\0c@d\0"sv);
    store.on_command(command_code::rcpt);
    set(store, 'E', "i\00042\0"sv);
    store.on_command(command_code::end_of_message);
    store.on_command(command_code::abort);
    BOOST_TEST((store.find("i") == "42"sv));
    set(store, 'M', "{mail_addr}\0e@f\0"sv);
    store.on_command(command_code::mail);
    BOOST_TEST((store.find("{mail_addr}") == "e@f"sv));
    BOOST_TEST((store.find("j") == "mx"sv));
    BOOST_TEST(!store.find("i").has_value(),
               "the queue id of the first message must not leak into the second");
    BOOST_TEST(!store.find("{rcpt_addr}").has_value());
}

BOOST_AUTO_TEST_SUITE_END()
