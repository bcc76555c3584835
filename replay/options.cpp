// SPDX-License-Identifier: BSL-1.0
// replay/options.cpp - the command line of milter-replay
#include "replay/options.hpp"

#include "cli/command_line.hpp"
#include "cli/nearest_name.hpp"
#include "replay/verb.hpp"
#include <milter/version.hpp>

#include <string>
#include <utility>
#include <vector>

namespace milter::replay {

namespace {

constexpr char const* about =
    R"(Turns captured milter traffic into corpora of conversations, and shows them.

Examples:
  tcpdump -i lo -w mail.pcap tcp port 8891                  captures (for unix sockets there is no capture)
  milter-replay import mail.pcap -o mail.jsonl              a corpus: one conversation a line
  milter-replay import --milter 8891=opendkim mail.pcap     names the milter; the corpus goes to standard output
  milter-replay cat --frames mail.jsonl                     what was said, one packet a line
  milter-replay cat monday.jsonl tuesday.jsonl > both.jsonl
)";

/// In the order of --help.
constexpr verb (*all_verbs[])(CLI::App&) = {add_import, add_cat};

/// What may have been meant with a word that is no verb, or no option of this one.
std::string suggestion(CLI::App const& app, std::string const& word) {
    std::vector<std::string> names;
    bool const option = word.starts_with("--");
    if (option)
        for (auto const* one : app.get_options())
            names.insert(names.end(), one->get_lnames().begin(), one->get_lnames().end());
    else
        for (auto const* one : app.get_subcommands({})) names.push_back(one->get_name());
    auto const bare = option ? word.substr(2, word.find('=') - 2) : word;
    auto const near = cli::nearest_name(bare, names);
    if (near.empty()) return {};
    return std::string("did you mean ") + (option ? "--" : "") + near + "?\n";
}

std::string complaint(CLI::App const* app, CLI::Error const& why) {
    auto const* chosen = app;
    for (auto const* one : app->get_subcommands()) chosen = one;
    auto const program =
        chosen == app ? app->get_name() : app->get_name() + " " + chosen->get_name();
    auto const words = app->remaining(true);
    bool const no_verb = chosen == app && !words.empty() && !words.front().starts_with('-');
    std::string text = program + ": ";
    text += no_verb ? "\"" + words.front() + "\" is no verb" : std::string(why.what());
    text += "\n";
    if (!words.empty()) text += suggestion(*chosen, words.front());
    return text + "Run " + program + " --help for more information.\n";
}

} // namespace

parsed_options parse_options(int argc, char const* const* argv) {
    CLI::App app(about, "milter-replay");
    app.get_formatter()->column_width(30);
    app.set_help_flag("-h,--help", "Prints this; after a verb: its help");
    app.set_version_flag("--version", "milter-replay " + std::string(version_string),
                         "Prints the version");
    app.require_subcommand(1);
    app.failure_message(complaint);
    std::vector<verb> verbs;
    for (auto* const add : all_verbs) verbs.push_back(add(app));
    std::function<cli::exit_code()> run;
    auto const over = cli::parse_command_line(app, "milter-replay", argc, argv, [&] {
        for (auto& one : verbs) {
            if (!one.words->parsed()) continue;
            if (one.settle) one.settle();
            run = std::move(one.run);
        }
    });
    return {std::move(run), over};
}

} // namespace milter::replay
