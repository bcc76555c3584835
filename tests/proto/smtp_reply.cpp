// SPDX-License-Identifier: BSL-1.0
// tests/proto/smtp_reply.cpp - reply texts that both MTAs pass on, and the repair of others
//
// Numbers in the names of the cases are those of the statements in the protocol description.

#include "milter/proto/smtp_reply.hpp"

#include <boost/test/unit_test.hpp>

#include <support/print_error.hpp>

#include <random>

using namespace std::string_view_literals;
using milter::errc;
using milter::proto::check_reply_text;
using milter::proto::double_percent;
using milter::proto::has_lone_percent;
using milter::proto::repair_reply_text;
using milter::proto::reply_class;

namespace {

std::string repeated(std::string_view line, std::size_t times, std::string_view last) {
    std::string text;
    for (std::size_t i = 0; i < times; ++i) text.append(line).append("\r\n");
    return text.append(last);
}

constexpr std::string_view good[] = {
    "550 5.7.1 no",
    "450 4.2.0 later",
    "421 4.7.0 closing",
    "550 ",
    "550 no enhanced code",
    "550-5.7.1 not\r\n550 5.7.1 welcome",
    "450-a\r\n450-\r\n450 b",
    "550 50% off", // judged by has_lone_percent() alone
    "550 5.7.1 caf\xc3\xa9",
    "599 5",
    "499-4.0.0 x\r\n499 4.0.0 y",
};

constexpr std::string_view bad[] = {
    "",
    "5",
    "55",
    "550",
    "550no",
    "250 ok",
    "354 go on",
    "650 no",
    "5x0 no",
    "55x no",
    " 550 no",
    "550-no",
    "550 4.7.1 wrong class",
    "450 5.7.1 wrong class",
    "550 1.2.3.4 is blocked",
    "554 2 many errors",
    "550 no\r\n",
    "550-no\r\n",
    "550-a\r\n550-b",
    "550 a\r\n550 b",
    "550-a\r\n551 b",
    "550-a\r\n450 b",
    "550-a\r\nb",
    "550-a\r\n\r\n550 b",
    "550-a\n550 b",
    "550 a\nb",
    "550 a\rb",
    "550 a\r",
    "550-5.7.1 a\r\n550 4.7.1 b",
    "550 a\0"sv,
    "550 a\0b"sv,
    "\0\0\0\0"sv,
    "550-a\0\r\n550 b"sv,
};

} // namespace

BOOST_AUTO_TEST_SUITE(smtp_reply)

BOOST_AUTO_TEST_CASE(texts_that_both_mtas_pass_on_are_good_108_112) {
    for (auto const text : good) BOOST_TEST(!check_reply_text(text), text);
}

BOOST_AUTO_TEST_CASE(texts_that_one_mta_would_punish_are_bad_108_113_115_116) {
    for (auto const text : bad) {
        BOOST_TEST(check_reply_text(text) == errc::bad_reply_text, text);
        BOOST_TEST(check_reply_text(text) == milter::condition::malformed);
    }
}

BOOST_AUTO_TEST_CASE(at_most_32_lines_are_good_117) {
    BOOST_TEST(!check_reply_text(repeated("550-x", 31, "550 y")));
    BOOST_TEST(check_reply_text(repeated("550-x", 32, "550 y")) == errc::bad_reply_text);
}

BOOST_AUTO_TEST_CASE(lines_of_980_bytes_behind_the_codes_are_good_and_longer_ones_are_cut_117) {
    std::string const full(980, 'x');
    for (std::string const codes : {"", "5.7.1 ", "5.123.456 "}) {
        auto const line = [&](char const* begin, char const* end) {
            return std::string(begin).append(codes).append(full).append(end);
        };
        auto const fits = line("550-", "\r\n") + line("550 ", "");
        BOOST_TEST(!check_reply_text(fits), codes);
        BOOST_TEST(repair_reply_text(fits).value() == fits);
        for (auto const& text : {line("550 ", "x"), fits + "x", line("550-", "x\r\n550 y")}) {
            BOOST_TEST(check_reply_text(text) == errc::bad_reply_text, codes);
            auto const cut = repair_reply_text(text).value();
            BOOST_TEST(!check_reply_text(cut));
            BOOST_TEST(cut.size() == text.size() - 1);
        }
    }
    // no enhanced code, and so part of the text
    for (std::string const text : {"5.7 ", "5.7.1", "5.7.1x ", "5.1234.1 ", "5..1 ", "5.7. "}) {
        BOOST_TEST(!check_reply_text("550 " + text + std::string(980 - text.size(), 'x')), text);
        BOOST_TEST(check_reply_text("550 " + text + std::string(981 - text.size(), 'x')) ==
                       errc::bad_reply_text,
                   text);
    }
}

BOOST_AUTO_TEST_CASE(class_is_that_of_the_code) {
    std::pair<std::string_view, int> const rows[] = {
        {"550 no", 5}, {"421", 4}, {"4990", 4}, {"250 ok", 0},       {"55", 0},
        {"", 0},       {"5a0", 0}, {"-50", 0},  {"\xff\xff\xff", 0},
    };
    for (auto const& [text, expected] : rows) BOOST_TEST(reply_class(text) == expected, text);
}

BOOST_AUTO_TEST_CASE(lone_percent_is_told_from_a_doubled_one_109_111) {
    for (auto const text : {"", "no", "100%%", "%%%%", "a%%b%%"})
        BOOST_TEST(!has_lone_percent(text), text);
    for (auto const text : {"%", "50% off", "100%", "%%%", "%s%%", "%%%d"})
        BOOST_TEST(has_lone_percent(text), text);
}

