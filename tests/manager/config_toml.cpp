// SPDX-License-Identifier: BSL-1.0
// tests/manager/config_toml.cpp - what the configuration file may say, and what is said about its errors

#include "manager/config/config_toml.hpp"

#include "manager/config/config_key.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdio>
#include <fstream>

using namespace milter::manager;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view listen_part =
    "[[listen]]\nsocket = \"/run/mta.sock\"\n"; // lines 1 and 2
constexpr std::string_view milter_part =
    "[[milter]]\nname = \"a\"\nsocket = \"/run/a.sock\"\n"; // lines 3 to 5

/// A good configuration with one line more in a table; at the top for an empty name.
struct placed_line {
    std::string text;
    unsigned number;
};

placed_line with(std::string const& table, std::string const& line) {
    std::string const listen(listen_part), milter(milter_part), more = line + "\n";
    if (table.empty()) return {more + listen + milter, 1};
    if (table == "listen") return {listen + more + milter, 3};
    if (table == "milter") return {listen + milter + more, 6};
    return {listen + milter + "[" + table + "]\n" + more, 7};
}

std::string report(loaded_config const& loaded) {
    std::string out;
    for (auto const& problem : loaded.problems) out += to_string(problem) + "\n";
    return out;
}

std::string report(std::string_view text) { return report(parse_config(text, "m.toml")); }

struct bad_line {
    std::string table;
    std::string line;
    unsigned column;
    unsigned width;
    std::string message;
    std::string hint;
};

constexpr char percentage_form[] =
    R"(a share is a number with a percent sign, and two decimals at most: "5%", "0.25%")";
constexpr char duration_form[] =
    R"(a duration is a whole number with a unit: "500ms", "3s", "2m", "1h")";
constexpr char size_form[] =
    R"(a size is a number of bytes, or text with a unit: 65536, "64KiB", "16MiB", "1GiB")";
constexpr char on_error_form[] =
    R"(expected one of "tempfail", "accept", "reject", "quarantine" or "shutdown")";
constexpr char mode_form[] = R"(a mode is octal digits in quotes: "0660")";
constexpr char macros_form[] = R"(macros are written "i {auth_type}" or ["i", "{auth_type}"])";

