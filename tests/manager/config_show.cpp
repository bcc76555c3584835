// SPDX-License-Identifier: BSL-1.0
// tests/manager/config_show.cpp - what is shown of a configuration is that configuration

#include "manager/config/config_show.hpp"

#include "manager/config/config_key.hpp"
#include "manager/config/config_show_json.hpp"
#include "manager/config/config_toml.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <sstream>
#include <string>

using namespace milter::manager;

namespace {

constexpr auto small = R"([[listen]]
socket = "inet:10025@127.0.0.1"

[[milter]]
name = "opendkim"
socket = "/run/opendkim/opendkim.sock"
timeout = { command = "5s" }

[profile.inbound]
milters = ["opendkim"]
)";

constexpr auto rich = R"([[listen]]
socket = "inet:10025@127.0.0.1"
[[milter]]
name = "opendkim"
socket = ["/run/a.sock", "/run/b.sock"]
description = 'a "b", [c] \'
when = 'client.address in @good'
share = "5%"
[[milter]]
name = "spam"
socket = "/run/c.sock"
enabled = false
[set.good]
cidr = ["192.0.2.0/24"]
[condition.authenticated]
when = "auth.present"
[[rule]]
name = "ours"
when = "authenticated"
skip = ["spam"]
macros = { "{trusted}" = "yes" }
timeout = { command = "2s" }
[[test]]
name = "one of us"
given = { "auth.type" = "PLAIN", client = "192.0.2.1" }
expect = { not_milters = ["spam"] }
[dnsbl."zen.example.org"]
answers = ["127.0.0.2-127.0.0.11"]
[manager]
command_budget = "20s"
decision_log = "-"
[macros]
mail = "i {auth_type}"
)";

loaded_config load(std::string const& text) {
    auto loaded = parse_config(text, "m.toml");
    for (auto const& one : loaded.problems)
        if (one.weight == problem_weight::error) BOOST_ERROR(to_string(one) + "\n" + text);
    BOOST_REQUIRE(loaded.config);
    return loaded;
}

std::string shown(loaded_config const& loaded, shown_keys which, origin_remarks remarks) {
    return to_toml(shown_values(*loaded.config, loaded.origins, which), remarks);
}

std::string source_file(std::string const& path) {
    std::ifstream in(MILTER_SOURCE_DIR "/" + path);
    BOOST_TEST_REQUIRE(in.good(), path);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

} // namespace

BOOST_AUTO_TEST_SUITE(config_show)

BOOST_AUTO_TEST_CASE(what_is_written_is_shown_in_one_order) {
    auto const loaded = load(small);
    BOOST_TEST(shown(loaded, shown_keys::written, origin_remarks::hidden) == R"([[listen]]
socket = "inet:10025@127.0.0.1"

[[milter]]
name = "opendkim"
socket = "unix:/run/opendkim/opendkim.sock"
[milter.timeout]
command = "5s"

[profile."inbound"]
milters = ["opendkim"]
)");
}

BOOST_AUTO_TEST_CASE(origins_are_files_and_lines) {
    auto const loaded = load(small);
    BOOST_TEST(shown(loaded, shown_keys::written, origin_remarks::shown) == R"([[listen]]
socket = "inet:10025@127.0.0.1"  # m.toml:2

[[milter]]
name = "opendkim"  # m.toml:5
socket = "unix:/run/opendkim/opendkim.sock"  # m.toml:6
[milter.timeout]
command = "5s"  # m.toml:7

[profile."inbound"]
milters = ["opendkim"]  # m.toml:10
)");
}

BOOST_AUTO_TEST_CASE(all_keys_have_a_line_and_their_origin) {
    auto const text = shown(load(small), shown_keys::all, origin_remarks::shown);
    for (auto const* line :
         {"[[listen]]\nsocket = \"inet:10025@127.0.0.1\"  # m.toml:2\n"
          "# mode is not set: as the umask gives it\n",
          "on_error = \"tempfail\"  # default\n", "command = \"5s\"  # m.toml:7\n",
          "content = \"1m\"  # default\n", "# serial is not set: as [manager] has it\n",
          "[manager]\non_internal_error = \"tempfail\"  # default\n"})
        BOOST_TEST((text.find(line) != text.npos), line << "\n" << text);
    for (auto const& row : config_key_rows()) {
        bool const is_of_one =
            find_table(row.table) && find_table(row.table)->is == config_table::shape::only;
        if (is_of_one)
            BOOST_TEST((text.find('\n' + std::string(row.name) + " = ") != text.npos ||
                        text.find("\n# " + std::string(row.name) + " is not set: ") != text.npos),
                       row.table << '.' << row.name);
    }
}

