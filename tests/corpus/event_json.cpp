// SPDX-License-Identifier: BSL-1.0
// tests/corpus/event_json.cpp - packets as fields, and byte for byte back
#include <milter/corpus/event_json.hpp>

#include <boost/test/unit_test.hpp>

#include <support/hex.hpp>
#include <wire/command_vectors.hpp>
#include <wire/reply_vectors.hpp>

#include <map>
#include <random>
#include <set>

namespace {

using namespace milter;
using corpus::event;
using corpus::event_kind;
using corpus::json;
using corpus::json_problem;
using corpus::side;
using namespace std::string_literals;

event packet(side from, std::string_view notation) {
    auto const raw = support::bytes(notation);
    return {7, from, event_kind::packet, static_cast<unsigned char>(raw.at(4)), raw.substr(5),
            0, {}};
}

event back(json const& object, corpus::blob_access const& blobs = {}) {
    json_problem problem;
    auto one = corpus::read_event(object, blobs, problem);
    BOOST_TEST(!problem, problem.where + ": " + problem.what + " in " + object.dump());
    return one;
}

/// JSON and back gives the same; returns the JSON.
std::string both_ways(event const& one) {
    auto text = corpus::to_json(one).dump();
    BOOST_TEST((back(json::parse(text)) == one), text);
    return text;
}

std::string problem_of(std::string const& text) {
    json_problem problem;
    corpus::read_event(json::parse(text), {}, problem);
    return problem.where + ": " + problem.what;
}

} // namespace

BOOST_AUTO_TEST_SUITE(event_json)

BOOST_AUTO_TEST_CASE(table_has_a_row_for_each_packet) {
    std::size_t rows = 0;
    for (auto const& row : wire::command_rows)
        rows += corpus::find_packet(side::mta, static_cast<unsigned char>(row.code)) ? 1U : 0U;
    for (auto const& row : wire::reply_rows)
        rows += corpus::find_packet(side::filter, static_cast<unsigned char>(row.code)) ? 1U : 0U;
    BOOST_TEST(rows == std::size(wire::command_rows) + std::size(wire::reply_rows));
    BOOST_TEST(rows == std::size(corpus::packet_rows));
}

BOOST_AUTO_TEST_CASE(packets_are_shown_as_fields) {
    struct {
        side from;
        char const* notation;
        char const* shown;
    } const rows[] = {
        {side::mta, "0000000d 4f 00000006 000001ff 001fffff",
         R"({"t":7,"mta":"negotiate","version":6,"actions":"0x1ff","steps":"0x1fffff"})"},
        {side::mta, "00000024 'DC' 'j' 00 'mx.example.org' 00 '{daemon_name}' 00 'MTA' 00",
         R"({"t":7,"mta":"macros","stage":"connect","macros":[["j","mx.example.org"],["{daemon_name}","MTA"]]})"},
        {side::mta, "0000001d 43 'client.example' 00 34 61a8 '192.0.2.1' 00",
         R"({"t":7,"mta":"connect","hostname":"client.example","family":"inet","port":25000,"address":"192.0.2.1"})"},
        {side::mta, "0000000c 43 'localhost' 00 55",
         R"({"t":7,"mta":"connect","hostname":"localhost","family":"unknown"})"},
        {side::mta, "0000000c 'M' '<>' 00 'SIZE=1' 00",
         R"({"t":7,"mta":"mail","address":"<>","args":["SIZE=1"]})"},
        {side::mta, "0000000b 'LX' 00 'caf' e9 ' ' 00",
         R"({"t":7,"mta":"header","name":"X","value":{"base64":"Y2Fm6SA="}})"},
        {side::mta, "00000005 'B' 00 0d0a 00",
         "{\"t\":7,\"mta\":\"body\",\"bytes\":\"\\u0000\\r\\n\\u0000\"}"},
        {side::mta, "00000001 'E'", R"({"t":7,"mta":"end_of_message"})"},
        {side::filter, "00000001 'c'", R"({"t":7,"filter":"continue"})"},
        {side::filter, "00000013 4f 00000006 00000011 00000000 00000002 'i' 00",
         R"({"t":7,"filter":"negotiate","version":6,"actions":"0x11","steps":"0x0","lists":[[2,"i"]]})"},
        {side::filter, "0000000b 69 00000001 'X-A' 00 'b' 00",
         R"({"t":7,"filter":"insert_header","index":1,"name":"X-A","value":"b"})"},
        {side::filter, "00000005 'e<>' 00", R"({"t":7,"filter":"change_from","address":"<>"})"},
        // what the fields cannot say exactly
        {side::mta, "00000003 'LX' 00", R"({"t":7,"mta":"header","raw":"X\u0000"})"},
        {side::mta, "00000003 'Hme'", R"({"t":7,"mta":"helo","raw":"me"})"},
        {side::mta, "00000004 'DCj' 00", R"({"t":7,"mta":"macros","raw":"Cj\u0000"})"},
        {side::filter, "00000002 'cx'", R"({"t":7,"filter":"continue","raw":"x"})"},
        {side::filter, "00000002 'qr'", R"({"t":7,"filter":"quarantine","raw":"r"})"},
        {side::mta, "00000001 'Z'", R"x({"t":7,"mta":"(packet)","code":90,"raw":""})x"},
    };
    for (auto const& row : rows) BOOST_TEST(both_ways(packet(row.from, row.notation)) == row.shown);
}

