// SPDX-License-Identifier: BSL-1.0
// tests/apps/manual.cpp - the manual and --help say the same, and their examples can be run

#include "test-filter/options.hpp"
#include "test-filter/script_toml.hpp"
#include "test-server/options.hpp"
#include "test-server/scenario/run_options.hpp"
#include "test-server/scenario/scenario_toml.hpp"

#include <boost/test/unit_test.hpp>

#include <support/command_line.hpp>
#include <support/process.hpp>

#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace fs = std::filesystem;

/// Roff source with its escapes resolved.
std::string manual_of(std::string const& name) {
    auto const source = support::slurp(MILTER_SOURCE_DIR "/docs/man/" + name + ".1");
    std::string text;
    for (std::size_t i = 0; i < source.size(); ++i) {
        if (source[i] != '\\') {
            text += source[i];
            continue;
        }
        char const next = source[++i];
        if (next == 'f') // a font: \fI, \fR
            ++i;
        else if (next == 'e')
            text += '\\';
        else
            text += next;
    }
    return text;
}

bool in_option(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; }

/// All words `--like-this` and, at the beginning of a word, `-x`.
std::set<std::string> flags_in(std::string_view text) {
    std::set<std::string> found;
    for (std::size_t at = 0; at + 1 < text.size(); ++at) {
        char const before = at == 0 ? ' ' : text[at - 1];
        if (text[at] != '-' || (before != ' ' && before != ',' && before != '\n' && before != '"'))
            continue;
        auto end = at + 1;
        while (end < text.size() && (in_option(text[end]) || text[end] == '?')) ++end;
        auto const word = text.substr(at, end - at);
        bool const is_long = word.size() > 3 && word.substr(0, 2) == "--";
        bool const is_short = word.size() == 2 && word[1] != '-';
        if (is_long || is_short) found.emplace(word);
        at = end - 1;
    }
    return found;
}

/// The lines of --help or of a manual that run the program.
std::vector<std::string> examples_in(std::string const& text, std::string const& name) {
    std::vector<std::string> found;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        auto const begin = line.find_first_not_of(' ');
        if (begin == line.npos || line.compare(begin, name.size() + 1, name + " ") != 0) continue;
        if (line.compare(begin + name.size(), 3, " - ") == 0) continue; // NAME
        if (auto const remark = line.find("   ", begin); remark != line.npos) line.resize(remark);
        found.push_back(line.substr(begin));
    }
    return found;
}

/// The lines between .EX and .EE behind a heading.
std::string code_below(std::string const& manual, std::string const& heading) {
    auto const section = manual.find(".SH " + heading + "\n");
    auto const begin = manual.find(".EX\n", section);
    return manual.substr(begin + 4, manual.find(".EE", begin) - begin - 4);
}

class in_folder {
public:
    explicit in_folder(std::string const& folder) : before_(fs::current_path()) {
        fs::current_path(folder);
    }
    in_folder(in_folder const&) = delete;
    in_folder& operator=(in_folder const&) = delete;
    ~in_folder() { fs::current_path(before_); }

private:
    fs::path before_;
};

/// What a command line of a program came to: empty when it is good.
using line_check = std::function<std::string(std::vector<std::string> const& words)>;

template <class Parse> line_check checked_by(Parse parse) {
    return [parse](std::vector<std::string> const& words) {
        auto const parsed = support::parse_words(parse, words);
        return parsed.result.exit_code ? "refused: " + parsed.err : std::string();
    };
}

/// @param verbs  first words that have a --help and a command line of their own
void check_program(std::string const& name, line_check const& plain,
                   std::map<std::string, line_check> const& verbs = {}) {
    support::temp_dir const dir;
    std::vector<std::string> texts{manual_of(name)};
    auto const in_manual = flags_in(texts.front());
    std::set<std::string> in_help;
    auto const read_help = [&](support::arguments const& args) {
        texts.push_back(support::run_program(support::program(name), args, dir).out);
        auto const flags = flags_in(texts.back());
        in_help.insert(flags.begin(), flags.end());
        BOOST_TEST(flags.size() > (args.size() == 1 ? 20U : 5U));
    };
    read_help({"--help"});
    for (auto const& [verb, check] : verbs) read_help({verb, "--help"});
    for (auto const& flag : in_help)
        BOOST_TEST(in_manual.contains(flag), flag << " is in --help only");
    for (auto const& flag : in_manual)
        BOOST_TEST(in_help.contains(flag), flag << " is in the manual only");

    dir.write("spam.eml", "From: a@test\n\nspam\n");
    dir.write("script.toml", "");
    in_folder const here(dir / "");
    for (auto const& text : texts) {
        auto const examples = examples_in(text, name);
        BOOST_TEST(examples.size() > 5U);
        for (auto const& line : examples) {
            auto words = support::shell_words(line);
            words.erase(words.begin());
            auto const verb = verbs.find(words.empty() ? std::string() : words.front());
            if (verb != verbs.end()) words.erase(words.begin());
            auto const problem = (verb == verbs.end() ? plain : verb->second)(words);
            BOOST_TEST(problem.empty(), line << "\n" << problem);
        }
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(apps_manual)

BOOST_AUTO_TEST_CASE(of_milter_test_filter) {
    check_program("milter-test-filter", checked_by(milter::test_filter::parse_options));
}

BOOST_AUTO_TEST_CASE(of_milter_test_server) {
    namespace server = milter::test_server;
    check_program("milter-test-server", checked_by(server::parse_options),
                  {{"run", checked_by(server::parse_run_options)}});
}

BOOST_AUTO_TEST_CASE(every_action_and_the_script_of_the_manual_can_be_read) {
    auto const manual = manual_of("milter-test-filter");
    BOOST_TEST(
        milter::test_filter::parse_script(code_below(manual, "SCRIPT"), "manual").rules.size() ==
        2U);
    for (auto const* word :
         {"continue", "reply", "add_header", "delay", "progress", "close", "reset", "silence",
          "half", "oversize", "garbage", "unknown_reply", "extra", "bytes", "answer", "force"})
        BOOST_TEST((manual.find(std::string("\n.B ").append(word)) != manual.npos ||
                    manual.find(std::string("\n.BI ").append(word)) != manual.npos),
                   word);
}

BOOST_AUTO_TEST_CASE(scenario_of_the_manual_can_be_read_and_has_every_step) {
    auto const manual = manual_of("milter-test-server");
    auto const text = code_below(manual, "A SCENARIO");
    BOOST_TEST(milter::test_server::parse_scenario(text, "manual", {}).steps.size() == 4U);
    for (auto const* word :
         {"negotiate",    "connect",    "helo",           "mail",       "rcpt",
          "data",         "header",     "end_of_headers", "body",       "end_of_message",
          "message",      "unknown",    "rset",           "quit",       "close",
          "wait",         "verdict",    "reply",          "error",      "sent",
          "within",       "version",    "sender",         "recipients", "recipient",
          "no_recipient", "headers",    "no_header",      "quarantine", "edits",
          "edit",         "keepalives", "title",          "as",         "include",
          "variables",    "macros",     "connection",     "expect"}) {
        auto const is_listed = [&](std::string const& end) {
            return manual.find(std::string("\n.B ") + word + end) != manual.npos ||
                   manual.find(std::string("\n.BI ") + word + end) != manual.npos ||
                   manual.find(std::string("\n.BR ") + word + end) != manual.npos;
        };
        BOOST_TEST((is_listed(" ") || is_listed("\n")), word);
    }
}

BOOST_AUTO_TEST_SUITE_END()