// clang-format off
std::vector<bad_line> const bad_lines = {
    // unknown keys
    {"milter", "on_eror = 'x'", 1, 7, R"(unknown key "on_eror")", R"(did you mean "on_error"?)"},
    {"milter", "enabeld = true", 1, 7, R"(unknown key "enabeld")", R"(did you mean "enabled"?)"},
    {"milter", "timeout.comand = '1s'", 9, 6, R"(unknown key "comand")", R"(did you mean "command"?)"},
    {"milter", "timeout = { conect = '1s' }", 13, 6, R"(unknown key "conect")", R"(did you mean "connect"?)"},
    {"milter", "workers = 2", 1, 7, R"(unknown key "workers")", R"("workers" belongs to [manager])"},
    {"milter", "'a b\t' = 2", 1, 6,
        R"(unknown key "a b\t")", "keys of [[milter]]: name, description, socket, balance, on_error, enabled, mode, when, on_unknown, share, by, read_only, "
        "concurrent, parallel_rcpt, late_rcpt_reject, lenient, max_sessions, timeout, breaker"},
    {"spool", "size = 2", 1, 4, R"(unknown key "size")", "keys of [spool]: memory, max, directory"},
    {"", "drain = '1s'", 1, 5, R"(unknown table or key "drain")", R"("drain" belongs to [manager])"},
    {"", "limit.edits = 1", 1, 5, R"(unknown table or key "limit")", "did you mean [limits]?"},
    {"", "x = 1", 1, 1, R"(unknown table or key "x")", "tables: listen, milter, profile, condition, set, rule, test, dnsbl, dnswl, manager, control, limits, spool, macros, dns"},
    // kinds of values
    {"milter", "enabled = 'yes'", 11, 5, R"(enabled: expected true or false, not the text "yes")", ""},
    {"milter", "enabled = 1", 11, 1, "enabled: expected true or false, not the number 1", ""},
    {"milter", "timeout = '5s'", 11, 4,
        "timeout is a table", R"(write timeout = { connect = "5s" }; its keys: connect, negotiate, command, content, end_of_message)"},
    {"manager", "workers = 1.5", 11, 3, "workers: expected a whole number, not a number with a fraction or an exponent", ""},
    {"limits", "edits = 1e3", 9, 3, "edits: expected a whole number, not a number with a fraction or an exponent", ""},
    {"manager", "workers = 2020-01-01", 11, 10, "workers: expected a whole number, not a date or time", ""},
    {"manager", "workers = { a = 1 }", 11, 9, "workers: expected a whole number, not a table", ""},
    {"manager", "workers = ['a']", 11, 5, "workers: expected a whole number, not a list", ""},
    {"manager", "workers = [1]", 11, 3, "workers: expected a whole number, not a list", ""},
    {"manager", "workers = '2'", 11, 3, R"(workers: expected a whole number, not the text "2")", "leave out the quotes"},
    {"manager", "workers = true", 11, 4, "workers: expected a whole number, not true", ""},
    // numbers
    {"manager", "workers = 0", 11, 1, "workers: 0 is too small: at least 1", ""},
    {"manager", "workers = 257", 11, 3, "workers: 257 is too large: at most 256", ""},
    {"manager", "workers = -1", 11, 2, "workers: -1 is negative", ""},
    {"limits", "edits = 9223372036854775807", 9, 19, "edits: 9223372036854775807 is too large: at most 10000000", ""},
    // durations
    {"manager", "drain = 3", 9, 1,
        "drain: expected a duration, not the number 3", R"(did you mean "3s"? )" + std::string(duration_form)},
    {"manager", "drain = -3", 9, 2, "drain: expected a duration, not the number -3", duration_form},
    {"manager", "drain = ''", 9, 2, R"(drain: cannot read "")", duration_form},
    {"manager", "drain = '3'", 9, 3, R"(drain: cannot read "3")", R"(did you mean "3s"?)"},
    {"manager", "drain = '1m30s'", 9, 7, R"(drain: cannot read "1m30s")", R"(did you mean "90s"?)"},
    {"manager", "drain = '1m30'", 9, 6, R"(drain: cannot read "1m30")", R"(did you mean "1m"?)"},
    {"manager", "drain = '-3s'", 9, 5, R"(drain: cannot read "-3s")", duration_form},
    {"manager", "drain = '1.5s'", 9, 6, R"(drain: cannot read "1.5s")", duration_form},
    {"manager", "drain = '3 s'", 9, 5, R"(drain: cannot read "3 s")", R"(did you mean "3s"?)"},
    {"manager", "drain = '3sec'", 9, 6, R"(drain: cannot read "3sec")", R"(did you mean "3s"?)"},
    {"manager", "drain = '3 min'", 9, 7, R"(drain: cannot read "3 min")", R"(did you mean "3m"?)"},
    {"manager", "drain = '3MS'", 9, 5, R"(drain: cannot read "3MS")", R"(did you mean "3ms"?)"},
    {"manager", "drain = '3msec'", 9, 7, R"(drain: cannot read "3msec")", R"(did you mean "3ms"?)"},
    {"manager", "drain = '1d'", 9, 4, R"(drain: cannot read "1d")", duration_form},
    {"manager", "drain = '2h'", 9, 4, "drain: 2h is too large: at most 1h", ""},
    {"manager", "drain = '99999999999999999999h'", 9, 23, R"(drain: "99999999999999999999h" is too large)", ""},
    {"manager", "drain = '9223372036854775807h'", 9, 22, R"(drain: "9223372036854775807h" is too large)", ""},
    {"manager", "negotiation_wait = '0s'", 20, 4, "negotiation_wait: 0ms is too small: at least 1ms", ""},
    {"manager", "command_budget = 'Auto'", 18, 6,
        R"(command_budget: cannot read "Auto")", duration_form + std::string(R"(, or "auto")")},
    {"manager", "command_budget = 'auto '", 18, 7,
        R"(command_budget: cannot read "auto ")", duration_form + std::string(R"(, or "auto")")},
    {"manager", "command_budget = '25'", 18, 4,
        R"(command_budget: cannot read "25")", R"(did you mean "25s", or "auto"?)"},
    {"milter", "timeout = { connect = '0ms' }", 23, 5, "connect: 0ms is too small: at least 1ms", ""},
    // shares
    {"milter", "share = 5", 9, 1, "share: expected a percentage, not the number 5", R"(did you mean "5%"?)"},
    {"milter", "share = '10 %'", 9, 6, R"(share: cannot read "10 %")", R"(did you mean "10%"?)"},
    {"milter", "share = '10'", 9, 4, R"(share: cannot read "10")", R"(did you mean "10%"?)"},
    {"milter", "share = 500", 9, 3, "share: expected a percentage, not the number 500", percentage_form},
    {"milter", "share = 'half'", 9, 6, R"(share: cannot read "half")", percentage_form},
    // sizes
    {"spool", "memory = '16MB'", 10, 6, R"(memory: cannot read "16MB")", R"(did you mean "16MiB"?)"},
    {"spool", "memory = '16 k'", 10, 6, R"(memory: cannot read "16 k")", R"(did you mean "16KiB"?)"},
    {"spool", "memory = '16'", 10, 4, R"(memory: cannot read "16")", size_form},
    {"spool", "memory = 1.5", 10, 3, "memory: expected a size, not a number with a fraction or an exponent", size_form},
    {"spool", "memory = -1", 10, 2, "memory: -1 is negative", ""},
    {"spool", "memory = '65GiB'", 10, 7, "memory: 65GiB is too large: at most 64GiB", ""},
    {"limits", "header_bytes = 1023", 16, 4, "header_bytes: 1023B is too small: at least 1KiB", ""},
    // choices
    {"milter", "on_error = 'acept'", 12, 7,
        R"(on_error: unknown value "acept")", R"(did you mean "accept"? )" + std::string(on_error_form)},
    {"milter", "on_error = 'Accept'", 12, 8,
        R"(on_error: unknown value "Accept")", R"(did you mean "accept"? )" + std::string(on_error_form)},
    {"milter", "on_error = 'ignore'", 12, 8, R"(on_error: unknown value "ignore")", on_error_form},
    {"milter", "on_error = true", 12, 4, "on_error: expected a text, not true", on_error_form},
    {"milter", "on_error = ''", 12, 2, "on_error: expected a text, not an empty text", on_error_form},
    {"manager", "on_internal_error = 'accept'", 21, 8,
        R"(on_internal_error: unknown value "accept")", R"(expected one of "tempfail", "reject" or "shutdown")"},
    {"manager", "header_rules = 'exim'", 16, 6,
        R"(header_rules: unknown value "exim")", R"(expected one of "auto", "postfix" or "sendmail")"},
    {"milter", "balance = 'round robin'", 11, 13,
        R"(balance: unknown value "round robin")",
        R"(did you mean "round_robin"? expected one of "fail_over" or "round_robin")"},
    {"milter", "breaker = false", 11, 5,
        "breaker is a table", "write breaker = { failures = ... }; its keys: failures, window, first_pause, longest_pause, trial"},
    {"milter", "breaker.failures = 1001", 20, 4, "failures: 1001 is too large: at most 1000", ""},
    {"milter", "breaker.window = '0ms'", 18, 5, "window: 0ms is too small: at least 1ms", ""},
    // modes, groups, paths
    {"listen", "mode = 660", 8, 3, "mode: expected a mode, not the number 660", mode_form},
    {"listen", "mode = 0o660", 8, 5, "mode: expected a mode, not the number 432", mode_form},
    {"listen", "mode = '0689'", 8, 6, R"(mode: cannot read "0689")", mode_form},
    {"listen", "mode = 'rw-rw----'", 8, 11, R"(mode: cannot read "rw-rw----")", mode_form},
    {"listen", "mode = '4660'", 8, 6, R"(mode: "4660" has bits that mean nothing for a socket)", mode_form},
    {"listen", "group = 'a b'", 9, 5, R"(group: "a b" cannot be a group)", "expected the name or the number of a group"},
    {"listen", "group = ''", 9, 2, "group: expected a group, not an empty text", ""},
    {"listen", R"(group = "a\u001b")", 9, 9, R"(group: control character in "a\x1b")", ""},
    {"manager", "decision_log = 'log.json'", 16, 10,
        R"(decision_log: relative path "log.json")", R"(a path begins with "/")"},
    {"spool", "directory = 'tmp'", 13, 5, R"(directory: relative path "tmp")", R"(a path begins with "/")"},
    // macros
    {"macros", "mail = 'i auth_type'", 8, 13, R"(mail: not a macro: "auth_type")", R"(did you mean "{auth_type}"?)"},
    {"macros", "mail = ['i', '{a']", 8, 11, R"(mail: not a macro: "{a")", macros_form},
    {"macros", "mail = ['i', 1]", 8, 8, "mail: expected a list of texts", macros_form},
    {"macros", "mail = []", 8, 2, "mail: no macro is named", "leave the key out for the default"},
    {"macros", "mail = ' '", 8, 3, "mail: no macro is named", "leave the key out for the default"},
    {"macros", "mail = 1", 8, 1, "mail: expected names of macros, not the number 1", macros_form},
    // profiles
    {"listen", "profile = 'In'", 11, 4, R"(profile: "In" cannot be a name)", R"(a name has lower-case letters, digits and "_.-")"},
    {"listen", "profile = 'x'", 11, 3, R"(unknown profile "x")", "add [profile.x] with milters, or take it out"},
    {"", "profile.x = 1", 9, 1, "profile is a table with a name", "write [profile.NAME]"},
    {"", "profile = 1", 11, 1, "profile is a table with a name", "write [profile.NAME]"},
    {"", "profil.x = 1", 1, 6, R"(unknown table or key "profil")", "did you mean [profile.NAME]?"},
    {"macros", "mails = 'i'", 1, 5, R"(unknown key "mails")", R"(did you mean "mail"?)"},
};
// clang-format on

std::string marked(std::string const& line, bad_line const& row) {
    std::string shown = line;
    std::replace(shown.begin(), shown.end(), '\t', ' ');
    return shown + '\n' + std::string(row.column - 1, ' ') + '^' + std::string(row.width - 1, '~');
}

} // namespace