BOOST_AUTO_TEST_CASE(what_is_shown_reads_back_to_the_same) {
    for (auto const* text : {small, rich}) {
        auto const loaded = load(text);
        for (auto const which : {shown_keys::written, shown_keys::all})
            for (auto const remarks : {origin_remarks::hidden, origin_remarks::shown}) {
                auto const again = load(shown(loaded, which, remarks));
                BOOST_TEST(to_toml(*again.config) == to_toml(*loaded.config));
            }
    }
}

BOOST_AUTO_TEST_CASE(list_that_is_longer_than_a_line_may_be_is_shown_in_several) {
    std::string entries;
    for (int i = 0; i < 3000; ++i) entries += "\"a,b] " + std::to_string(i) + "\",\n";
    auto const loaded = load(std::string(small) + "[set.many]\nstrings = [\n" + entries + "]\n");
    auto const text = shown(loaded, shown_keys::written, origin_remarks::shown);
    BOOST_TEST((text.find("strings = [\n    \"a,b] 0\",\n    \"a,b] 1\",\n") != text.npos), text);
    BOOST_TEST((text.find("    \"a,b] 2999\",\n]  # m.toml:12\n") != text.npos), text);
    BOOST_TEST(to_toml(*load(text).config) == to_toml(*loaded.config));
}

BOOST_AUTO_TEST_CASE(json_has_values_of_their_types) {
    auto const loaded = load(small);
    auto const values = shown_values(*loaded.config, loaded.origins, shown_keys::written);
    BOOST_TEST(to_json(values, {}) == R"({
  "listen[0].socket": {
    "value": "inet:10025@127.0.0.1",
    "origin": "m.toml:2"
  },
  "milter[0].name": {
    "value": "opendkim",
    "origin": "m.toml:5"
  },
  "milter[0].socket": {
    "value": "unix:/run/opendkim/opendkim.sock",
    "origin": "m.toml:6"
  },
  "milter[0].timeout.command": {
    "value": "5s",
    "origin": "m.toml:7"
  },
  "profile[0].milters": {
    "value": [
      "opendkim"
    ],
    "origin": "m.toml:10"
  }
}
)");
    auto const all = to_json(shown_values(*loaded.config, loaded.origins, shown_keys::all), {});
    for (auto const* part : {"\"manager.workers\": {\n    \"value\": 1,",
                             "\"milter[0].enabled\": {\n    \"value\": true,",
                             "\"listen[0].mode\": {\n    \"value\": null,"})
        BOOST_TEST((all.find(part) != all.npos), part);
}

BOOST_AUTO_TEST_CASE(what_follows_is_in_comments) {
    auto loaded = load(rich);
    auto fit = *loaded.config;
    fit.process_limit = 100;
    fit.mta_macros[0] = "j {client_ptr}";
    auto const settings = with_endpoints(fit);
    BOOST_TEST(to_toml(computed_values(*settings, loaded.origins), origin_remarks::shown) ==
               R"(# order of the milters: opendkim
# macros asked for with connect: j {client_ptr}  # from postconf
# macros asked for with helo: {tls_version} {cipher} {cipher_bits} {cert_subject} {cert_issuer}  # default
# macros asked for with mail: i {auth_type} {auth_authen}  # m.toml:33 and rules
# macros asked for with rcpt: i {rcpt_mailer} {rcpt_host} {rcpt_addr}  # default
# macros asked for with data: i  # default
# macros asked for with end_of_message: i {msg_id}  # default
# macros asked for with end_of_headers: i  # default
# SMTP servers that Postfix may run: 100  # from postconf
)");
}

BOOST_AUTO_TEST_CASE(example_of_the_documentation_is_what_is_shown) {
    auto const loaded = parse_config("[[listen]]\nsocket = \"inet:10025@[127.0.0.1]\"\n\n"
                                     "[[milter]]\nname = \"opendkim\"\n"
                                     "socket = \"/run/opendkim/opendkim.sock\"\n"
                                     "on_error = \"accept\"\n",
                                     "/etc/milter-manager/milter-manager.toml");
    auto const text = shown(loaded, shown_keys::written, origin_remarks::shown);
    auto const page = source_file("docs/operations.md");
    BOOST_TEST((page.find("```toml\n" + text + "```\n") != page.npos), text);
}

BOOST_AUTO_TEST_SUITE_END()
