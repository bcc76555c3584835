// SPDX-License-Identifier: BSL-1.0
// replay/options.hpp - the command line of milter-replay
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace milter::replay {

enum class verb { import, cat };

struct import_options {
    std::vector<std::string> files; ///< captures; "-" is standard input
    std::string output = "-";       ///< a corpus
    std::vector<std::uint16_t> ports;
    std::map<std::uint16_t, std::string> names; ///< of the milters, by port
    std::vector<std::string> tags;
    std::size_t max_bytes = 256UL << 20; ///< kept of one conversation
    bool split_bodies = false;           ///< large bodies into a file beside the output
    bool quiet = false;
};

struct cat_options {
    std::vector<std::string> files; ///< corpora; "-" is standard input
    bool frames = false;            ///< one line a packet, for people
    bool pretty = false;            ///< indented JSON
};

struct options {
    verb what = verb::import;
    import_options import;
    cat_options cat;
};

struct parsed_options {
    options value;
    std::optional<int> exit_code; ///< set: everything has been said, exit with it
};

/// Prints help, version and complaints itself.
parsed_options parse_options(int argc, char const* const* argv);

} // namespace milter::replay
