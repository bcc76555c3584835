// SPDX-License-Identifier: BSL-1.0
// tests/manager/config_set.cpp - sets from files and databases, and what becomes of them when those change

#include "manager/config/config_set.hpp"

#include "config_folder.hpp"
#include "manager/config/set_status.hpp"
#include "manager/config/sqlite_set.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>

using namespace milter::manager;
using namespace manager_test;

namespace {

constexpr char from_file[] = "[set.s]\nfile = 'sets/s.txt'\nkind = 'domains'\n";

std::shared_ptr<config const> read(config_folder const& folder, std::string const& more) {
    folder.write("m.toml", two_milters + more);
    auto const loaded = folder.load();
    BOOST_REQUIRE_MESSAGE(loaded.config, folder.report(loaded));
    return loaded.config;
}

} // namespace

BOOST_AUTO_TEST_SUITE(config_sets)

BOOST_AUTO_TEST_CASE(a_file_has_an_entry_a_line) {
    config_folder const folder;
    folder.write("sets/s.txt", "# partners\n\nexample.com\n  .example.org  # all of them\n");
    auto const one = read(folder, from_file);
    BOOST_TEST(one->sets.at(0)->size() == 2u);
    BOOST_TEST(one->sets[0]->has_domain("mail.example.org"));
    BOOST_TEST(!sets_have_changed(*one));
}

BOOST_AUTO_TEST_CASE(another_file_is_another_set) {
    config_folder const folder;
    folder.write("sets/s.txt", "example.com\n");
    auto const one = read(folder, from_file);
    folder.write("sets/s.txt", "example.com\nexample.net\n");
    BOOST_TEST(sets_have_changed(*one));
    auto const changed = with_changed_sets(*one);
    BOOST_TEST(changed.problems.empty());
    BOOST_TEST((changed.names == std::vector<std::string>{"s"}));
    BOOST_TEST(changed.value.sets.at(0)->has_domain("example.net"));
    BOOST_TEST(!one->sets.at(0)->has_domain("example.net"));
    BOOST_TEST(!sets_have_changed(changed.value));
}

BOOST_AUTO_TEST_CASE(a_set_whose_file_does_not_come_back_says_so) {
    config_folder const folder;
    folder.write("sets/s.txt", "example.com\n");
    auto const one =
        read(folder, from_file + std::string("[set.own]\ndomains = ['example.net']\n"));
    auto const path = folder.path("sets/s.txt");
    for (auto const* const overdue : {"", "sets/other.txt"})
        BOOST_TEST(sets_of(*one, overdue).at(0).last_error == "");
    auto const all = sets_of(*one, path);
    BOOST_TEST(all.at(0).last_error == "the reading of its file does not come back");
    BOOST_TEST(all.at(1).last_error == "");
}

BOOST_AUTO_TEST_CASE(who_looks_something_up_reads_no_set) {
    config_folder const folder;
    folder.write("m.toml",
                 std::string(two_milters) + from_file + "[control]\nsocket = 'unix:/run/m.sock'\n");
    auto const loaded = load_unchecked(folder.path("m.toml"));
    BOOST_TEST(loaded.problems.empty());
    BOOST_TEST(loaded.control.path == "/run/m.sock");
    BOOST_TEST(folder.load().config == nullptr);
}

BOOST_AUTO_TEST_CASE(a_file_that_takes_the_place_of_another_is_seen) {
    config_folder const folder;
    folder.write("sets/s.txt", "example.com\n");
    auto const one = read(folder, from_file);
    folder.write("sets/new.txt", "example.net\n"); // of the same size
    std::filesystem::last_write_time(folder.path("sets/new.txt"),
                                     std::filesystem::last_write_time(folder.path("sets/s.txt")));
    std::filesystem::rename(folder.path("sets/new.txt"), folder.path("sets/s.txt"));
    BOOST_TEST(sets_have_changed(*one));
}

BOOST_AUTO_TEST_CASE(what_is_broken_leaves_the_old_set) {
    config_folder const folder;
    folder.write("sets/s.txt", "example.com\n");
    auto const one = read(folder, from_file);
    folder.write("sets/s.txt", "example.net\na b\n");
    auto const changed = with_changed_sets(*one);
    BOOST_TEST(changed.names.empty());
    BOOST_TEST(changed.value.sets.at(0)->has_domain("example.com"));
    BOOST_TEST_REQUIRE(changed.problems.size() == 1u);
    auto text = to_string(changed.problems[0]);
    text.erase(0, text.find("sets/s.txt"));
    BOOST_TEST(text == R"(sets/s.txt:2:2: warning: "a b" is not a domain
    a b
     ^
  write example.com, .example.com for all names under it, or /pattern/; the old set s stays in force)");
    BOOST_TEST(!sets_have_changed(changed.value)); // told once
    std::filesystem::remove(folder.path("sets/s.txt"));
    auto const gone = with_changed_sets(changed.value);
    BOOST_TEST_REQUIRE(gone.problems.size() == 1u);
    BOOST_TEST(gone.problems[0].message.ends_with("No such file or directory"));
    BOOST_TEST(gone.value.sets.at(0)->has_domain("example.com"));
}

BOOST_AUTO_TEST_CASE(columns_of_a_file_are_characters) {
    config_folder const folder;
    folder.write("sets/s.txt", "example.com\näö b\n");
    folder.write("m.toml", std::string(two_milters) + from_file);
    auto const loaded = folder.load();
    BOOST_TEST(folder.report(loaded).starts_with("sets/s.txt:2:3: "));
}

BOOST_AUTO_TEST_CASE(a_query_gives_one_column) {
    config_folder const folder;
    folder.write("empty.db", "");
    auto const one = read(
        folder,
        "[set.s]\nsqlite = 'empty.db'\nkind = 'addresses'\n"
        "query = \"SELECT '192.0.2.1' UNION ALL SELECT NULL UNION ALL SELECT '2001:db8::/32';\"\n");
    BOOST_TEST(one->sets.at(0)->size() == 2u);
    BOOST_TEST(one->named_sets.at(0).sources.size() == 2u);
    folder.write("empty.db-wal", "x");
    BOOST_TEST(sets_have_changed(*one));
}

BOOST_AUTO_TEST_CASE(a_query_has_its_limits) {
    config_folder const folder;
    folder.write("empty.db", "");
    auto const problem = [&](std::string const& query, sqlite_limits const& limits = {}) {
        return read_sqlite(folder.path("empty.db"), query, limits).problem;
    };
    std::string const forever =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n";
    sqlite_limits few, short_ones, hasty;
    few.rows = 3;
    short_ones.bytes = 3;
    hasty.time = std::chrono::milliseconds(1);
    BOOST_TEST(problem(forever, few) == "more than 3 rows");
    BOOST_TEST(problem(forever, short_ones) == "rows of more than 3 bytes");
    BOOST_TEST(problem(forever + " WHERE i < 0", hasty) == "no answer within 1 ms");
    BOOST_TEST(problem("SELECT 1; SELECT 2") == "one query is asked, not several");
    BOOST_TEST(problem("") == "the query is empty");
    for (std::string const query : {"PRAGMA user_version", "CREATE TABLE t(a)", "VACUUM"})
        BOOST_TEST(problem(query) == "a query only reads: SELECT ...", query);
}

BOOST_AUTO_TEST_SUITE_END()
