// SPDX-License-Identifier: BSL-1.0
// manager/config/config_key.hpp - every key of the configuration file, one row each
//
// The rows drive reading, suggestions, the listing of keys, writing a configuration out, and the test that
// docs/configuration.md describes each key. Defaults stand in core/config.hpp.
#pragma once

#include "manager/config/config_table.hpp"
#include "manager/config/config_value.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace milter::manager {

enum class presence { optional, required };

struct config_key {
    std::string_view table; ///< "manager", "milter.timeout"
    std::string_view name;
    std::string_view unit; ///< of a count
    range allowed;
    std::string_view unset; ///< what holds when the key is absent and its field is empty
    std::string_view help;
    field (*of)(config_target const&);
    presence needed = presence::optional;
};

std::span<config_key const> config_key_rows();

/// A row in words.
struct config_key_text {
    std::string path; ///< "milter.timeout.connect"
    std::string type;
    std::string default_value; ///< as written in the file, "required", or words
    std::string unit;          ///< "headers"; those to choose from: "ms, s, m, h"
    std::string allowed;       ///< "1ms to 1h"
    std::string help;
};

std::vector<config_key_text> config_keys();

/// The whole configuration as a file that reads back to the same one. Every key that is set is written, defaults too.
std::string to_toml(config what);

} // namespace milter::manager
