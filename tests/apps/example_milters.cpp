// SPDX-License-Identifier: BSL-1.0
// tests/apps/example_milters.cpp - the milters of docs/examples/filter do what the guide says, before milter-test-server

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/udp.hpp>

#include <apps/programs_fixture.hpp>

#include <array>
#include <cstddef>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using programs_test::arguments;
using programs_test::contains;

namespace {

struct example_fixture : programs_test::programs_fixture {
    void start_example(std::string const& name, arguments more = {}) {
        more.insert(more.begin(), socket);
        filter.emplace(support::program("example_" + name), more, dir, "listening on ");
    }

    example_fixture() = default;
    example_fixture(example_fixture const&) = delete;
    example_fixture& operator=(example_fixture const&) = delete;
    /// It ends as it should when it is told to.
    ~example_fixture() {
        if (filter) BOOST_TEST(filter->stop() == 0, filter->err());
    }
};

/// A name server on the loopback: it is deaf to each question the first time, so that the MTA has to wait.
class deaf_name_server {
public:
    explicit deaf_name_server(std::string listed) : listed_(std::move(listed)) {
        thread_ = std::thread([this] { answer(); });
    }
    deaf_name_server(deaf_name_server const&) = delete;
    deaf_name_server& operator=(deaf_name_server const&) = delete;
    ~deaf_name_server() {
        udp::socket last(context_, udp::v4());
        last.send_to(boost::asio::buffer("", 0), socket_.local_endpoint());
        thread_.join();
    }

    std::string port() const { return std::to_string(socket_.local_endpoint().port()); }

private:
    using udp = boost::asio::ip::udp;

    void answer() {
        std::map<std::string, int> heard;
        for (;;) {
            std::array<char, 512> room{};
            udp::endpoint from;
            auto const size = socket_.receive_from(boost::asio::buffer(room), from);
            if (size < 12) return;
            std::string packet(room.data(), size);
            auto const question = packet.substr(12);
            if (heard[question]++ == 0) continue;
            bool const is_listed = contains(question, listed_);
            packet[2] = '\x81';                      // an answer
            packet[3] = is_listed ? '\x80' : '\x83'; // or no such name
            packet[7] = is_listed ? 1 : 0;
            if (is_listed)
                packet += std::string_view("\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x7f\0\0\2", 16);
            socket_.send_to(boost::asio::buffer(packet), from);
        }
    }