BOOST_AUTO_TEST_CASE(lone_percent_is_doubled_and_a_doubled_one_stays_109) {
    std::pair<std::string_view, std::string_view> const rows[] = {
        {"", ""},    {"no", "no"},    {"50% off", "50%% off"},  {"50%% off", "50%% off"},
        {"%", "%%"}, {"%%%", "%%%%"}, {"%s %n%%", "%%s %%n%%"},
    };
    for (auto const& [text, expected] : rows) {
        auto const doubled = double_percent(text);
        BOOST_TEST(doubled == expected);
        BOOST_TEST(!has_lone_percent(doubled));
        BOOST_TEST(double_percent(doubled) == doubled);
    }
}

BOOST_AUTO_TEST_CASE(good_texts_are_not_changed_by_the_repair) {
    for (auto const text : good) {
        auto const got = repair_reply_text(text);
        BOOST_TEST_REQUIRE(got.has_value());
        BOOST_TEST(*got == text);
    }
}

BOOST_AUTO_TEST_CASE(trivial_faults_are_put_right) {
    std::pair<std::string_view, std::string_view> const rows[] = {
        {"550", "550 "},
        {"550no", "550 no"},
        {"550-no", "550 no"},
        {"550 no\r\n", "550 no"},
        {"550 a\nb", "550-a\r\n550 b"},
        {"550-a\n550 b\n", "550-a\r\n550 b"},
        {"550 a\r550 b", "550-a\r\n550 b"},
        {"550 a\r\n550-b", "550-a\r\n550 b"},
        {"550 4.7.1 wrong class", "550 5.0.0 4.7.1 wrong class"},
        {"450 1.2.3.4 is blocked", "450 4.0.0 1.2.3.4 is blocked"},
        {"550-a\r\n450 b", "550-a\r\n550 5.0.0 450 b"},
        {"550-a\r\n\r\n550 b", "550-a\r\n550-\r\n550 b"},
        {"550 a\0b"sv, "550 ab"},
    };
    for (auto const& [text, expected] : rows) {
        auto const got = repair_reply_text(text);
        BOOST_TEST_REQUIRE(got.has_value());
        BOOST_TEST(*got == expected);
        BOOST_TEST(!check_reply_text(*got));
    }
}

BOOST_AUTO_TEST_CASE(text_without_a_code_is_beyond_repair) {
    for (auto const text : {""sv, "no"sv, "250 ok"sv, "55"sv, "5 50"sv, "\0\0\0"sv})
        BOOST_TEST(!repair_reply_text(text).has_value());
}

BOOST_AUTO_TEST_CASE(long_texts_are_cut_to_what_an_mta_takes_117) {
    auto const lines = repair_reply_text(repeated("550-x", 100, "550 y"));
    BOOST_TEST_REQUIRE(lines.has_value());
    BOOST_TEST(!check_reply_text(*lines));
    BOOST_TEST(std::ranges::count(*lines, '\n') == 31);
    auto const line = repair_reply_text("550 " + std::string(5000, 'x'));
    BOOST_TEST_REQUIRE(line.has_value());
    BOOST_TEST(line->size() == 4 + 980);
    auto const other_class = repair_reply_text("550 4.7.1 " + std::string(5000, 'x'));
    BOOST_TEST_REQUIRE(other_class.has_value());
    BOOST_TEST(other_class->size() == 4 + std::string_view("5.0.0 ").size() + 980);
}

BOOST_AUTO_TEST_CASE(limits_are_the_callers_where_he_sets_them_117) {
    milter::proto::reply_text_limits const few{2, 5}, many{100, 5000};
    BOOST_TEST(!check_reply_text("550-5.7.1 abcde\r\n550 vwxyz", few));
    BOOST_TEST(check_reply_text("550-5.7.1 abcdef\r\n550 5", few) == errc::bad_reply_text);
    BOOST_TEST(check_reply_text(repeated("550-x", 2, "550 y"), few) == errc::bad_reply_text);
    BOOST_TEST(repair_reply_text("550-5.7.1 abcdef\r\n550-b\r\n550 c", few).value() ==
               "550-5.7.1 abcde\r\n550 b");
    BOOST_TEST(!check_reply_text(repeated("550-" + std::string(5000, 'x'), 99, "550 y"), many));
    auto constexpr any = std::string_view::npos;
    BOOST_TEST(!check_reply_text("550 5.7.1 go away", {any, any}));
    BOOST_TEST(repair_reply_text("550 5.7.1 go away", {any, any}).value() == "550 5.7.1 go away");
    BOOST_TEST(check_reply_text("550 no", {0, 980}) == errc::bad_reply_text);
    BOOST_TEST(!repair_reply_text("550 no", {0, 980}).has_value());
}

BOOST_AUTO_TEST_CASE(whatever_is_repaired_is_good_and_keeps_its_code) {
    std::mt19937 random(3);
    std::string_view const parts[] = {"550", "450", "-",   " ", "\r\n", "\n",   "\r", "\0"sv,
                                      "5",   "4",   "7.1", "x", "%",    "\xff", "2",  "."};
    auto const below = [&](std::size_t n) {
        return std::uniform_int_distribution<std::size_t>(0, n - 1)(random);
    };
    for (int round = 0; round < 50'000; ++round) {
        std::string text(round % 2 == 0 ? "550" : "451");
        for (std::size_t n = below(12); n > 0; --n) text += parts[below(std::size(parts))];
        auto const got = repair_reply_text(text);
        BOOST_TEST_REQUIRE(got.has_value());
        if (check_reply_text(*got)) BOOST_FAIL("not repaired: " << text << " became " << *got);
        BOOST_TEST_REQUIRE(got->substr(0, 3) == text.substr(0, 3));
        if (!check_reply_text(text)) BOOST_TEST_REQUIRE(*got == text);
    }
}

BOOST_AUTO_TEST_SUITE_END()
