// SPDX-License-Identifier: BSL-1.0
// tests/apps/manager_rules_fixture.hpp - configurations with rules, for the verbs of `milter-manager rules`
#pragma once

#include "manager/rules/request.hpp"

#include <boost/test/unit_test.hpp>

#include <support/temp_dir.hpp>

#include <string>
#include <string_view>

namespace manager_rules_test {

namespace manager = milter::manager;

inline bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != text.npos;
}

/// Two milters and a rule of each kind.
inline constexpr std::string_view some_rules = R"([[listen]]
socket = "unix:/nowhere/m.sock"

[condition.local]
when = 'client.address in "10.0.0.0/8"'

[[milter]]
name = "spf"
socket = "unix:/nowhere/spf.sock"
when = 'not local'

[[milter]]
name = "scan"
socket = "unix:/nowhere/scan.sock"

[[rule]]
name = "news"
when = 'any(recipient.local == "news")'
skip = ["scan"]
tag = "newsletter"

[[rule]]
name = "blocked"
when = 'sender.domain == "bad.example"'
reject = "550 5.7.1 go away"
)";

struct rules_fixture {
    support::temp_dir dir;
    manager::rules_request request;

    /// The configuration that is asked about.
    void configure(std::string_view more = {}, std::string_view rules = some_rules) {
        request.config_file = dir.write("m.toml", std::string(rules) + std::string(more));
    }
};

} // namespace manager_rules_test
