// SPDX-License-Identifier: BSL-1.0
// tests/apps/manager_fixture.hpp - a manager with its configuration, its milters, and clients of all manners
#pragma once

#include <boost/test/unit_test.hpp>

#include <support/process.hpp>
#include <support/raw_client.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace manager_test {

using support::arguments;
using support::background_program;
using support::finished_program;
using support::program;
using support::raw_client;
using namespace std::string_view_literals;

inline std::size_t count(std::string_view text, std::string_view part) {
    std::size_t found = 0;
    for (auto at = text.find(part); at != text.npos; at = text.find(part, at + part.size()))
        ++found;
    return found;
}

inline bool contains(std::string_view text, std::string_view part) {
    return count(text, part) != 0;
}

inline constexpr auto offer = "\0\0\0\x0dO\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff"sv;
inline constexpr auto client = "\0\0\0\x0a"
                               "Cmx.test\0U"sv;

// UBSan looks at objects through a pipe, and takes them for broken when there is no descriptor for one. The builds with
// ThreadSanitizer and without any run what needs this.
#ifdef __SANITIZE_ADDRESS__
inline constexpr bool has_descriptors_to_spare = false;
#else
inline constexpr bool has_descriptors_to_spare = true;
#endif

/// A manager between both test tools.
struct manager_fixture {
    support::temp_dir dir;
    std::string path = dir / "manager.sock";
    std::string milters;  ///< of the configuration
    std::string settings; ///< other lines of it
    std::vector<std::unique_ptr<background_program>> filters;
    std::unique_ptr<background_program> manager;

    /// A milter that runs; `more` are lines of its configuration.
    void filter(std::string const& name, arguments args, std::string const& more = {}) {
        auto const socket = "unix:" + dir / (name + ".sock");
        args.insert(args.begin(), {"-s", socket, "--quiet"});
        filters.push_back(std::make_unique<background_program>(program("milter-test-filter"), args,
                                                               dir, "listening on ", name));
        milter(name, more);
    }

    /// A milter in the configuration alone.
    void milter(std::string const& name, std::string const& more = {}) {
        milters += "[[milter]]\nname = \"" + name +
                   "\"\nsocket = \"unix:" + dir / (name + ".sock") + "\"\n" + more + "\n";
    }

    std::string configuration() const {
        return dir.write("manager.toml", "[[listen]]\nsocket = \"unix:" + path +
                                             "\"\nmode = \"0600\"\n" + settings + milters);
    }

    void start() {
        manager = std::make_unique<background_program>(program("milter-manager"),
                                                       arguments{"run", "-c", configuration()}, dir,
                                                       "listening on ", "manager");
    }

    finished_program server(arguments args) const {
        args.insert(args.begin(), {"-s", "unix:" + path});
        return support::run_program(program("milter-test-server"), args, dir);
    }

    void meets(arguments const& args) const {
        auto const done = server(args);
        BOOST_TEST(done.exit_code == 0, done.err + done.out);
    }
};

} // namespace manager_test
