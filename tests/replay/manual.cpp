// SPDX-License-Identifier: BSL-1.0
// tests/replay/manual.cpp - the manual and --help have the same options; docs/corpus-format.md has every packet and field
#include "replay/options.hpp"
#include <milter/corpus/packet_field.hpp>

#include <boost/test/unit_test.hpp>

#include <support/command_line.hpp>
#include <support/process.hpp>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace {

std::string help_of(std::vector<std::string> const& words) {
    return support::parse_words(milter::replay::parse_options, words).out;
}

/// As --help lists them.
std::vector<std::string> verbs() {
    std::istringstream lines(help_of({"--help"}));
    std::vector<std::string> found;
    std::string line;
    while (std::getline(lines, line) && line != "Subcommands:") {
    }
    while (std::getline(lines, line) && line.starts_with("  "))
        if (line[2] != ' ') found.push_back(line.substr(2, line.find(' ', 2) - 2));
    return found;
}

/// All words `--like-this`.
std::set<std::string> flags_in(std::string const& text) {
    std::set<std::string> found;
    for (auto at = text.find("--"); at != text.npos; at = text.find("--", at + 2)) {
        auto const end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz-", at);
        if (end > at + 2) found.insert(text.substr(at, end - at));
        at = end == text.npos ? text.size() - 2 : end;
    }
    return found;
}

std::string manual() {
    auto text = support::slurp(MILTER_SOURCE_DIR "/docs/man/milter-replay.1");
    std::erase(text, '\\');
    return text;
}

} // namespace

BOOST_AUTO_TEST_SUITE(replay_manual)

BOOST_AUTO_TEST_CASE(has_the_options_of_help) {
    auto help = help_of({"--help"});
    for (auto const& verb : verbs()) help += help_of({verb, "--help"});
    auto const in_help = flags_in(help), in_manual = flags_in(manual());
    BOOST_TEST(in_help.size() > 8U);
    for (auto const& flag : in_help)
        BOOST_TEST(in_manual.contains(flag), flag << " is in --help only");
    for (auto const& flag : in_manual)
        BOOST_TEST(in_help.contains(flag), flag << " is in the manual only");
}

BOOST_AUTO_TEST_CASE(has_examples_that_can_be_read) {
    std::istringstream lines(manual() + help_of({"--help"}));
    int read = 0;
    for (std::string line; std::getline(lines, line);) {
        line.erase(0, std::min(line.find_first_not_of(' '), line.size()));
        auto const known = verbs();
        bool const is_example = std::any_of(known.begin(), known.end(), [&](auto const& verb) {
            return line.starts_with("milter-replay " + verb + " ");
        });
        if (!is_example) continue;
        if (auto const remark = line.find("   "); remark != line.npos) line.resize(remark);
        if (auto const into = line.find(" > "); into != line.npos) line.resize(into);
        auto words = support::shell_words(line);
        words.erase(words.begin());
        auto const parsed = support::parse_words(milter::replay::parse_options, words);
        BOOST_TEST(!parsed.result.exit_code, line << "\n" << parsed.err);
        ++read;
    }
    BOOST_TEST(read >= 9);
}

BOOST_AUTO_TEST_CASE(format_has_every_packet_and_field) {
    auto const format = support::slurp(MILTER_SOURCE_DIR "/docs/corpus-format.md");
    for (auto const& row : milter::corpus::packet_rows) {
        BOOST_TEST((format.find("`" + std::string(name_of(row)) + "`") != format.npos),
                   name_of(row));
        for (auto const& field : fields_of(row))
            BOOST_TEST((format.find("`" + std::string(field.name) + "`") != format.npos),
                       field.name);
    }
}

BOOST_AUTO_TEST_SUITE_END()
