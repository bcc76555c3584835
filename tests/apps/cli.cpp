// SPDX-License-Identifier: BSL-1.0
// tests/apps/cli.cpp - what the command lines of the test tools have in common

#include "cli/color.hpp"
#include "cli/duration.hpp"
#include "cli/file.hpp"
#include "cli/flag_names.hpp"
#include "cli/printable.hpp"

#include <boost/test/unit_test.hpp>

#include <support/print_packet.hpp>
#include <support/process.hpp>

#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>

namespace cli = milter::cli;
namespace wire = milter::wire;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(apps_cli)

BOOST_AUTO_TEST_CASE(durations_have_a_unit_or_are_seconds) {
    BOOST_TEST((cli::parse_duration("300").value() == 300s));
    BOOST_TEST((cli::parse_duration("0").value() == 0s));
    BOOST_TEST((cli::parse_duration("1.5s").value() == 1500ms));
    BOOST_TEST((cli::parse_duration("250ms").value() == 250ms));
    BOOST_TEST((cli::parse_duration("7us").value() == 7us));
    BOOST_TEST((cli::parse_duration("2m").value() == 2min));
    BOOST_TEST((cli::parse_duration("1h").value() == 1h));
}

BOOST_AUTO_TEST_CASE(anything_else_is_no_duration) {
    for (auto const* text :
         {"", "s", "-1", "1x", "1 s", "1e3", "nan", "inf", "99999999999999", "1ss"})
        BOOST_TEST(!cli::parse_duration(text), text);
}

BOOST_AUTO_TEST_CASE(flags_go_by_the_names_of_the_wire_layer) {
    BOOST_TEST((cli::parse_actions("add_header,change-body") ==
                (wire::action::add_header | wire::action::change_body)));
    BOOST_TEST((cli::parse_actions("all") == wire::action::all));
    BOOST_TEST((cli::parse_actions("none") == wire::action::none));
    BOOST_TEST((cli::parse_actions("") == wire::action::none));
    BOOST_TEST((cli::parse_steps("skip | nr_body") == (wire::step::skip | wire::step::nr_body)));
    BOOST_TEST((cli::parse_steps("SKIP 0x80") == (wire::step::skip | wire::step::nr_header)));
}

BOOST_AUTO_TEST_CASE(every_row_of_the_tables_can_be_named) {
    for (auto const& row : wire::action_rows)
        BOOST_TEST((cli::parse_actions(row.name) == row.bit), row.name);
    for (auto const& row : wire::step_rows)
        BOOST_TEST((cli::parse_steps(row.name) == row.bit), row.name);
}

BOOST_AUTO_TEST_CASE(an_unknown_flag_is_told_with_those_there_are) {
    auto const names_them = [](std::invalid_argument const& why) {
        return std::string_view(why.what())
                   .find("unknown protocol step \"skp\"; there are no_connect,") == 0;
    };
    BOOST_CHECK_EXCEPTION(cli::parse_steps("skip,skp"), std::invalid_argument, names_them);
    BOOST_CHECK_THROW(cli::parse_actions("0x"), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(stages_have_their_names_and_those_of_others) {
    for (auto const& row : wire::command_rows) {
        if (row.code == wire::command_code::macros) continue;
        BOOST_TEST(cli::parse_stage(row.name) == row.code);
    }
    BOOST_TEST(cli::parse_stage("eom") == wire::command_code::end_of_message);
    BOOST_TEST(cli::parse_stage("End-Of-Message") == wire::command_code::end_of_message);
    BOOST_TEST(cli::parse_stage("end-of-header") == wire::command_code::end_of_headers);
    BOOST_TEST(cli::parse_stage("envelope-from") == wire::command_code::mail);
    BOOST_TEST(cli::parse_stage("to") == wire::command_code::rcpt);
    BOOST_CHECK_THROW(cli::parse_stage("macros"), std::invalid_argument);
    BOOST_CHECK_THROW(cli::parse_stage(""), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(text_of_a_peer_cannot_break_a_line_or_a_terminal) {
    BOOST_TEST(cli::printable("plain text, 100%") == "plain text, 100%");
    BOOST_TEST(cli::printable("a\r\nb\tc\\d") == "a\\r\\nb\\tc\\\\d");
    BOOST_TEST(cli::printable("\x1b[31m") == "\\x1b[31m");
    BOOST_TEST(cli::printable(std::string_view("\0\xff", 2)) == "\\x00\\xff");
    BOOST_TEST(cli::printable_lines("a\r\nb\tc\\d\n\x1b") == "a\nb\tc\\d\n\\x1b");
    BOOST_TEST(cli::printable_lines("a\rb") == "a\\rb");
}

BOOST_AUTO_TEST_CASE(colour_is_wished_for_in_new_and_old_words) {
    for (auto const* text : {"always", "yes", "true"})
        BOOST_TEST(cli::use_color(cli::parse_color(text).value()));
    for (auto const* text : {"never", "no", "false"})
        BOOST_TEST(!cli::use_color(cli::parse_color(text).value()));
    BOOST_TEST(!cli::parse_color("maybe"));
}

BOOST_AUTO_TEST_CASE(file_that_cannot_be_written_is_refused_beforehand_and_one_that_can_stays) {
    support::temp_dir const dir;
    auto const says = [](std::string const& path) -> std::string {
        try {
            cli::refuse_unwritable(path);
            return "nothing";
        } catch (std::runtime_error const& why) {
            return why.what();
        }
    };
    auto const nowhere = dir / "no/report.xml";
    BOOST_TEST(says(nowhere) == nowhere + ": No such file or directory");
    BOOST_TEST(says(dir / "") == dir / "" + ": Is a directory");
    BOOST_TEST(says(dir / "new.xml") == "nothing");
    BOOST_TEST(!std::filesystem::exists(dir / "new.xml"));
    auto const old = dir.write("old.xml", "old");
    BOOST_TEST(says(old) == "nothing");
    BOOST_TEST(support::slurp(old) == "old");
    BOOST_TEST(says("-") == "nothing");
    BOOST_TEST(says("/dev/null") == "nothing");
    cli::write_file(old, "new");
    BOOST_TEST(support::slurp(old) == "new");
    BOOST_CHECK_THROW(cli::write_file(nowhere, "x"), std::runtime_error);
    BOOST_CHECK_THROW(cli::write_file("/dev/full", "x"), std::runtime_error);
}

BOOST_AUTO_TEST_SUITE_END()
