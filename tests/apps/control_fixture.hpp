// SPDX-License-Identifier: BSL-1.0
// tests/apps/control_fixture.hpp - a manager with a control socket, and the verbs that ask it
#pragma once

#include "manager_fixture.hpp"

#include <nlohmann/json.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>

namespace manager_test {

using nlohmann::json;

struct control_fixture : manager_fixture {
    std::string control = dir / "control.sock";
    std::string config_file = dir / "manager.toml";

    control_fixture() { settings = control_section(); }

    std::string control_section(std::string const& more = {}) const {
        return "[control]\nsocket = \"unix:" + control + "\"\n" + more;
    }

    static std::string listen_section(std::string const& socket) {
        return "[[listen]]\nsocket = \"" + socket + "\"\n";
    }

    finished_program verb(arguments args) const {
        args.insert(args.end(), {"--control", control});
        return support::run_program(program("milter-manager"), args, dir);
    }

    /// By somebody who is not root, nor a member of any group.
    finished_program as_nobody(arguments args) const {
        arguments all = {"--reuid=65534", "--regid=65534", "--clear-groups",
                         program("milter-manager")};
        all.insert(all.end(), args.begin(), args.end());
        return support::run_program("/usr/bin/setpriv", all, dir);
    }
    static bool can_be_nobody() {
        return ::getuid() == 0 && std::filesystem::exists("/usr/bin/setpriv");
    }
    void let_all_in() const { ::chmod((dir / "").c_str(), 0755); }

    json status() const {
        auto const done = verb({"status", "--json"});
        BOOST_TEST(done.exit_code == 0, done.err);
        return json::parse(done.out, nullptr, false);
    }

    void reloads() const {
        configuration();
        auto const done = verb({"reload"});
        BOOST_TEST(done.exit_code == 0, done.err);
        BOOST_TEST(done.out == "configuration reloaded: " + config_file + "\n");
    }

    json listeners() const {
        auto addresses = json::array();
        auto const said = status();
        for (auto const& one : said["listeners"])
            if (!one.contains("closing")) addresses.push_back(one["address"]);
        return addresses;
    }
};

/// The next line, without its end.
inline std::string line_of(raw_client const& from) {
    std::string line;
    for (auto c = from.some(1); c[0] != '\n' && c[0] != '\0'; c = from.some(1)) line += c;
    return line;
}

} // namespace manager_test
