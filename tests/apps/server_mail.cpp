// SPDX-License-Identifier: BSL-1.0
// tests/apps/server_mail.cpp - messages taken apart as an MTA does, and composed of options

#include "test-server/compose.hpp"
#include "test-server/mail.hpp"

#include <boost/test/unit_test.hpp>

#include <ostream>
#include <stdexcept>
#include <string>
#include <vector>

using namespace milter::test_server;

namespace milter::test_server {

std::ostream& boost_test_print_type(std::ostream& out, mail_header const& one) {
    return out << one.name << ':' << one.value;
}

} // namespace milter::test_server

namespace {

using headers = std::vector<mail_header>;
using texts = std::vector<std::string>;

void same(headers const& a, headers const& b) {
    BOOST_CHECK_EQUAL_COLLECTIONS(a.begin(), a.end(), b.begin(), b.end());
}

texts addresses(std::vector<smtp_path> const& paths) {
    texts all;
    for (auto const& one : paths) all.push_back(one.address);
    return all;
}

} // namespace

BOOST_AUTO_TEST_SUITE(apps_server_mail)

BOOST_AUTO_TEST_CASE(a_message_is_headers_an_empty_line_and_a_body_88) {
    auto const one = parse_mail("From: a@test\nSubject:no blank\n\nline 1\nline 2\n");
    same(one.headers, {{"From", " a@test"}, {"Subject", "no blank"}});
    BOOST_TEST(one.body == "line 1\r\nline 2\r\n");
}

BOOST_AUTO_TEST_CASE(crlf_and_lf_mean_the_same_88) {
    auto const lf = parse_mail("A: 1\n b\n\nx\ny");
    auto const crlf = parse_mail("A: 1\r\n b\r\n\r\nx\r\ny\r\n");
    same(lf.headers, crlf.headers);
    BOOST_TEST(lf.body == crlf.body);
    BOOST_TEST(lf.body == "x\r\ny\r\n");
}

BOOST_AUTO_TEST_CASE(folds_are_kept_as_lf_82) {
    auto const one = parse_mail("A: 1\n\tb\n  c\nB: 2\n\n");
    same(one.headers, {{"A", " 1\n\tb\n  c"}, {"B", " 2"}});
    BOOST_TEST(one.body.empty());
}

BOOST_AUTO_TEST_CASE(the_from_line_of_an_mbox_is_left_out) {
    auto const one = parse_mail("From a@test Mon Jan  1 00:00:00 2024\nA: 1\n\nFrom x\n");
    same(one.headers, {{"A", " 1"}});
    BOOST_TEST(one.body == "From x\r\n");
}

BOOST_AUTO_TEST_CASE(the_body_begins_at_the_first_line_that_is_no_header) {
    auto const one = parse_mail("A: 1\nno header here\nB: 2\n");
    same(one.headers, {{"A", " 1"}});
    BOOST_TEST(one.body == "no header here\r\nB: 2\r\n");
    BOOST_TEST(parse_mail("just text").body == "just text\r\n");
    BOOST_TEST(parse_mail("bad name: x\n").headers.empty());
    BOOST_TEST(parse_mail(": x\n").headers.empty());
}

BOOST_AUTO_TEST_CASE(blanks_before_the_colon_are_no_part_of_the_name_81) {
    same(parse_mail("A : 1\n\n").headers, {{"A", " 1"}});
    BOOST_TEST(parse_mail(" : 1\n\n").headers.empty());
}

BOOST_AUTO_TEST_CASE(nothing_is_a_message_too) {
    BOOST_TEST(parse_mail("").headers.empty());
    BOOST_TEST(parse_mail("").body.empty());
    BOOST_TEST(parse_mail("\n\nx").body == "\r\nx\r\n");
}

BOOST_AUTO_TEST_CASE(a_lone_cr_and_bytes_of_any_value_stay) {
    std::string const bytes("a\rb\0\xff\n", 6);
    BOOST_TEST(with_crlf(bytes) == std::string("a\rb\0\xff\r\n", 7));
}

BOOST_AUTO_TEST_CASE(a_header_option_may_lack_its_blank) {
    BOOST_TEST(parse_header("A:1") == (mail_header{"A", " 1"}));
    BOOST_TEST(parse_header("A: 1") == (mail_header{"A", " 1"}));
    BOOST_TEST(parse_header("A:\t1") == (mail_header{"A", "\t1"}));
    BOOST_TEST(parse_header("A").name.empty());
}

