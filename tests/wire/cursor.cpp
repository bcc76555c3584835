// SPDX-License-Identifier: BSL-1.0
// tests/wire/cursor.cpp - fields read one after another, and lists of strings

#include "milter/wire/cursor.hpp"

#include <boost/test/unit_test.hpp>

#include <support/exact_copy.hpp>
#include <support/hex.hpp>
#include <support/print_error.hpp>

using milter::errc;
using milter::wire::pack_zstr;
using milter::wire::zstr_list;
using support::exact_copy;
using namespace std::string_view_literals;

namespace {

std::vector<std::string> strings_of(std::string_view raw) {
    exact_copy const copy(raw);
    zstr_list const list(copy.view());
    std::vector<std::string> strings(list.begin(), list.end());
    BOOST_TEST(list.size() == strings.size());
    BOOST_TEST(list.empty() == strings.empty());
    BOOST_TEST(list.raw() == raw);
    return strings;
}

using strings = std::vector<std::string>;

} // namespace

BOOST_AUTO_TEST_SUITE(cursor)

BOOST_AUTO_TEST_CASE(fields_are_read_in_order) {
    exact_copy const payload(support::bytes("01 0203 fffefdfc 'name' 00 00 'rest' 00 'x'"));
    milter::wire::cursor in(payload.view());
    BOOST_TEST(in.u8() == 1);
    BOOST_TEST(in.u16() == 0x0203);
    BOOST_TEST(in.u32() == 0xfffefdfcu);
    BOOST_TEST(in.zstr() == "name");
    BOOST_TEST(in.zstr() == "");
    BOOST_TEST(!in.empty());
    BOOST_TEST(in.rest() == "rest\0x"sv);
    BOOST_TEST(in.empty());
    in.finish();
    BOOST_TEST(!in.failed());
}

BOOST_AUTO_TEST_CASE(integer_that_does_not_fit_is_a_missing_field) {
    for (std::size_t const size : {0u, 1u, 2u, 3u}) {
        exact_copy const payload(std::string(size, '\x7f'));
        milter::wire::cursor in(payload.view());
        BOOST_TEST(in.u32() == 0u);
        BOOST_TEST(in.failed());
        BOOST_TEST(in.error() == errc::missing_field);
    }
    exact_copy const one("\x7f");
    milter::wire::cursor in(one.view());
    BOOST_TEST(in.u16() == 0);
    BOOST_TEST(in.error() == errc::missing_field);
}

BOOST_AUTO_TEST_CASE(string_without_nul_is_told_from_no_string) {
    exact_copy const text("abc");
    milter::wire::cursor unterminated(text.view());
    BOOST_TEST(unterminated.zstr() == "");
    BOOST_TEST(unterminated.error() == errc::missing_nul);
    milter::wire::cursor nothing("");
    BOOST_TEST(nothing.zstr() == "");
    BOOST_TEST(nothing.error() == errc::missing_field);
}

BOOST_AUTO_TEST_CASE(first_failure_sticks_and_later_reads_give_nothing) {
    milter::wire::cursor in("abc"sv);
    in.zstr();
    BOOST_TEST(in.error() == errc::missing_nul);
    BOOST_TEST(in.u8() == 0);
    BOOST_TEST(in.u32() == 0u);
    BOOST_TEST(in.zstr() == "");
    BOOST_TEST(in.rest() == "");
    BOOST_TEST(in.empty());
    in.fail(errc::bad_family);
    in.finish();
    BOOST_TEST(in.error() == errc::missing_nul);
}

BOOST_AUTO_TEST_CASE(bytes_left_over_are_surplus) {
    milter::wire::cursor in("a\0b"sv);
    in.zstr();
    in.finish();
    BOOST_TEST(in.failed());
    BOOST_TEST(in.error() == errc::surplus_data);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(string_list)

BOOST_AUTO_TEST_CASE(strings_are_separated_by_their_nuls) {
    BOOST_TEST(strings_of("") == strings());
    BOOST_TEST(strings_of("a\0"sv) == strings({"a"}));
    BOOST_TEST(strings_of("a\0bc\0"sv) == strings({"a", "bc"}));
    BOOST_TEST(strings_of("\0"sv) == strings({""}));
    BOOST_TEST(strings_of("\0\0"sv) == strings({"", ""}));
    BOOST_TEST(strings_of("\0a\0\0"sv) == strings({"", "a", ""}));
}

BOOST_AUTO_TEST_CASE(fragment_without_nul_is_no_element) {
    BOOST_TEST(strings_of("a") == strings());
    BOOST_TEST(strings_of("a\0b"sv) == strings({"a"}));
    BOOST_TEST(strings_of("\0b"sv) == strings({""}));
}

BOOST_AUTO_TEST_CASE(iterator_may_be_copied_and_used_again) {
    zstr_list const list("a\0b\0"sv);
    auto const first = list.begin();
    auto at = first;
    BOOST_TEST(*at++ == "a");
    BOOST_TEST(*at == "b");
    BOOST_TEST(*first == "a");
    BOOST_TEST((first != at));
    BOOST_TEST((++at == list.end()));
    static_assert(std::forward_iterator<zstr_list::iterator>);
}

BOOST_AUTO_TEST_CASE(lists_are_equal_when_their_bytes_are) {
    BOOST_TEST((zstr_list("a\0"sv) == zstr_list("a\0"sv)));
    BOOST_TEST((zstr_list("a\0"sv) != zstr_list("b\0"sv)));
    BOOST_TEST((zstr_list() == zstr_list("")));
}

BOOST_AUTO_TEST_CASE(packed_strings_are_read_back) {
    for (auto const& list :
         {strings(), strings({""}), strings({"a"}), strings({"", "b\x80", ""})}) {
        auto const raw = pack_zstr(list);
        BOOST_TEST(strings_of(raw) == list);
        BOOST_TEST(static_cast<std::size_t>(std::ranges::count(raw, '\0')) == list.size());
    }
    BOOST_TEST(pack_zstr(std::vector<std::string_view>{"a", "b"}) == "a\0b\0"sv);
}

BOOST_AUTO_TEST_SUITE_END()
