// SPDX-License-Identifier: BSL-1.0
// tests/manager/config_hostile.cpp - whatever the file holds: an error or a configuration, and no key that nobody knows

#include "manager/config/config_key.hpp"
#include "manager/config/config_toml.hpp"
#include "manager/config/printable.hpp"
#include "manager/config/source_shape.hpp"

#include <boost/test/unit_test.hpp>

#include <toml++/toml.h>

#include <fstream>
#include <random>
#include <set>
#include <sstream>

using namespace milter::manager;

namespace {

std::string example() {
    std::ifstream in(MILTER_SOURCE_DIR "/docs/examples/milter-manager.toml");
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

std::string repeated(std::string_view text, std::size_t times) {
    std::string out;
    while (times-- > 0) out += text;
    return out;
}

/// Keys whose values are tables: what stands in them is no key.
bool has_names_of_its_own(std::string const& path) {
    static std::set<std::string> const keys = {"rule.macros", "rule.default_macros", "test.given",
                                               "test.expect.conditions", "test.expect.macros"};
    return keys.count(path) == 1;
}

/// Paths of all values, "milter.timeout.connect", by a walk of its own.
void collect(toml::node const& node, std::string const& path, std::set<std::string>& out) {
    auto const* array = node.as_array();
    auto const* table = node.as_table();
    if (has_names_of_its_own(path)) {
        out.insert(path);
    } else if (table) {
        for (auto const& [key, value] : *table) {
            auto const name = is_named_table(path) ? "NAME" : std::string(key.str());
            collect(value, path.empty() ? name : std::string(path).append(".").append(name), out);
        }
    } else if (is_list_table(path) && array) {
        for (auto const& element : *array) collect(element, path, out);
    } else {
        out.insert(path);
    }
}

std::set<std::string> known_paths() {
    std::set<std::string> out;
    for (auto const& key : config_keys()) out.insert(key.path);
    return out;
}

void check_problems(loaded_config const& loaded) {
    bool errors = false;
    for (auto const& problem : loaded.problems) {
        errors = errors || problem.weight == problem_weight::error;
        BOOST_TEST(printable(problem.message) == problem.message);
        BOOST_TEST(printable(problem.hint) == problem.hint);
        if (problem.excerpt.empty()) continue;
        auto const end = problem.excerpt.find('\n');
        BOOST_TEST_REQUIRE(end != problem.excerpt.npos);
        BOOST_TEST(printable(problem.excerpt.substr(0, end)) == problem.excerpt.substr(0, end));
        BOOST_TEST(problem.excerpt.find_first_not_of(" ^~", end + 1) == problem.excerpt.npos);
        BOOST_TEST(std::count(problem.excerpt.begin() + static_cast<std::ptrdiff_t>(end),
                              problem.excerpt.end(), '^') == 1);
    }
    BOOST_TEST(errors == !loaded.config);
    BOOST_TEST(loaded.problems.size() <= 30u);
}

/// What was accepted has known keys only and reads back to the same configuration.
void check_accepted(std::string const& text, config const& accepted,
                    std::set<std::string> const& known) {
    std::set<std::string> used;
    collect(toml::parse(std::string_view(text)), "", used);
    for (auto const& path : used)
        BOOST_TEST(known.count(path) == 1u, path << " was accepted in\n" << text);
    auto const written = to_toml(accepted);
    auto const again = parse_config(written, "again");
    BOOST_TEST_REQUIRE(bool(again.config), written);
    BOOST_TEST(to_toml(*again.config) == written);
}

class mutator {
public:
    explicit mutator(std::string text) : original_(std::move(text)) {}

    std::string next() {
        auto text = original_;
        for (auto n = below(4) + 1; n > 0; --n) mutate(text);
        return text;
    }

private:
    std::size_t below(std::size_t limit) { return random_() % limit; }

    void mutate(std::string& text) {
        if (text.empty()) text = original_;
        auto const at = below(text.size());
        auto const length = std::min(below(20) + 1, text.size() - at);
        switch (below(6)) {
        case 0: text[at] = static_cast<char>(below(256)); break;
        case 1: text.erase(at, length); break;
        case 2: text.insert(at, text.substr(below(text.size()), 30)); break;
        case 3: text.insert(at, pieces[below(std::size(pieces))]); break;
        case 4: std::swap(text[at], text[below(text.size())]); break;
        case 5:
            text.insert(text.rfind('\n', at) + 1,
                        std::string(pieces[below(std::size(pieces))]) + "\n");
            break;
        }
    }

    static constexpr std::string_view pieces[] = {"[",
                                                  "]",
                                                  "[[",
                                                  "]]",
                                                  "{",
                                                  "}",
                                                  "\"",
                                                  "'",
                                                  R"(""")",
                                                  "'''",
                                                  "=",
                                                  ".",
                                                  ",",
                                                  "\n",
                                                  "\r",
                                                  "#",
                                                  "\\",
                                                  "\\u0000",
                                                  "\\U0001F600",
                                                  "\xff",
                                                  "\x80",
                                                  "0x",
                                                  "1e99",
                                                  "-1",
                                                  "nan",
                                                  "true",
                                                  "1979-05-27",
                                                  "name = 'x'",
                                                  "socket = '/x'",
                                                  "[manager]",
                                                  "[[milter]]",
                                                  "[milter.timeout]",
                                                  "timeout.connect = '1s'",
                                                  "workers = 3",
                                                  "on_error = 'reject'",
                                                  "enabled = false",
                                                  "mode = '0600'",
                                                  "99999999999999999999",
                                                  "\"s\"",
                                                  "listen",
                                                  "milter"};

    std::string original_;
    std::mt19937 random_{20260102}; // the same mutations every time
};

} // namespace