BOOST_AUTO_TEST_CASE(addresses_are_found_in_what_people_write) {
    BOOST_TEST(addresses_in(" a@test") == texts{"a@test"});
    BOOST_TEST(addresses_in("Al <a@test>, \"B, C\" <b@test>") == (texts{"a@test", "b@test"}));
    BOOST_TEST(addresses_in("a@test (Al, @home)") == texts{"a@test"});
    BOOST_TEST(addresses_in("(c (d)) a@test,\n\tb@test") == (texts{"a@test", "b@test"}));
    BOOST_TEST(addresses_in("friends: a@test, b@test;") == (texts{"a@test", "b@test"}));
    BOOST_TEST(addresses_in("<>") == texts{""});
    BOOST_TEST(addresses_in("\"a>b\"@test") == texts{"\"a>b\"@test"});
    BOOST_TEST(addresses_in("undisclosed-recipients:;").empty());
    BOOST_TEST(addresses_in("").empty());
    BOOST_TEST(addresses_in("\"never ends").empty());
}

BOOST_AUTO_TEST_CASE(paths_have_brackets_and_arguments) {
    auto const path = parse_path("a@test SIZE=10  BODY=8BITMIME");
    BOOST_TEST(path.address == "<a@test>");
    BOOST_TEST(path.args == (texts{"SIZE=10", "BODY=8BITMIME"}));
    BOOST_TEST(parse_path("<a@test> X=1").args == texts{"X=1"});
    BOOST_TEST(parse_path("<>").address == "<>");
    BOOST_TEST(parse_path("").address == "<>");
    BOOST_TEST(parse_path("\"a b\"@test X=1").address == "<\"a b\"@test>");
    BOOST_TEST(parse_path("\"a\\\" b\"@test").address == "<\"a\\\" b\"@test>");
}

BOOST_AUTO_TEST_CASE(without_anything_said_there_is_a_plain_message) {
    auto const one = compose(message_texts{});
    BOOST_TEST(one.sender.address == "<sender@example.com>");
    BOOST_TEST(addresses(one.recipients) == texts{"<receiver@example.org>"});
    same(one.headers, {{"From", " <sender@example.com>"}, {"To", " <receiver@example.org>"}});
    BOOST_TEST(one.chunks.size() == 1U);
    BOOST_TEST(one.chunks.at(0).ends_with("\r\n"));
}

BOOST_AUTO_TEST_CASE(what_is_said_stands_in_its_place) {
    auto const one =
        compose({"a@test X=1", {"b@test", "c@test"}, {"Subject:hi", "From: me"}, {"one\n", "two"}});
    BOOST_TEST(one.sender.address == "<a@test>");
    BOOST_TEST(one.sender.args == texts{"X=1"});
    BOOST_TEST(addresses(one.recipients) == (texts{"<b@test>", "<c@test>"}));
    same(one.headers, {{"To", " <b@test>"}, {"Subject", " hi"}, {"From", " me"}});
    BOOST_TEST(one.chunks == (texts{"one\r\n", "two\r\n"}));
    BOOST_CHECK_THROW(compose({"", {}, {"no colon"}, {}}), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(a_file_gives_the_envelope_that_was_not_said) {
    auto const text = "From: Al <a@test>\nTo: b@test, C <c@test>\nTo: d@test\n\nbody\n";
    auto const one = compose(parse_mail(text), {});
    BOOST_TEST(one.sender.address == "<a@test>");
    BOOST_TEST(addresses(one.recipients) == (texts{"<b@test>", "<c@test>", "<d@test>"}));
    BOOST_TEST(one.headers.size() == 3U);
    BOOST_TEST(one.chunks == texts{"body\r\n"});

    auto const other = compose(parse_mail(text), {"x@test", {"y@test"}, {"X-A: 1"}, {"other"}});
    BOOST_TEST(other.sender.address == "<x@test>");
    BOOST_TEST(addresses(other.recipients) == texts{"<y@test>"});
    BOOST_TEST(other.headers.back() == (mail_header{"X-A", " 1"}));
    BOOST_TEST(other.chunks == texts{"other\r\n"});
}

BOOST_AUTO_TEST_CASE(a_file_without_headers_still_has_an_envelope) {
    auto const one = compose(parse_mail("text"), {});
    BOOST_TEST(one.sender.address == "<sender@example.com>");
    BOOST_TEST(addresses(one.recipients) == texts{"<receiver@example.org>"});
    BOOST_TEST(one.headers.empty());
    BOOST_TEST(compose(parse_mail("A: 1\n\n"), {}).chunks.empty());
}

BOOST_AUTO_TEST_SUITE_END()
