// SPDX-License-Identifier: BSL-1.0
// tests/base/endpoint.cpp - socket specifications in the spellings of Sendmail and Postfix

#include "milter/endpoint.hpp"

#include <boost/test/unit_test.hpp>

#include <support/exact_copy.hpp>
#include <support/print_error.hpp>

#include <random>

using milter::endpoint;
using milter::parse_endpoint;
using support::exact_copy;
using kind = endpoint::kind;
using namespace std::string_view_literals;

namespace milter {

std::ostream& boost_test_print_type(std::ostream& out, endpoint const& where) {
    return out << "family " << static_cast<int>(where.family) << " path \"" << where.path
               << "\" host \"" << where.host << "\" service \"" << where.service << '"';
}

} // namespace milter

namespace {

struct row {
    std::string_view text;
    endpoint means;
    std::string_view printed; ///< by to_string()
};

endpoint unix_path(std::string path) { return {kind::unix_path, std::move(path), {}, {}}; }
endpoint inet(std::string service, std::string host = {}) {
    return {kind::inet, {}, std::move(host), std::move(service)};
}
endpoint inet6(std::string service, std::string host = {}) {
    return {kind::inet6, {}, std::move(host), std::move(service)};
}

row const rows[] = {
    {"/run/milter.sock", unix_path("/run/milter.sock"), "unix:/run/milter.sock"},
    {"/run/a:b@c", unix_path("/run/a:b@c"), "unix:/run/a:b@c"},
    {"unix:/run/milter.sock", unix_path("/run/milter.sock"), "unix:/run/milter.sock"},
    {"unix:private/milter", unix_path("private/milter"), "unix:private/milter"},
    {"unix:inet:1@h", unix_path("inet:1@h"), "unix:inet:1@h"},
    {"local:/run/milter.sock", unix_path("/run/milter.sock"), "unix:/run/milter.sock"},
    {"LOCAL:/Run/X", unix_path("/Run/X"), "unix:/Run/X"},
    {"Unix: /with blank", unix_path(" /with blank"), "unix: /with blank"},
    // Sendmail: port@host
    {"inet:8891@localhost", inet("8891", "localhost"), "inet:8891@localhost"},
    {"inet:8891@mail.example.com", inet("8891", "mail.example.com"), "inet:8891@mail.example.com"},
    {"inet:8891@[127.0.0.1]", inet("8891", "127.0.0.1"), "inet:8891@[127.0.0.1]"},
    {"inet:8891@127.0.0.1", inet("8891", "127.0.0.1"), "inet:8891@[127.0.0.1]"},
    {"inet:8891", inet("8891"), "inet:8891"},
    {"inet:milter@[10.1.2.3]", inet("milter", "10.1.2.3"), "inet:milter@[10.1.2.3]"},
    {"inet6:8891@[::1]", inet6("8891", "::1"), "inet6:8891@[::1]"},
    {"inet6:8891@[IPv6:2001:db8::1]", inet6("8891", "2001:db8::1"), "inet6:8891@[2001:db8::1]"},
    {"inet6:8891@[ipv6:::1]", inet6("8891", "::1"), "inet6:8891@[::1]"},
    {"inet6:8891@::1", inet6("8891", "::1"), "inet6:8891@[::1]"},
    {"inet6:8891", inet6("8891"), "inet6:8891"},
    {"INET6:65535@Host", inet6("65535", "Host"), "inet6:65535@Host"},
    // Postfix: host:port
    {"inet:localhost:8891", inet("8891", "localhost"), "inet:8891@localhost"},
    {"inet:127.0.0.1:8891", inet("8891", "127.0.0.1"), "inet:8891@[127.0.0.1]"},
    {"inet:[127.0.0.1]:8891", inet("8891", "127.0.0.1"), "inet:8891@[127.0.0.1]"},
    {"inet:[::1]:8891", inet("8891", "::1"), "inet:8891@[::1]"},
    {"inet:[IPv6:2001:db8::1]:8891", inet("8891", "2001:db8::1"), "inet:8891@[2001:db8::1]"},
    {"inet:::1:8891", inet("8891", "::1"), "inet:8891@[::1]"},
    {"inet6:[2001:DB8::1]:milter", inet6("milter", "2001:DB8::1"), "inet6:milter@[2001:DB8::1]"},
    {"inet:mail-1.example.com:some-service_1", inet("some-service_1", "mail-1.example.com"),
     "inet:some-service_1@mail-1.example.com"},
    {"inet:milter", inet("milter"), "inet:milter"},
    {"inet:h:0", inet("0", "h"), "inet:0@h"},
};

} // namespace

