// SPDX-License-Identifier: BSL-1.0
// manager/rules/simulate_verb.hpp - `rules simulate`: which recorded messages another configuration treats otherwise
#pragma once

#include "manager/rules/replayed_mail.hpp"
#include "manager/rules/request.hpp"

#include <optional>
#include <string>
#include <vector>

namespace milter::manager {

/// What one configuration makes of one message.
struct message_treatment {
    struct part {
        std::string milter;
        bool is_certain = true; ///< that it runs
        std::string verdict;    ///< recorded; empty: not known

        bool same(part const& other) const noexcept {
            return milter == other.milter && is_certain == other.is_certain;
        }
    };

    std::vector<part> milters; ///< that run, or may run, in their order
    bool has_verdict = true;   ///< of rules, be it that there is none; false: not known
    rule::verdict_kind verdict = rule::verdict_kind::none;
    std::string reply;
    std::string rule; ///< whose it is; empty: none

    bool same(message_treatment const& other) const noexcept;
};

struct changed_message {
    std::string file;         ///< of the corpus
    std::string conversation; ///< its id there
    std::size_t number = 0;   ///< within its session, from 1
    std::string client;       ///< name and address
    std::string sender;
    bool is_whole = false; ///< its end was recorded
    message_treatment now, then;
};

struct simulation {
    std::size_t messages = 0;
    std::vector<changed_message> changed;
};

simulation simulate(std::vector<recorded_session> const& recorded, config const& now,
                    config const& then, listed_clients const& lists);

std::string text_of(simulation const& of);

/// @return  empty: one of them is no ZONE=IP,IP, or its zone is none of a configuration; `problem` says which
std::optional<listed_clients> read_listed(std::vector<std::string> const& texts,
                                          std::vector<std::string> const& zones,
                                          std::string& problem);

rules_answer simulate_rules(rules_request const& request);

} // namespace milter::manager
