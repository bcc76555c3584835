// SPDX-License-Identifier: BSL-1.0
// test-server/protocol_options.hpp - the options that say which MTA is played, and what it offers
#pragma once

#include "test-server/plan.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace CLI { // NOLINT(readability-identifier-naming): CLI11 is called so
class App;
}

namespace milter::test_server {

/// As given; what they mean is found out when all are there.
struct protocol_texts {
    std::string as, mta, header_rules, no_offer, offer;
    std::optional<std::uint32_t> version;
    bool strict = false;
};

/// `given` outlives the parsing.
void add_protocol(CLI::App& app, protocol_texts& given);

/// @throws std::invalid_argument, profile_error
void settle_protocol(session_plan& plan, protocol_texts const& given);

} // namespace milter::test_server