BOOST_AUTO_TEST_CASE(whatever_is_no_packet_stands_in_brackets) {
    BOOST_TEST(both_ways({1, side::mta, event_kind::end, 0, "", 0, ""}) ==
               R"x({"t":1,"mta":"(end)"})x");
    BOOST_TEST(both_ways({-1, side::filter, event_kind::reset, 0, "", 0, ""}) ==
               R"x({"t":-1,"filter":"(reset)"})x");
    BOOST_TEST(both_ways({2, side::mta, event_kind::gap, 0, "", 99, ""}) ==
               R"x({"t":2,"mta":"(gap)","missing":99})x");
    BOOST_TEST(both_ways({3, side::mta, event_kind::bytes, 0, "GET", 0, ""}) ==
               R"x({"t":3,"mta":"(bytes)","raw":"GET"})x");
}

BOOST_AUTO_TEST_CASE(vectors_of_the_codec_go_both_ways) {
    for (auto const& row : vectors::commands) both_ways(packet(side::mta, row.bytes));
    for (auto const& row : vectors::replies) both_ways(packet(side::filter, row.bytes));
}

BOOST_AUTO_TEST_CASE(any_bytes_go_both_ways) {
    std::mt19937 random(20260504);
    auto const below = [&](std::size_t n) { return random() % n; };
    for (int round = 0; round < 20'000; ++round) {
        event one{static_cast<std::int64_t>(below(1000)),
                  below(2) ? side::mta : side::filter,
                  event_kind::packet,
                  0,
                  {},
                  0,
                  {}};
        auto const& row = corpus::packet_rows[below(std::size(corpus::packet_rows))];
        one.from = row.from;
        one.code = below(20) ? row.code : static_cast<unsigned char>(below(256));
        for (auto size = below(24); size > 0; --size)
            one.payload.push_back(below(3) ? "\0C4UaX\x06"[below(7)]
                                           : static_cast<char>(below(256)));
        auto const shown = corpus::to_json(one);
        json_problem problem;
        if (!(corpus::read_event(shown, {}, problem) == one))
            BOOST_TEST_REQUIRE(false, shown.dump() + " " + problem.where + problem.what);
    }
}

BOOST_AUTO_TEST_CASE(members_of_others_are_kept) {
    auto const one =
        back(json::parse(R"({"t":1,"_note":{"a":[1,2]},"mta":"helo","name":"x","later":true})"));
    BOOST_TEST(one.extra == R"({"_note":{"a":[1,2]},"later":true})");
    BOOST_TEST(both_ways(one) ==
               R"({"t":1,"mta":"helo","name":"x","_note":{"a":[1,2]},"later":true})");
}

BOOST_AUTO_TEST_CASE(member_named_as_a_field_is_no_other_s_when_the_packet_is_given_by_its_code) {
    auto const text =
        R"in({"t":1,"mta":"(packet)","code":72,"raw":{"base64":"eAA="},"name":"y","_n":1})in";
    auto const one = back(json::parse(text));
    BOOST_TEST(one.extra == R"({"_n":1})");
    BOOST_TEST(both_ways(one) == R"({"t":1,"mta":"helo","name":"x","_n":1})");
}

