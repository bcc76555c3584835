// SPDX-License-Identifier: BSL-1.0
// tests/apps/manager_rules_fmt.cpp - `rules fmt`: one expression, and those of files
#include "manager/rules/fmt_verb.hpp"
#include "manager/rules/text_file.hpp"
#include "manager/rules/when_spelling.hpp"
#include "manager_rules_fixture.hpp"

#include <support/process.hpp>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

using namespace manager_rules_test;
using manager::fmt_way;

namespace {

manager::rules_answer format(std::string text, fmt_way way = fmt_way::text,
                             bool from_json = false) {
    manager::rules_request request;
    request.texts = {std::move(text)};
    request.way = way;
    request.from_json = from_json;
    return manager::format_expressions(request);
}

} // namespace

BOOST_AUTO_TEST_SUITE(apps_manager_rules_fmt)

BOOST_AUTO_TEST_CASE(expression_has_one_spelling) {
    BOOST_TEST(format("client.address  in @local\n and not (auth.present)").out ==
               "client.address in @local and not auth.present\n");
}

BOOST_AUTO_TEST_CASE(expression_goes_to_json_and_back) {
    auto const* const text = R"(sender.null or helo == "x")";
    auto const json = format(text, fmt_way::json).out;
    BOOST_TEST(json == R"({"or":[{"name":"sender.null"},{"==":[{"name":"helo"},"x"]}]})"
                       "\n");
    BOOST_TEST(format(json, fmt_way::text, true).out == std::string(text) + '\n');
}

BOOST_AUTO_TEST_CASE(error_has_its_line_and_caret) {
    auto const wrong = format("helo == \"x\"\n  & sender.null");
    BOOST_TEST(wrong.status == 65);
    BOOST_TEST(wrong.out.empty());
    BOOST_TEST(contains(wrong.err, "expression:2:3: "), wrong.err);
    BOOST_TEST(contains(wrong.err, "\n      & sender.null\n      ^\n  write and\n"), wrong.err);
}

BOOST_AUTO_TEST_CASE(file_in_place_of_an_expression_is_told) {
    support::temp_dir const dir;
    auto const file = dir.write("new.toml", "");
    auto const done = format(file);
    BOOST_TEST(done.status == 64);
    BOOST_TEST(done.out == "");
    BOOST_TEST(contains(done.err, file + " is a file, not an expression: rules fmt --check FILE"),
               done.err);
}

BOOST_AUTO_TEST_CASE(only_expressions_of_a_file_change) {
    std::string const before = "# when = 'a  and b'\n"
                               "[[rule]]   # first\n"
                               "name = \"a\"\n"
                               "when   =   'helo  ==  \"x\"'  # why\n"
                               "tag = \"when  x\"\r\n"
                               "[condition.b]\n"
                               "when = \"helo  ==  \\\"x\\\"\"\n"
                               "[[milter]]\n"
                               "when = '''\n"
                               "  (helo == \"x\")\n"
                               "''' # end";
    auto const done = manager::respell(before, "x.toml");
    BOOST_TEST(done.problems.empty());
    BOOST_TEST(done.lines == (std::vector<unsigned>{4, 7, 9}), boost::test_tools::per_element());
    BOOST_TEST(done.text == "# when = 'a  and b'\n"
                            "[[rule]]   # first\n"
                            "name = \"a\"\n"
                            "when   =   'helo == \"x\"'  # why\n"
                            "tag = \"when  x\"\r\n"
                            "[condition.b]\n"
                            "when = \"helo == \\\"x\\\"\"\n"
                            "[[milter]]\n"
                            "when = 'helo == \"x\"' # end");
    BOOST_TEST(manager::respell(done.text, "x.toml").lines.empty());
}

BOOST_AUTO_TEST_CASE(long_expression_stays_in_its_lines) {
    auto const file = "[[rule]]\nwhen = '''\n  helo == \"" + std::string(90, 'x') +
                      "\"\n  and sender.null\n'''\n";
    auto const done = manager::respell(file, "x.toml");
    BOOST_TEST(done.lines.empty());
    BOOST_TEST(done.text == file);
}

BOOST_AUTO_TEST_CASE(text_with_an_apostrophe_gets_other_quotes) {
    auto const done = manager::respell("[[rule]]\nwhen = ''' helo == \"it's\" '''\n", "x.toml");
    BOOST_TEST(done.text == "[[rule]]\nwhen = \"helo == \\\"it's\\\"\"\n");
}