BOOST_AUTO_TEST_SUITE(endpoint_)

BOOST_AUTO_TEST_CASE(each_spelling_is_parsed) {
    for (auto const& row : rows) {
        BOOST_TEST_CONTEXT(row.text) {
            auto const got = parse_endpoint(exact_copy(row.text).view());
            BOOST_TEST_REQUIRE(got.has_value());
            BOOST_TEST(*got == row.means);
        }
    }
}

BOOST_AUTO_TEST_CASE(each_endpoint_is_printed_in_the_spelling_of_sendmail) {
    for (auto const& row : rows) BOOST_TEST(to_string(row.means) == row.printed);
}

BOOST_AUTO_TEST_CASE(what_is_printed_is_parsed_to_the_same) {
    for (auto const& row : rows) {
        BOOST_TEST_CONTEXT(row.text) {
            auto const again = parse_endpoint(to_string(row.means));
            BOOST_TEST_REQUIRE(again.has_value());
            BOOST_TEST(*again == row.means);
        }
    }
}

BOOST_AUTO_TEST_CASE(malformed_specifications_are_refused) {
    std::string_view const malformed[] = {
        "",
        "milter.sock",
        "unix",
        "unix:",
        "local:",
        ":/run/milter.sock",
        "unix :/run/x",
        "inet",
        "inet:",
        "inet6:",
        "inet5:1@h",
        "http://localhost:80",
        "inet:@",
        "inet:@host",
        "inet:8891@",
        "inet:8891@[]",
        "inet:8891@[::1",
        "inet:8891@::1]",
        "inet:8891@[",
        "inet:8891@]",
        "inet:8891@a@b",
        "inet:8891@[[::1]]",
        "inet:8891@[a]b]",
        "inet:8891@a b",
        "inet:8891@a\tb",
        "inet:8891@h/x",
        "inet:8891@h\x80",
        "inet:8891@h\0"sv,
        "inet: 8891@h",
        "inet:8891 @h",
        "inet:65536",
        "inet:99999999999999999999@h",
        "inet:4294967297@h",
        "inet:-1@h",
        "inet:-@h",
        "inet:+1@h",
        "inet:127.0.0.1",
        "inet:[::1]",
        "inet:host:",
        "inet::8891",
        "inet:[]:8891",
        "inet:[::1]8891",
        "inet:[::1:8891",
        "inet:host:port/tcp",
        "inet:8891@IPv6:",
        "inet:8891@[IPv6:]",
        "inet:8891@[IPv6:IPv6:::1]",
        "/run/mil\0ter"sv,
        "unix:\0"sv,
    };
    for (auto const text : malformed) {
        BOOST_TEST_CONTEXT('"' << text << '"') {
            auto const got = parse_endpoint(exact_copy(text).view());
            BOOST_TEST(got.has_error());
            if (got.has_error()) {
                BOOST_TEST(got.error() == milter::errc::bad_endpoint);
                BOOST_TEST(got.error() == milter::condition::local);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(path_must_fit_a_socket_address) {
    BOOST_TEST(milter::max_unix_path == 107u);
    std::string const longest = "/" + std::string(106, 'x');
    BOOST_TEST(parse_endpoint(longest).has_value());
    BOOST_TEST(parse_endpoint("unix:" + longest).has_value());
    BOOST_TEST(parse_endpoint(longest + "x").has_error());
    BOOST_TEST(parse_endpoint("local:" + longest + "x").has_error());
}

BOOST_AUTO_TEST_CASE(whatever_is_accepted_is_printed_and_parsed_to_the_same) {
    std::mt19937 random(7);
    std::string_view const parts[] = {"inet:",    "inet6:", "unix:", "local:", "/",     "@",
                                      ":",        "[",      "]",     "::1",    "IPv6:", "ipv6",
                                      "10.0.0.1", "1",      "x",     "-",      "8891",  "\x80"};
    auto const below = [&](std::size_t n) {
        return std::uniform_int_distribution<std::size_t>(0, n - 1)(random);
    };
    std::size_t accepted = 0;
    for (int round = 0; round < 50'000; ++round) {
        std::string text(parts[below(4)]);
        for (std::size_t n = below(7); n > 0; --n) text += parts[below(std::size(parts))];
        auto const got = parse_endpoint(exact_copy(text).view());
        if (!got) continue;
        ++accepted;
        auto const again = parse_endpoint(to_string(*got));
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST_REQUIRE(again.has_value());
            BOOST_TEST_REQUIRE((*again == *got));
        }
    }
    BOOST_TEST(accepted > 1000u);
}

BOOST_AUTO_TEST_SUITE_END()
