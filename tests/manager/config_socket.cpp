// SPDX-License-Identifier: BSL-1.0
// tests/manager/config_socket.cpp - sockets in the configuration: refused ones, and which are the same

#include "manager/config/config_socket.hpp"

#include <boost/test/unit_test.hpp>

using namespace milter::manager;

namespace {

milter::endpoint socket_at(std::string_view text) { return *milter::parse_endpoint(text); }

struct bad_socket {
    std::string text, message, hint;
};

struct pair_row {
    std::string_view a, b;
    bool same;      ///< cannot both be listened on
    bool a_reaches; ///< a milter at a, listened on b
};

} // namespace

BOOST_AUTO_TEST_SUITE(config_socket)

BOOST_AUTO_TEST_CASE(each_spelling_of_a_socket_is_taken) {
    for (std::string const text :
         {"/run/x", "unix:/run/x", "local:/run/x", "inet:25", "inet:25@localhost",
          "inet:localhost:25", "inet:25@[127.0.0.1]", "inet6:25@[::1]", "inet6:[::1]:25"}) {
        milter::endpoint parsed;
        auto const refused = assign_socket(parsed, text);
        BOOST_TEST(!refused, text);
        BOOST_TEST((parsed == socket_at(text)), text);
    }
}

BOOST_AUTO_TEST_CASE(a_bad_socket_is_explained) {
    std::string const form(socket_form);
    bad_socket const rows[] = {
        {"x", R"(cannot read "x")", form},
        {"unix:", "socket without a path", form},
        {"unix:run/x", R"(relative path "run/x")", R"(the path of a socket begins with "/")"},
        {"unix:@x", R"(relative path "@x")", R"(the path of a socket begins with "/")"},
        {"/" + std::string(107, 'a'), "path of 108 bytes: a socket takes at most 107", ""},
        {"127.0.0.1:25", R"(cannot read "127.0.0.1:25")", R"(did you mean "inet:127.0.0.1:25"?)"},
        {"25@localhost", R"(cannot read "25@localhost")", R"(did you mean "inet:25@localhost"?)"},
        {"[::1]:25", R"(cannot read "[::1]:25")", R"(did you mean "inet6:[::1]:25"?)"},
        {"inet:25@[::1]", R"(IPv6 address in "inet:25@[::1]")",
         R"(write "inet6:" instead of "inet:")"},
        {"inet6:18893@127.0.0.1", R"(IPv4 address in "inet6:18893@127.0.0.1")",
         R"(write "inet:" instead of "inet6:")"},
        {"inet6:127.0.0.1:25", R"(IPv4 address in "inet6:127.0.0.1:25")",
         R"(write "inet:" instead of "inet6:")"},
        {"inet:99999", R"(port above 65535 in "inet:99999")", ""},
        {"inet:65536@127.0.0.1", R"(port above 65535 in "inet:65536@127.0.0.1")", ""},
        {"inet6:[::1]:70000", R"(port above 65535 in "inet6:[::1]:70000")", ""},
        {"tcp:127.0.0.1:25", R"(cannot read "tcp:127.0.0.1:25")", form},
    };
    for (auto const& row : rows) {
        milter::endpoint parsed;
        auto const refused = assign_socket(parsed, row.text);
        BOOST_TEST_REQUIRE(bool(refused), row.text);
        BOOST_TEST(refused->message == row.message);
        BOOST_TEST(refused->hint == row.hint);
        BOOST_TEST((parsed == milter::endpoint{}));
    }
}

BOOST_AUTO_TEST_CASE(different_spellings_of_the_same_socket_are_found) {
    pair_row const rows[] = {
        {"/run/x", "unix:/run//./x", true, true},
        {"/run/x", "/run/y", false, false},
        {"/run/x", "/run/X", false, false},
        {"inet:25@localhost", "inet:25@127.0.0.1", true, true},
        {"inet6:25@LOCALHOST", "inet6:25@::1", true, true},
        {"inet:25@a.example", "inet:25@A.example", true, true},
        {"inet:25@127.0.0.1", "inet:26@127.0.0.1", false, false},
        {"inet:25@127.0.0.1", "inet6:25@::1", false, false},
        {"inet:25@127.0.0.1", "inet:25", true, true},
        {"inet:25@127.0.0.3", "inet:25@0.0.0.0", true, true},
        {"inet:25", "inet:25@127.0.0.1", true, true},
        {"inet:25", "inet:25@192.0.2.1", true,
         false}, // connecting to "any" means to this machine's loopback
        {"inet:25@192.0.2.1", "inet:25", true, false}, // may well be another machine
        {"inet:0@127.0.0.1", "inet:0@127.0.0.1", false, false},
    };
    for (auto const& row : rows) {
        BOOST_TEST_CONTEXT(row.a << " " << row.b) {
            BOOST_TEST(same_place(socket_at(row.a), socket_at(row.b)) == row.same);
            BOOST_TEST(same_place(socket_at(row.b), socket_at(row.a)) == row.same);
            BOOST_TEST(reaches(socket_at(row.a), socket_at(row.b)) == row.a_reaches);
        }
    }
}

BOOST_AUTO_TEST_CASE(all_addresses_are_told_in_each_spelling) {
    for (auto const text :
         {"inet:25", "inet6:25", "inet:25@0.0.0.0", "inet:25@0", "inet:25@0.0", "inet:25@0x0",
          "inet6:25@::", "inet6:25@::0", "inet6:25@[::0.0.0.0]", "inet6:25@0:0:0:0:0:0:0:0",
          "inet6:25@0000::0000", "inet6:25@::%1", "inet6:25@::ffff:0.0.0.0"})
        BOOST_TEST(is_on_all_addresses(socket_at(text)), text);
    for (auto const text :
         {"inet:25@0.0.0.1", "inet:25@1", "inet6:25@::1", "inet6:25@::ffff:127.0.0.1",
          "inet:25@zero", "inet:25@0.example", "/run/0"})
        BOOST_TEST(!is_on_all_addresses(socket_at(text)), text);
    BOOST_TEST(same_place(socket_at("inet6:25@::0"), socket_at("inet6:25@::1")));
}

BOOST_AUTO_TEST_SUITE_END()
