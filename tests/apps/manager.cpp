// SPDX-License-Identifier: BSL-1.0
// tests/apps/manager.cpp - milter-manager as an admin starts it, between both test tools

#include <boost/test/unit_test.hpp>

#include <support/process.hpp>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

using support::arguments;
using support::background_program;
using support::finished_program;
using support::program;
using namespace std::string_view_literals;

namespace {

std::size_t count(std::string_view text, std::string_view part) {
    std::size_t found = 0;
    for (auto at = text.find(part); at != text.npos; at = text.find(part, at + part.size()))
        ++found;
    return found;
}

bool contains(std::string_view text, std::string_view part) { return count(text, part) != 0; }

/// A client that says what it likes.
class raw_client {
public:
    explicit raw_client(std::string const& path)
        : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un where{};
        where.sun_family = AF_UNIX;
        path.copy(where.sun_path, sizeof where.sun_path - 1);
        BOOST_REQUIRE(::connect(fd_, reinterpret_cast<sockaddr const*>(&where), sizeof where) == 0);
        timeval const patience{30, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    }
    raw_client(raw_client const&) = delete;
    raw_client& operator=(raw_client const&) = delete;
    ~raw_client() { ::close(fd_); }

    void say(std::string_view bytes) const {
        ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    }
    void end() const { ::shutdown(fd_, SHUT_WR); }

    /// Whatever comes until the other side closes.
    std::string rest() const {
        std::string all;
        char room[4096];
        for (auto n = ::recv(fd_, room, sizeof room, 0); n > 0;
             n = ::recv(fd_, room, sizeof room, 0))
            all.append(room, static_cast<std::size_t>(n));
        return all;
    }
    std::string some(std::size_t size) const {
        std::string all(size, '\0');
        ::recv(fd_, all.data(), size, MSG_WAITALL);
        return all;
    }

private:
    int fd_;
};

constexpr auto offer = "\0\0\0\x0dO\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff"sv;
constexpr auto client = "\0\0\0\x0a"
                        "Cmx.test\0U"sv;

struct fixture {
    support::temp_dir dir;
    std::string path = dir / "manager.sock";
    std::string milters;  ///< of the configuration
    std::string settings; ///< other lines of it
    std::vector<std::unique_ptr<background_program>> filters;
    std::unique_ptr<background_program> manager;

    /// A milter that runs; `more` are lines of its configuration.
    void filter(std::string const& name, arguments args, std::string const& more = {}) {
        auto const socket = "unix:" + dir / (name + ".sock");
        args.insert(args.begin(), {"-s", socket, "--quiet"});
        filters.push_back(std::make_unique<background_program>(program("milter-test-filter"), args,
                                                               dir, "listening on ", name));
        milter(name, more);
    }

    /// A milter in the configuration alone.
    void milter(std::string const& name, std::string const& more = {}) {
        milters += "[[milter]]\nname = \"" + name +
                   "\"\nsocket = \"unix:" + dir / (name + ".sock") + "\"\n" + more + "\n";
    }

    std::string configuration() const {
        return dir.write("manager.toml", "[[listen]]\nsocket = \"unix:" + path +
                                             "\"\nmode = \"0600\"\n" + settings + milters);
    }

    void start() {
        manager = std::make_unique<background_program>(program("milter-manager"),
                                                       arguments{"run", "-c", configuration()}, dir,
                                                       "listening on ", "manager");
    }

    finished_program server(arguments args) const {
        args.insert(args.begin(), {"-s", "unix:" + path});
        return support::run_program(program("milter-test-server"), args, dir);
    }

