// SPDX-License-Identifier: BSL-1.0
// tests/apps/manager_postfix_settings.cpp - what Postfix is set to, from texts, from a stand-in, and from Postfix itself

#include "manager/mta_settings.hpp"
#include "manager/postfix_settings.hpp"

#include <boost/test/unit_test.hpp>

#include <support/temp_dir.hpp>
#include <sys/stat.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

using namespace milter::manager;
using namespace std::chrono_literals;

namespace {

constexpr auto parameters = "milter_connect_macros = j, daemon_name\t{if_addr} v,{j}\n"
                            "milter_helo_macros =\n"
                            "milter_mail_macros = i {auth_type}\n"
                            "milter_rcpt_macros = i {rcpt_addr}\n"
                            "milter_data_macros = i\n"
                            "milter_end_of_header_macros = i\n"
                            "milter_end_of_data_macros = i {msg_id}\n"
                            "default_process_limit = 40\n"
                            "milter_connect_timeout = 30s\n"
                            "milter_command_timeout = 2m\n"
                            "milter_content_timeout = 300\n"
                            "milter_protocol = 6\n"
                            "milter_default_action = tempfail\n"
                            "smtpd_milters = inet:localhost:1=2 { unix:/a, connect_timeout=1s }\n"
                            "non_smtpd_milters = \n"
                            "message_size_limit = 10240000\n"
                            "milter_macro_defaults = b=now, {if_name}=mx { auth_ssf = 0 }\n";

std::string text_of(std::vector<milters_of_service> const& all) {
    std::string text;
    for (auto const& one : all) text += one.service + ": " + one.list + '\n';
    return text;
}

unsigned limit_of(std::string const& services) { return smtpd_process_limit(services, 100); }

struct fixture {
    support::temp_dir dir;