BOOST_AUTO_TEST_CASE(characters_in_front_are_counted_as_the_parser_counts_them) {
    auto const done = manager::respell(
        "rule = [{ name = \"\xC3\xA4\xE2\x82\xAC\", when = 'helo  == \"x\"' }]\n", "x.toml");
    BOOST_TEST(done.text ==
               "rule = [{ name = \"\xC3\xA4\xE2\x82\xAC\", when = 'helo == \"x\"' }]\n");
}

BOOST_AUTO_TEST_CASE(files_are_checked_and_written) {
    support::temp_dir const dir;
    auto const odd = dir.write("odd.toml", "[[rule]]\nwhen = 'not  helo == \"x\"'\n");
    auto const even = dir.write("even.toml", "[[rule]]\nwhen = 'sender.null'\n");
    manager::rules_request request;
    request.texts = {odd, even};
    request.way = fmt_way::check_files;
    auto const checked = manager::format_expressions(request);
    BOOST_TEST(checked.status == 1);
    BOOST_TEST(checked.out == odd + ": line 2 would change\n");
    request.way = fmt_way::write_files;
    auto const written = manager::format_expressions(request);
    BOOST_TEST(written.status == 0);
    BOOST_TEST(written.out == odd + ": line 2 changed\n");
    BOOST_TEST(support::slurp(odd) == "[[rule]]\nwhen = 'not helo == \"x\"'\n");
    request.way = fmt_way::check_files;
    BOOST_TEST(manager::format_expressions(request).status == 0);
}

BOOST_AUTO_TEST_CASE(shipped_rules_are_spelled_as_files_are_spelled) {
    manager::rules_request request;
    request.way = fmt_way::check_files;
    for (auto const& one : std::filesystem::directory_iterator(MILTER_SOURCE_DIR "/rules"))
        if (one.path().extension() == ".toml") request.texts.push_back(one.path());
    BOOST_TEST_REQUIRE(request.texts.size() > 15u);
    auto const checked = manager::format_expressions(request);
    BOOST_TEST(checked.out == "");
    BOOST_TEST(checked.status == 0);
}

BOOST_AUTO_TEST_CASE(file_is_replaced_as_a_whole_with_its_mode_and_its_links) {
    support::temp_dir const dir;
    auto const file = dir.write("x.toml", "old");
    BOOST_TEST_REQUIRE(::chmod(file.c_str(), 0640) == 0);
    std::filesystem::create_symlink("x.toml", dir / "link.toml");
    std::ifstream reader(file); // as a reload would have it open
    BOOST_TEST(manager::write_text_file(dir / "link.toml", "new text") == "");
    std::string seen;
    std::getline(reader, seen);
    BOOST_TEST(seen == "old");
    BOOST_TEST(support::slurp(file) == "new text");
    BOOST_TEST(std::filesystem::is_symlink(dir / "link.toml"));
    struct stat state {};
    BOOST_TEST_REQUIRE(::stat(file.c_str(), &state) == 0);
    BOOST_TEST((state.st_mode & 07777) == 0640U);
    auto const count = std::distance(std::filesystem::directory_iterator(dir / ""), {});
    BOOST_TEST(count == 2);
}

BOOST_AUTO_TEST_CASE(file_that_cannot_be_written_whole_stays_as_it_is) {
    support::temp_dir const dir;
    auto const file = dir.write("x.toml", "old");
    rlimit before{};
    BOOST_TEST_REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
    auto const handler = std::signal(SIGXFSZ, SIG_IGN);
    rlimit const small{4, before.rlim_max};
    BOOST_TEST_REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
    auto const why = manager::write_text_file(file, "new text");
    ::setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
    BOOST_TEST(why == "File too large");
    BOOST_TEST(support::slurp(file) == "old");
    BOOST_TEST(std::distance(std::filesystem::directory_iterator(dir / ""), {}) == 1);
    BOOST_TEST(manager::write_text_file(dir / "none", "x") == "No such file or directory");
    BOOST_TEST(manager::write_text_file("/dev/null", "x") == "it is no regular file");
}

BOOST_AUTO_TEST_CASE(file_that_is_not_understood_stays_as_it_is) {
    support::temp_dir const dir;
    auto const file =
        dir.write("x.toml", "[[rule]]\nwhen = 'helo  == \"x\"'\n[[rule]]\nwhen = 'helo =='\n");
    manager::rules_request request;
    request.texts = {file, dir / "none.toml"};
    request.way = fmt_way::write_files;
    auto const done = manager::format_expressions(request);
    BOOST_TEST(done.status == 65);
    BOOST_TEST(contains(done.err, file + ":4:"), done.err);
    BOOST_TEST(contains(done.err, "none.toml: cannot read the file"), done.err);
    BOOST_TEST(contains(support::slurp(file), "helo  =="));
}

BOOST_AUTO_TEST_SUITE_END()
