// SPDX-License-Identifier: BSL-1.0
// tests/load/gate.cpp - what gates mean, and what is said of those that cannot be read

#include "load/gate.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

namespace {

using namespace std::chrono_literals;
namespace load = milter::load;

std::string complaint_of(char const* text) {
    try {
        load::parse_gate(text);
    } catch (std::invalid_argument const& why) {
        return why.what();
    }
    return "none";
}

/// 100 messages of 1 to 100 ms in 2 s; 2 errors; RCPT took 1 ms.
load::tally some_tally() {
    load::tally seen;
    for (int i = 1; i <= 100; ++i) {
        seen.message.record(std::chrono::milliseconds(i), {}, false);
        seen.note(i <= 10 ? load::outcome::reject : load::outcome::pass);
        seen.stages[index_of(load::stage::rcpt)].record(1ms, {}, false);
    }
    seen.note(load::outcome::error);
    seen.note(load::outcome::error);
    seen.elapsed = 2s;
    return seen;
}

load::gate_result checked(char const* text, std::optional<load::ratio_estimate> const& both = {}) {
    return load::check(load::parse_gate(text), some_tally(), both);
}

} // namespace

BOOST_AUTO_TEST_SUITE(load_gate)

BOOST_AUTO_TEST_CASE(a_gate_compares_the_figure_it_names) {
    struct row {
        char const* text;
        bool met;
    };
    row const rows[] = {
        {"p50<60ms", true},     {"p50<40ms", false},       {"p99 <= 0.2s", true},
        {"p99.9<0.05s", false}, {"mean<51ms", true},       {"mean<50000us", false},
        {"max<=100ms", true},   {"max<100ms", false},      {"min>=1ms", true},
        {"median<52ms", true},  {"throughput>49/s", true}, {"throughput>=51", false},
        {"errors<3", true},     {"errors<2", false},       {"errors<1%", false},
        {"errors<=2%", true},   {"rejects>9", true},       {"tempfails<1", true},
        {"rcpt.p99<2ms", true}, {"rcpt.mean<1ms", false},  {" p50 < 60ms ", true},
    };
    for (auto const& one : rows) BOOST_TEST(checked(one.text).met == one.met, one.text);
}

BOOST_AUTO_TEST_CASE(what_was_not_measured_meets_nothing) {
    for (auto const* text : {"helo.p99<1s", "eom.p99>0s", "slower<5%"}) {
        BOOST_TEST(!checked(text).met, text);
        BOOST_TEST(checked(text).what == std::string(text) + ": nothing was measured");
    }
    BOOST_TEST(!load::check(load::parse_gate("errors<1%"), {}, {}).met);
}

BOOST_AUTO_TEST_CASE(a_comparison_has_a_gate) {
    BOOST_TEST(checked("slower<5%", load::ratio_estimate{1.02, 1.0, 1.04, 20}).what ==
               "slower<5%: 2.00 %, between 0.00 % and 4.00 %");
    for (double const ratio : {1.04, 1.16}) { // on either side of the limit
        auto const open = checked("slower<5%", load::ratio_estimate{ratio, 0.98, 1.2, 20});
        BOOST_TEST(open.met);
        BOOST_TEST(open.what.ends_with(", between -2.00 % and 20.00 %, so that is not certain"));
    }
    BOOST_TEST(!checked("slower>5%", load::ratio_estimate{1.02, 1.0, 1.04, 20}).met);
    auto const missed = checked("slower<5%", load::ratio_estimate{1.07, 1.051, 1.09, 20});
    BOOST_TEST(!missed.met);
    BOOST_TEST(missed.what == "slower<5%: 7.00 %, between 5.10 % and 9.00 %");
}

BOOST_AUTO_TEST_CASE(the_result_says_the_figure) {
    BOOST_TEST(checked("max<50ms").what == "max<50ms: 100.000 ms");
    BOOST_TEST(checked("throughput>200/s").what == "throughput>200/s: 50.0/s");
    BOOST_TEST(checked("rejects<1").what == "rejects<1: 10");
}

BOOST_AUTO_TEST_CASE(what_users_feel_is_measured_in_an_open_loop) {
    load::tally seen;
    seen.message.record(1ms, 99ms, true);
    seen.note(load::outcome::pass);
    BOOST_TEST(!load::check(load::parse_gate("p50<50ms"), seen, {}).met);
}

