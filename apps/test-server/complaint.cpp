// SPDX-License-Identifier: BSL-1.0
// test-server/complaint.cpp - what is said of a command line that cannot be read
#include "test-server/complaint.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

namespace milter::test_server {

namespace {

/// How many letters were added, left out, replaced, or swapped with their neighbour.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before_last, last, now(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) now[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        before_last = std::exchange(last, now);
        now[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            bool const same = a[i - 1] == b[j - 1];
            now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = std::min(now[j], before_last[j - 2] + 1);
        }
    }
    return now[b.size()];
}

/// The option nearest to a misspelt one; empty when none is near enough.
std::string nearest_option(CLI::App const& app, std::string_view wrong) {
    std::string best;
    auto least = wrong.size() / 3 + 1; // one mistake in three letters
    for (auto const* option : app.get_options())
        for (auto const& name : option->get_lnames())
            if (auto const far = distance(wrong, name); far < least) {
                least = far;
                best = name;
            }
    return best;
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
