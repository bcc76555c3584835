// SPDX-License-Identifier: BSL-1.0
// manager/config/config_show.hpp - a configuration as a file for people: what was written, or all that is in force
//
//   auto const values = shown_values(*loaded.config, loaded.origins, shown_keys::all);
//   std::cout << to_toml(values, origin_remarks::shown);
//
// The text reads back to an equal configuration, in whichever files it stood before. What no key has is in comments.
#pragma once

#include "manager/config/config_origin.hpp"
#include "manager/core/config.hpp"

#include <span>
#include <string>
#include <vector>

namespace milter::manager {

enum class shown_keys {
    written, ///< that stand in a file
    all      ///< also those that have their defaults
};

enum class origin_remarks { hidden, shown };

struct shown_value {
    std::string entry;   ///< "milter[0]", "manager"
    std::string heading; ///< "[milter.timeout]"
    std::string path;    ///< "milter[0].timeout.connect"; of the entry alone: it has no values
    std::string name;    ///< "connect"; empty: of the entry alone
    std::string value;   ///< as TOML; empty: not set
    std::string unset;   ///< what holds then
    std::string origin;  ///< "FILE:LINE", "default"
};

std::vector<shown_value> shown_values(config what, config_origins const& origins, shown_keys which);

/// What follows from the values, from rules, and from the MTA of this machine.
struct computed_value {
    std::string path;  ///< "computed.macros.mail"
    std::string what;  ///< "macros asked for with mail"
    std::string value; ///< text
    std::string origin;
};

/// @param what  from with_endpoints(), and with what the MTA is set to
std::vector<computed_value> computed_values(config const& what, config_origins const& origins);

std::string to_toml(std::span<shown_value const> values, origin_remarks remarks);
/// As comments.
std::string to_toml(std::span<computed_value const> values, origin_remarks remarks);

} // namespace milter::manager