/// 20 messages that took 100 ms since they were due, 10 recipients each; 80 due in 2 s were never sent.
load::tally overloaded() {
    load::tally seen;
    for (int i = 0; i < 20; ++i) {
        seen.message.record(60ms, 40ms, true);
        seen.note(load::outcome::pass);
        for (int r = 0; r < 10; ++r)
            seen.stages[index_of(load::stage::rcpt)].record(1ms, 40ms, true);
    }
    for (std::uint64_t i = 1; i <= 80; ++i) seen.waits.record(i * 25'000'000);
    seen.elapsed = 2s;
    return seen;
}

BOOST_AUTO_TEST_CASE(what_was_never_sent_is_slower_than_any_limit) {
    struct row {
        char const* text;
        bool met;
    };
    row const rows[] = {
        {"p20<=101ms", true},     {"p21<1000s", false},     {"p50<1000s", false},
        {"median<1000s", false},  {"p99<1000s", false},     {"mean<1000s", false},
        {"max<=1000s", false},    {"min<=100ms", true},     {"rcpt.p20<42ms", true},
        {"rcpt.p21<42ms", false}, {"rcpt.max<42ms", false}, {"rcpt.mean<1s", false},
        {"p50>500ms", true},      {"p50>2s", false},        {"min>=26ms", false},
        {"unsent<1", false},      {"unsent<=80", true},     {"unsent<80%", false},
        {"unsent<81%", true},     {"throughput>9/s", true}, {"errors<1%", true},
    };
    auto const seen = overloaded();
    for (auto const& one : rows)
        BOOST_TEST(load::check(load::parse_gate(one.text), seen, {}).met == one.met, one.text);
    BOOST_TEST(load::check(load::parse_gate("max<5s"), seen, {}).what ==
               "max<5s: at least 2000.000 ms, as 80 were due and never sent");
    BOOST_TEST(load::check(load::parse_gate("unsent<1"), seen, {}).what == "unsent<1: 80");
}

BOOST_AUTO_TEST_CASE(a_milter_that_was_sent_nothing_in_time_meets_no_time) {
    load::tally seen;
    seen.waits.record(1'000'000, 5);
    for (auto const* text : {"p0<1s", "min<1s", "p50<1s", "max<1s", "rcpt.p50<1s", "errors<1"})
        BOOST_TEST(!load::check(load::parse_gate(text), seen, {}).met, text);
    BOOST_TEST(load::check(load::parse_gate("unsent<6"), seen, {}).met);
    BOOST_TEST(!load::check(load::parse_gate("unsent<1"), {}, {}).met);
    load::tally sent;
    sent.note(load::outcome::pass);
    BOOST_TEST(load::check(load::parse_gate("unsent<1"), sent, {}).met);
}

BOOST_AUTO_TEST_CASE(a_complaint_names_the_column) {
    struct row {
        char const* text;
        char const* says;
    };
    row const rows[] = {
        {"p99<50", "\"p99<50\", column 7: a time has a unit: 50ms"},
        {"p99<50min", "\"p99<50min\", column 7: unknown unit of time \"min\"; there are us, ms, s"},
        {"p99", "\"p99\", column 4: expected <, <=, > or >="},
        {"p99=5ms", "\"p99=5ms\", column 4: expected <, <=, > or >="},
        {"p99<", "\"p99<\", column 5: expected a number"},
        {"p101<5ms", "\"p101<5ms\", column 1: p0 to p100"},
        {"rctp.p99<5ms", "\"rctp.p99<5ms\", column 1: unknown stage \"rctp\"; there are negotiate, "
                         "connect, helo, mail, rcpt, data, header, end_of_headers, body, "
                         "end_of_message"},
        {"rcpt.errors<5", "\"rcpt.errors<5\", column 6: a stage has no errors"},
        {"p99<5ms 3", "\"p99<5ms 3\", column 9: this is too much"},
        {"throughput>5/m",
         "\"throughput>5/m\", column 13: a throughput is so many a second: 200/s"},
        {"slower<5", "\"slower<5\", column 9: expected a share: 5%"},
        {"", "\"\", column 1: expected p50, p99.9, mean, min, max, median, throughput, errors, "
             "rejects, tempfails, unsent or slower"},
    };
    for (auto const& one : rows) BOOST_TEST(complaint_of(one.text) == one.says);
}

BOOST_AUTO_TEST_SUITE_END()
