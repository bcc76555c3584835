// SPDX-License-Identifier: BSL-1.0
// tests/manager/decision_json.cpp - the lines of the logs, key by key

#include "manager/config/decision_json.hpp"

#include <boost/test/unit_test.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

using namespace milter::manager;
using namespace std::chrono_literals;

namespace {

wall_time const noon =
    std::chrono::sys_days(std::chrono::year(2026) / 1 / 2) + 3h + 4min + 5s + 678ms + 999us;

/// Every field set; the example of docs/decision-log.md.
decision full_decision() {
    decision d;
    d.session = 12;
    d.transaction = 1;
    d.listener = "unix:/run/milter-manager/mta.sock";
    d.profile = "inbound";
    d.queue_id = "4XyZ1";
    d.message_id = "<20260102.1@example.com>";
    d.client_name = "mail.example.com";
    d.client_address = "192.0.2.7";
    d.helo = "mail.example.com";
    d.authenticated = "alice";
    d.sender = "<alice@example.com>";
    d.recipients = {{"<bob@example.net>", "continue", ""},
                    {"<eve@example.net>", "550 5.1.1 unknown", "rspamd"}};
    d.recipient_count = 2;
    d.milters = {{"opendkim", "accept", "end_of_message", "", 1, 2417us},
                 {"rspamd", "reject", "end_of_message", "550 5.7.1 spam", 0, 81332us}};
    d.conditions = {"remote_network"};
    d.rules = {"mark-outside"};
    d.tags = {"outside"};
    d.verdict = "reject";
    d.text = "550 5.7.1 spam";
    d.reason = "of the manager";
    d.decided_by = "rspamd";
    d.stage = "end_of_message";
    d.quarantine = "looks odd";
    d.edits = {R"(add_header "X-Spam" " no")"};
    d.edit_count = 1;
    d.size = 5120;
    d.time = 93750us;
    return d;
}

/// Every field set that a decision alone has not; the example of docs/decision-log.md has fewer.
evaluation full_evaluation() {
    evaluation e;
    e.milter = "rspamd-next";
    e.would = full_decision();
    e.enforced = full_decision();
    e.dropped = "it is too far behind the MTA";
    e.agrees = false;
    return e;
}

/// Every field set; the example of docs/decision-log.md.
client_refusal full_refusal() {
    return {12,
            "unix:/run/milter-manager/mta.sock",
            "inbound",
            "mail.example.com",
            "192.0.2.7",
            "mail.example.com",
            "tempfail",
            "421 4.7.1 Service unavailable - try again later",
            "waiting for the reply to helo: timed out",
            "rspamd",
            "helo"};
}

std::string documentation() {
    std::ifstream in(MILTER_SOURCE_DIR "/docs/decision-log.md");
    BOOST_TEST_REQUIRE(in.good());
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

void collect_keys(nlohmann::json const& value, std::set<std::string>& out) {
    if (value.is_array())
        for (auto const& element : value) collect_keys(element, out);
    if (!value.is_object()) return;
    for (auto const& [key, element] : value.items()) {
        out.insert(key);
        collect_keys(element, out);
    }
}

/// Text as milters and mail may send it.
std::string hostile_text() {
    std::string out;
    for (int c = 0; c < 256; ++c) out += static_cast<char>(c);
    return out +
           "\xc2\x9b[2J\xe2\x80\xae\xe2\x80\xa8\r\nsession 1: fake\xed\xa0\x80\xf0\x9f\x99\x82\xc3";
}

void check_displayable(std::string const& line) {
    for (char c : line) BOOST_TEST((static_cast<unsigned char>(c) >= 0x20 && c != 0x7f));
    BOOST_TEST(line.find("\xc2\x9b") == line.npos);
    BOOST_TEST(line.find("\xe2\x80\xae") == line.npos);
    BOOST_TEST(line.find("\xe2\x80\xa8") == line.npos);
}

} // namespace

BOOST_AUTO_TEST_SUITE(decision_json)

BOOST_AUTO_TEST_CASE(a_full_decision_is_the_documented_line) {
    auto const line = to_json_line(full_decision(), noon);
    BOOST_TEST(documentation().find("\n" + line + "\n") != std::string::npos, line);
}

BOOST_AUTO_TEST_CASE(what_is_empty_is_left_out) {
    decision d;
    BOOST_TEST(
        to_json_line(d, noon) ==
        R"({"time":"2026-01-02T03:04:05.678Z","event":"decision","session":0,"transaction":0,)"
        R"("recipient_count":0,"size":0,"ms":0.0})");
    d.milters = {{"a", "not asked", "", "", 0, 0s}};
    d.recipients = {{"<a@b>", "", ""}};
    BOOST_TEST(
        to_json_line(d, noon) ==
        R"({"time":"2026-01-02T03:04:05.678Z","event":"decision","session":0,"transaction":0,)"
        R"("recipients":[{"address":"<a@b>"}],"recipient_count":0,)"
        R"("milters":[{"name":"a","verdict":"not asked","ms":0.0}],"size":0,"ms":0.0})");
}

BOOST_AUTO_TEST_CASE(size_that_is_not_known_is_left_out) {
    decision d;
    d.size.reset();
    BOOST_TEST(
        to_json_line(d, noon) ==
        R"({"time":"2026-01-02T03:04:05.678Z","event":"decision","session":0,"transaction":0,)"
        R"("recipient_count":0,"ms":0.0})");
}

BOOST_AUTO_TEST_CASE(milliseconds_have_three_decimals) {
    auto const ms = [](milter::proto::duration time) {
        decision d;
        d.time = time;
        auto const line = to_json_line(d, noon);
        return line.substr(line.rfind(':') + 1);
    };
    BOOST_TEST(ms(0ns) == "0.0}");
    BOOST_TEST(ms(1us) == "0.001}");
    BOOST_TEST(ms(1499ns) == "0.001}");
    BOOST_TEST(ms(1500ns) == "0.002}");
    BOOST_TEST(ms(1234567890ns) == "1234.568}");
    BOOST_TEST(ms(1h + 1us) == "3600000.001}");
}

BOOST_AUTO_TEST_CASE(foreign_text_cannot_break_the_line) {
    auto d = full_decision();
    auto const hostile = hostile_text();
    for (auto* text : {&d.listener, &d.profile, &d.queue_id, &d.message_id, &d.client_name,
                       &d.client_address, &d.helo, &d.authenticated, &d.sender, &d.verdict, &d.text,
                       &d.reason, &d.decided_by, &d.stage, &d.quarantine})
        *text = hostile;
    d.edits.push_back(hostile);
    d.recipients.push_back({hostile, hostile, hostile});
    d.milters.push_back({hostile, hostile, hostile, hostile, 1, 1s});
    auto const line = to_json_line(d, noon);
    check_displayable(line);
    auto const parsed = nlohmann::json::parse(line);
    auto const kept = parsed.at("sender").get<std::string>();
    BOOST_TEST(kept.substr(0, 128) == hostile.substr(0, 128)); // all of ASCII
    BOOST_TEST(kept.find("\xc2\x9b[2J\xe2\x80\xae\xe2\x80\xa8\r\nsession 1: fake") != kept.npos);
    BOOST_TEST(kept.find("\xf0\x9f\x99\x82\xef\xbf\xbd") !=
               kept.npos); // the cut off byte is replaced
    BOOST_TEST(parsed.at("milters").at(2).at("reason").get<std::string>() == kept);
}

BOOST_AUTO_TEST_CASE(each_key_of_a_decision_is_documented) {
    auto const text = documentation();
    std::set<std::string> keys;
    collect_keys(nlohmann::json::parse(to_json_line(full_decision(), noon)), keys);
    for (auto const& key : keys) BOOST_TEST(text.find("| `" + key + "` |") != text.npos, key);
    BOOST_TEST(keys.size() == 28u + 3u); // lists add address, name and reason
}

BOOST_AUTO_TEST_CASE(an_evaluation_is_the_documented_line) {
    evaluation e;
    e.milter = "rspamd-next";
    e.would.session = 12;
    e.would.transaction = 1;
    e.would.queue_id = "4XyZ1";
    e.would.recipients = e.enforced.recipients = {{"<bob@example.net>", "continue", ""}};
    e.would.recipient_count = 1;
    e.would.milters = {{"rspamd-next", "accept", "end_of_message", "", 0, 40500us}};
    e.would.verdict = "accept";
    e.would.size = 5120;
    e.would.time = 60250us;
    e.enforced.verdict = "reject";
    e.enforced.text = "550 5.7.1 spam";
    e.enforced.decided_by = "rspamd";
    e.enforced.stage = "end_of_message";
    e.enforced.time = 93750us;
    e.agrees = false;
    auto const line = to_json_line(e, noon);
    BOOST_TEST(documentation().find("\n" + line + "\n") != std::string::npos, line);
}

BOOST_AUTO_TEST_CASE(each_key_of_an_evaluation_is_documented) {
    auto const text = documentation();
    std::set<std::string> keys;
    collect_keys(nlohmann::json::parse(to_json_line(full_evaluation(), noon)), keys);
    for (auto const& key : keys) BOOST_TEST(text.find("| `" + key + "` |") != text.npos, key);
    BOOST_TEST(keys.size() == 28u + 3u + 4u);
}

BOOST_AUTO_TEST_CASE(a_refusal_is_the_documented_line) {
    auto const text = documentation();
    auto const line = to_json_line(full_refusal(), noon);
    BOOST_TEST(text.find("\n" + line + "\n") != std::string::npos, line);
    auto const described = text.substr(text.find("## `\"event\":\"refusal\"`"));
    auto const parsed = nlohmann::json::parse(line);
    for (auto const& one : parsed.items())
        BOOST_TEST(described.find("`" + one.key() + "`") != std::string::npos, one.key());
}

BOOST_AUTO_TEST_CASE(evaluation_without_counterpart_says_nothing_of_one) {
    auto e = full_evaluation();
    e.enforced = {};
    e.agrees.reset();
    auto const line = to_json_line(e, noon);
    BOOST_TEST(line.find("enforced") == line.npos);
    BOOST_TEST(line.find("agrees") == line.npos);
}

BOOST_AUTO_TEST_CASE(a_remark_is_the_documented_line) {
    auto const line = to_text_line(
        {severity::warning, 12, "opendkim", "waiting for the reply to end_of_message: timed out"});
    auto text = documentation();
    std::replace(text.begin(), text.end(), '\n', ' ');
    BOOST_TEST(text.find('`' + line + '`') != text.npos);
}

BOOST_AUTO_TEST_CASE(events_in_words) {
    BOOST_TEST(to_text_line({severity::info, 12, "mta", "connected"}) ==
               "session 12: mta: connected");
    BOOST_TEST(to_text_line({severity::warning, 12, "a", "late"}) ==
               "session 12: a: warning: late");
    BOOST_TEST(to_text_line({severity::error, 0, "manager", "no memory"}) ==
               "manager: error: no memory");
    BOOST_TEST(to_text_line({severity::info, 0, "", "started"}) == "started");
    BOOST_TEST(to_text_line({severity::info, 1, "a\n", "b\r\n\x1b[2Jc \"ü\" \\x"}) ==
               "session 1: a\\n: b\\r\\n\\x1b[2Jc \"ü\" \\x");
    check_displayable(to_text_line({severity::info, 1, hostile_text(), hostile_text()}));
}

BOOST_AUTO_TEST_CASE(times_are_utc_with_milliseconds) {
    using std::chrono::sys_days;
    BOOST_TEST(to_rfc3339(wall_time{}) == "1970-01-01T00:00:00.000Z");
    BOOST_TEST(to_rfc3339(wall_time{} - 1ms) == "1969-12-31T23:59:59.999Z");
    BOOST_TEST(to_rfc3339(noon) == "2026-01-02T03:04:05.678Z"); // cut, not rounded up
    BOOST_TEST(to_rfc3339(sys_days(std::chrono::year(2028) / 2 / 29) + 24h - 1ns) ==
               "2028-02-29T23:59:59.999Z");
}

BOOST_AUTO_TEST_SUITE_END()