BOOST_AUTO_TEST_SUITE(config_toml)

BOOST_AUTO_TEST_CASE(the_smallest_configuration_has_the_defaults_of_the_structs) {
    auto const loaded = parse_config(std::string(listen_part) + std::string(milter_part), "m.toml");
    BOOST_TEST(report(loaded) == "");
    BOOST_REQUIRE(loaded.config);
    config expected;
    expected.listens.push_back({*milter::parse_endpoint("/run/mta.sock"), {}, {}, {}, {}});
    expected.listens[0].spelled = loaded.config->listens[0].spelled;
    expected.milters.emplace_back();
    expected.milters[0].name = "a";
    expected.milters[0].sockets = {*milter::parse_endpoint("/run/a.sock")};
    BOOST_TEST(to_toml(*loaded.config) == to_toml(expected));
}

BOOST_AUTO_TEST_CASE(each_bad_line_is_reported_with_its_place_and_how_to_mend_it) {
    for (auto const& row : bad_lines) {
        BOOST_TEST_CONTEXT("[" << row.table << "] " << row.line) {
            auto const placed = with(row.table, row.line);
            auto const loaded = parse_config(placed.text, "m.toml");
            BOOST_TEST(!loaded.config);
            BOOST_TEST_REQUIRE(loaded.problems.size() == 1, report(loaded));
            auto const& problem = loaded.problems[0];
            BOOST_TEST(problem.file == "m.toml");
            BOOST_TEST(problem.line == placed.number);
            BOOST_TEST(problem.column == row.column);
            BOOST_TEST(problem.message == row.message);
            BOOST_TEST(problem.hint == row.hint);
            BOOST_TEST(problem.excerpt == marked(row.line, row));
            BOOST_TEST(bool(problem.weight == problem_weight::error));
        }
    }
}