BOOST_AUTO_TEST_CASE(problem_names_its_place) {
    BOOST_TEST(problem_of(R"({"mta":"helo"})") == "/t: expected the time in microseconds");
    BOOST_TEST(problem_of(R"({"t":1})") ==
               R"(: expected "mta" or "filter", with the name of a packet)");
    BOOST_TEST(problem_of(R"({"t":1,"mta":"abort","filter":"continue"})") ==
               R"(: expected "mta" or "filter", with the name of a packet)");
    BOOST_TEST(problem_of(R"({"t":1,"mta":"hello"})") ==
               R"(/mta: there is no such packet: "hello")");
    BOOST_TEST(problem_of(R"({"t":1,"filter":"helo"})") ==
               R"(/filter: there is no such packet: "helo")");
    BOOST_TEST(problem_of(R"({"t":1,"mta":"helo"})") ==
               R"(/name: expected a string or {"base64": "..."})");
    BOOST_TEST(problem_of(R"({"t":1,"mta":"helo","name":{"base64":"x"}})") ==
               R"(/name: expected a string or {"base64": "..."})");
    BOOST_TEST(problem_of(R"({"t":1,"mta":"negotiate","version":-1})") ==
               "/version: expected a number of 32 bits");
    BOOST_TEST(problem_of(R"({"t":1,"mta":"negotiate","version":6,"actions":511})") ==
               R"(/actions: expected bits as "0x1ff")");
    BOOST_TEST(problem_of(R"x({"t":1,"mta":"(gap)"})x") == "/missing: expected a number of bytes");
    BOOST_TEST(problem_of(R"x({"t":1,"mta":"(packet)","code":256,"raw":""})x") ==
               "/code: expected the code of the packet, 0 to 255");
    BOOST_TEST(problem_of(R"({"t":1,"mta":"macros","stage":"hello","macros":[]})") ==
               "/stage: expected the name of a command");
    BOOST_TEST(problem_of(R"({"t":1,"mta":"macros","stage":"helo","macros":[["a"]]})") ==
               "/macros: expected an array of [name, value]");
    BOOST_TEST(problem_of("[]") == "/t: expected the time in microseconds");
}

BOOST_AUTO_TEST_CASE(large_bytes_leave_for_a_file_and_come_back) {
    std::map<std::string, std::string> files;
    corpus::blob_access blobs;
    blobs.inline_limit = 10;
    blobs.store = [&](std::string_view bytes) -> std::optional<corpus::blob> {
        auto& file = files["bodies.bin"];
        corpus::blob const place{"bodies.bin", file.size(), bytes.size()};
        file.append(bytes);
        return place;
    };
    blobs.load = [&](corpus::blob const& place) -> std::optional<std::string> {
        if (!files.contains(place.file)) return std::nullopt;
        return files[place.file].substr(place.at, place.size);
    };
    event const small{1, side::mta, event_kind::packet, 'B', "0123456789", 0, {}};
    event const large{1, side::mta, event_kind::packet, 'B', std::string(11, '\xff'), 0, {}};
    BOOST_TEST(corpus::to_json(small, blobs).dump() ==
               R"({"t":1,"mta":"body","bytes":"0123456789"})");
    auto const shown = corpus::to_json(large, blobs);
    BOOST_TEST(shown.dump() ==
               R"({"t":1,"mta":"body","bytes":{"file":"bodies.bin","at":0,"size":11}})");
    BOOST_TEST((back(shown, blobs) == large));
    json_problem problem;
    corpus::read_event(shown, {}, problem);
    BOOST_TEST(problem.where == "/bytes");
}

BOOST_AUTO_TEST_CASE(file_is_one_beside_the_corpus) {
    corpus::blob_access blobs;
    blobs.load = [](corpus::blob const&) -> std::optional<std::string> { return "read"; };
    for (auto const* name : {"../x", "/etc/passwd", "a/b", ".", "..", "", "a\\\\b", "a\\u0000b"}) {
        json_problem problem;
        auto const text = R"({"t":1,"mta":"body","bytes":{"file":")" + std::string(name) +
                          R"(","at":0,"size":1}})";
        corpus::read_event(json::parse(text), blobs, problem);
        BOOST_TEST(problem.where == "/bytes", text);
    }
}

BOOST_AUTO_TEST_SUITE_END()
