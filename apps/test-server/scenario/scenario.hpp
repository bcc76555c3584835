// SPDX-License-Identifier: BSL-1.0
// test-server/scenario/scenario.hpp - a test of a milter: what an MTA says, step by step, and what is expected of each answer
//
// Data only. scenario_toml.hpp reads it, scenario_player.hpp plays it.
#pragma once

#include "test-server/mail.hpp"
#include "test-server/plan.hpp"
#include "test-server/profile.hpp"
#include "test-server/scenario/step_expectation.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace milter::test_server {

/// What a step does. Those that were left out before it are done first, silently: who says RCPT has said HELO.
enum class step_kind : unsigned char {
    negotiate,
    connect,
    helo,
    mail,
    rcpt,
    data,
    header,
    end_of_headers,
    body,
    end_of_message,
    message, ///< all from DATA to the end of the message
    unknown,
    rset,
    quit,
    close, ///< the connection, without a word
    wait,
};

/// As scenario files spell it.
std::string_view name_of(step_kind what) noexcept;

/// Where it stands; line and column from 1, 0: nowhere.
struct file_place {
    std::string file;
    std::uint32_t line = 0, column = 0;
};

/// What a negotiation is to offer, where it differs from the MTA.
struct offer_change {
    std::optional<std::uint32_t> version;
    std::optional<wire::action> actions;
    std::optional<wire::step> steps;
};

struct scenario_step {
    step_kind what = step_kind::connect;
    file_place at;
    std::string connection; ///< its name; each has its own

    offer_change offer; ///< negotiate
    smtp_client client; ///< connect
    std::string text;   ///< helo: name; mail, rcpt: path; unknown: command; body: bytes
    std::vector<mail_header> headers; ///< header
    mail content;                     ///< message
    std::string content_file; ///< message, body: where it was read from; for learnt scenarios
    proto::duration time{};   ///< wait
    macro_pairs macros;       ///< besides or instead of those of the MTA
    step_expectation expected;
};

struct scenario {
    std::string title; ///< empty: the name of its file
    std::string file;
    std::string as; ///< name of the MTA or of its file
    mta_profile mta = mta_profiles().front();
    std::map<wire::command_code, macro_pairs> macros; ///< of all connections
    std::vector<scenario_step> steps;
    std::set<std::string, std::less<>>
        uses; ///< variables of the command line that stand in its files
};

} // namespace milter::test_server
