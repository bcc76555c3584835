// SPDX-License-Identifier: BSL-1.0
// tests/apps/manager_check.cpp - what `check` says of a machine on which `run` would fail, or not

#include "control_fixture.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

using namespace manager_test;

namespace {

/// A port in use.
class occupied_port {
public:
    occupied_port() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in where{};
        where.sin_family = AF_INET;
        where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof where;
        auto* const raw = reinterpret_cast<sockaddr*>(&where);
        BOOST_REQUIRE(::bind(socket_, raw, size) == 0);
        BOOST_REQUIRE(::listen(socket_, 1) == 0);
        BOOST_REQUIRE(::getsockname(socket_, raw, &size) == 0);
        number_ = std::to_string(ntohs(where.sin_port));
    }
    occupied_port(occupied_port const&) = delete;
    occupied_port& operator=(occupied_port const&) = delete;
    ~occupied_port() { ::close(socket_); }

    std::string const& number() const { return number_; }

private:
    int socket_;
    std::string number_;
};

/// Here the system lets addresses be bound that the machine lacks.
bool may_have_any_address() {
    std::ifstream setting("/proc/sys/net/ipv4/ip_nonlocal_bind");
    int value = 0;
    return setting >> value && value != 0;
}

struct check_fixture : control_fixture {
    check_fixture() {
        settings.clear();
        milter("x");
    }

    finished_program check(std::string const& verb = "check") const {
        return support::run_program(program("milter-manager"), {verb, "-c", configuration()}, dir);
    }

    /// What the check warns of is what the start fails with.
    void warns_and_fails(std::string const& warning, int code, std::string const& failure) const {
        auto const checked = check();
        BOOST_TEST(checked.exit_code == 0);
        BOOST_TEST(contains(checked.err, config_file + warning), checked.err);
        BOOST_TEST(contains(checked.out, "no errors, 1 warning\n"), checked.out);
        auto const run = check("run");
        BOOST_TEST(run.exit_code == code, run.err);
        BOOST_TEST(contains(run.err, failure), run.err);
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(apps_manager_check, check_fixture)

BOOST_AUTO_TEST_CASE(port_in_use_is_found) {
    occupied_port const taken;
    auto const where = "inet:" + taken.number() + "@[127.0.0.1]";
    settings = listen_section(where);
    warns_and_fails(":5:10: warning: socket: " + where + ": Address already in use\n", 69,
                    "cannot listen on " + where + ": Address already in use\n");
}

BOOST_AUTO_TEST_CASE(address_of_another_machine_is_found) {
    if (may_have_any_address()) return;
    std::string const where = "inet:10025@[192.0.2.1]";
    settings = listen_section(where);
    warns_and_fails(":5:10: warning: socket: " + where + ": Cannot assign requested address\n", 69,
                    "cannot listen on " + where + ": Cannot assign requested address\n");
}

BOOST_AUTO_TEST_CASE(file_in_place_of_a_socket_is_found) {
    dir.write("manager.sock", "");
    warns_and_fails(":2:10: warning: socket: unix:" + path + ": File exists\n", 69,
                    "cannot listen on unix:" + path + ": Address already in use\n");
}

BOOST_AUTO_TEST_CASE(socket_of_another_is_found_without_connecting_to_it) {
    filter("other", {"--on", "connect=accept"});
    path = dir / "other.sock";
    milters.clear();
    milter("x");
    warns_and_fails(":2:10: warning: socket: unix:" + path + ": Address already in use\n", 69,
                    "cannot listen on unix:" + path + ": Address already in use\n");
}

BOOST_AUTO_TEST_CASE(directory_of_the_control_socket_is_looked_at) {
    control = dir / "nowhere/control.sock";
    settings = control_section();
    warns_and_fails(":5:10: warning: socket: directory " + dir / "nowhere" + ": No such file", 69,
                    "cannot listen on unix:" + control + ": No such file");
}

BOOST_AUTO_TEST_CASE(directory_in_place_of_the_log_is_found) {
    std::filesystem::create_directory(dir / "log");
    settings = "[manager]\ndecision_log = \"" + dir / "log" + "\"\n";
    warns_and_fails(":5:16: warning: decision_log: " + dir / "log" + ": Is a directory\n", 73,
                    "decision log " + dir / "log" + ": Is a directory\n");
}

BOOST_AUTO_TEST_CASE(what_the_user_may_not_do_is_found_when_he_checks) {
    if (!can_be_nobody()) return;
    let_all_in();
    settings = "group = \"0\"\n[manager]\ndecision_log = \"" + dir / "log" + "\"\n";
    auto const file = configuration();
    auto const checked = as_nobody({"check", "-c", file});
    BOOST_TEST(checked.exit_code == 0);
    auto const folder = std::filesystem::path(path).parent_path().string();
    for (auto const& part :
         arguments{":2:10: warning: socket: directory " + folder + ": Permission denied\n",
                   ":4:9: warning: group: user nobody is not a member of \"0\"",
                   ":6:16: warning: decision_log: directory " + folder + ": Permission denied\n"})
        BOOST_TEST(contains(checked.err, file + part), checked.err);
    BOOST_TEST(count(checked.err, "; checked as user nobody\n") == 2, checked.err);
    BOOST_TEST(as_nobody({"run", "-c", file}).exit_code == 73);
}

BOOST_AUTO_TEST_CASE(what_a_manager_that_runs_has_open_is_no_warning) {
    settings = control_section();
    start();
    auto const checked = check();
    BOOST_TEST(checked.exit_code == 0);
    BOOST_TEST(checked.err == "");
    meets({"--expect", "temporary-failure"});
    BOOST_TEST(manager->stop() == 0);
    BOOST_TEST(!contains(manager->err(), "mta: "), manager->err()); // nobody has connected for that
    BOOST_TEST(std::filesystem::exists(config_file));
    BOOST_TEST(check().err == "");
}

BOOST_AUTO_TEST_CASE(check_makes_nothing_and_leaves_no_port_open) {
    settings = listen_section("inet:0@127.0.0.1") + control_section() +
               "[manager]\ndecision_log = \"" + dir / "log" + "\"\n";
    BOOST_TEST(check().err == "");
    for (auto const& made : {path, control, dir / "log"})
        BOOST_TEST(!std::filesystem::exists(made), made);
}

BOOST_AUTO_TEST_CASE(port_on_all_addresses_is_warned_of_at_check_and_at_the_start) {
    settings = listen_section("inet:0");
    std::string const warning = ":5:10: warning: socket: open to all who reach this machine";
    BOOST_TEST(contains(check().err, config_file + warning));
    start();
    BOOST_TEST(manager->stop() == 0);
    BOOST_TEST(contains(manager->err(), config_file + warning), manager->err());
}

BOOST_AUTO_TEST_SUITE_END()