    /// Prints one file for -x and another for -M.
    std::string postconf(std::string const& services, std::string const& before = "") const {
        dir.write("parameters", parameters);
        dir.write("services", services);
        auto const folder = dir / "";
        auto file = dir.write("postconf", "#!/bin/sh\n" + before +
                                              "\nfor word; do case $word in\n"
                                              "-x) exec cat " +
                                              folder +
                                              "/parameters ;;\n"
                                              "-M) exec cat " +
                                              folder +
                                              "/services ;;\n"
                                              "esac; done\nexit 1\n");
        ::chmod(file.c_str(), 0755);
        return file;
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(manager_postfix_settings, fixture)

BOOST_AUTO_TEST_CASE(parameters_are_read) {
    postfix_settings read;
    read_parameters(parameters, read);
    BOOST_TEST(read.milter_macros[0] == "j {daemon_name} {if_addr} v");
    BOOST_TEST(read.milter_macros[1] == "");
    BOOST_TEST(read.milter_macros[2] == "i {auth_type}");
    BOOST_TEST(read.milter_macros[3] == "i {rcpt_addr}");
    BOOST_TEST(read.milter_macros[4] == "i");
    BOOST_TEST(read.milter_macros[5] == "i");
    BOOST_TEST(read.milter_macros[6] == "i {msg_id}");
    BOOST_TEST((read.milter_connect_timeout == 30s));
    BOOST_TEST((read.milter_command_timeout == 2min));
    BOOST_TEST((read.milter_content_timeout == 300s));
    BOOST_TEST(read.milter_protocol == "6");
    BOOST_TEST(read.milter_default_action == "tempfail");
    BOOST_TEST(read.smtpd_milters == "inet:localhost:1=2 { unix:/a, connect_timeout=1s }");
    BOOST_TEST(read.non_smtpd_milters == "");
    BOOST_TEST(read.message_size_limit == 10'240'000u);
    BOOST_TEST(read.macro_defaults.size() == 3U);
}

BOOST_AUTO_TEST_CASE(what_is_not_there_is_not_known) {
    for (auto const* text : {"", "\n\n", "milter_connect_timeout", "=", "xmilter_protocol = 6\n",
                             "milter_connect_timeout = soon\nmessage_size_limit = -1\n"}) {
        postfix_settings read;
        read_parameters(text, read);
        BOOST_TEST((read.milter_connect_timeout == 0s));
        BOOST_TEST(read.milter_protocol == "");
        BOOST_TEST(read.message_size_limit == 0u);
    }
}

BOOST_AUTO_TEST_CASE(smtpd_is_not_taken_for_the_client_of_the_same_name) {
    BOOST_TEST(limit_of("smtp unix - - y - 7 smtp\n"
                        "relay unix - - y - 8 smtp\n"
                        "smtp       inet  n       -       y       -       50      smtpd\n") == 50u);
    BOOST_TEST(limit_of("smtp unix - - y - 7 smtp\n") == 0u);
}

BOOST_AUTO_TEST_CASE(smtpd_behind_postscreen_is_seen) {
    BOOST_TEST(limit_of("smtp inet n - y - 1 postscreen\n"
                        "smtpd pass - - y - 60 smtpd -o x=y\n"
                        "submission inet n - y - 9 smtpd\n") == 60u);
    BOOST_TEST(limit_of("smtp inet n - y - - smtpd\n" // a leftover
                        "smtpd pass - - y - 60 smtpd\n") == 100u);
}

BOOST_AUTO_TEST_CASE(service_that_does_not_say_has_the_default) {
    BOOST_TEST(limit_of("smtp inet n - y - - smtpd\n") == 100u);
    BOOST_TEST(smtpd_process_limit("smtp inet n - y - - smtpd\n", 0) == 0u);
}

BOOST_AUTO_TEST_CASE(port_may_be_spelled_in_other_ways) {
    for (auto const* name : {"smtp", "25", "127.0.0.1:smtp", "[::1]:25", "localhost:smtp"})
        BOOST_TEST(limit_of(name + std::string(" inet n - y - 30 smtpd\n")) == 30u, name);
    for (auto const* name : {"submission", "smtps", "2525", "127.0.0.1:10025", "xsmtp", "smtp:26"})
        BOOST_TEST(limit_of(name + std::string(" inet n - y - 30 smtpd\n")) == 0u, name);
}

BOOST_AUTO_TEST_CASE(services_of_several_addresses_count_together) {
    BOOST_TEST(limit_of("192.0.2.1:smtp inet n - y - 30 smtpd\n"
                        "192.0.2.2:smtp inet n - y - - smtpd\n") == 130u);
    BOOST_TEST(limit_of("192.0.2.1:smtp inet n - y - 30 smtpd\n"
                        "192.0.2.2:smtp inet n - y - 0 smtpd\n") == 0u); // any number
}

BOOST_AUTO_TEST_CASE(other_text_is_no_service) {
    for (auto const* text : {"", "\n", "smtp inet n - y - smtpd", "#smtp inet n - y - 5 smtpd",
                             "smtp inet n - y - many smtpd", "smtp inet n - y - -1 smtpd"})
        BOOST_TEST(limit_of(text) == 0u, text);
}

BOOST_AUTO_TEST_CASE(times_are_read_as_postfix_reads_them) {
    BOOST_TEST((parse_postfix_time("0") == 0s));
    BOOST_TEST((parse_postfix_time("5") == 5s));
    BOOST_TEST((parse_postfix_time("30s") == 30s));
    BOOST_TEST((parse_postfix_time("2m") == 2min));
    BOOST_TEST((parse_postfix_time("1h") == 1h));
    BOOST_TEST((parse_postfix_time("1d") == 24h));
    BOOST_TEST((parse_postfix_time("2w") == 336h));
    for (auto const* text : {"", "s", "-1s", "1.5s", "30 s", "3x", "9999999999", "9999w"})
        BOOST_TEST(!parse_postfix_time(text).has_value(), text);
}

BOOST_AUTO_TEST_CASE(macros_are_spelled_as_in_our_configuration) {
    BOOST_TEST(tidy_macros("") == "");
    BOOST_TEST(tidy_macros("{i}, auth_type i ,{auth_type}\t_") == "i {auth_type} _");
}

BOOST_AUTO_TEST_CASE(defaults_of_macros_are_read_in_all_their_forms) {
    auto const text_of = [](std::string_view list) {
        std::string text;
        for (auto const& one : parse_macro_defaults(list)) text += one.name + '<' + one.value + '>';
        return text;
    };
    BOOST_TEST(text_of("") == "");
    BOOST_TEST(text_of("if_name=mx,b=xx  {if_addr}=192.0.2.1") ==
               "{if_name}<mx>b<xx>{if_addr}<192.0.2.1>");
    BOOST_TEST(text_of("{ if_name = mx, example }\t{{auth_ssf} = 0},{xx={}}, { y = }") ==
               "{if_name}<mx, example>{auth_ssf}<0>{xx}<{}>y<>");
    for (auto const* const text : {"if_name", "{if_name}", "=x", "{ = x }", "{", "}", "{a=b"})
        BOOST_TEST(text_of(text) == "", text);
}

BOOST_AUTO_TEST_CASE(stress_begins_at_three_quarters) {
    postfix_settings read;
    BOOST_TEST(stress_threshold(read) == 0u);
    read.smtpd_process_limit = 100;
    BOOST_TEST(stress_threshold(read) == 75u);
}

BOOST_AUTO_TEST_CASE(postconf_is_asked) {
    auto const read = read_postfix_settings({postconf("smtp inet n - y - - smtpd\n"), {}, {}});
    BOOST_TEST(read.found);
    BOOST_TEST(read.problem == "");
    BOOST_TEST(read.smtpd_process_limit == 40u);
    BOOST_TEST(read.milter_default_action == "tempfail");
}

BOOST_AUTO_TEST_CASE(postconf_that_fails_or_hangs_has_a_problem) {
    auto const fails = postconf("", "exit 1");
    BOOST_TEST(read_postfix_settings({fails, {}, {}}).problem == fails + ": it ended with 1");
    auto const hangs = postconf("", "[ $1 = -x ] || sleep 1000");
    auto const read = read_postfix_settings({hangs, {}, {2s, 1 << 20}});
    BOOST_TEST(!read.found);
    BOOST_TEST(read.problem == hangs + ": it did not end within 1s");
    BOOST_TEST(read.milter_protocol == "");
    BOOST_TEST(!read_postfix_settings({dir / "none", {}, {}}).found);
}

BOOST_AUTO_TEST_CASE(postfix_that_is_not_set_up_is_not_asked) {
    auto const read = read_postfix_settings({{}, dir / "", {}});
    BOOST_TEST(!read.found);
    if (!find_program("postconf").empty())
        BOOST_TEST(read.problem == "there is no " + dir / "main.cf");
}

BOOST_AUTO_TEST_CASE(postfix_itself_is_understood) {
    if (find_program("postconf").empty()) {
        BOOST_TEST_MESSAGE("left out: Postfix is not installed");
        return;
    }
    dir.write("main.cf", "compatibility_level = 3.6\n"
                         "own = 33\n"
                         "default_process_limit = $own\n"
                         "milter_connect_macros = j,\n   {daemon_name}, v\n"
                         "milter_command_timeout = 2m\n"
                         "milter_macro_defaults = { if_name = mx $own } {if_addr}=192.0.2.1\n"
                         "manager = inet:127.0.0.1:10025\n"
                         "mua_milters = $manager, { unix:/a, connect_timeout = ${own}s }\n"
                         "smtpd_milters = $manager\n"
                         "non_smtpd_milters = ${smtpd_milters}\n");
    dir.write("master.cf", "smtp      unix  -       -       y       -       5       smtp\n"
                           "smtp      inet  n       -       y       -       1       postscreen\n"
                           "smtpd     pass  -       -       y       -       -       smtpd\n"
                           "  -o milter_protocol=2\n"
                           "submission inet n       -       y       -       -       smtpd\n"
                           "  -o smtpd_milters=$mua_milters\n"
                           "10026     inet  n       -       y       -       -       smtpd\n"
                           "  -o { smtpd_milters = unix:/b, ${manager} } -o { own = 7 }\n"
                           "10027     inet  n       -       y       -       -       smtpd\n"
                           "  -o smtpd_milters=$not_set\n"
                           "cleanup   unix  n       -       y       -       0       cleanup\n"
                           "  -o non_smtpd_milters=$manager\n");
    auto const read = read_postfix_settings({{}, dir / "", {}});
    BOOST_TEST(read.problem == "");
    BOOST_TEST(read.smtpd_process_limit == 33u);
    BOOST_TEST(read.milter_macros[0] == "j {daemon_name} v");
    BOOST_TEST(read.milter_macros[6] == "i");
    BOOST_TEST((read.milter_command_timeout == 2min));
    BOOST_TEST((read.milter_content_timeout == 300s));
    BOOST_TEST(read.smtpd_milters == "inet:127.0.0.1:10025");
    BOOST_TEST(read.non_smtpd_milters == "inet:127.0.0.1:10025");
    BOOST_TEST(text_of(read.service_milters) ==
               "submission: inet:127.0.0.1:10025, { unix:/a, connect_timeout = 33s }\n"
               "10026: unix:/b, inet:127.0.0.1:10025\n");
    BOOST_TEST(text_of(read.cleanup_milters) == "cleanup: inet:127.0.0.1:10025\n");
    BOOST_TEST_REQUIRE(read.macro_defaults.size() == 2U);
    BOOST_TEST(read.macro_defaults[0].name == "{if_name}");
    BOOST_TEST(read.macro_defaults[0].value == "mx 33");
    BOOST_TEST(read.macro_defaults[1].name == "{if_addr}");
    BOOST_TEST(read.message_size_limit == 10'240'000u);
}

BOOST_AUTO_TEST_CASE(end_of_message_and_end_of_headers_are_not_mixed_up) {
    postfix_settings read;
    read.found = true;
    read_parameters("milter_end_of_header_macros = i {client_port}\n"
                    "milter_end_of_data_macros = i {client_ptr}\n",
                    read);
    auto const fit = fitted(std::make_shared<config const>(), read);
    using milter::wire::macro_stage;
    BOOST_TEST(fit->mta_macros[static_cast<std::size_t>(macro_stage::end_of_headers)] ==
               "i {client_port}");
    BOOST_TEST(fit->mta_macros[static_cast<std::size_t>(macro_stage::end_of_message)] ==
               "i {msg_id} {client_ptr}");
}

BOOST_AUTO_TEST_CASE(chroot_and_milters_of_services_are_read) {
    postfix_settings read;
    read_services("smtp inet n - n - - smtpd\n"
                  "submission inet n - y - - smtpd -o smtpd_milters=inet:localhost:1 -o x=y\n"
                  "smtps inet n - y - - smtpd -o {smtpd_milters=unix:/a, { unix:/b, x=y }} "
                  "-o { x = y }\n"
                  "1 inet n - y - - smtpd -o non_smtpd_milters=unix:/c "
                  "-o smtpd_milters=unix:/d -o smtpd_milters=unix:/e\n"
                  "2 inet n - y - - smtpd -o smtpd_milters= -o syslog_name=smtpd_milters\n"
                  "3 inet n - y - - smtpd smtpd_milters=unix:/f -o\n"
                  "pickup unix n - y - - pickup -o non_smtpd_milters=unix:/g\n"
                  "cleanup unix n - y - - cleanup -o non_smtpd_milters=unix:/h\n",
                  read);
    BOOST_TEST(!read.smtpd_in_chroot);
    BOOST_TEST(text_of(read.service_milters) ==
               "submission: inet:localhost:1\nsmtps: unix:/a, { unix:/b, x=y }\n1: unix:/e\n");
    BOOST_TEST(text_of(read.cleanup_milters) == "cleanup: unix:/h\n");
    read_services("smtp inet n - y - - smtpd\n", read);
    BOOST_TEST(read.smtpd_in_chroot);
}

BOOST_AUTO_TEST_SUITE_END()
