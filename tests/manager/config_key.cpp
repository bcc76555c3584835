// SPDX-License-Identifier: BSL-1.0
// tests/manager/config_key.cpp - each key reaches its own field, can be written out again, and is documented

#include "manager/config/config_key.hpp"

#include "config_other_values.hpp"
#include "manager/config/config_toml.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <set>
#include <sstream>

using namespace milter::manager;
using namespace std::chrono_literals;
using manager_test::companies;
using manager_test::company;
using manager_test::other_values;

namespace {

using table_lines = std::map<std::string, std::string>; // key to value

/// All that can stand beside each other.
std::map<std::string, std::string> compatible_values() {
    auto values = other_values;
    std::erase_if(values, [](auto const& one) {
        auto const& path = one.first;
        return path.starts_with("set.") || path == "rule.accept" || path == "rule.tempfail" ||
               path == "test.expect.tags";
    });
    return values;
}

bool is_of_company(std::string const& path, std::string const& line) {
    return std::any_of(companies.begin(), companies.end(), [&](company const& one) {
        return one.key == path && line == one.needs + " = " + one.value;
    });
}

/// A configuration that sets the keys given, and what is required.
std::string file_with(std::map<std::string, std::string> const& values) {
    std::map<std::string, table_lines> tables = {
        {"listen", {{"socket", R"("/run/mta.sock")"}}},
        {"milter", {{"name", R"("a")"}, {"socket", R"("/run/a.sock")"}}},
        {"profile", {{"x.milters", R"(["b"])"}}},
        {"condition", {{"x.when", "'true'"}}},
        {"set", {{"x.strings", R"(["a"])"}}},
        {"rule", {{"name", "'r'"}, {"when", "'true'"}, {"tag", "'t'"}}},
        {"test", {{"name", "'t'"}, {"expect.not_milters", "[]"}}},
        {"dnsbl", {{"'x.example'.description", "'d'"}}},
        {"dnswl", {{"'x.example'.description", "'d'"}}},
    };
    for (auto const& one : companies) {
        if (!values.contains(one.key)) continue;
        tables["set"].erase("x." + one.not_beside);
        if (!one.needs.empty()) tables["set"].emplace("x." + one.needs, one.value);
    }
    for (auto const& [path, value] : values) {
        auto const dot = path.find('.');
        auto key = path.substr(dot + 1); // timeout.connect stays a dotted key
        if (key.starts_with("NAME."))
            key.replace(0, 4, path.starts_with("dns") ? "'x.example'" : "x");
        tables[path.substr(0, dot)][key] = value;
    }
    std::string out;
    for (auto const& [name, lines] : tables) {
        out.append(heading_of(name)).append("\n");
        for (auto const& [key, value] : lines)
            out.append(key).append(" = ").append(value).append("\n");
    }
    for (std::string const other : {"b", "c"}) // for the profile
        out.append("[[milter]]\nname = '")
            .append(other)
            .append("'\nsocket = '/run/")
            .append(other)
            .append(".sock'\n");
    return out;
}

std::shared_ptr<config const> read(std::string const& text) {
    auto const loaded = parse_config(text, "m");
    for (auto const& problem : loaded.problems)
        if (problem.weight == problem_weight::error) BOOST_ERROR(to_string(problem) + "\n" + text);
    BOOST_REQUIRE(loaded.config);
    return loaded.config;
}

std::string first_error(std::string const& text) {
    for (auto const& problem : parse_config(text, "m").problems)
        if (problem.weight == problem_weight::error) return problem.message;
    return {};
}

std::multiset<std::string> lines_of(std::string const& text) {
    std::istringstream in(text);
    std::multiset<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.insert(line);
    return lines;
}

/// Lines of `a` that `b` does not have.
std::vector<std::string> beyond(std::string const& a, std::string const& b) {
    auto const left = lines_of(a), right = lines_of(b);
    std::vector<std::string> out;
    std::set_difference(left.begin(), left.end(), right.begin(), right.end(),
                        std::back_inserter(out));
    return out;
}

std::string source_file(std::string const& path) {
    std::ifstream in(MILTER_SOURCE_DIR "/" + path);
    BOOST_TEST_REQUIRE(in.good(), path);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

std::vector<std::string> cells_of(std::string const& row) {
    std::vector<std::string> cells;
    std::istringstream in(row.substr(1));
    for (std::string cell; std::getline(in, cell, '|');) {
        auto const from = cell.find_first_not_of(' ');
        auto const to = cell.find_last_not_of(' ');
        cells.push_back(from == cell.npos ? "" : cell.substr(from, to - from + 1));
    }
    return cells;
}

std::string without(std::string text, std::string_view characters) {
    std::erase_if(text, [&](char c) { return characters.find(c) != characters.npos; });
    return text;
}

/// Rows of the tables of keys in the documentation: "manager.workers" to its cells.
std::map<std::string, std::vector<std::string>> documented_keys() {
    std::istringstream in(source_file("docs/configuration.md"));
    std::map<std::string, std::vector<std::string>> rows;
    std::string table;
    for (std::string line; std::getline(in, line);) {
        if (line.substr(0, 3) == "## ")
            table = line.substr(0, 5) == "## `[" ? without(line, "#` []") : "";
        if (table.empty() || line.substr(0, 3) != "| `") continue;
        auto const cells = cells_of(line);
        rows[table + "." + without(cells[0], "`")] = cells;
    }
    return rows;
}

} // namespace

BOOST_AUTO_TEST_SUITE(config_key_table)

BOOST_AUTO_TEST_CASE(each_key_changes_its_own_line_and_nothing_else) {
    auto const before = to_toml(*read(file_with({})));
    for (auto const& key : config_keys()) {
        BOOST_TEST_CONTEXT(key.path) {
            auto const value = other_values.find(key.path);
            BOOST_TEST_REQUIRE((value != other_values.end()), "no other value for " + key.path);
            auto const after = to_toml(*read(file_with({*value})));
            auto const name = key.path.substr(key.path.rfind('.') + 1);
            auto changed = beyond(after, before);
            std::erase_if(changed, [&](auto const& line) {
                return line.empty() || line[0] == '[' || is_of_company(key.path, line);
            });
            BOOST_TEST(changed == std::vector{name + " = " + value->second},
                       boost::test_tools::per_element());
            BOOST_TEST(to_toml(*read(after)) == after);
        }
    }
    BOOST_TEST(config_keys().size() == other_values.size());
}

BOOST_AUTO_TEST_CASE(each_key_reaches_the_field_it_is_named_after) {
    auto const all = read(file_with(compatible_values()));
    auto const& listen = all->listens.at(0);
    BOOST_TEST((listen.socket == *milter::parse_endpoint("/run/other.sock")));
    BOOST_TEST((listen.mode == 0640u));
    BOOST_TEST(listen.group == "mail");
    BOOST_TEST(listen.profile == "x");
    BOOST_TEST_REQUIRE(all->profiles.size() == 1u);
    BOOST_TEST((all->profiles[0].milters == std::vector<std::string>{"c", "b"}));
    BOOST_TEST((all->profiles[0].serial == false));
    BOOST_TEST((all->milters[0].when == "sender.null or helo == \"x\""));
    BOOST_TEST(!all->milters[0].runs_if_unknown);
    BOOST_TEST((all->dns.deadline == 3s));
    BOOST_TEST((all->dns.positive_ttl_max == 4min));
    BOOST_TEST((all->dns.negative_ttl_max == 5min));
    BOOST_TEST((all->dns.failure_ttl == 6s));
    BOOST_TEST(all->dns.cache_entries == 0u);
    BOOST_TEST(all->dns.max_outstanding == 7u);
    BOOST_TEST(all->dns.servers.size() == 4u);
    auto const& milter = all->milters.at(0);
    BOOST_TEST(milter.name == "x.y-z_9");
    BOOST_TEST_REQUIRE(milter.sockets.size() == 2u);
    BOOST_TEST((milter.sockets[0] == *milter::parse_endpoint("inet6:8891@[::1]")));
    BOOST_TEST((milter.sockets[1] == *milter::parse_endpoint("/run/b.sock")));
    BOOST_TEST((milter.balance == balance::round_robin));
    BOOST_TEST((milter.breaker == breaker_settings{0, 5s, 6ms, 7min, 8s}));
    BOOST_TEST((milter.on_error == on_error::quarantine));
    BOOST_TEST(!milter.enabled);
    BOOST_TEST((milter.mode == milter_mode::evaluate));
    BOOST_TEST(milter.sample.share == 25u);
    BOOST_TEST((milter.sample.by == sample_key::sender_domain));
    BOOST_TEST(milter.read_only);
    BOOST_TEST(milter.concurrent);
    BOOST_TEST(milter.parallel_rcpt);
    BOOST_TEST((milter.late_rcpt_reject == late_rcpt_reject::ignore));
    BOOST_TEST(milter.lenient);
    BOOST_TEST(milter.max_sessions == 31u);
    BOOST_TEST((milter.timeouts.connect == 1ms));
    BOOST_TEST((milter.timeouts.negotiate == 2s));
    BOOST_TEST((milter.timeouts.command == 3s));
    BOOST_TEST((milter.timeouts.content == 4min));
    BOOST_TEST((milter.timeouts.end_of_message == 1h));
    BOOST_TEST((all->on_internal_error == on_internal_error::shutdown));
    BOOST_TEST((all->command_budget == 9s));
    BOOST_TEST((all->end_of_message_budget == 10s));
    BOOST_TEST((all->negotiation_wait == 11ms));
    BOOST_TEST((all->idle_timeout == 12h));
    BOOST_TEST((all->drain == 13s));
    BOOST_TEST(all->workers == 14u);
    BOOST_TEST((all->header_rules == header_rules_setting::sendmail));
    BOOST_TEST(all->serial);
    BOOST_TEST(all->decision_log == "/var/log/decisions");
    BOOST_TEST(all->control.socket.path == "/run/control.sock");
    BOOST_TEST((all->control.mode == 0666u));
    BOOST_TEST(all->control.group == "adm");
    BOOST_TEST(all->limits.headers == 15u);
    BOOST_TEST(all->limits.header_bytes == 17u << 10);
    BOOST_TEST(all->limits.recipients == 18u);
    BOOST_TEST(all->limits.sessions == 19u);
    BOOST_TEST(all->limits.sessions_per_address == 32u);
    BOOST_TEST(all->limits.memory == 33u << 20);
    BOOST_TEST(all->limits.edits.count == 20u);
    BOOST_TEST(all->limits.edits.bytes == 21u << 10);
    BOOST_TEST(all->limits.edits.body_bytes == 22u << 20);
    BOOST_TEST(all->spool.memory_bytes == 23u << 10);
    BOOST_TEST(all->spool.max_bytes == 24ul << 30);
    BOOST_TEST(all->spool.directory == "/spool");
    using stage = milter::wire::macro_stage;
    auto const macros = [&](stage s) { return all->macros[static_cast<std::size_t>(s)]; };
    BOOST_TEST(macros(stage::connect) == "a {b}");
    BOOST_TEST(macros(stage::helo) == "c");
    BOOST_TEST(macros(stage::mail) == "d");
    BOOST_TEST(macros(stage::rcpt) == "e");
    BOOST_TEST(macros(stage::data) == "f");
    BOOST_TEST(macros(stage::end_of_headers) == "g");
    BOOST_TEST(macros(stage::end_of_message) == "h");
}

BOOST_AUTO_TEST_CASE(values_have_several_spellings) {
    auto const one = read(file_with({{"spool.memory", "65536"},
                                     {"manager.command_budget", R"("auto")"},
                                     {"manager.decision_log", R"("-")"},
                                     {"listen.mode", R"("660")"},
                                     {"macros.mail", R"(["i", "{a} {b}", "i,c"])"},
                                     {"macros.rcpt", R"(" i,  {x} ")"}}));
    BOOST_TEST(one->spool.memory_bytes == 65536u);
    BOOST_TEST(!one->command_budget);
    BOOST_TEST(one->decision_log == "");
    BOOST_TEST((one->listens.at(0).mode == 0660u));
    BOOST_TEST(one->macros[2] == "i {a} {b} c");
    BOOST_TEST(one->macros[3] == "i {x}");
}

BOOST_AUTO_TEST_CASE(timeouts_may_stand_in_a_table_of_their_own) {
    auto const text =
        file_with({}) + "[milter.timeout]\ncommand = '7s'\n[[milter]]\nname = 'd'\nsocket = '/d'\n";
    auto const one = read(text);
    BOOST_TEST_REQUIRE(one->milters.size() == 4u);
    BOOST_TEST((one->milters[2].timeouts.command == 7s));
    BOOST_TEST((one->milters[3].timeouts.command == milter_timeouts{}.command));
}

BOOST_AUTO_TEST_CASE(as_many_macros_as_sendmail_takes) {
    std::string names;
    for (int i = 0; i < 50; ++i) names += "{n" + std::to_string(i) + "} ";
    BOOST_TEST(read(file_with({{"macros.helo", '"' + names + '"'}}))->macros[1] + " " == names);
    auto const refused = first_error(file_with({{"macros.helo", '"' + names + "{n50}\""}}));
    BOOST_TEST(refused == "helo: 51 macros: Sendmail takes at most 50");
}

BOOST_AUTO_TEST_CASE(names_of_milters_are_as_agreed) {
    auto const message = [](std::string const& name) {
        return first_error(file_with({{"milter.name", '"' + name + '"'}}));
    };
    BOOST_TEST(message("a") == "");
    BOOST_TEST(message(std::string(64, 'a')) == "");
    BOOST_TEST(message(std::string(65, 'a')) ==
               "name: \"" + std::string(60, 'a') + "...\" is longer than 64");
    BOOST_TEST(message("Spam") == "name: \"Spam\" cannot be a name");
    BOOST_TEST(message("a b") == "name: \"a b\" cannot be a name");
    BOOST_TEST(message("ä") == "name: \"ä\" cannot be a name");
    BOOST_TEST(message("manager") ==
               "name: \"manager\" is taken: logs use it for other things than milters");
    BOOST_TEST(message("mta") ==
               "name: \"mta\" is taken: logs use it for other things than milters");
}

BOOST_AUTO_TEST_CASE(keys_are_listed_with_type_default_unit_and_help) {
    std::set<std::string> paths;
    for (auto const& key : config_keys()) {
        BOOST_TEST_CONTEXT(key.path) {
            BOOST_TEST(paths.insert(key.path).second);
            BOOST_TEST(!key.type.empty());
            BOOST_TEST(!key.default_value.empty());
            BOOST_TEST(!key.help.empty());
            BOOST_TEST(key.help.back() != '.');
            BOOST_TEST((key.type != "number" || !key.unit.empty()));
        }
    }
}

BOOST_AUTO_TEST_CASE(the_documentation_has_each_key_and_no_other) {
    auto documented = documented_keys();
    for (auto const& key : config_keys()) {
        BOOST_TEST_CONTEXT(key.path) {
            auto const row = documented.find(key.path);
            BOOST_TEST_REQUIRE((row != documented.end()),
                               "docs/configuration.md does not have " + key.path);
            auto const& cells = row->second;
            BOOST_TEST_REQUIRE(cells.size() == 6u);
            BOOST_TEST(cells[1] == key.type);
            BOOST_TEST(without(cells[2], "`") == key.default_value);
            BOOST_TEST(cells[3] == key.unit);
            BOOST_TEST(cells[4] == key.allowed);
            BOOST_TEST(cells[5].size() > 8u);
            documented.erase(row);
        }
    }
    for (auto const& [path, cells] : documented)
        BOOST_ERROR("docs/configuration.md has " + path + ", which is no key");
}

BOOST_AUTO_TEST_CASE(examples_in_the_documentation_can_be_read) {
    auto text = source_file("docs/configuration.md");
    std::size_t count = 0;
    for (std::size_t at = 0; (at = text.find("```toml\n", at)) != text.npos; ++count) {
        at += 8;
        read(text.substr(at, text.find("```", at) - at));
    }
    BOOST_TEST(count > 0u);
    read(source_file("docs/examples/milter-manager.toml"));
}

BOOST_AUTO_TEST_CASE(the_example_names_each_key_but_optional_macros) {
    auto const text = source_file("docs/examples/milter-manager.toml");
    for (auto const& key : config_keys())
        BOOST_TEST(text.find(key.path.substr(key.path.rfind('.') + 1)) != text.npos, key.path);
}

BOOST_AUTO_TEST_SUITE_END()
