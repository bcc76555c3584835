// SPDX-License-Identifier: BSL-1.0
// tests/support/session_setup.hpp - a configuration, and what its peers are like, read from bytes of chance
//
// Input: two bytes for all, then the milters. Where some are evaluated, a byte about them and they follow.
#pragma once

#include "manager/core/config.hpp"

#include <support/byte_source.hpp>
#include <support/staged_selection.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace support {

namespace manager = milter::manager;

enum class audience { enforced_only, with_evaluated_milters };

struct session_setup {
    session_setup(byte_source& from, audience who);

    manager::config config;
    bool overloaded = false; ///< the first session
    bool postfix = true;
    wire::negotiate offer;
    std::vector<wire::step> steps; ///< what each milter wants not to hear or not to answer
    std::vector<staged_choice> choices;

private:
    void read_limits(unsigned byte);
    manager::milter_config& read_milter(byte_source& from);
    void read_evaluated(byte_source& from);
};

inline session_setup::session_setup(byte_source& from, audience who) {
    auto const first = from.next();
    postfix = (first & 4U) == 0;
    overloaded = (first & 0x78U) == 0x78U;
    config.header_rules =
        postfix ? manager::header_rules_setting::postfix : manager::header_rules_setting::sendmail;
    config.on_internal_error = static_cast<manager::on_internal_error>((first >> 3) % 3);
    if ((first & 0x80U) != 0)
        offer = {2, static_cast<wire::action>(0x1f), static_cast<wire::step>(0x7f)};
    read_limits(from.next());
    for (auto left = 1 + first % 4; left > 0; --left) read_milter(from);
    if (who == audience::with_evaluated_milters) read_evaluated(from);
    bool const all_at_once = std::all_of(choices.begin(), choices.end(), [](auto const& one) {
        return one.stage == wire::command_code::negotiate && one.answer == applicability::yes;
    });
    if (!all_at_once) config.selection = std::make_shared<staged_selection>(choices);
}

inline void session_setup::read_limits(unsigned byte) {
    config.command_budget = std::chrono::seconds(5 + byte % 8);
    config.end_of_message_budget = std::chrono::seconds(20 + byte % 32);
    config.idle_timeout = std::chrono::seconds(30 + byte);
    config.limits.headers = 4 + byte % 8;
    config.limits.header_bytes = 2'000;
    config.limits.recipients = 2 + byte % 3;
    config.limits.edits = {6, 1'000, 150'000};
    config.spool.memory_bytes = 4'000;
    config.spool.max_bytes = 300'000;
    config.serial = (byte & 4U) != 0;
    config.spool.directory = byte < 250 ? "/tmp" : "/nowhere";
}

inline manager::milter_config& session_setup::read_milter(byte_source& from) {
    auto const byte = from.next();
    manager::milter_config one;
    one.name = std::string(1, static_cast<char>('a' + config.milters.size()));
    one.sockets = {{milter::endpoint::kind::unix_path, "/run/" + one.name, {}, {}}};
    one.on_error = static_cast<manager::on_error>(byte % 5);
    one.concurrent = (byte & 0x10U) != 0;
    one.parallel_rcpt = (byte & 0x20U) != 0;
    one.read_only = (byte & 0x40U) != 0;
    using std::chrono::seconds;
    one.late_rcpt_reject = static_cast<manager::late_rcpt_reject>((byte >> 1) % 3);
    one.timeouts = {seconds(1), seconds(1 + byte % 7), seconds(3), seconds(4), seconds(8)};
    auto const odd = (byte & 0x80U) != 0 ? from.pair() : 0U;
    constexpr unsigned away = 0x37f; // which the first bits say as they are on the wire
    auto wishes = static_cast<wire::step>(odd & away);
    if ((odd & 0x400U) != 0) wishes |= wire::step::all_nr;
    if ((odd & 0x800U) != 0) wishes |= wire::step::rejected_rcpt;
    if ((odd & 0x1000U) != 0) wishes |= wire::step::leading_space;
    steps.push_back(wishes | wire::step::skip);
    choices.push_back({staged_selection::stages[odd >> 13],
                       (odd & 0x80U) != 0 ? applicability::no : applicability::yes});
    return config.milters.emplace_back(std::move(one));
}

/// One or two, behind those that count, most often with little memory.
inline void session_setup::read_evaluated(byte_source& from) {
    auto const byte = from.next();
    auto const little = (byte >> 2) % 8;
    if (little < 7) config.limits.evaluation_memory = std::size_t{1'000} << little;
    for (auto left = 1 + byte % 2; left > 0; --left) {
        auto& one = read_milter(from);
        one.mode = manager::milter_mode::evaluate;
        one.max_sessions = (byte & 2U) != 0 ? 1 : 0;
    }
}

} // namespace support