    void meets(arguments const& args) const {
        auto const done = server(args);
        BOOST_TEST(done.exit_code == 0, done.err + done.out);
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(apps_manager, fixture)

BOOST_AUTO_TEST_CASE(a_message_passes_two_milters_and_is_recorded) {
    filter("first", {"--add-header", "X-First: 1"});
    filter("second", {"--add-header", "X-Second: 2", "--reject-rcpt", "bob@example.org"});
    start();
    meets({"-r", "al@example.org", "-r", "bob@example.org", "--expect", "pass", "--expect-refused",
           "bob@example.org", "--expect-header", "X-First: 1", "--expect-header", "X-Second: 2"});
    BOOST_TEST(manager->stop() == 0);
    auto const out = manager->out();
    BOOST_TEST(count(out, "\n") == 1);
    for (auto const* part :
         {R"("event":"decision")", R"("verdict":"accept")", R"("decided_by":"second")",
          R"({"name":"first","verdict":"continue")",
          R"("edits":["add_header \"X-First\" \" 1\"","add_header \"X-Second\" \" 2\""])"})
        BOOST_TEST(contains(out, part), out);
    BOOST_TEST(!std::filesystem::exists(path));
}

BOOST_AUTO_TEST_CASE(milter_that_is_down_is_judged_by_its_policy) {
    for (auto const& [policy, wanted] : std::vector<std::pair<std::string, std::string>>{
             {"tempfail", "temporary-failure@mail"},
             {"accept", "pass"},
             {"reject", "reject@mail"},
             {"quarantine", "quarantine"},
             {"shutdown", "temporary-failure@connect"}}) {
        BOOST_TEST_CONTEXT(policy) {
            milters.clear();
            milter("down", "on_error = \"" + policy + "\"");
            start();
            meets({"--expect", wanted});
            manager->stop();
            BOOST_TEST(contains(manager->err(), "down: warning: cannot connect to unix:"));
        }
    }
}

BOOST_AUTO_TEST_CASE(milter_that_breaks_the_protocol_harms_its_session_alone) {
    for (std::string const fault :
         {"garbage", "half", "close", "reset", "oversize", "unknown_reply", "bytes 00000000"}) {
        for (std::string const stage : {"connect", "mail", "rcpt", "eom"}) {
            BOOST_TEST_CONTEXT(fault << " at " << stage) {
                milters.clear();
                filters.clear();
                bool const early = stage == "connect"; // there is no sender yet
                auto rule = stage;
                rule.append("=").append(fault);
                filter("bad",
                       {"--on", rule, "--when",
                        early ? "client=bad.example.com" : "sender=bad@example.com"},
                       R"(timeout = { command = "500ms", end_of_message = "500ms" })");
                start();
                auto args = early ? arguments{"--connect-host", "bad.example.com"}
                                  : arguments{"-f", "bad@example.com"};
                args.insert(args.end(), {"--expect", "temporary-failure"});
                meets(args);
                meets({"--expect", "pass"});
                manager->stop();
                BOOST_TEST(contains(manager->err(), "bad: warning: "), manager->err());
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(reply_that_is_not_due_fails_the_milter) {
    filter("chatty", {"--on", "helo=extra"});
    start();
    meets({"--expect", "temporary-failure"});
    manager->stop();
    BOOST_TEST(contains(manager->err(), "chatty: warning: "), manager->err());
}

BOOST_AUTO_TEST_CASE(alien_bytes_end_their_session_alone_and_are_named) {
    filter("x", {});
    start();
    raw_client const bystander(path);
    bystander.say(offer);
    BOOST_TEST(bystander.some(5) == "\0\0\0\x0dO"sv);

    struct {
        std::string_view bytes, named;
    } const aliens[] = {
        {"GET / HTTP/1.1\r\n\r\n"sv, "HTTP"},
        {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03"sv, "TLS"},
        {"\x7f\xff\xff\xffO"sv, "longer than the limit"},
        {"\0\0\0\0"sv, "length 0"},
        {"\0\0\0\x03Hx\0"sv, "helo"},
        {"\0\0\0\x02O\0"sv, "negotiate"},
    };
    for (auto const& one : aliens) {
        raw_client const alien(path);
        alien.say(one.bytes);
        BOOST_TEST(alien.rest().empty());
    }
    { // half a packet, and away
        raw_client const half(path);
        half.say(offer.substr(0, 9));
        half.end();
        BOOST_TEST(half.rest().empty());
    }
    { // no command of that name, after a good beginning
        raw_client const odd(path);
        odd.say(offer);
        odd.some(17);
        odd.say("\0\0\0\x01Z"sv);
        BOOST_TEST(odd.rest().empty());
    }
    bystander.say(client);
    bystander.some(12);
    meets({"--expect", "pass"});
    manager->stop();
    for (auto const& one : aliens) BOOST_TEST(contains(manager->err(), one.named), one.named);
    BOOST_TEST(contains(manager->err(), "middle of a packet"));
    BOOST_TEST(contains(manager->err(), "unknown packet code"));
    BOOST_TEST(contains(manager->err(), ": mta: "));
}

BOOST_AUTO_TEST_CASE(ends_of_sessions_are_waited_for) {
    filter("x", {});
    start();
    raw_client const slow(path);
    slow.say(offer);
    slow.some(17);
    manager->signal(SIGTERM);
    slow.say(client);
    BOOST_TEST(slow.some(5) == "\0\0\0\x01"
                               "c"sv);
    slow.say("\0\0\0\x01Q"sv);
    BOOST_TEST(slow.rest().empty());
    BOOST_TEST(manager->wait() == 0);
    BOOST_TEST(contains(manager->err(), "draining 1 session\n"));
}

BOOST_AUTO_TEST_CASE(decision_log_that_cannot_be_written_is_complained_of) {
    settings = "[manager]\ndecision_log = \"/dev/full\"\n";
    filter("x", {});
    start();
    meets({"--expect", "pass"});
    meets({"--expect", "pass"});
    manager->stop();
    std::string const complaint = "error: decision log /dev/full: lines are lost: No space left";
    auto const at = manager->err().find(complaint);
    BOOST_TEST(at != std::string::npos, manager->err());
    BOOST_TEST(manager->err().find(complaint, at + 1) == std::string::npos); // once is enough
}

BOOST_AUTO_TEST_CASE(second_signal_ends_at_once) {
    filter("x", {});
    start();
    raw_client const idle(path);
    idle.say(offer);
    idle.some(17);
    manager->signal(SIGTERM);
    manager->signal(SIGINT);
    BOOST_TEST(manager->wait() == 0);
    BOOST_TEST(contains(manager->err(), "stopped; cut off: 1 session\n"));
}

BOOST_AUTO_TEST_CASE(configuration_problem_names_its_place_and_ends_with_78) {
    auto const file = dir.write("bad.toml", "[[listen]]\nsocket = \"unix:/x/y\"\nmod = \"0600\"\n");
    for (std::string const verb : {"check", "run"}) {
        auto const done = support::run_program(program("milter-manager"), {verb, "-c", file}, dir);
        BOOST_TEST(done.exit_code == 78);
        BOOST_TEST(contains(done.err, file + ":3:1: unknown key \"mod\""), done.err);
        BOOST_TEST(contains(done.err, "did you mean \"mode\"?"), done.err);
    }
}

BOOST_AUTO_TEST_CASE(socket_of_another_is_left_to_it) {
    filter("x", {});
    start();
    auto const second =
        support::run_program(program("milter-manager"), {"run", "-c", configuration()}, dir);
    BOOST_TEST(second.exit_code == 69);
    BOOST_TEST(contains(second.err, "cannot listen on unix:" + path), second.err);
    meets({"--expect", "pass"});
}

BOOST_AUTO_TEST_CASE(usage_error_ends_with_64) {
    BOOST_TEST(support::run_program(program("milter-manager"), {"rnu"}, dir).exit_code == 64);
    BOOST_TEST(support::run_program(program("milter-manager"), {}, dir).exit_code == 64);
}

BOOST_AUTO_TEST_CASE(manual_and_help_list_the_same_flags) {
    auto const manual =
        support::slurp(std::string(MILTER_SOURCE_DIR) + "/docs/man/milter-manager.8");
    for (std::string const verb : {"run", "check"}) {
        auto const help =
            support::run_program(program("milter-manager"), {verb, "--help"}, dir).out;
        for (auto at = help.find("--"); at != help.npos; at = help.find("--", at + 2)) {
            auto const flag = help.substr(at + 1, help.find_first_of(" ,\n", at) - at - 1);
            BOOST_TEST(contains(manual, flag), flag);
        }
        BOOST_TEST(contains(manual, ".It Cm " + verb));
    }
}

BOOST_AUTO_TEST_SUITE_END()
