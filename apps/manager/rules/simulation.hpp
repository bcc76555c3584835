// SPDX-License-Identifier: BSL-1.0
// manager/rules/simulation.hpp - recorded messages as two configurations treat them, and what is different
#pragma once

#include "manager/rules/treatment_difference.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace milter::manager {

struct simulated_message {
    std::string file;         ///< of the corpus
    std::string conversation; ///< its id there
    std::size_t number = 0;   ///< within its session, from 1
    std::string client;       ///< name and address
    std::string sender;
    bool is_whole = false; ///< its end was recorded
    message_treatment now, then;
    treatment_difference difference;
};

struct simulation {
    std::size_t messages = 0;
    std::vector<simulated_message> changed;
    std::vector<simulated_message> not_known; ///< nothing is certain to change, and something may
};

simulation simulate(std::vector<recorded_session> const& recorded, config const& now,
                    config const& then, listed_clients const& lists);

/// How many messages change in what way, the most first; then the messages. @param most  of them that are shown
std::string text_of(simulation const& of, std::size_t most);
/// All of it.
nlohmann::ordered_json json_of(simulation const& of);

} // namespace milter::manager
