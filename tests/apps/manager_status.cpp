// SPDX-License-Identifier: BSL-1.0
// tests/apps/manager_status.cpp - what `status` says of sockets of milters, of shares and of profiles

#include "control_fixture.hpp"

#include <fstream>
#include <string>

using namespace manager_test;

namespace {

struct status_fixture : control_fixture {
    /// A milter of the sockets "first" and "second", of which the second works.
    void both(std::string const& more) {
        filter("second", {});
        milters = "[[milter]]\nname = \"both\"\nsocket = [\"" + socket("first") + "\", \"" +
                  socket("second") + "\"]\n" + more + "\n";
    }
    std::string socket(std::string const& name) const { return "unix:" + dir / (name + ".sock"); }

    json endpoints() const { return status()["milters"][0]["endpoints"]; }
    std::string shown() const { return verb({"status"}).out; }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(apps_manager_status, status_fixture)

BOOST_AUTO_TEST_CASE(each_socket_of_a_milter_is_up_or_down_and_says_why) {
    both("breaker = { failures = 2, first_pause = \"1h\", longest_pause = \"1h\" }");
    start();
    for (auto const& one : endpoints()) {
        BOOST_TEST(one["state"] == "untried");
        BOOST_TEST(!one.contains("last_error"));
    }
    meets({"--expect", "pass"});
    auto now = endpoints();
    BOOST_TEST(now[0]["socket"] == socket("first"));
    BOOST_TEST(now[0]["state"] == "failing");
    BOOST_TEST(contains(now[0]["last_error"].get<std::string>(), "cannot connect to unix:"));
    BOOST_TEST(now[1]["state"] == "up");
    BOOST_TEST(!now[1].contains("last_error"));
    meets({"--expect", "pass"});
    now = endpoints();
    BOOST_TEST(now[0]["state"] == "down");
    BOOST_TEST(now[0]["retry_in_ms"].get<int>() > 1'000);
    BOOST_TEST(now[0]["retry_in_ms"].get<int>() <= 3'600'000);
    auto const table = shown();
    BOOST_TEST(contains(table, "/first.sock   down, next try in "), table);
    BOOST_TEST(contains(table, "/second.sock  up\n"), table);
}

BOOST_AUTO_TEST_CASE(socket_that_may_be_tried_again_is_half_open) {
    both("breaker = { failures = 1, first_pause = \"1ms\", longest_pause = \"1ms\" }");
    start();
    meets({"--expect", "pass"});
    auto now = endpoints();
    for (int i = 0; i < 1000 && now[0]["state"] == "down"; ++i) now = endpoints();
    BOOST_TEST(now[0]["state"] == "half_open");
    BOOST_TEST(!now[0].contains("retry_in_ms"));
    BOOST_TEST(contains(now[0]["last_error"].get<std::string>(), "cannot connect to unix:"));
}

BOOST_AUTO_TEST_CASE(mode_and_share_of_a_milter_and_the_profile_of_a_listener_are_shown) {
    milter("all");
    milter("some", "share = \"0.25%\"");
    milter("next", "mode = \"evaluate\"\nshare = \"10%\"");
    milter("never", "enabled = false");
    settings = "profile = \"inbound\"\n" + control_section() +
               "[profile.inbound]\nmilters = [\"all\", \"some\", \"next\"]\n" +
               listen_section("unix:" + dir / "other.sock");
    start();
    auto const said = status();
    BOOST_TEST(said["listeners"][0]["profile"] == "inbound");
    BOOST_TEST(!said["listeners"][1].contains("profile"));
    BOOST_TEST(said["milters"][1]["mode"] == "enforce");
    BOOST_TEST(said["milters"][1]["share"] == "0.25%");
    BOOST_TEST(said["milters"][2]["mode"] == "evaluate");
    BOOST_TEST(said["milters"][2]["share"] == "10%");
    auto const table = shown();
    for (auto const& part : arguments{"/manager.sock  0         0         inbound\n",
                                      "/other.sock    0         0         none: all milters\n",
                                      "\nall  ", "\nsome (0.25%)  ", "\nnext (evaluate, 10%)  ",
                                      "\nnever (off)  ", "\nnext       10%    0  "})
        BOOST_TEST(contains(table, part), table);
}

BOOST_AUTO_TEST_CASE(sets_and_lists_are_shown) {
    std::string const list = dir / "list.txt";
    std::ofstream(list) << "example.com\nexample.org\n";
    settings = control_section() + "[set.partners]\nfile = \"" + list +
               "\"\nkind = \"domains\"\n[set.own]\ncidr = [\"192.0.2.0/24\"]\n"
               "[dns]\nservers = [\"127.0.0.1:1\"]\n"
               "[dnsbl.\"zen.example.org\"]\n[dnswl.\"ok.example.org\"]\n"
               "[[rule]]\nname = \"known\"\nwhen = 'client.name in @partners'\ntag = \"x\"\n";
    start();
    auto said = status();
    BOOST_TEST(said["sets"][0]["name"] == "partners");
    BOOST_TEST(said["sets"][0]["kind"] == "domains");
    BOOST_TEST(said["sets"][0]["file"] == list);
    BOOST_TEST(said["sets"][0]["entries"] == 2);
    BOOST_TEST(!said["sets"][0].contains("last_error"));
    BOOST_TEST(said["sets"][1]["source"] == "list");
    BOOST_TEST(said["lists"][0]["zone"] == "zen.example.org");
    BOOST_TEST(said["lists"][0]["state"] == "untried");
    BOOST_TEST(said["lists"][1]["kind"] == "dnswl");
    BOOST_TEST(said["list_answers"]["kept"] == 0);
    auto const table = shown();
    for (auto const& part :
         arguments{"\nzen.example.org         0      0       0           0       untried\n",
                   "\nok.example.org (allow)  0      0       0           0       untried\n",
                   "\n0 answers kept, of at most 100000; questions on their way: 0\n",
                   "\n@partners  domains    2        ", "  the configuration\n"})
        BOOST_TEST(contains(table, part), table);
}

BOOST_AUTO_TEST_CASE(set_whose_file_goes_wrong_says_so_and_stays) {
    std::string const list = dir / "list.txt";
    std::ofstream(list) << "example.com\n";
    settings = control_section() + "[set.partners]\nfile = \"" + list +
               "\"\nkind = \"domains\"\n"
               "[[rule]]\nname = \"known\"\nwhen = 'client.name in @partners'\ntag = \"x\"\n";
    start();
    auto const read = status()["sets"][0]["read"];
    std::ofstream(list) << "a b\n";
    auto now = status()["sets"][0];
    for (int i = 0; i < 1000 && !now.contains("last_error"); ++i) now = status()["sets"][0];
    BOOST_TEST(now["last_error"] == list + ":1:2: \"a b\" is not a domain");
    BOOST_TEST(now["entries"] == 1);
    BOOST_TEST(now["read"] == read);
    BOOST_TEST(contains(shown(), "is not a domain\n"));
}

BOOST_AUTO_TEST_SUITE_END()
