// SPDX-License-Identifier: BSL-1.0
// test-server/complaint.cpp - what is said of a command line that cannot be read
#include "test-server/complaint.hpp"

#include "cli/nearest_name.hpp"

#include <string_view>
#include <vector>

namespace milter::test_server {

namespace {

std::string nearest_option(CLI::App const& app, std::string_view wrong) {
    std::vector<std::string> names;
    for (auto const* option : app.get_options())
        names.insert(names.end(), option->get_lnames().begin(), option->get_lnames().end());
    return cli::nearest_name(wrong, names);
}

} // namespace

std::string complaint(CLI::App const* app, CLI::Error const& why) {
    auto const& program = app->get_name(); // with its verb
    std::string text = program + ": " + why.what() + "\n";
    if (text.find(": --header: ") != text.npos)
        text += "-h is --header; for help use -? or --help\n";
    if (text.find(": --compare: ") != text.npos)
        text += "two milters are compared: --compare A B\n";
    for (auto const& word : app->remaining()) {
        bool const of_one_session = word == "-t" || word.starts_with("--threads");
        if (of_one_session && app->get_option_no_throw("--n-concurrent-connections"))
            text += "sessions at once: -c N; threads of this program: --n-workers N\n";
        if (word.substr(0, 2) != "--") continue;
        auto const near = nearest_option(*app, word.substr(2, word.find('=') - 2));
        if (!near.empty()) text.append("did you mean --").append(near).append("?\n");
    }
    return text + "Run " + program + " --help for more information.\n";
}

} // namespace milter::test_server
