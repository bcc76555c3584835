// SPDX-License-Identifier: BSL-1.0
// tests/apps/manual.cpp - the manual and --help say the same, and their examples can be run

#include "test-filter/conformance/options.hpp"
#include "test-filter/options.hpp"
#include "test-filter/script_toml.hpp"
#include "test-server/bench_options.hpp"
#include "test-server/conformance/options.hpp"
#include "test-server/options.hpp"
#include "test-server/scenario/run_options.hpp"
#include "test-server/scenario/scenario_toml.hpp"

#include <boost/test/unit_test.hpp>

#include <support/command_line.hpp>
#include <support/process.hpp>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
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

/// What a command line came to: a complaint, or nothing.
using try_words = std::function<std::optional<std::string>(std::vector<std::string> const&)>;

template <class Parse> try_words parsed_by(Parse parse) {
    return [parse](std::vector<std::string> const& words) -> std::optional<std::string> {
        auto const parsed = support::parse_words(parse, words);
        if (!parsed.result.exit_code) return std::nullopt;
        return parsed.err;
    };
}

struct verb {
    std::string name;
    try_words parse;
};

/// @param verbs  each with a --help of its own; their options stand in the same manual
/// @param own_page  a verb with a manual of its own, which is looked at instead of the program's
void check_program(std::string const& name, try_words const& parse,
                   std::vector<verb> const& verbs = {}, std::string const& own_page = {}) {
    support::temp_dir const dir;
    auto const args =
        own_page.empty() ? support::arguments{"--help"} : support::arguments{own_page, "--help"};
    auto const command = own_page.empty() ? name : name + " " + own_page;
    auto help = support::run_program(support::program(name), args, dir).out;
    for (auto const& one : verbs)
        help += support::run_program(support::program(name), {one.name, "--help"}, dir).out;
    auto const manual = manual_of(own_page.empty() ? name : name + "-" + own_page);
    auto const in_help = flags_in(help), in_manual = flags_in(manual);
    BOOST_TEST(in_help.size() > (own_page.empty() ? 20U : 12U));
    for (auto const& flag : in_help)
        BOOST_TEST(in_manual.contains(flag), flag << " is in --help only");
    for (auto const& flag : in_manual)
        BOOST_TEST(in_help.contains(flag), flag << " is in the manual only");

    dir.write("spam.eml", "From: a@test\n\nspam\n");
    dir.write("usual.eml", "From: a@test\n\nusual\n");
    dir.write("script.toml", "");
    in_folder const here(dir / "");
    for (auto const& text : {help, manual}) {
        auto const examples = examples_in(text, command);
        BOOST_TEST(examples.size() > (own_page.empty() ? 5U : 3U));
        for (auto const& line : examples) {
            auto words = support::shell_words(line);
            words.erase(words.begin(), words.begin() + (own_page.empty() ? 1 : 2));
            auto const found = std::find_if(verbs.begin(), verbs.end(),
                                            [&](verb const& one) { return one.name == words[0]; });
            if (found != verbs.end()) words.erase(words.begin());
            auto const wrong = found != verbs.end() ? found->parse(words) : parse(words);
            BOOST_TEST(!wrong, line << "\n" << wrong.value_or(""));
        }
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(apps_manual)

BOOST_AUTO_TEST_CASE(of_milter_test_filter) {
    check_program("milter-test-filter", parsed_by(milter::test_filter::parse_options));
}

BOOST_AUTO_TEST_CASE(of_milter_test_server) {
    check_program("milter-test-server", parsed_by(milter::test_server::parse_options),
                  {{"bench", parsed_by(milter::test_server::parse_bench_options)},
                   {"run", parsed_by(milter::test_server::parse_run_options)}});
}

BOOST_AUTO_TEST_CASE(of_milter_test_filter_conformance) {
    check_program("milter-test-filter", parsed_by(milter::test_filter::parse_conformance_options),
                  {}, "conformance");
}

BOOST_AUTO_TEST_CASE(of_milter_test_server_conformance) {
    check_program("milter-test-server", parsed_by(milter::test_server::parse_conformance_options),
                  {}, "conformance");
}

BOOST_AUTO_TEST_CASE(every_action_and_the_script_of_the_manual_can_be_read) {
    auto const manual = manual_of("milter-test-filter");
    BOOST_TEST(
        milter::test_filter::parse_script(code_below(manual, "SCRIPT"), "manual").rules.size() ==
        2U);
    for (auto const* word : {"continue", "reply", "add_header", "delay", "progress", "close",
                             "reset", "silence", "half", "oversize", "garbage", "unknown_reply",
                             "extra", "bytes", "packet", "answer", "force"})
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

BOOST_AUTO_TEST_CASE(first_words_of_the_programs_are_in_help_and_in_the_synopsis) {
    support::temp_dir const dir;
    struct {
        char const* program;
        std::vector<std::string> verbs;
    } const rows[] = {{"milter-test-server", {"bench", "conformance", "run"}},
                      {"milter-test-filter", {"conformance"}}};
    for (auto const& row : rows) {
        auto const help = support::run_program(support::program(row.program), {"--help"}, dir).out;
        auto const manual = manual_of(row.program);
        auto const synopsis = manual.substr(0, manual.find(".SH EXAMPLES"));
        for (auto const& verb : row.verbs) {
            BOOST_TEST(help.find(verb) != help.npos, row.program << " --help lacks " << verb);
            auto const line = std::string("\n.B ") + row.program + " " + verb + "\n";
            BOOST_TEST(synopsis.find(line) != synopsis.npos, line);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