BOOST_AUTO_TEST_CASE(all_errors_are_reported_at_once_in_the_order_of_the_file) {
    BOOST_TEST(report("[manager]\n"
                      "worker = 2\n"
                      "drain = 5\n"
                      "[[milter]]\n"
                      "socket = \"unix:run/x\"\n"
                      "[listen]\n"
                      "socket = \"inet:25@127.0.0.1\"\n"
                      "mode = \"0660\"\n") == R"(m.toml:2:1: unknown key "worker"
    worker = 2
    ^~~~~~
  did you mean "workers"?
m.toml:3:9: drain: expected a duration, not the number 5
    drain = 5
            ^
  did you mean "5s"? a duration is a whole number with a unit: "500ms", "3s", "2m", "1h"
m.toml:4:1: [[milter]] without name
    [[milter]]
    ^~~~~~~~~~
  add name = ...: what logs and statistics call it; no other milter has it
m.toml:5:10: socket: relative path "run/x"
    socket = "unix:run/x"
             ^~~~~~~~~~~~
  the path of a socket begins with "/"
m.toml:6:1: [listen] is a list of tables
    [listen]
    ^~~~~~~~
  write [[listen]], once for each
m.toml:8:8: mode is for unix sockets only
    mode = "0660"
           ^~~~~~
  take it out, or listen on a unix socket
)");
}

