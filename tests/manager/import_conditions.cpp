// SPDX-License-Identifier: BSL-1.0
// tests/manager/import_conditions.cpp - conditions of the older manager: what takes their place is there, and loads

#include "config_folder.hpp"
#include "import_fixture.hpp"
#include "manager/import/account_list.hpp"
#include "manager/import/condition_name.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

using namespace import_test;
using namespace milter::manager;

namespace {

std::string const rules_folder = MILTER_SOURCE_DIR "/rules/";

/// Milters with these conditions, in Ruby: each with a list of its own.
import_result milters_with(std::vector<std::string> const& conditions) {
    std::string text = "manager.connection_spec = 'inet:10025@[127.0.0.1]'\n";
    for (std::size_t i = 0; i < conditions.size(); ++i) {
        auto const name = i == 0 ? std::string("milter-greylist") : 'm' + std::to_string(i);
        text += "define_milter('" + name + "') do |m|\nm.connection_spec = 'unix:/run/" + name +
                "'\nm.applicable_conditions = [" + conditions[i] + "]\nend\n";
    }
    return imported(text, import_source::milter_manager);
}

std::string listed(std::string const& accounts) {
    return "'Restrict Accounts by List: " + accounts + "'";
}

void copy(manager_test::config_folder const& to, std::string const& from, std::string const& name) {
    BOOST_TEST_REQUIRE(std::filesystem::exists(rules_folder + from), from);
    std::filesystem::create_directories(std::filesystem::path(to.path(name)).parent_path());
    std::filesystem::copy_file(rules_folder + from, to.path(name));
}

} // namespace

BOOST_AUTO_TEST_SUITE(import_conditions)

BOOST_AUTO_TEST_CASE(what_is_written_loads_with_the_files_that_it_names) {
    std::string names;
    for (auto const& one : known_conditions())
        (names += names.empty() ? "'" : ", '").append(one.name).append("'");
    auto const made = milters_with({names, listed("[\"boss@corp.example\"]")});
    BOOST_TEST(made.complete, joined(made.remarks));
    manager_test::config_folder const folder;
    folder.write("m.toml", made.toml);
    for (auto const& one : known_conditions()) {
        auto const file = std::string(one.file);
        BOOST_TEST(contains(made.toml, "#   " + file + "   for milter-greylist\n"), file);
        if (!std::filesystem::exists(folder.path("rules.d/" + file)))
            copy(folder, file, "rules.d/" + file);
        auto const set = std::string(one.set);
        if (set.empty()) continue;
        BOOST_TEST(contains(made.toml, "# and rules/sets/" + set + " to sets/, which " + file),
                   made.toml);
        copy(folder, "sets/" + set, "sets/" + set);
    }
    auto const read = folder.load();
    BOOST_TEST(static_cast<bool>(read.config), folder.report(read)); // all at once contradict
}

BOOST_AUTO_TEST_CASE(file_that_names_a_milter_is_to_name_the_one_that_there_is) {
    auto const with = [](std::string const& name) {
        return imported("define_milter('" + name +
                            "') do |m|\nm.connection_spec = 'unix:/run/a'\n"
                            "m.applicable_conditions = ['Trust', 'S25R']\nend\n",
                        import_source::milter_manager)
            .toml;
    };
    constexpr auto hint =
        "# In trust.toml write the name of your milter in place of milter-greylist\n";
    BOOST_TEST(contains(with("greylist"), hint), with("greylist"));
    BOOST_TEST(!contains(with("greylist"), "In s25r.toml"));
    BOOST_TEST(!contains(with("milter-greylist"), hint));
}

