// SPDX-License-Identifier: BSL-1.0
// tests/apps/server_scenario_toml.cpp - scenarios as files: every key, includes, and what is wrong
#include "test-server/scenario/learn.hpp"
#include "test-server/scenario/scenario_toml.hpp"

#include <boost/test/unit_test.hpp>

#include <support/temp_dir.hpp>

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace milter::test_server;
namespace wire = milter::wire;
using code = wire::command_code;

scenario parsed(std::string_view text, variables const& set = {}) {
    return parse_scenario(text, "a.toml", set);
}

std::string problems_of(std::string_view text, variables const& set = {}) {
    try {
        parse_scenario(text, "a.toml", set);
    } catch (scenario_error const& why) {
        return why.what();
    }
    return "none";
}

std::string problems_of_file(std::string const& file) {
    try {
        load_scenario(file, {});
    } catch (scenario_error const& why) {
        return why.what();
    }
    return "none";
}

/// All that a scenario can say, in the words of to_toml().
constexpr char const* everything = R"(title = "all of it"
as = "sendmail-8.17"
macros.connect = { "j" = "mx.example.org" }
macros.end_of_message = { "i" = "4711", "{own}" = "x" }

[[step]]
negotiate = { version = 4, actions = "add_header|quarantine", steps = "no_helo|skip" }
connection = "one"
[step.expect]
version = 4
actions = "add_header"
steps = "no_helo"
[step.expect.macros]
connect = "j {daemon_name}"

[[step]]
connect = { host = "client.example.org", address = "inet6:25@[2001:db8::1]" }
connection = "one"
macros = { "{daemon_name}" = "inbound" }

[[step]]
connect = { host = "a", address = "unix:/run/x" }

[[step]]
connect = { host = "a", address = "unknown" }

[[step]]
helo = "client.example.org"
expect = "any"

[[step]]
mail = "<alice@example.org> SIZE=1000"
expect = "accept|pass"

[[step]]
rcpt = "<bob@example.org>"
expect = "reject 550 5.1.1 *"

[[step]]
data = true
expect = "not_sent"

[[step]]
header = "Subject: one"

[[step]]
header = [
    "Subject: two",
    "X-Latin:caf${0xe9}",
    "X-Cost: $${price}",
]

[[step]]
end_of_headers = true
[step.expect]
verdict = "error"
error = "/timed out/"
sent = true
within = "1500us"

[[step]]
body = """
first
second
"""

[[step]]
body = "no line end"

[[step]]
body = { base64 = "AAEC/w==" }

[[step]]
end_of_message = true
[step.expect]
verdict = "quarantine"
reply = "250 *"
client_hears = "250 *"
sender = "carol@example.org"
recipients = []
recipient = ["bob@*"]
no_recipient = ["dave@example.org"]
headers = [
    "From",
    "To: bob*",
]
header = ["X-Spam: no"]
no_header = ["X-Spam: yes"]
body = ["replaced"]
quarantine = "/bad/"
edits = ["add_header X-Spam: no"]
edit = ["quarantine *"]
keepalives = 2

[[step]]
message = """
From: a@example.org

text
"""

[[step]]
unknown = "XYZ"

[[step]]
wait = "20000us"

[[step]]
rset = true

[[step]]
quit = true

[[step]]
close = true
)";

} // namespace

BOOST_AUTO_TEST_SUITE(apps_server_scenario_toml)

BOOST_AUTO_TEST_CASE(everything_that_is_read_is_written_again) {
    auto const one = parsed(everything);
    BOOST_TEST(to_toml(one) == everything);
    BOOST_REQUIRE_EQUAL(one.steps.size(), 21u);
    BOOST_TEST(one.title == "all of it");
    BOOST_TEST(one.mta.name == "sendmail-8.17");
    auto const& first = one.steps.front();
    BOOST_TEST(first.connection == "one");
    BOOST_TEST(first.at.file == "a.toml");
    BOOST_TEST(first.at.line == 6u);
    BOOST_TEST(*first.offer.version == 4u);
    BOOST_TEST((*first.offer.actions == (wire::action::add_header | wire::action::quarantine)));
    BOOST_TEST((*first.offer.steps == (wire::step::no_helo | wire::step::skip)));
    BOOST_TEST(first.expected.agreement.macros.at(code::connect) == "j {daemon_name}");
    auto const& client = one.steps[1].client;
    BOOST_TEST((client.family == wire::family::inet6));
    BOOST_TEST(client.address == "2001:db8::1");
    BOOST_TEST(client.port == 25u);
    BOOST_TEST(one.steps[1].macros.front().first == "{daemon_name}");
    BOOST_TEST(one.steps[9].headers[1].name == "X-Latin");
    BOOST_TEST(one.steps[9].headers[1].value == "caf\xe9");
    BOOST_TEST(one.steps[9].headers[2].value == " ${price}");
    BOOST_TEST(one.steps[11].text == "first\r\nsecond\r\n");
    BOOST_TEST(one.steps[13].text == std::string("\0\1\2\xff", 4));
    BOOST_TEST(one.steps[15].content.headers.front().name == "From");
    BOOST_TEST(one.steps[15].content.body == "text\r\n");
    BOOST_TEST(one.macros.at(code::end_of_message).at(1).second == "x");
}

