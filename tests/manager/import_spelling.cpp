// SPDX-License-Identifier: BSL-1.0
// tests/manager/import_spelling.cpp - sockets, times and names of other programs, as the configuration has them

#include "manager/import/condition_name.hpp"
#include "manager/import/socket_name.hpp"
#include "manager/import/spelling.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <limits>

using namespace milter::manager;
using namespace std::chrono_literals;

namespace {

socket_habits const postfix{"localhost", "/var/spool/postfix", true};
socket_habits const sendmail{{}, "/var/spool/mqueue", false};

struct found {
    std::string socket; ///< empty: none
    bool lost = false;
    std::size_t remarks = 0;
};

found connecting(std::string_view text, socket_habits const& habits) {
    remark_list remarks;
    auto const where = socket_of(text, habits, 1, remarks);
    return {where ? to_string(*where) : "", remarks.loses_something(), remarks.entries().size()};
}

} // namespace

BOOST_AUTO_TEST_SUITE(import_spelling)

BOOST_AUTO_TEST_CASE(sockets_to_connect_to_are_put_into_one_spelling) {
    struct {
        std::string_view text;
        socket_habits const& whose;
        std::string_view socket;
        std::size_t remarks;
        bool lost;
    } const rows[] = {
        {"inet:localhost:8891", postfix, "inet:8891@localhost", 0, false},
        {"inet:127.0.0.1:8891", postfix, "inet:8891@[127.0.0.1]", 0, false},
        {"inet:[127.0.0.1]:8891", postfix, "inet:8891@[127.0.0.1]", 0, false},
        {"inet:[::1]:8891", postfix, "inet6:8891@[::1]", 0, false},
        {"inet:8891", postfix, "inet:8891@localhost", 0, false},
        {"unix:private/x", postfix, "unix:/var/spool/postfix/private/x", 1, false},
        {"local:x", postfix, "unix:/var/spool/postfix/x", 1, false},
        {"unix:/run/x.sock", postfix, "unix:/run/x.sock", 1, false},
        {"unix:/var/spool/postfix/x", postfix, "unix:/var/spool/postfix/x", 0, false},
        {"inet:8891@[127.0.0.1]", sendmail, "inet:8891@[127.0.0.1]", 0, false},
        {"inet6:8891@[::1]", sendmail, "inet6:8891@[::1]", 0, false},
        {"local:/run/x.sock", sendmail, "unix:/run/x.sock", 0, false},
        {"/run/x.sock", sendmail, "unix:/run/x.sock", 0, false},
        {"f1.sock", sendmail, "unix:/var/spool/mqueue/f1.sock", 1, false},
        {"inet:8891", sendmail, "inet:8891@localhost", 1, true},
        {"inet:x y@z", sendmail, "", 1, true},
        {"unix:", postfix, "", 1, true},
        {"", postfix, "", 1, true},
        {"unix:/a\nb", postfix, "", 1, true},
    };
    for (auto const& row : rows) {
        BOOST_TEST_CONTEXT(row.text) {
            auto const is = connecting(row.text, row.whose);
            BOOST_TEST(is.socket == row.socket);
            BOOST_TEST(is.remarks == row.remarks);
            BOOST_TEST(is.lost == row.lost);
        }
    }
    BOOST_TEST(connecting("unix:/" + std::string(200, 'x'), postfix).lost);
}

BOOST_AUTO_TEST_CASE(listener_without_a_host_is_on_all_addresses_and_that_is_said) {
    remark_list remarks;
    BOOST_TEST(to_string(*listener_of("inet:10025", 3, remarks)) == "inet:10025");
    BOOST_TEST_REQUIRE(remarks.entries().size() == 1u);
    BOOST_TEST(remarks.entries()[0].what ==
               R"(listens on all addresses of the machine: "inet:10025")");
    BOOST_TEST(remarks.entries()[0].advice ==
               R"(for an MTA on this machine write a host, "inet:10025@127.0.0.1")");
    remark_list none;
    BOOST_TEST(to_string(*listener_of("inet:10025@[127.0.0.1]", 3, none)) ==
               "inet:10025@[127.0.0.1]");
    BOOST_TEST(none.entries().empty());
    BOOST_TEST(!listener_of("unix:relative", 3, none).has_value());
}