BOOST_AUTO_TEST_CASE(file_that_a_remark_names_is_there) {
    for (std::string const call : {"s25r.x", "remote_network.x", "dnsbl.x", "trust.x", "stress.x",
                                   "restrict_accounts_by_list"}) {
        auto const made = imported("manager.connection_spec = 'inet:1@[::1]'\n" + call + "('x')\n",
                                   import_source::milter_manager);
        auto const said = joined(made.remarks);
        auto const at = said.find("rules/");
        BOOST_TEST_REQUIRE(at != said.npos, said);
        auto const end = said.find(".toml", at);
        BOOST_TEST_REQUIRE(end != said.npos, said);
        auto const file = said.substr(at, end + 5 - at);
        BOOST_TEST(std::filesystem::exists(MILTER_SOURCE_DIR "/" + file), said);
    }
}

BOOST_AUTO_TEST_CASE(accounts_are_read_from_the_name_of_the_condition) {
    struct {
        std::string_view name;
        std::vector<std::string> accounts, unread;
    } const rows[] = {
        {"Restrict Accounts by List: boss@corp.example", {"boss@corp.example"}, {}},
        {R"(Restrict Accounts by List: ["a@b.example", /@example\.org\z/i])",
         {"a@b.example", R"(/@example\.org\z/i)"},
         {}},
        {R"(Restrict Accounts by List: [/a, ["b]\/@x/, "\"a b\"@c"])",
         {R"(/a, ["b]\/@x/)", "\"a b\"@c"},
         {}},
        {R"(Restrict Accounts by List: ["boss", /(?<!x)@y/, /a@/m, "@", "@corp", "b@"])",
         {},
         {"boss", "/(?<!x)@y/", "/a@/m", "@", "@corp", "b@"}},
        {"Restrict Accounts by List: [\"half", {}, {"\"half"}},
        {"Restrict Accounts by List: [/half", {}, {"/half"}},
        {"Restrict Accounts by List", {}, {}},
    };
    for (auto const& row : rows) {
        BOOST_TEST(is_account_list(row.name));
        auto const read = accounts_in(row.name);
        BOOST_TEST(read.accounts == row.accounts, boost::test_tools::per_element());
        BOOST_TEST(read.unread == row.unread, boost::test_tools::per_element());
    }
    BOOST_TEST(!is_account_list("Restrict"));
}

BOOST_AUTO_TEST_CASE(milters_with_different_accounts_have_different_sets) {
    auto const made = milters_with({listed("[\"boss@corp.example\"]"),
                                    listed("[\"a@corp.example\", /@b\\.example\\z/]"),
                                    listed("boss@corp.example") + ", 'S25R'"});
    BOOST_TEST(made.complete, joined(made.remarks));
    BOOST_TEST(contains(made.toml, "when = \"restricted_accounts\"\n"), made.toml);
    BOOST_TEST(contains(made.toml, "when = \"restricted_accounts_2\"\n"), made.toml);
    BOOST_TEST(contains(made.toml, "when = \"restricted_accounts and s25r_suspicious\"\n"),
               made.toml);
    constexpr auto first_of_them = R"toml([set.restricted_accounts]
mail = ["boss@corp.example"]

[condition.restricted_accounts]
when = "any(recipient in @restricted_accounts)"

[set.restricted_accounts_2]
)toml";
    BOOST_TEST(contains(made.toml, first_of_them), made.toml);
    BOOST_TEST(!contains(made.toml, "restrict-accounts.toml"), made.toml);
}

BOOST_AUTO_TEST_CASE(account_that_no_set_takes_is_told) {
    auto const made = milters_with({listed("[\"boss\", \"a@corp.example\"]")});
    BOOST_TEST(!made.complete);
    BOOST_TEST(contains(joined(made.remarks),
                        "F:4: account \"boss\" is neither an address nor a pattern; write it to "
                        "[set.restricted_accounts] as an address or /pattern/ of RE2"),
               joined(made.remarks));
    loaded(made.toml);
    auto const none = milters_with({listed("[\"boss\"]")});
    BOOST_TEST(!none.complete);
    BOOST_TEST(contains(joined(none.remarks), "names no accounts that are addresses; without it "
                                              "the milter applies to more mail: copy "),
               joined(none.remarks));
    BOOST_TEST(!loaded(none.toml)->milters[0].when);
}

BOOST_AUTO_TEST_SUITE_END()
