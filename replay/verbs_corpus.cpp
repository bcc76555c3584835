// SPDX-License-Identifier: BSL-1.0
// replay/verbs_corpus.cpp - verbs that show and change corpora
#include "replay/cat.hpp"
#include "replay/verb.hpp"

#include <memory>

namespace milter::replay {

verb add_cat(CLI::App& app) {
    auto const into = std::make_shared<cat_options>();
    auto* const words = app.add_subcommand(
        "cat", "Writes the conversations of corpora to standard output, as one corpus.");
    words->footer(exit_status);
    words->add_option("FILE", into->files, "Corpora; - is standard input")
        ->required()
        ->type_name("");
    auto* const frames =
        words->add_flag("--frames", into->frames, "One line a packet, for people, instead of JSON");
    words->add_flag("--pretty", into->pretty, "Indented JSON")->excludes(frames);
    return {words, {}, [into] { return cat(*into); }};
}

} // namespace milter::replay
