// SPDX-License-Identifier: BSL-1.0
// test-server/plan.hpp - what one session is to send
#pragma once

#include "test-server/mail.hpp"
#include "test-server/profile.hpp"
#include <milter/message/headers.hpp>
#include <milter/proto/mta_session.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace milter::test_server {

struct smtp_client {
    std::string host = "mx.example.net";
    wire::family family = wire::family::inet;
    std::string address = "192.168.123.123";
    std::uint16_t port = 50443;
};

/// A sender or recipient, with angle brackets, and its ESMTP arguments.
struct smtp_path {
    std::string address;
    std::vector<std::string> args;
};

/// `a@b SIZE=1 BODY=8BITMIME`, with or without brackets.
smtp_path parse_path(std::string_view text);

/// A stage that a session passes, and at which a milter may answer: connect, helo, ... @throws std::invalid_argument
wire::command_code parse_session_stage(std::string_view text);

struct message_plan {
    smtp_path sender;
    std::vector<smtp_path> recipients;
    std::vector<mail_header> headers;
    std::vector<std::string> chunks; ///< of the body
};

using macro_pairs = std::vector<std::pair<std::string, std::string>>;

struct session_plan {
    smtp_client client;
    std::string helo = "delian";
    std::vector<std::string> unknown_commands; ///< after HELO
    std::vector<message_plan> messages;
    std::vector<smtp_path>
        refused_recipients; ///< by the MTA itself; sent to milters that want to know
    std::optional<wire::command_code>
        reset_after; ///< the first message is broken off there, and sent again
    std::optional<wire::command_code> quit_after;

    mta_profile mta = with_usual_macros(mta_profiles().front()); ///< whose habits the session has
    message::header_rules rules = message::header_rules::postfix;
    std::map<wire::command_code, macro_pairs> macros; ///< besides or instead of the usual ones
    std::size_t chunk_bytes = wire::default_data_limit;

    proto::mta_options protocol;
    proto::duration connect_timeout = std::chrono::seconds(300);
};

} // namespace milter::test_server
