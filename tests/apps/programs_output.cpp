// SPDX-License-Identifier: BSL-1.0
// tests/apps/programs_output.cpp - what both test tools print, and that the manuals describe it

#include "programs_fixture.hpp"

#include <set>
#include <string>
#include <string_view>

using namespace programs_test;

namespace {

/// Keys of JSON objects, but names of macros.
std::set<std::string> keys_in(std::string_view json) {
    std::set<std::string> keys;
    for (auto end = json.find("\":"); end != json.npos; end = json.find("\":", end + 1)) {
        auto const key = json.substr(0, end).substr(json.rfind('"', end - 1) + 1);
        if (key.size() > 1 && key.front() != '{') keys.emplace(key);
    }
    return keys;
}

void check_manual(std::string const& name, std::set<std::string> const& keys) {
    auto const manual = support::slurp(std::string(MILTER_SOURCE_DIR) + "/docs/man/" + name + ".1");
    auto const section = std::string_view(manual).substr(manual.find("\n.SH JSON"));
    for (auto const& key : keys) BOOST_TEST(contains(section, key), name << ": " << key);
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(apps_programs_output, programs_fixture)

BOOST_AUTO_TEST_CASE(events_are_json_lines_when_wished) {
    start({"--json", "--sessions", "1", "--on", "rcpt=reply 550 5.1.1 no"});
    meets({"--expect", "reject"});
    BOOST_TEST(filter->wait() == 0);
    auto const out = filter->out();
    BOOST_TEST(contains(
        out,
        R"({"session":1,"event":"helo","name":"delian","macros":{"{tls_version}":"TLSv1.3",)"));
    BOOST_TEST(contains(
        out,
        R"({"session":1,"event":"reply","to":"rcpt","reply":"reply","text":"reply \"550 5.1.1 no\""})"));
    BOOST_TEST(contains(out, "{\"session\":1,\"event\":\"finished\",\"error\":null}\n"));
}

BOOST_AUTO_TEST_CASE(every_key_of_the_json_is_in_the_manual) {
    start({"--json",
           "--sessions",
           "1",
           "--macros",
           "connect=j",
           "--reject-rcpt",
           "no@test",
           "--on",
           "eom=add_header X-A: \\xff",
           "--then",
           "insert_header 1 X-B: b",
           "--then",
           "add_rcpt a@test NOTIFY=NEVER",
           "--then",
           "replace_body new",
           "--then",
           "quarantine q",
           "--then",
           "progress",
           "--on",
           "unknown=reply 500 5.5.1 what"});
    auto const done = server({"--json", "-f", "f@test SIZE=1", "-r", "no@test", "-r", "yes@test",
                              "--unknown", "XYZ", "--expect", "reject"});
    BOOST_TEST(done.exit_code == 1);
    BOOST_TEST(filter->wait() == 0);
    auto const of_server = keys_in(done.out), of_filter = keys_in(filter->out());
    for (auto const* key :
         {"arguments", "base64", "index", "keepalives", "macro_lists", "reply", "what"})
        BOOST_TEST(of_server.contains(key), "the session is to show " << key);
    BOOST_TEST(of_filter.size() > 15U);
    check_manual("milter-test-server", of_server);
    check_manual("milter-test-filter", of_filter);
}

BOOST_AUTO_TEST_CASE(quiet_prints_nothing_but_where_it_listens) {
    start({"--quiet", "--sessions", "1"});
    meets({"--expect", "pass"});
    BOOST_TEST(filter->wait() == 0);
    BOOST_TEST(filter->out() == "");
    BOOST_TEST(filter->err() == "milter-test-filter: listening on " + socket + "\n");
}

BOOST_AUTO_TEST_CASE(a_verbose_server_shows_each_packet) {
    start({});
    auto const done = server({"-v"});
    BOOST_TEST(contains(done.err, "> helo \"delian\"\n< continue\n"), done.err);
    BOOST_TEST(contains(done.err, "> quit\n"));
}

BOOST_AUTO_TEST_SUITE_END()
