// SPDX-License-Identifier: BSL-1.0
// tests/apps/manager_control.cpp - status, reload and drain of a manager that runs

#include "control_fixture.hpp"

#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <vector>

using namespace manager_test;

namespace {

/// One question asked by a process of another user. @return the answer; empty when there was none
std::string asked_as(uid_t user, std::string const& control, std::string_view question) {
    int ends[2];
    if (::pipe(ends) != 0) return "no pipe";
    auto const child = ::fork();
    if (child == 0) {
        sockaddr_un where{};
        where.sun_family = AF_UNIX;
        control.copy(where.sun_path, sizeof where.sun_path - 1);
        int const fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
        char room[8192];
        ssize_t size = 0;
        if (::setgroups(0, nullptr) == 0 && ::setresuid(user, user, user) == 0 &&
            ::connect(fd, reinterpret_cast<sockaddr const*>(&where), sizeof where) == 0 &&
            ::send(fd, question.data(), question.size(), MSG_NOSIGNAL) > 0)
            size = ::recv(fd, room, sizeof room, 0);
        if (size > 0) size = ::write(ends[1], room, static_cast<std::size_t>(size));
        ::_exit(size > 0 ? 0 : 1);
    }
    ::close(ends[1]);
    std::string answer(8192, '\0');
    auto const size = ::read(ends[0], answer.data(), answer.size());
    answer.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    ::close(ends[0]);
    support::detail::wait_for(child);
    return answer;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(apps_manager_control, control_fixture)

BOOST_AUTO_TEST_CASE(status_counts_sessions_messages_and_failures) {
    filter("up", {});
    milter("down", "on_error = \"accept\"");
    start();
    meets({"--expect", "pass"});
    raw_client const idle(path);
    idle.say(offer);
    idle.some(17);
    auto const said = status();
    BOOST_TEST(said["state"] == "running");
    BOOST_TEST(said["configuration"] == config_file);
    BOOST_TEST(said["sessions"]["ever"] == 2);
    BOOST_TEST(said["sessions"]["limit"] == 10000);
    BOOST_TEST(said["messages"]["accept"] == 1);
    BOOST_TEST(said["listeners"][0]["address"] == "unix:" + path);
    BOOST_TEST(said["listeners"][0]["accepted"] == 2);
    BOOST_TEST(said["milters"][0]["name"] == "up");
    BOOST_TEST(said["milters"][0]["messages"] == 1);
    BOOST_TEST(said["milters"][0]["failures"] == 0);
    BOOST_TEST(said["milters"][1]["failures"] == 1);
    BOOST_TEST(contains(said["milters"][1]["last_problem"]["text"].get<std::string>(),
                        "cannot connect to unix:"));

    auto const shown = verb({"status"});
    BOOST_TEST(shown.exit_code == 0);
    for (auto const& part :
         arguments{"milter-manager  ", "state           running, since ", "1 accept\n", "LISTENER",
                   "unix:" + path, "down    0         1         1         unix:"})
        BOOST_TEST(contains(shown.out, part), shown.out);
}

BOOST_AUTO_TEST_CASE(status_shows_how_much_of_each_limit_is_used) {
    filter("limited", {}, "max_sessions = 3");
    filter("other", {});
    settings += "[limits]\nmemory = \"1536KiB\"\nheader_bytes = \"1MiB\"\n";
    start();
    raw_client const one(path), two(path);
    for (auto const* each : {&one, &two}) {
        each->say(offer);
        each->some(17);
    }
    auto said = status();
    BOOST_TEST(said["milters"][0]["sessions"] == 2);
    BOOST_TEST(said["milters"][0]["max_sessions"] == 3);
    BOOST_TEST(said["milters"][1]["sessions"] == 2);
    BOOST_TEST(said["milters"][1]["max_sessions"] == 0);
    BOOST_TEST(said["memory"] == json::parse(R"({"now":0,"limit":1572864})"));
    auto const shown = verb({"status"}).out;
    for (auto const& part : arguments{"\nmemory          0 B of at most 1.5 MiB\n",
                                      "\nMILTER   SESSIONS  MESSAGES  FAILURES  SOCKET",
                                      "\nlimited  2 of 3    0  ", "\nother    2         0  "})
        BOOST_TEST(contains(shown, part), shown);

    // the body of a message under way, up to the end that never comes
    one.say(client);
    one.some(5);
    for (auto const command : {"\0\0\0\x05M<a>\0"sv, "\0\0\0\x05R<b>\0"sv, "\0\0\0\x01T"sv}) {
        one.say(command);
        one.some(5);
    }
    one.say("\0\0\0\x05LA\0b\0\0\0\0\x01N\0\0\xc3\x51"
            "B"sv); // these have no answers
    one.say(std::string(50'000, 'x'));
    for (int i = 0; i < 1000 && status()["memory"]["now"] < 50'000; ++i) {
    }
    said = status();
    BOOST_TEST(said["memory"]["now"].get<int>() >= 50'000);
    one.say("\0\0\0\x01Q"sv);
    one.rest();
    for (int i = 0; i < 1000 && status()["memory"]["now"] != 0; ++i) {
    }
    said = status();
    BOOST_TEST(said["memory"]["now"] == 0);
    BOOST_TEST(said["milters"][0]["sessions"] == 1);
}

BOOST_AUTO_TEST_CASE(the_control_socket_is_found_in_the_configuration) {
    milter("x");
    start();
    auto const by_file = [&](std::string const& verb) {
        return support::run_program(program("milter-manager"), {verb, "-c", config_file}, dir);
    };
    BOOST_TEST(by_file("status").exit_code == 0);
    dir.write("manager.toml", "oops = 1\n" + control_section());
    BOOST_TEST(by_file("status").exit_code == 0);
    dir.write("manager.toml", "oops = = 1\n");
    auto const lost = by_file("reload");
    BOOST_TEST(lost.exit_code == 78);
    BOOST_TEST(contains(lost.err, config_file + ":1:8: syntax error"), lost.err);
    BOOST_TEST(contains(lost.err, "cannot tell the control socket; --control names one"));
    dir.write("manager.toml", "[control]\nsocket = \"unix:" + dir / "moved.sock" + "\"\n");
    auto const moved = by_file("reload");
    BOOST_TEST(moved.exit_code == 69);
    BOOST_TEST(contains(moved.err, ": No such file or directory; is the manager running? If the "
                                   "control socket was changed: --control OLD\n"),
               moved.err);
    settings.clear();
    configuration();
    auto const none = by_file("status");
    BOOST_TEST(none.exit_code == 78);
    BOOST_TEST(contains(none.err, "no [control] with a socket"), none.err);
}

BOOST_AUTO_TEST_CASE(nobody_there_to_ask_is_told_of) {
    for (auto const* one : {"status", "reload", "drain"}) {
        auto const done = verb({one});
        BOOST_TEST(done.exit_code == 69);
        BOOST_TEST(done.err == "milter-manager: cannot ask on unix:" + control +
                                   ": No such file or directory; is the manager running?\n");
    }
    BOOST_TEST(verb({"drain", "--timeout", "soon"}).exit_code == 64);
    BOOST_TEST(support::run_program(program("milter-manager"),
                                    {"status", "--control", "inet:1@127.0.0.1"}, dir)
                   .exit_code == 64);
}

BOOST_AUTO_TEST_CASE(a_good_file_is_taken_and_a_broken_one_is_named) {
    filter("x", {"--on", "connect=reject"});
    auto const refusing = milters;
    start();
    milters.clear();
    reloads();
    meets({"--expect", "pass"});
    milters = refusing + "on_eror = \"accept\"\n";
    configuration();
    auto const broken = verb({"reload"});
    BOOST_TEST(broken.exit_code == 78);
    BOOST_TEST(contains(broken.err, "unknown key \"on_eror\""), broken.err);
    BOOST_TEST(contains(broken.err, "did you mean \"on_error\"?"), broken.err);
    BOOST_TEST(contains(broken.err,
                        "milter-manager: " + config_file + " has errors; nothing has changed\n"),
               broken.err);
    meets({"--expect", "pass"});
    auto const reload = status()["last_reload"];
    BOOST_TEST(reload["ok"] == false);
    BOOST_TEST(contains(reload["problems"][0].get<std::string>(), config_file + ":"));
    BOOST_TEST(manager->stop() == 0);
    BOOST_TEST(contains(manager->err(), "milter-manager: reload, ordered by uid " +
                                            std::to_string(::getuid()) + "\n"),
               manager->err());
    BOOST_TEST(
        contains(manager->err(), "configuration not reloaded: the old one stays in force\n"));
}

BOOST_AUTO_TEST_CASE(reload_says_by_its_exit_status_what_became_of_it) {
    milter("x");
    settings = control_section("mode = \"0666\"\n");
    auto const reload = [&] { return verb({"reload"}).exit_code; };
    auto const reload_as_nobody = [&] {
        return as_nobody({"reload", "--control", control}).exit_code;
    };
    BOOST_TEST(reload() == 69); // no manager runs
    start();
    BOOST_TEST(reload() == 0);
    auto const good = settings;
    settings += "[oops]\n";
    configuration();
    BOOST_TEST(reload() == 78);
    settings = good + listen_section("unix:" + dir / "nowhere/x.sock");
    configuration();
    BOOST_TEST(reload() == 69);
    if (can_be_nobody()) {
        let_all_in();
        BOOST_TEST(reload_as_nobody() == 77); // may ask for the status only
        ::chmod(control.c_str(), 0600);
        BOOST_TEST(reload_as_nobody() == 77); // may not even connect
    }
    manager->signal(SIGKILL);
    manager->wait();
    BOOST_TEST(std::filesystem::exists(control));
    BOOST_TEST(reload() == 69); // nobody behind the socket
}

BOOST_AUTO_TEST_CASE(a_socket_that_cannot_be_opened_is_told_of_once) {
    milter("x");
    start();
    settings += listen_section("unix:" + dir / "nowhere/x.sock");
    configuration();
    auto const done = verb({"reload"});
    BOOST_TEST(done.exit_code == 69);
    BOOST_TEST(count(done.err, "cannot listen on ") == 1U, done.err);
    BOOST_TEST(contains(done.err, "; nothing has changed\n"), done.err);
    BOOST_TEST(contains(status()["last_reload"]["problems"].dump(), "cannot listen on "));
}

BOOST_AUTO_TEST_CASE(the_file_that_is_read_is_the_one_of_the_start_and_is_named) {
    milter("x");
    configuration();
    manager = std::make_unique<background_program>(
        "/bin/sh",
        arguments{"-c", R"(cd "$1" && exec "$0" run -c ./manager.toml)", program("milter-manager"),
                  dir / ""},
        dir, "listening on ", "manager");
    auto const other = dir.write("other.toml", control_section());
    auto const done = support::run_program(program("milter-manager"), {"reload", "-c", other}, dir);
    BOOST_TEST(done.exit_code == 0, done.err);
    BOOST_TEST(done.out == "configuration reloaded: " + config_file + "\n");
    BOOST_TEST(status()["configuration"] == config_file);
}

BOOST_AUTO_TEST_CASE(a_manager_that_is_not_to_be_asked_any_more_says_so) {
    milter("x");
    start();
    settings.clear();
    configuration();
    auto const done = verb({"reload"});
    BOOST_TEST(done.exit_code == 0);
    BOOST_TEST(contains(done.err, "warning: no control socket any more: only signals are heard\n"),
               done.err);
}

BOOST_AUTO_TEST_CASE(sighup_is_remembered_like_an_order) {
    milter("x");
    start();
    dir.write("manager.toml", "nonsense");
    manager->signal(SIGHUP);
    for (int i = 0; i < 1000 && !status().contains("last_reload"); ++i) {
    }
    BOOST_TEST(status()["last_reload"]["ok"] == false);
}

BOOST_AUTO_TEST_CASE(a_running_session_ends_with_its_settings) {
    filter("x", {"--on", "mail=reject"});
    start();
    raw_client const old(path);
    old.say(offer);
    old.some(17);
    milters.clear();
    reloads();
    old.say(client);
    BOOST_TEST(old.some(5) == "\0\0\0\x01"
                              "c"sv);
    old.say("\0\0\0\x05M<a>\0"sv);
    auto const head = old.some(5);
    BOOST_TEST(head[4] == 'r');
    meets({"--expect", "pass"});
}

BOOST_AUTO_TEST_CASE(drain_waits_for_sessions_and_tells_when_it_is_over) {
    filter("x", {});
    start();
    raw_client const slow(path), waiting(control);
    slow.say(offer);
    slow.some(17);
    waiting.say("{\"command\":\"drain\",\"timeout\":\"1h\",\"wait\":true}\n");
    BOOST_TEST(line_of(waiting) == R"({"ok":true,"sessions":1,"timeout":"1h"})");
    BOOST_TEST(status()["state"] == "draining");
    BOOST_TEST(status()["listeners"].empty());
    BOOST_TEST(!std::filesystem::exists(path));
    BOOST_TEST(verb({"reload"}).exit_code == 75);
    slow.say(client);
    BOOST_TEST(slow.some(5) == "\0\0\0\x01"
                               "c"sv);
    slow.say("\0\0\0\x01Q"sv);
    BOOST_TEST(line_of(waiting) == R"({"ok":true,"state":"stopped","cut_off":0})");
    BOOST_TEST(waiting.rest() == "");
    BOOST_TEST(manager->wait() == 0);
    BOOST_TEST(!std::filesystem::exists(control));
    BOOST_TEST(contains(manager->err(), "drain within 1h, ordered by uid "), manager->err());
    BOOST_TEST(contains(manager->err(), "draining 1 session\n"));
}

BOOST_AUTO_TEST_CASE(drain_ends_at_its_deadline_which_can_be_moved) {
    filter("x", {});
    start();
    raw_client const idle(path);
    idle.say(offer);
    idle.some(17);
    auto const first = verb({"drain", "--timeout", "1h"});
    BOOST_TEST(first.exit_code == 0, first.err);
    BOOST_TEST(first.out == "draining; sessions: 1, at most 1h\n");
    auto const second = verb({"drain", "--timeout", "20ms", "--wait"});
    BOOST_TEST(second.exit_code == 75);
    BOOST_TEST(second.out == "draining; sessions: 1, at most 20ms\n");
    BOOST_TEST(second.err == "milter-manager: stopped; sessions cut off: 1\n");
    BOOST_TEST(manager->wait() == 0);
    BOOST_TEST(contains(manager->err(), "stopped; 1 session cut off after 20ms\n"));
}

BOOST_AUTO_TEST_CASE(drain_of_an_idle_manager_is_over_at_once) {
    milter("x");
    start();
    auto const done = verb({"drain", "--wait"});
    BOOST_TEST(done.exit_code == 0, done.err);
    BOOST_TEST(done.out == "draining; sessions: 0, at most 30s\nstopped\n");
    BOOST_TEST(manager->wait() == 0);
}

BOOST_AUTO_TEST_CASE(nonsense_is_answered_and_a_long_line_ends_its_connection) {
    milter("x");
    start();
    raw_client const odd(control);
    odd.say("nonsense\n{\"command\":\"stop\"}\n");
    BOOST_TEST(contains(line_of(odd), R"("reason":"request")"));
    BOOST_TEST(contains(line_of(odd), "unknown command"));
    odd.say(R"({"command":"status"})");
    odd.say("\r\n");
    BOOST_TEST(contains(line_of(odd), R"({"ok":true,)"));
    odd.say(std::string(5000, 'x'));
    BOOST_TEST(contains(odd.rest(), "longer than 4096 bytes"));
}

BOOST_AUTO_TEST_CASE(as_many_connections_as_there_are_places) {
    milter("x");
    start();
    std::vector<std::unique_ptr<raw_client>> idle;
    for (int i = 0; i < 16; ++i) {
        idle.push_back(std::make_unique<raw_client>(control));
        idle.back()->say("{\"command\":\"status\"}\n");
        BOOST_TEST(contains(line_of(*idle.back()), R"({"ok":true,)"));
    }
    raw_client const late(control);
    BOOST_TEST(line_of(late) == R"({"ok":false,"reason":"busy","error":"too many connections"})");
    for (int i = 0; i < 20; ++i) {     // whether it is hung up on before it has asked, or after
        for (auto const& one : idle) { // on a slow machine they would be idle for too long
            one->say("{\"command\":\"status\"}\n");
            BOOST_TEST(contains(line_of(*one), R"({"ok":true,)"));
        }
        auto const refused = verb({"status"});
        BOOST_TEST(refused.exit_code == 75);
        BOOST_TEST(contains(refused.err, "too many connections"), refused.err);
    }
    meets({"--expect", "temporary-failure"}); // mail goes on: the milter is down
    idle.clear();
    for (int i = 0; i < 1000 && verb({"status"}).exit_code != 0; ++i) {
    }
    BOOST_TEST(verb({"status"}).exit_code == 0);
}

BOOST_AUTO_TEST_CASE(another_user_may_ask_but_not_order) {
    if (::getuid() != 0) return; // nobody else to be
    milter("x");
    settings = control_section("mode = \"0666\"\n");
    start();
    let_all_in();
    auto const as_nobody = [&](std::string const& what) {
        return asked_as(65534, control, what + '\n');
    };
    BOOST_TEST(contains(as_nobody(R"({"command":"status"})"), R"({"ok":true,)"));
    for (auto const* what : {R"({"command":"reload"})", R"({"command":"drain"})"})
        BOOST_TEST(as_nobody(what) == "{\"ok\":false,\"reason\":\"permission\",\"error\":"
                                      "\"user 65534 may only ask for the status\"}\n");
    BOOST_TEST(status()["state"] == "running");
    ::chmod(control.c_str(), 0600);
    BOOST_TEST(as_nobody(R"({"command":"status"})").empty());
}

BOOST_AUTO_TEST_SUITE_END()
