// SPDX-License-Identifier: BSL-1.0
// tests/apps/manager_doctor.cpp - `doctor` and `config show` as a user runs them, with milters that answer and one that does not

#include "manager/program_output.hpp"
#include "manager_fixture.hpp"

#include <nlohmann/json.hpp>

#include <filesystem>

using namespace manager_test;

namespace {

/// Where others may ask, so that it does not matter whether the Postfix of this machine does; nobody listens there.
constexpr auto listener = "[[listen]]\nsocket = \"inet:10025@192.0.2.1\"\n";

struct doctor_fixture : manager_fixture {
    finished_program examine(arguments more = {}) const {
        auto const file = dir.write("doctor.toml", listener + settings + milters);
        more.insert(more.begin(), {"doctor", "-c", file});
        return support::run_program(program("milter-manager"), more, dir);
    }

    finished_program show(std::string const& file, arguments more = {}) const {
        more.insert(more.begin(), {"config", "show", "-c", file});
        return support::run_program(program("milter-manager"), more, dir);
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(manager_doctor, doctor_fixture)

BOOST_AUTO_TEST_CASE(milter_that_answers_is_no_problem) {
    filter("signer", {"--actions", "add_header"});
    auto const done = examine({"-v"});
    BOOST_TEST(done.exit_code == 0, done.out + done.err);
    BOOST_TEST(contains(done.out, "ok: sockets: milter signer on unix:" + dir / "signer.sock" +
                                      " answers: version 6\n  actions add_header,"),
               done.out);
    BOOST_TEST(contains(done.out, "\nno problems, "), done.out);
    BOOST_TEST(!contains(examine().out, "ok: "));
}

BOOST_AUTO_TEST_CASE(milter_that_is_not_there_is_one) {
    milter("gone");
    auto const done = examine();
    BOOST_TEST(done.exit_code == 1, done.out + done.err);
    auto const socket = dir / "gone.sock";
    BOOST_TEST(contains(done.out, "problem: sockets: milter gone on unix:" + socket +
                                      ": No such file or directory\n  mail that it applies to is "
                                      "refused for now\n    systemctl status gone\n"),
               done.out);
}

BOOST_AUTO_TEST_CASE(nobody_is_connected_to_when_that_is_not_wanted) {
    filter("here", {"--actions", "add_header"});
    auto const done = examine({"-v", "--no-connect"});
    BOOST_TEST(done.exit_code == 0, done.out);
    BOOST_TEST(!contains(done.out, "answers"), done.out);
}

BOOST_AUTO_TEST_CASE(findings_for_programs) {
    milter("gone");
    auto const done = examine({"--json"});
    BOOST_TEST(done.exit_code == 1, done.out);
    auto const all = nlohmann::json::parse(done.out);
    BOOST_TEST(all.at("problems").get<int>() == 1);
    bool found = false;
    for (auto const& one : all.at("findings"))
        found = found || (one.at("weight") == "problem" && one.at("area") == "sockets" &&
                          one.at("lines").at(0) == "systemctl status gone");
    BOOST_TEST(found, done.out);
}

BOOST_AUTO_TEST_CASE(postfix_of_another_folder_is_looked_at_where_it_is_named) {
    auto const none = examine({"--postfix-config", dir / "none"});
    BOOST_TEST(none.exit_code == 64, none.out);
    BOOST_TEST(contains(none.err, "--postfix-config"), none.err);
    if (milter::manager::find_program("postconf").empty()) return;
    auto const folder = dir / "other";
    std::filesystem::create_directory(folder);
    BOOST_TEST(
        contains(examine({"--postfix-config", folder}).out,
                 "note: mta: Postfix cannot be asked: there is no " + folder + "/main.cf\n"));
    dir.write("other/main.cf", "compatibility_level = 3.6\nsmtpd_milters = inet:192.0.2.2:8891\n");
    dir.write("other/master.cf", "smtp inet n - y - - smtpd\n");
    auto const done = examine({"--postfix-config", folder});
    BOOST_TEST(contains(done.out,
                        "warning: mta: Postfix does not ask the manager: smtpd_milters is "
                        "inet:192.0.2.2:8891\n"),
               done.out);
    BOOST_TEST(contains(done.out, "    postconf -c " + folder +
                                      " -e \"smtpd_milters = inet:192.0.2.1:10025, "
                                      "inet:192.0.2.2:8891\"\n    postfix -c " +
                                      folder + " reload\n"),
               done.out);
}

BOOST_AUTO_TEST_CASE(configuration_with_errors_is_not_looked_at) {
    settings = "[manager]\nworkres = 1\n";
    for (auto const& done : {examine(), show(dir / "doctor.toml")}) {
        BOOST_TEST(done.exit_code == 78, done.out);
        BOOST_TEST(done.out == "");
        BOOST_TEST(contains(done.err, "doctor.toml:4:1: unknown key \"workres\""), done.err);
    }
}

BOOST_AUTO_TEST_CASE(what_is_shown_is_a_configuration) {
    milter("a");
    auto const file = configuration();
    auto const all = show(file, {"--effective", "--origin"});
    BOOST_TEST(all.exit_code == 0, all.err);
    BOOST_TEST(contains(all.out, "name = \"a\"  # " + file + ":5\n"), all.out);
    BOOST_TEST(contains(all.out, "\n# What follows from this:\n# order of the milters: a\n"),
               all.out);
    auto const again = show(dir.write("again.toml", all.out), {"--effective"});
    BOOST_TEST(again.out == show(file, {"--effective"}).out, again.err);
    BOOST_TEST(!contains(show(file).out, "#"));
    auto const json = nlohmann::json::parse(show(file, {"--json", "--effective"}).out);
    BOOST_TEST(json.at("milter[0].name").at("value").get<std::string>() == "a");
    BOOST_TEST(json.at("manager.workers").at("origin").get<std::string>() == "default");
    BOOST_TEST(json.at("computed.order").at("value").get<std::string>() == "a");
}

BOOST_AUTO_TEST_CASE(config_wants_to_know_what_to_do) {
    auto const done = support::run_program(program("milter-manager"), {"config"}, dir);
    BOOST_TEST(done.exit_code == 64);
    BOOST_TEST(contains(done.err, "subcommand"), done.err);
}

BOOST_AUTO_TEST_SUITE_END()
