// SPDX-License-Identifier: BSL-1.0
// tests/corpus/conversation_json.cpp - conversations and the first line of a corpus as JSON
#include <milter/corpus/conversation_json.hpp>

#include <boost/test/unit_test.hpp>

namespace {

using namespace milter;
using corpus::conversation;
using corpus::json;
using corpus::json_problem;
using corpus::side;

conversation full() {
    conversation talk;
    talk.id = "1";
    talk.session = "s";
    talk.filter = "opendkim";
    talk.position = 2;
    talk.mta = {"Postfix", "3.7.11", "inet:127.0.0.1:47996"};
    talk.milter = {"OpenDKIM", "", "inet:127.0.0.1:8891"};
    talk.began = 1'795'489'263'094'279;
    talk.state = corpus::completeness::gap;
    talk.why = "bytes are missing";
    talk.tags = {"a", "b"};
    talk.source = "mail.pcap";
    talk.events = {{0, side::mta, corpus::event_kind::packet, 'H', std::string("x\0", 2), 0, ""},
                   {9, side::mta, corpus::event_kind::end, 0, "", 0, R"({"_seen":true})"}};
    talk.expect = R"({"verdict":"reject"})";
    talk.extra = R"({"_owner":"me","later":[1,null]})";
    return talk;
}

conversation read(std::string const& text) {
    json_problem problem;
    auto const object = corpus::parse_json(text, problem);
    BOOST_TEST_REQUIRE(object.has_value(), problem.what);
    auto talk = corpus::read_conversation(*object, {}, problem);
    BOOST_TEST(!problem, problem.where + ": " + problem.what);
    return talk;
}

std::string problem_of(std::string const& text) {
    json_problem problem;
    auto const object = corpus::parse_json(text, problem);
    if (object) corpus::read_conversation(*object, {}, problem);
    return problem.where + ": " + problem.what;
}

} // namespace

BOOST_AUTO_TEST_SUITE(conversation_json)

BOOST_AUTO_TEST_CASE(everything_goes_both_ways) {
    auto const line = corpus::to_line(corpus::to_json(full()));
    BOOST_TEST(
        line ==
        R"x({"id":"1","session":"s","filter":"opendkim","position":2,)x"
        R"x("mta":{"name":"Postfix","version":"3.7.11","address":"inet:127.0.0.1:47996"},)x"
        R"x("milter":{"name":"OpenDKIM","address":"inet:127.0.0.1:8891"},)x"
        R"x("began":"2026-11-24T03:01:03.094279Z","state":"gap","why":"bytes are missing",)x"
        R"x("tags":["a","b"],"source":"mail.pcap","expect":{"verdict":"reject"},)x"
        R"x("_owner":"me","later":[1,null],)x"
        R"x("events":[{"t":0,"mta":"helo","name":"x"},{"t":9,"mta":"(end)","_seen":true}]})x");
    BOOST_TEST((read(line) == full()));
    BOOST_TEST((read(corpus::to_json(full()).dump(2)) == full())); // indented, too
}

BOOST_AUTO_TEST_CASE(nothing_but_events_is_needed) {
    auto const talk = read(R"({"events":[]})");
    BOOST_TEST((talk == conversation{}));
    BOOST_TEST(corpus::to_line(corpus::to_json(talk)) ==
               R"({"id":"","state":"complete","events":[]})");
}

BOOST_AUTO_TEST_CASE(bytes_that_are_no_utf8_survive_in_names) {
    conversation talk;
    talk.id = "\xff";
    talk.mta.name = "caf\xe9";
    BOOST_TEST((read(corpus::to_line(corpus::to_json(talk))) == talk));
}