BOOST_AUTO_TEST_CASE(times_have_units) {
    struct {
        std::string_view text;
        std::optional<double> seconds;
    } const rows[] = {
        {"30s", 30},
        {"30", 30},
        {"5m", 300},
        {"1h30m", 5400},
        {"1d", 86400},
        {"1w", 604800},
        {"", {}},
        {"s", {}},
        {"5x", {}},
        {"-1", {}},
        {"1.5s", {}},
        {"5M", 300},
        {"99999999999999999999", 1e9},
    };
    for (auto const& row : rows) BOOST_TEST((seconds_of(row.text) == row.seconds), row.text);
}

BOOST_AUTO_TEST_CASE(times_are_those_that_the_configuration_takes) {
    remark_list remarks;
    BOOST_TEST((taken_timeout(1.5, "x", 1, remarks) == 1500ms));
    BOOST_TEST((taken_timeout(1e-9, "x", 1, remarks) == 1ms));
    BOOST_TEST(remarks.entries().empty());
    BOOST_TEST((taken_timeout(7200, "x", 1, remarks) == 1h));
    BOOST_TEST(!taken_timeout(0, "x", 1, remarks).has_value());
    BOOST_TEST(!taken_timeout(-1, "x", 1, remarks).has_value());
    BOOST_TEST(
        !taken_timeout(std::numeric_limits<double>::quiet_NaN(), "x", 1, remarks).has_value());
    BOOST_TEST(remarks.entries().size() == 4u);
    remark_list end;
    BOOST_TEST((taken_end(2min, "x", 1, end) == 2min));
    BOOST_TEST(end.entries().empty());
    BOOST_TEST((taken_end(10min, "x", 1, end) == 4min));
    BOOST_TEST(end.entries().size() == 1u);
}

BOOST_AUTO_TEST_CASE(names_are_those_that_the_configuration_takes_each_once) {
    name_giver names;
    BOOST_TEST(names.give("milter-greylist") == "milter-greylist");
    BOOST_TEST(names.give("Spam Ass/1") == "spam-ass-1");
    BOOST_TEST(names.give("SPAM_ASS") == "spam_ass");
    BOOST_TEST(names.give("milter-greylist") == "milter-greylist-2");
    BOOST_TEST(names.give("milter-greylist") == "milter-greylist-3");
    BOOST_TEST(names.give("mta") == "mta-1");
    BOOST_TEST(names.give("") == "milter");
    BOOST_TEST(names.give(std::string(100, 'x')).size() < 65u);
    BOOST_TEST(names.give(std::string(100, 'x')).size() < 65u);
}

BOOST_AUTO_TEST_CASE(names_are_found_in_sockets) {
    auto const name = [](std::string_view socket) {
        return name_of_socket(*milter::parse_endpoint(socket)).name;
    };
    BOOST_TEST(name("unix:/run/opendkim/opendkim.sock") == "opendkim");
    BOOST_TEST(name("unix:/run/rspamd/milter.sock") == "rspamd");
    BOOST_TEST(name("unix:/milter.sock") == "milter");
    BOOST_TEST(name("unix:/var/spool/postfix/private/spf") == "spf");
    BOOST_TEST(name("inet:11332@localhost") == "rspamd");
    BOOST_TEST(name("inet:12345@localhost") == "milter-12345");
}

BOOST_AUTO_TEST_CASE(conditions_of_the_older_manager_have_a_term_or_a_rule) {
    BOOST_TEST(find_condition("Remote Network")->term == "remote_network");
    BOOST_TEST(find_condition("No Stress")->term == "not stressed");
    BOOST_TEST(find_condition("Trust")->term == "");
    BOOST_TEST(find_condition("Trust")->file == "trust.toml");
    BOOST_TEST(!find_condition("Restrict Accounts by List: [\"a@b\"]"));
    BOOST_TEST(!find_condition("remote network"));
}

BOOST_AUTO_TEST_CASE(macros_are_left_out_where_they_are_as_usual) {
    remark_list remarks;
    BOOST_TEST(macros_of("i, {auth_type}", "{auth_type} i", "x", 1, remarks) == "");
    BOOST_TEST(macros_of("i, {auth_type}, {x}", "i", "x", 1, remarks) == "i {auth_type} {x}");
    BOOST_TEST(macros_of("", "i", "x", 1, remarks) == "");
    BOOST_TEST(remarks.entries().empty());
    BOOST_TEST(macros_of("auth_type", "i", "x", 1, remarks) == "");
    BOOST_TEST_REQUIRE(remarks.entries().size() == 1u);
    BOOST_TEST(remarks.entries()[0].advice == R"(did you mean "{auth_type}"?)");
}

BOOST_AUTO_TEST_SUITE_END()