BOOST_AUTO_TEST_CASE(what_need_not_be_said_has_usual_values) {
    auto const one = parsed("[[step]]\nconnect = \"host.example.org\"\n[[step]]\nmail = \"a@b\"\n");
    BOOST_TEST(one.title == "a.toml");
    BOOST_TEST(one.mta.name == "postfix-3.7");
    BOOST_TEST(one.steps.front().client.host == "host.example.org");
    BOOST_TEST(one.steps.front().client.address == smtp_client().address);
    BOOST_TEST(!one.steps.front().expected.verdict);
    BOOST_TEST(parsed("").steps.empty());
}

BOOST_AUTO_TEST_CASE(all_problems_of_a_file_are_told_at_once_with_their_places) {
    auto const told = problems_of(R"(titel = "x"
as = "exim"
include = "missing.toml"
[variables]
a = true
[macros]
hello = { j = "x" }
[[step]]
mail = "a@${domain}"
rcpt = "b"
[[step]]
expect = "accept"
[[step]]
rctp = "b"
[[step]]
data = false
[[step]]
data = true
expect = "maybe"
[[step]]
header = "no colon"
[[step]]
connect = { address = "inet:70000@[127.0.0.1]", port = 25 }
[[step]]
body = { base64 = "x", file = "missing.txt" }
[[step]]
wait = "soon"
[[step]]
negotiate = { version = "6", flags = "all" }
[step.expect]
reply = "/(/"
within = 5
header = [": x"]
verdikt = "x"
macros = { body = "i" }
[[step]]
helo = "x"
expect = { steps = "no_body", version = 2 }
)");
    std::vector<std::string> const expected = {
        ("a.toml:1:1: unknown key \"titel\"; there are title, as, include, variables, macros and "
         "step"),
        "a.toml:2:6: there is no MTA \"exim\"",
        "a.toml:3:11: missing.toml: No such file or directory",
        "a.toml:5:5: \"a\" is a text in quotes",
        "a.toml:7:1: unknown stage \"hello\"",
        "a.toml:9:8: there is no variable \"domain\"; $${ is ${",
        "a.toml:10:1: a step does one thing: mail or rcpt",
        "a.toml:11:1: a step says what is done: negotiate, connect, helo, ",
        "a.toml:14:1: unknown key \"rctp\"; there are negotiate, connect, helo, ",
        "a.toml:16:8: \"data\" is true",
        "a.toml:19:10: unknown verdict \"maybe\"",
        "a.toml:21:10: a header is \"NAME: VALUE\"",
        "a.toml:23:23: \"inet:70000@[127.0.0.1]\" is no address",
        "a.toml:23:49: unknown key \"port\"; there are host and address",
        "a.toml:25:19: that is no base64 in one line",
        "a.toml:25:31: missing.txt: No such file or directory",
        "a.toml:27:8: \"wait\" is a time such as \"500ms\" or \"2s\"",
        "a.toml:29:25: \"version\" is a number",
        "a.toml:29:30: unknown key \"flags\"; there are version, actions and steps",
        "a.toml:31:9: /(/: ",
        "a.toml:32:10: \"within\" is a text in quotes",
        "a.toml:33:11: \": x\" is no header: NAME, or NAME: VALUE",
        "a.toml:34:1: unknown key \"verdikt\"; there are verdict, reply, client_hears, error, ",
        "a.toml:35:12: body has no list of macros",
        "a.toml:38:12: \"steps\" is expected of a step negotiate, and of no other",
        "a.toml:38:31: \"version\" is expected of a step negotiate, and of no other"};
    std::vector<std::string> lines;
    for (std::string_view rest = told; !rest.empty();) {
        auto const end = std::min(rest.find('\n'), rest.size());
        lines.emplace_back(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    BOOST_TEST(lines.size() == expected.size(), told);
    for (std::size_t i = 0; i < std::min(lines.size(), expected.size()); ++i)
        BOOST_TEST(lines[i].starts_with(expected[i]), lines[i] << "\n  expected " << expected[i]);
}

BOOST_AUTO_TEST_CASE(what_is_no_toml_or_no_steps_is_said_with_its_place) {
    BOOST_TEST(problems_of("title = \n").starts_with("a.toml:1:9: "));
    BOOST_TEST(problems_of("step = 5\n") == "a.toml:1:8: steps are written [[step]]");
    BOOST_TEST(problems_of("step = [5]\n") == "a.toml:1:9: \"step\" is a table");
    BOOST_TEST(
        problems_of("[[step]]\nmail = \"a\"\nexpect = \"@\"\n").starts_with("a.toml:3:10: "));
    BOOST_TEST(problems_of("[[step]]\nmail = \"a\"\nexpect = \"error@eom reply\"\n") == "none");
}

BOOST_AUTO_TEST_CASE(later_values_of_variables_stand_and_those_of_the_command_line_last) {
    support::temp_dir const dir;
    dir.write("common.inc", "[variables]\na = \"common\"\nb = \"common\"\nc = \"common\"\nd = 5\n");
    auto const file = dir.write("x.toml", "include = \"common.inc\"\n[variables]\nb = \"own\"\nc = "
                                          "\"own\"\n[[step]]\nhelo = \"${a} ${b} ${c} ${d}\"\n");
    BOOST_TEST(load_scenario(file, {{"c", "set"}}).steps.front().text == "common own set 5");
}

BOOST_AUTO_TEST_CASE(steps_of_included_files_come_first_each_with_its_own_place) {
    support::temp_dir const dir;
    std::filesystem::create_directories(dir / "parts/deep");
    dir.write("parts/deep/last.inc", "[[step]]\nbody = { file = \"text.txt\" }\n");
    dir.write("parts/deep/text.txt", "text\n");
    dir.write("parts/first.inc", "include = \"deep/last.inc\"\n[[step]]\nhelo = \"first\"\n");
    auto const file =
        dir.write("x.toml", "include = [\"parts/first.inc\"]\n[[step]]\nhelo = \"own\"\n");
    auto const one = load_scenario(file, {});
    BOOST_REQUIRE_EQUAL(one.steps.size(), 3u);
    BOOST_TEST(one.steps[0].text == "text\r\n");
    BOOST_TEST(one.steps[0].at.file == dir / "parts/deep/last.inc");
    BOOST_TEST(one.steps[1].text == "first");
    BOOST_TEST(one.steps[1].at.line == 2u);
    BOOST_TEST(one.steps[2].text == "own");
    BOOST_TEST(one.title == file);
    BOOST_TEST(one.file == file);
}

BOOST_AUTO_TEST_CASE(problems_of_included_files_are_told_with_the_others) {
    support::temp_dir const dir;
    auto const broken = dir.write("broken.inc", "a = \n");
    auto const wrong = dir.write("wrong.inc", "b = 1\n");
    auto const file = dir.write("x.toml", "include = [\"broken.inc\", \"wrong.inc\"]\nc = 1\n");
    auto const told = problems_of_file(file);
    for (auto const& one : {broken + ":1:5: ", "\n" + wrong + ":1:1: unknown key \"b\"",
                            "\n" + file + ":2:1: unknown key \"c\""})
        BOOST_TEST((told.find(one) != told.npos), told << "\n  expected " << one);
    BOOST_TEST(problems_of_file(dir / "none.toml") ==
               (dir / "none.toml") + ": No such file or directory");
}

BOOST_AUTO_TEST_CASE(includes_that_never_end_are_refused) {
    support::temp_dir const dir;
    dir.write("b.toml", "include = \"./a.toml\"\n");
    auto const file = dir.write("a.toml", "include = \"b.toml\"\n");
    BOOST_TEST(problems_of_file(file) ==
               (dir / "b.toml") + ":1:11: " + (dir / "./a.toml") + " includes itself");
    std::string many = "include = [";
    for (int i = 0; i < 70; ++i) many += "\"c.inc\", ";
    dir.write("c.inc", "");
    BOOST_TEST(problems_of_file(dir.write("d.toml", many + "]\n"))
                   .ends_with(": too many files are included"));
    for (int i = 0; i < 10; ++i)
        dir.write("deep" + std::to_string(i), "include = \"deep" + std::to_string(i + 1) + "\"\n");
    BOOST_TEST(problems_of_file(dir / "deep0").ends_with(": too many files are included"));
}

BOOST_AUTO_TEST_CASE(version_that_no_mta_offers_is_told) {
    BOOST_TEST(problems_of("[[step]]\nnegotiate = { version = 9 }\n") ==
               "a.toml:2:25: \"version\" is 2 to 6");
}

BOOST_AUTO_TEST_CASE(scenario_knows_which_variables_of_the_command_line_it_has) {
    auto const one = parse_scenario("[variables]\na = \"1\"\n[[step]]\nhelo = \"${b}\"\n", "a.toml",
                                    {{"a", "x"}, {"b", "x"}, {"c", "x"}});
    BOOST_TEST(one.uses.contains("a"));
    BOOST_TEST(one.uses.contains("b"));
    BOOST_TEST(!one.uses.contains("c"));
}

BOOST_AUTO_TEST_SUITE_END()