BOOST_AUTO_TEST_CASE(twenty_errors_are_shown_and_the_rest_is_counted) {
    std::string text = std::string(listen_part) + std::string(milter_part) + "[manager]\n";
    for (int i = 0; i < 25; ++i) text += "a" + std::to_string(i) + " = 1\n";
    auto const loaded = parse_config(text, "m.toml");
    BOOST_TEST_REQUIRE(loaded.problems.size() == 21u);
    BOOST_TEST(loaded.problems[19].line == 26u);
    BOOST_TEST(to_string(loaded.problems[20]) == "m.toml: too many errors: 5 more are not shown");
}

BOOST_AUTO_TEST_CASE(errors_of_toml_come_in_the_same_form) {
    struct {
        std::string_view text, report;
    } const rows[] = {
        {"[[listen]]\nsocket = unix:/run/x\n",
         R"(m.toml:2:10: syntax error: could not determine value type (in a value)
    socket = unix:/run/x
             ^
  text stands in quotes: socket = "unix:/run/x"
)"},
        {"a = 1\na = 2\n",
         R"(m.toml:2:5: syntax error: cannot redefine existing integer 'a' (in a key-value pair)
    a = 2
        ^
  a key stands once in its table: take one of them out
)"},
        {"a = \n", R"(m.toml:1:5: syntax error: expected value, saw '\n' (in a key-value pair)
    a = 
        ^
)"},
        {"x = 'a", R"(m.toml:1:7: syntax error: encountered end-of-file (in a string)
    x = 'a
          ^
  the closing quote is missing
)"},
        {"a = \"\xff\"", R"(m.toml:1:5: syntax error: Encountered invalid utf-8 sequence
    a = "\xff"
        ^
)"},
    };
    for (auto const& row : rows) BOOST_TEST(report(row.text) == row.report);
}

BOOST_AUTO_TEST_CASE(a_list_of_the_wrong_shape_is_not_called_missing) {
    BOOST_TEST(report(std::string(listen_part) + "[manager]\n") ==
               "m.toml: warning: no [[milter]]: all mail passes unfiltered\n");
    BOOST_TEST(report("milter = 'inet:8891@localhost'\n" + std::string(listen_part)) ==
               R"(m.toml:1:10: milter is a list of tables
    milter = 'inet:8891@localhost'
             ^~~~~~~~~~~~~~~~~~~~~
  write [[milter]], once for each
)");
    BOOST_TEST(report("listen = 'inet:8891@localhost'\n" + std::string(milter_part)) ==
               R"(m.toml:1:10: listen is a list of tables
    listen = 'inet:8891@localhost'
             ^~~~~~~~~~~~~~~~~~~~~
  write [[listen]], once for each
)");
}

BOOST_AUTO_TEST_CASE(lists_and_tables_are_told_apart) {
    auto const text = std::string(listen_part);
    BOOST_TEST(
        report(text + "[[manager]]\nworkers = 2\n").find("m.toml:3:1: manager is one table\n") !=
        std::string::npos);
    BOOST_TEST(report("listen = 1\n").find("m.toml:1:10: listen is a list of tables\n") !=
               std::string::npos);
    BOOST_TEST(report("listen = [ 1 ]\n").find("m.toml:1:12: listen is a list of tables\n") !=
               std::string::npos);
    BOOST_TEST(
        report("listen = [ { socket = '/a' } ]\nmilter = [ { name = 'a', socket = '/b' } ]\n") ==
        "");
}

BOOST_AUTO_TEST_CASE(a_file_is_read_and_named_in_its_problems) {
    auto const path = std::string(MILTER_SOURCE_DIR "/docs/examples/milter-manager.toml");
    auto const loaded = load_config(path);
    BOOST_TEST(report(loaded) == "");
    BOOST_REQUIRE(loaded.config);
    BOOST_TEST(loaded.config->listens.size() == 2u);
    BOOST_TEST(loaded.config->milters.size() == 2u);
    BOOST_TEST((loaded.config->milters[1].timeouts.content == 90s));
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_read_is_reported_in_the_words_of_the_system) {
    BOOST_TEST(report(load_config("/nonexistent/m.toml")) ==
               "/nonexistent/m.toml: cannot read the file: No such file or directory\n");
    BOOST_TEST(report(load_config("/")) == "/: cannot read the file: Is a directory\n");
}

BOOST_AUTO_TEST_SUITE_END()