BOOST_AUTO_TEST_SUITE(config_hostile)

BOOST_AUTO_TEST_CASE(mutations_of_a_good_file_are_refused_or_make_sense) {
    auto const known = known_paths();
    mutator mutations(example());
    int accepted = 0, refused = 0;
    for (int i = 0; i < 3000; ++i) {
        auto const text = mutations.next();
        auto const loaded = parse_config(text, "m");
        check_problems(loaded);
        if (loaded.config) check_accepted(text, *loaded.config, known);
        ++(loaded.config ? accepted : refused);
    }
    BOOST_TEST(accepted > 300); // else the mutations try nothing
    BOOST_TEST(refused > 300);
}

BOOST_AUTO_TEST_CASE(a_prefix_of_a_good_file_is_refused_or_makes_sense) {
    auto const text = example();
    auto const known = known_paths();
    for (std::size_t size = 0; size < text.size(); size += 3) {
        auto const part = text.substr(0, size);
        auto const loaded = parse_config(part, "m");
        check_problems(loaded);
        if (loaded.config) check_accepted(part, *loaded.config, known);
    }
}

BOOST_AUTO_TEST_CASE(no_misspelled_key_passes) {
    auto const known = known_paths();
    for (auto const& key : config_keys()) {
        auto const dot = key.path.rfind('.');
        auto const table = key.path.substr(0, dot), name = key.path.substr(dot + 1);
        std::vector<std::string> wrong = {name + "s", "_" + name, name + "_", name.substr(1) + "x"};
        wrong.push_back(name.substr(0, name.size() - 1) + 'q');
        std::string upper = name;
        upper[0] = static_cast<char>(upper[0] - 'a' + 'A');
        wrong.push_back(upper);
        auto const top = table.substr(0, table.find('.'));
        auto const heading = heading_of(top) + "\n";
        auto const inner = top == table ? "" : table.substr(top.size() + 1) + ".";
        for (auto const& misspelled : wrong) {
            if (known.count(std::string(table).append(".").append(misspelled)) == 1) continue;
            auto const text =
                std::string(heading).append(inner).append(misspelled).append(" = 1\n");
            auto const loaded = parse_config(text, "m");
            BOOST_TEST(!loaded.config);
            bool const said =
                std::any_of(loaded.problems.begin(), loaded.problems.end(), [&](auto const& p) {
                    return p.line == 2 && p.message == "unknown key \"" + misspelled + "\"";
                });
            BOOST_TEST(said, text);
        }
    }
}

BOOST_AUTO_TEST_CASE(hostile_texts_are_errors) {
    std::string const deep_inline = "a = " + repeated("{a.a.a=[\n", 300) + repeated("\n]}", 300);
    std::vector<std::string> const texts = {
        std::string(1, '\0'),
        "a" + std::string(1, '\0') + " = 1",
        "\x1b[2J = 1",
        "a = \"\x1b\"",
        "a = \"\x7f\"",
        "\xff\xfe",
        "a = \"\xc3\"",
        "a = \"\xed\xa0\x80\"",
        "[[listen]]\nsocket = \"/run/\\u0000x\"",
        "[[listen]]\nsocket = \"/run/\\u202Ex\"",
        "[[listen]]\nsocket = \"/run/a\\nb\"",
        "[[milter]]\nname = \"a\\u001b\"",
        "a = \"" + repeated("x", 1'000'000) + "\"",
        repeated("x", 1'000'000),
        "# " + repeated("x", 1'000'000),
        repeated("\n", source_size_limit + 1),
        repeated("a = 1\n", 1000),
        "a = " + repeated("[", 5000),
        "a = " + repeated("[\n", 100'000),
        "a = " + repeated("{ a = ", 1000),
        "[" + repeated("a.", 4000) + "a]",
        repeated("[" + repeated("a.", 4000) + "a]\n", 100),
        "[" + repeated("\"!\" . ", 1300) + "a]",
        deep_inline,
        repeated("[[listen]]\n", 50'000),
        repeated("[[listen]]\nsocket = 'inet:0'\n", 3000) + "x = 1",
    };
    for (auto const& text : texts) {
        auto const loaded = parse_config(text, "m");
        BOOST_TEST(!loaded.config, text.substr(0, 40));
        check_problems(loaded);
        for (auto const& problem : loaded.problems) BOOST_TEST(to_string(problem).size() < 2000u);
    }
}

BOOST_AUTO_TEST_CASE(bounds_of_the_text_are_named) {
    auto const first = [](std::string const& text) {
        auto const whole = to_string(parse_config(text, "m").problems.at(0));
        return whole.substr(0, whole.find('\n'));
    };
    BOOST_TEST(first(repeated("\n", source_size_limit + 1)) == "m: file is larger than 1 MiB");
    BOOST_TEST(first("\n#" + repeated("x", line_size_limit)) ==
               "m:2:8193: line of 8193 bytes: at most 8192");
    BOOST_TEST(first("\n#" + repeated("ä", line_size_limit / 2)) ==
               "m:2:4098: line of 8193 bytes: at most 8192");
    BOOST_TEST(first("\n" + repeated("a.a.a.a.a\n", 2501)) ==
               "m:2502:1: more than 10000 dots: keys nested too deep");
}

BOOST_AUTO_TEST_CASE(keys_as_deep_as_the_bounds_allow_do_no_harm) {
    auto const text = "a = [\n{ " + repeated("a.", 4000) + "a = [\n{ " + repeated("a.", 4000) +
                      "a = 1 }\n] } ]\n";
    auto const loaded = parse_config(text, "m");
    BOOST_TEST(!loaded.config);
    check_problems(loaded);
}

BOOST_AUTO_TEST_SUITE_END()