    std::string listed_; ///< part of the question, with the lengths of its labels
    boost::asio::io_context context_{1};
    udp::socket socket_{context_, {boost::asio::ip::address_v4::loopback(), 0}};
    std::thread thread_;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(example_milters, example_fixture)

BOOST_AUTO_TEST_CASE(hello_adds_a_header) {
    start_example("hello");
    for (auto const* mta : {"postfix-3.7", "sendmail-8.17", "minimal-v2"})
        meets({"--as", mta, "--expect", "pass", "--expect-header", "X-Hello: world"});
}

BOOST_AUTO_TEST_CASE(milter_of_the_readme_marks_and_refuses) {
    start_example("marks_and_refuses");
    meets({"-r", "Nobody@example.org", "-r", "nobody@example.org", "-r", "b@example.org",
           "--expect", "pass", "--expect-refused", "nobody@example.org", "--expect-header",
           "X-Tiny: was here"});
}

BOOST_AUTO_TEST_CASE(refuse_recipient_refuses_others) {
    start_example("refuse_recipient");
    meets({"-r", "b@example.org", "-r", "c@example.net", "--expect", "pass", "--expect-refused",
           "c@example.net", "--expect-recipient", "b@example.org"});
    meets({"-r", "c@example.net", "--expect", "reject@rcpt", "--expect-reply",
           "550 5.7.1 We take no mail for others"});
}

BOOST_AUTO_TEST_CASE(macros_lets_those_pass_who_logged_in) {
    start_example("macros");
    meets({"--authenticated-name", "alice", "--expect", "accept@mail", "--expect-no-header",
           "X-Outside"});
    meets({"--expect", "pass", "--expect-header", "X-Outside"});
}

BOOST_AUTO_TEST_CASE(per_message_state_begins_anew_with_each_message) {
    start_example("per_message_state");
    meets({"--connect-address", "inet:25@192.0.2.7", "--messages", "2", "-r", "a@b", "-r", "c@d",
           "-r", "e@f", "--expect", "pass", "--expect-refused", "e@f"});
    auto const done = server({"--connect-address", "inet:25@192.0.2.7", "--rset", "rcpt",
                              "--messages", "2", "-r", "a@b", "--output-message"});
    BOOST_TEST(done.exit_code == 0, done.err);
    BOOST_TEST(contains(done.out, "X-Seen: message 1 of 192.0.2.7, recipients: 1"), done.out);
    BOOST_TEST(contains(done.out, "X-Seen: message 2 of 192.0.2.7, recipients: 1"), done.out);
}

BOOST_AUTO_TEST_CASE(edit_headers_leaves_one_of_each) {
    start_example("edit_headers");
    for (auto const* mta : {"postfix", "sendmail"}) {
        auto const done = server({"--mta",
                                  mta,
                                  "-h",
                                  "Subject: buy",
                                  "-h",
                                  "X-Spam-Flag: NO",
                                  "-h",
                                  "X-Spam-Level: 1",
                                  "-h",
                                  "X-spam-flag: NO",
                                  "-h",
                                  "X-Spam-Level: 2",
                                  "--output-message",
                                  "--expect",
                                  "pass",
                                  "--expect-header",
                                  "X-Spam-Flag: YES",
                                  "--expect-header",
                                  "Subject: [spam] buy",
                                  "--expect-no-header",
                                  "X-Spam-Level",
                                  "--expect-no-header",
                                  "X-Spam-Flag: NO"});
        BOOST_TEST(done.exit_code == 0, done.err + done.out);
    }
}

BOOST_AUTO_TEST_CASE(replace_body_rotates_a_body_of_any_size) {
    start_example("replace_body");
    meets(
        {"-b", "Hello, ", "-b", "World\r\n", "--expect", "pass", "--expect-body", "Uryyb, Jbeyq"});
    auto const file = dir / "large.eml";
    {
        std::ofstream out(file);
        out << "From: <a@example.com>\nTo: <b@example.org>\n\n";
        for (int i = 0; i < 60'000; ++i)
            out << "a line of a large message, more than memory holds\n";
        out << "the end\n";
    }
    meets({"-m", file, "--expect", "pass", "--expect-body", "gur raq"});
}

BOOST_AUTO_TEST_CASE(quarantine_finds_a_word_across_chunks) {
    start_example("quarantine");
    meets({"-b", "harmless", "--expect", "pass"});
    meets({"-b", "xx XJS*C4J", "-b", "DBQADN1 yy", "--expect-quarantine-reason",
           "it says XJS*C4JDBQADN1"});
}

BOOST_AUTO_TEST_CASE(callbacks_count_links) {
    start_example("callbacks");
    meets({"-b", "see http://a and https://b", "--expect-header", "X-Links: 2"});
    meets({"--helo", "localhost", "--expect", "reject@helo", "--expect-reply", "550 5.7.1"});
}

BOOST_AUTO_TEST_CASE(server_says_what_it_has_done) {
    start_example("server");
    meets({"-t", "4", "--expect", "pass"});
    meets({"-f", "x@example.net", "--expect", "reject@mail"});
    BOOST_TEST(filter->stop() == 0);
    BOOST_TEST(contains(filter->out(), "connections: 5, messages: 5, refused senders: 1"),
               filter->out());
    filter.reset();
}

BOOST_AUTO_TEST_CASE(dns_list_keeps_the_mta_waiting_and_tells_it_so) {
    deaf_name_server names("\1"
                           "9"
                           "\1"
                           "2"
                           "\1"
                           "0"
                           "\3"
                           "192");
    start_example("dns_list", {"127.0.0.1", names.port(), "list.example"});
    auto const listed = server({"--connect-address", "inet:25@192.0.2.9", "-v", "--expect",
                                "reject@eom", "--expect-reply", "550 5.7.1 192.0.2.9 is listed"});
    BOOST_TEST(listed.exit_code == 0, listed.err + listed.out);
    BOOST_TEST(contains(listed.err + listed.out, "< progress"), listed.err + listed.out);
    meets({"--connect-address", "inet:25@192.0.2.1", "--expect", "pass", "--expect-header",
           "X-Not-Listed: 192.0.2.1"});
}

BOOST_AUTO_TEST_SUITE_END()