BOOST_AUTO_TEST_CASE(times_are_utc_and_whole_microseconds) {
    for (std::int64_t const when :
         {std::int64_t{0}, std::int64_t{1}, std::int64_t{951'782'400'000'000},
          std::int64_t{4'102'444'799'999'999}, std::int64_t{-1}}) {
        conversation talk;
        talk.began = when;
        BOOST_TEST(read(corpus::to_line(corpus::to_json(talk))).began.value_or(77) == when);
    }
    BOOST_TEST(corpus::to_timestamp(951'782'400'000'001) == "2000-02-29T00:00:00.000001Z");
    for (auto const* bad : {"2026-02-29T00:00:00.000000Z", "2026-01-01T24:00:00.000000Z",
                            "2026-01-01 00:00:00.000000Z", "2026-01-01T00:00:00Z", ""})
        BOOST_TEST(problem_of(R"({"events":[],"began":")" + std::string(bad) + "\"}") ==
                   R"(/began: expected a time as "2026-11-24T03:01:03.094279Z")");
}

BOOST_AUTO_TEST_CASE(problem_names_its_place) {
    BOOST_TEST(problem_of("{}") == "/events: expected an array");
    BOOST_TEST(problem_of("[]") == ": expected a conversation: an object");
    BOOST_TEST(problem_of(R"({"events":[{"t":1,"mta":"helo","name":"a"},{"t":1,"mta":"helo"}]})") ==
               R"(/events/1/name: expected a string or {"base64": "..."})");
    BOOST_TEST(problem_of(R"({"events":[],"id":7})") == "/id: expected a string");
    BOOST_TEST(problem_of(R"({"events":[],"position":0})") ==
               "/position: expected a number from 1");
    BOOST_TEST(problem_of(R"({"events":[],"state":"whole"})") ==
               R"(/state: expected "complete", "truncated" or "gap")");
    BOOST_TEST(problem_of(R"({"events":[],"tags":["a",1]})") ==
               "/tags: expected an array of strings");
    BOOST_TEST(problem_of(R"({"events":[],"mta":"Postfix"})") == "/mta: expected an object");
    BOOST_TEST(problem_of(R"({"events":[],"milter":{"name":[]}})") ==
               "/milter/name: expected a string");
    BOOST_TEST(problem_of(R"({"events":[)").find("line 1, column 12") != std::string::npos,
               problem_of(R"({"events":[)"));
    BOOST_TEST(problem_of("\"\xff\"").find("UTF-8") != std::string::npos, problem_of("\"\xff\""));
}

BOOST_AUTO_TEST_CASE(depth_is_limited) {
    auto const deep = [](std::size_t depth) {
        return R"({"events":[],"_x":)" + std::string(depth, '[') + std::string(depth, ']') + "}";
    };
    read(deep(60));
    BOOST_TEST(problem_of(deep(70)) == ": nested deeper than 64");
    BOOST_TEST(problem_of(deep(1'000'000)) == ": nested deeper than 64");
}

BOOST_AUTO_TEST_CASE(first_line_says_what_the_corpus_is) {
    corpus::corpus_header const header{1, "milter-replay 0.1.0", "mail.pcap", "none",
                                       R"({"_x":1})"};
    auto const line = corpus::to_line(corpus::to_json(header));
    BOOST_TEST(
        line ==
        R"({"milter_corpus":1,"creator":"milter-replay 0.1.0","source":"mail.pcap","redaction":"none","_x":1})");
    json_problem problem;
    auto const object = json::parse(line);
    BOOST_TEST(corpus::is_corpus_header(object));
    BOOST_TEST((corpus::read_corpus_header(object, problem) == header));
    BOOST_TEST(!problem);
    BOOST_TEST(!corpus::is_corpus_header(corpus::to_json(full())));
}

BOOST_AUTO_TEST_CASE(newer_format_is_refused) {
    json_problem problem;
    corpus::read_corpus_header(json::parse(R"({"milter_corpus":2})"), problem);
    BOOST_TEST(problem.where == "/milter_corpus");
    BOOST_TEST(problem.what == "format 2 is newer than this program, which reads up to 1");
    corpus::read_corpus_header(json::parse(R"({"milter_corpus":"x"})"), problem);
    BOOST_TEST(problem.what == "expected the number of the format");
}

BOOST_AUTO_TEST_SUITE_END()
